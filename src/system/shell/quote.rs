//! Putting anything into a script.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes as one word of a script. A script is bytes, so this is shown through [`Script`].
#[derive(Clone, Debug)]
pub(super) struct Quoted(String);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text as one word, taken as it is.
pub(super) fn text(text: impl AsRef<OsStr>) -> Quoted {
    Quoted(bytes(text.as_ref().as_bytes()))
}

/// A path as one word that no tool takes for an option.
pub(super) fn path(path: &Path) -> Quoted {
    let raw = path.as_os_str().as_bytes();
    let safe = raw.starts_with(b"/") || raw.starts_with(b"./") || raw == b"." || raw == b"..";
    Quoted(if safe { bytes(raw) } else { bytes(&[b"./", raw].concat()) })
}

/// A name beside a file that nobody can guess.
pub(super) fn fresh() -> String {
    format!(".kconf-{:016x}", rand::random::<u64>())
}

/// In single quotes. Scripts are kept as `String`, where a byte that is not UTF-8 stands as a private character; see [`encode`].
fn bytes(raw: &[u8]) -> String {
    let mut quoted = String::from("'");
    for (index, part) in raw.split(|byte| *byte == b'\'').enumerate() {
        if index > 0 {
            quoted.push_str("'\\''");
        }
        let mut rest = part;
        while !rest.is_empty() {
            let (good, bad) = match std::str::from_utf8(rest) {
                Ok(good) => (good, &[][..]),
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    (std::str::from_utf8(good).unwrap_or_default(), bad)
                }
            };
            for c in good.chars() {
                if (PRIVATE..PRIVATE + 0x100).contains(&u32::from(c)) {
                    c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| quoted.push(stand_in(byte)));
                } else {
                    quoted.push(c);
                }
            }
            rest = match bad.split_first() {
                Some((byte, rest)) => {
                    quoted.push(stand_in(*byte));
                    rest
                }
                None => &[],
            };
        }
    }
    quoted.push('\'');
    quoted
}

/// Where the private characters begin that stand for single bytes.
const PRIVATE: u32 = 0x10_FF00 - 0x100;

fn stand_in(byte: u8) -> char {
    char::from_u32(PRIVATE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The bytes of a script that was put together from quoted words.
pub(super) fn encode(script: &str) -> Vec<u8> {
    let mut raw = Vec::with_capacity(script.len());
    for c in script.chars() {
        match u32::from(c).checked_sub(PRIVATE).and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => raw.push(byte),
            None => raw.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    raw
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at the real machine")]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives() {
        let all: Vec<u8> = (1..=255).collect();
        let private: String = (PRIVATE..PRIVATE + 3).filter_map(char::from_u32).collect();
        for raw in [all.as_slice(), b"it's", b"", b"a\nb $x `y` \\", "\u{fc}\u{1F600}".as_bytes(), private.as_bytes(), b"\xff'\xfe"] {
            let script = encode(&format!("printf %s {}", text(OsStr::from_bytes(raw))));
            let output = std::process::Command::new("sh").arg("-c").arg(OsStr::from_bytes(&script)).output().unwrap();
            assert_eq!(output.stdout, raw, "{}", String::from_utf8_lossy(&script));
        }
        assert_eq!(path(Path::new("-rf")).to_string(), "'./-rf'");
        assert_eq!(path(Path::new("/a")).to_string(), "'/a'");
    }
}
