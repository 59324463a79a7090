//! The little of RLP (recursive length prefix) that the extra data of a genesis needs.
//!
//! Source: the encoding of Ethereum's yellow paper, appendix B.

/// A byte string.
pub fn bytes(data: &[u8]) -> Vec<u8> {
    match data {
        [byte] if *byte < 0x80 => vec![*byte],
        _ => with_header(0x80, data),
    }
}

/// A list of items that are encoded already.
pub fn list(items: &[Vec<u8>]) -> Vec<u8> {
    with_header(0xc0, &items.concat())
}

fn with_header(base: u8, payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(payload.len() + 9);
    if payload.len() < 56 {
        encoded.push(base + payload.len() as u8);
    } else {
        let length = payload.len().to_be_bytes();
        let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
        encoded.push(base + 55 + length.len() as u8);
        encoded.extend(length);
    }
    encoded.extend_from_slice(payload);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_forms() {
        assert_eq!(bytes(&[0x7f]), [0x7f]);
        assert_eq!(bytes(&[0x80]), [0x81, 0x80]);
        assert_eq!(bytes(&[]), [0x80]);
        assert_eq!(list(&[]), [0xc0]);
        assert_eq!(bytes(&[1; 65])[..2], [0xb8, 65]);
        assert_eq!(list(&[bytes(&[0; 20])])[..2], [0xd5, 0x94]);
    }
}
