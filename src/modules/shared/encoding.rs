//! Encodings of text files, by the names that Python knows them under.

use crate::modules::Context;
use crate::system::{Command, System};

/// An encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 that begins with a byte order mark.
    Utf8Signed,
    /// 7 bits.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// UTF-16; the order of bytes is that of its mark when it is not given.
    Utf16(Option<Order>),
    /// Any other, which the machine's `iconv` has to know.
    Other(String),
}

/// In which order the bytes of a number come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The least significant first.
    Little,
    /// The most significant first.
    Big,
}

impl Encoding {
    /// The encoding called `name`, without regard to case, `-`, `_` and blanks.
    pub fn find(name: &str) -> Self {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        match plain.as_str() {
            "utf8" | "u8" | "utf" | "cp65001" => Self::Utf8,
            "utf8sig" => Self::Utf8Signed,
            "ascii" | "usascii" | "646" => Self::Ascii,
            "latin1" | "latin" | "l1" | "iso88591" | "8859" | "cp819" => Self::Latin1,
            "utf16" | "u16" => Self::Utf16(None),
            "utf16le" => Self::Utf16(Some(Order::Little)),
            "utf16be" => Self::Utf16(Some(Order::Big)),
            _ => Self::Other(name.trim().replace('_', "-")),
        }
    }

    /// Whether a line break is one byte, so that lines can be decoded one by one.
    pub fn has_plain_lines(&self) -> bool {
        matches!(self, Self::Utf8 | Self::Ascii | Self::Latin1)
    }

    /// `bytes` as text.
    ///
    /// # Errors
    /// Why they are no text in this encoding: "it is not UTF-8: byte 0xe9 at offset 3".
    pub fn decode(&self, system: &dyn System, bytes: &[u8]) -> Result<String, String> {
        match self {
            Self::Utf8 => utf8(bytes),
            Self::Utf8Signed => utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
            Self::Ascii => match bytes.iter().position(|byte| !byte.is_ascii()) {
                None => utf8(bytes),
                Some(at) => Err(not("ASCII", bytes, at)),
            },
            Self::Latin1 => Ok(bytes.iter().copied().map(char::from).collect()),
            Self::Utf16(order) => utf16(bytes, *order),
            Self::Other(name) => utf8(&convert(system, name, "UTF-8", bytes)?),
        }
    }

    /// `text` as bytes.
    ///
    /// # Errors
    /// Which character the encoding does not have.
    pub fn encode(&self, ctx: &Context<'_>, text: &str) -> Result<Vec<u8>, String> {
        let lacks = |name: &str, c: char| format!("{name} has no character `{c}`");
        match self {
            Self::Utf8 => Ok(text.as_bytes().to_vec()),
            Self::Utf8Signed => Ok([b"\xef\xbb\xbf", text.as_bytes()].concat()),
            Self::Ascii => match text.chars().find(|c| !c.is_ascii()) {
                None => Ok(text.as_bytes().to_vec()),
                Some(c) => Err(lacks("ASCII", c)),
            },
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).map_err(|_| lacks("ISO 8859-1", c))).collect(),
            Self::Utf16(None) => Ok([b"\xff\xfe".to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()),
            Self::Utf16(Some(Order::Little)) => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16(Some(Order::Big)) => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Self::Other(name) => convert(ctx.system, "UTF-8", name, text.as_bytes()),
        }
    }
}

impl Encoding {
    /// As [`Encoding::decode`], but bytes that are no UTF-8 or ASCII become characters that nobody uses, one each, so that a file with a few
    /// stray bytes can be changed elsewhere. [`Encoding::encode_all`] turns them back.
    ///
    /// # Errors
    /// Why they are no text in any other encoding.
    pub fn decode_all(&self, system: &dyn System, bytes: &[u8]) -> Result<String, String> {
        match self {
            Self::Utf8 | Self::Ascii => Ok(with_strays(bytes)),
            other => other.decode(system, bytes),
        }
    }

    /// The bytes of a text that [`Encoding::decode_all`] gave.
    ///
    /// # Errors
    /// Which character the encoding does not have.
    pub fn encode_all(&self, ctx: &Context<'_>, text: &str) -> Result<Vec<u8>, String> {
        if !matches!(self, Self::Utf8 | Self::Ascii) {
            return self.encode(ctx, text);
        }
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            match stray(c) {
                Some(byte) => bytes.push(byte),
                None => bytes.extend(self.encode(ctx, c.encode_utf8(&mut [0; 4]))?),
            }
        }
        Ok(bytes)
    }
}

