//! Pieces of a file, joined.

use crate::base::regex::{Flags, TextRegex};

/// Joins files, which come sorted by name.
#[derive(Debug)]
pub struct Fragments {
    regex: Option<TextRegex>,
    ignore_hidden: bool,
    /// With a line break at its end.
    delimiter: Vec<u8>,
    joined: Vec<u8>,
    is_first: bool,
    lacks_end: bool,
}

impl Fragments {
    /// Takes files whose names `regexp` is found in, and puts `delimiter`, which may hold escapes, between them.
    ///
    /// # Errors
    /// What is wrong with the regular expression or the delimiter.
    pub fn new(regexp: Option<&str>, ignore_hidden: bool, delimiter: Option<&str>) -> Result<Self, String> {
        let regex = regexp.map(|pattern| TextRegex::new(pattern, Flags::default())).transpose().map_err(|error| error.to_string())?;
        let mut delimiter = unescape(delimiter.unwrap_or_default())?;
        if !delimiter.is_empty() && !delimiter.ends_with(b"\n") {
            delimiter.push(b'\n');
        }
        Ok(Self { regex, ignore_hidden, delimiter, joined: Vec::new(), is_first: true, lacks_end: false })
    }

    /// Whether a file of this name is one of the pieces.
    ///
    /// # Errors
    /// When the regular expression takes too long.
    pub fn takes(&self, name: &str) -> Result<bool, String> {
        let matches = self.regex.as_ref().map_or(Ok(true), |regex| regex.is_match(name)).map_err(|error| error.to_string())?;
        Ok(matches && !(self.ignore_hidden && name.starts_with('.')))
    }

    /// Adds the content of the next file. A line break is put behind the one before if that has none.
    pub fn add(&mut self, content: &[u8]) {
        if self.lacks_end {
            self.joined.push(b'\n');
        }
        if !self.is_first {
            self.joined.extend_from_slice(&self.delimiter);
        }
        self.joined.extend_from_slice(content);
        self.is_first = false;
        self.lacks_end = !content.ends_with(b"\n");
    }

    /// Everything.
    pub fn finish(self) -> Vec<u8> {
        self.joined
    }
}

/// `text` with the escapes of Python's byte strings replaced.
fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let Some((letter, tail)) = rest.split_first() else { return Err("`delimiter` ends with a backslash".to_owned()) };
        rest = tail;
        match letter {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => out.push(*letter),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'x' => {
                let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                out.push(byte.ok_or("`\\x` in `delimiter` needs two hexadecimal digits")?);
                rest = rest.get(2..).unwrap_or_default();
            }
            b'0'..=b'7' => {
                let more = rest.iter().take(2).take_while(|byte| (b'0'..=b'7').contains(*byte)).count();
                let digits = rest.get(..more).unwrap_or_default().iter();
                let number = digits.fold(u32::from(letter - b'0'), |number, digit| number * 8 + u32::from(digit - b'0'));
                // Python keeps the low eight bits.
                out.push(u8::try_from(number & 0xff).unwrap_or_default());
                rest = rest.get(more..).unwrap_or_default();
            }
            other => out.extend([b'\\', *other]),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_python() {
        for (text, bytes) in [
            (r"#\n", b"#\n".as_slice()),
            (r"\t\\\x41\101\0\q\'", b"\t\\AA\0\\q'"),
            ("é\\r", b"\xc3\xa9\r"),
            (r"\18", b"\x018"),
            ("a\\\nb", b"ab"),
        ] {
            assert_eq!(unescape(text).as_deref(), Ok(bytes), "{text}");
        }
        assert!(unescape("\\").is_err() && unescape(r"\x4").is_err() && unescape(r"\xzz").is_err());
    }
}
