//! Recursive length prefix, the chain's binary encoding.

/// A byte string or a list of items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Bytes(Vec<u8>),
    List(Vec<Item>),
}

impl Item {
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Item {
        Item::Bytes(bytes.as_ref().to_vec())
    }

    /// An integer: big-endian without leading zeros.
    pub fn uint(value: u64) -> Item {
        let bytes = value.to_be_bytes();
        Item::bytes(&bytes[bytes.iter().take_while(|byte| **byte == 0).count()..])
    }
}

pub fn encode(item: &Item) -> Vec<u8> {
    match item {
        Item::Bytes(bytes) if matches!(bytes.as_slice(), [byte] if *byte < 0x80) => bytes.clone(),
        Item::Bytes(bytes) => with_length(0x80, bytes),
        Item::List(items) => with_length(0xc0, &items.iter().flat_map(encode).collect::<Vec<u8>>()),
    }
}

fn with_length(base: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 9);
    match u8::try_from(payload.len()) {
        Ok(length) if length < 56 => out.push(base + length),
        _ => {
            let length = payload.len().to_be_bytes();
            let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
            // At most 8 length bytes, so the prefix stays within its range.
            out.push(base + 55 + length.len() as u8);
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(payload);
    out
}

/// Decodes exactly one item; anything after it is an error.
pub fn decode(data: &[u8]) -> Result<Item, String> {
    match decode_one(data)? {
        (item, []) => Ok(item),
        (_, rest) => Err(format!("{} bytes after the end of the value", rest.len())),
    }
}

fn decode_one(data: &[u8]) -> Result<(Item, &[u8]), String> {
    let (&first, rest) = data.split_first().ok_or("unexpected end")?;
    match first {
        0..=0x7f => Ok((Item::Bytes(vec![first]), rest)),
        0x80..=0xbf => {
            let (payload, rest) = take(first - 0x80, rest)?;
            Ok((Item::Bytes(payload.to_vec()), rest))
        }
        0xc0..=0xff => {
            let (mut payload, rest) = take(first - 0xc0, rest)?;
            let mut items = Vec::new();
            while !payload.is_empty() {
                let (item, tail) = decode_one(payload)?;
                items.push(item);
                payload = tail;
            }
            Ok((Item::List(items), rest))
        }
    }
}

/// Splits the payload off; `size` is the prefix byte less its base (up to 55: the length; above: length of the length).
fn take(size: u8, data: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let (length, data) = if size <= 55 {
        (usize::from(size), data)
    } else {
        let width = usize::from(size - 55);
        let (digits, data) = data.split_at_checked(width).ok_or("unexpected end in a length")?;
        let length = digits.iter().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)));
        (length.ok_or("length too large")?, data)
    };
    data.split_at_checked(length).ok_or_else(|| "value larger than its input".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_encodings() {
        assert_eq!(encode(&Item::bytes(b"dog")), b"\x83dog");
        assert_eq!(encode(&Item::List(vec![])), [0xc0]);
        assert_eq!(encode(&Item::uint(0)), [0x80]);
        assert_eq!(encode(&Item::uint(15)), [0x0f]);
        assert_eq!(encode(&Item::uint(1024)), [0x82, 0x04, 0x00]);
        let long = encode(&Item::Bytes(vec![b'a'; 56]));
        assert_eq!(&long[..2], [0xb8, 56]);
    }

    #[test]
    fn round_trip_and_refusals() {
        let item = Item::List(vec![Item::bytes([9; 60]), Item::List(vec![Item::uint(7)]), Item::bytes(b"")]);
        assert_eq!(decode(&encode(&item)).unwrap(), item);
        assert!(decode(&encode(&item)[..20]).is_err());
        assert!(decode(b"\x83dogs").is_err());
        assert!(decode(b"\xbf\xff\xff\xff\xff\xff\xff\xff\xff").is_err());
        assert!(decode(b"").is_err());
    }
}