/// Where the characters begin that stand for stray bytes. They are the last of the private use area.
const STRAYS: u32 = 0x0010_ff00;

/// The byte that a character stands for.
fn stray(c: char) -> Option<u8> {
    u32::from(c).checked_sub(STRAYS).and_then(|byte| u8::try_from(byte).ok()).filter(|byte| !byte.is_ascii())
}

fn with_strays(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let push_stray = |text: &mut String, byte: u8| text.extend(char::from_u32(STRAYS + u32::from(byte)));
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match stray(c) {
                // The characters themselves are no better than stray bytes, or they would not come back as they were.
                Some(_) => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_stray(&mut text, byte)),
                None => text.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_stray(&mut text, *byte));
    }
    text
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| not("UTF-8", bytes, error.valid_up_to()))
}

fn not(name: &str, bytes: &[u8], at: usize) -> String {
    format!("it is not {name}: byte 0x{:02x} at offset {at}", bytes.get(at).copied().unwrap_or_default())
}

fn utf16(bytes: &[u8], order: Option<Order>) -> Result<String, String> {
    let (order, bytes) = match (order, bytes) {
        (Some(order), _) => (order, bytes),
        (None, [0xfe, 0xff, rest @ ..]) => (Order::Big, rest),
        (None, [0xff, 0xfe, rest @ ..]) => (Order::Little, rest),
        (None, _) => (Order::Little, bytes),
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("it is not UTF-16: half of a number is at its end".to_owned());
    }
    let number = |pair: &[u8; 2]| if order == Order::Big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
    let units: Vec<u16> = pairs.iter().map(number).collect();
    String::from_utf16(&units).map_err(|_| "it is not UTF-16: half of a pair stands alone".to_owned())
}

/// From one encoding to another by the machine's `iconv`.
fn convert(system: &dyn System, from: &str, to: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let command = Command { stdin: Some(bytes.to_vec()), ..Command::new(["iconv", "-f", from, "-t", to]) };
    let output = system.probe(&command).map_err(|error| format!("its encoding needs `iconv` on the machine: {error}"))?;
    if output.success() { Ok(output.stdout) } else { Err(format!("`iconv` refuses it: {}", output.stderr_text().trim())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::fake::Fake;

    #[test]
    fn names_and_bytes() {
        let machine = Fake::new();
        for (name, bytes, text) in [
            ("utf-8", b"\xc3\xa9\n".as_slice(), "é\n"),
            ("UTF_8_sig", b"\xef\xbb\xbf\xc3\xa9", "é"),
            ("latin-1", b"\xe9", "é"),
            ("iso8859-1", b"\xe9", "é"),
            ("ascii", b"e", "e"),
            ("utf-16", b"\xff\xfee\0", "e"),
            ("utf-16", b"\xfe\xff\0e", "e"),
            ("utf-16-be", b"\xd8\x3d\xde\0", "\u{1f600}"),
        ] {
            assert_eq!(Encoding::find(name).decode(&machine, bytes).as_deref(), Ok(text), "{name}");
        }
        for (name, bytes, wrong) in [
            ("utf-8", b"caf\xe9".as_slice(), "it is not UTF-8: byte 0xe9 at offset 3"),
            ("ascii", b"\xe9", "it is not ASCII: byte 0xe9 at offset 0"),
            ("utf-16", b"abc", "it is not UTF-16: half of a number is at its end"),
        ] {
            assert_eq!(Encoding::find(name).decode(&machine, bytes), Err(wrong.to_owned()), "{name}");
        }
    }

    #[test]
    fn the_machine_knows_more() {
        let machine =
            Fake::new().answer(&["iconv", "-f", "euc-kr", "-t", "UTF-8"], 0, "한", "").answer(&["iconv"], 1, "", "no such encoding\n");
        assert_eq!(Encoding::find("euc_kr").decode(&machine, b"\xc7\xd1").as_deref(), Ok("한"));
        assert_eq!(Encoding::find("bogus").decode(&machine, b"x"), Err("`iconv` refuses it: no such encoding".to_owned()));
    }
}
