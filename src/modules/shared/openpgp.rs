//! OpenPGP keys: what a file holds, and what `gpg --with-colons` prints of a ring.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::system::file::Algorithm;
use crate::system::hash;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The 40 digits that nobody can forge.
    pub fingerprint: String,
    /// Whether it is part of another key.
    pub is_subkey: bool,
    /// Whether its time is over.
    pub is_expired: bool,
}

impl Key {
    /// The last 16 digits of the fingerprint.
    pub fn id(&self) -> &str {
        self.fingerprint.get(self.fingerprint.len().saturating_sub(16)..).unwrap_or_default()
    }
}

/// A key as a user writes it: 8, 16 or more digits, perhaps with `0x` in front or blanks between; in capitals. `None` when it is none.
pub fn normal(text: &str) -> Option<String> {
    let digits: String = text.trim().trim_start_matches("0x").trim_start_matches("0X").split_whitespace().collect();
    let is_key = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_key.then(|| digits.to_uppercase())
}

/// The keys in what `gpg --with-colons` prints.
pub fn parse(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut start: Option<(bool, bool, String)> = None;
    for line in text.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        match field(0) {
            "pub" | "sub" => {
                // A program that shows no fingerprints still shows the last digits.
                keys.extend(start.take().map(|(is_subkey, is_expired, id)| Key { fingerprint: id, is_subkey, is_expired }));
                start = Some((field(0) == "sub", field(1) == "e", field(4).to_uppercase()));
            }
            "fpr" => {
                let fingerprint = field(9).to_uppercase();
                keys.extend(start.take().map(|(is_subkey, is_expired, _)| Key { fingerprint, is_subkey, is_expired }));
            }
            _ => {}
        }
    }
    keys.extend(start.map(|(is_subkey, is_expired, id)| Key { fingerprint: id, is_subkey, is_expired }));
    keys
}

/// The keys in `content`, armored or not; no program is needed to tell. Whether their time is over is not looked at.
///
/// # Errors
/// When there is none; says why as the end of a message.
pub fn keys_in(content: &[u8]) -> Result<Vec<Key>, String> {
    let armored = String::from_utf8_lossy(content);
    let bytes = if armored.contains(BEGIN) { dearmored(&armored)? } else { content.to_vec() };
    let mut keys = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let Some((tag, body, after)) = packet(rest) else { break };
        rest = after;
        if let (6 | 14, Some(fingerprint)) = (tag, fingerprint(body)) {
            keys.push(Key { fingerprint, is_subkey: tag == 14, is_expired: false });
        }
    }
    if keys.is_empty() { Err("it holds no OpenPGP key".to_owned()) } else { Ok(keys) }
}

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// The bytes of all keys in a text.
fn dearmored(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        // Headers end with an empty line.
        let lines = block.lines().skip(1).map(str::trim).skip_while(|line| line.contains(": ")).skip_while(|line| line.is_empty());
        let body: String = lines.take_while(|line| !line.starts_with(['-', '='])).collect();
        bytes.extend(STANDARD.decode(body.trim()).map_err(|_| "its text form is damaged".to_owned())?);
    }
    Ok(bytes)
}

/// The tag and body of the first packet, and what comes behind it; see RFC 9580, section 4.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (first, rest) = bytes.split_first().filter(|(first, _)| **first & 0x80 != 0)?;
    let number = |digits: &[u8]| digits.iter().fold(0_usize, |number, digit| (number << 8) | usize::from(*digit));
    let (tag, length, rest) = if first & 0x40 == 0 {
        let width = match first & 3 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => 0,
        };
        let (digits, behind) = rest.split_at_checked(width)?;
        ((first >> 2) & 0x0f, if width == 0 { behind.len() } else { number(digits) }, behind)
    } else {
        let (start, behind) = rest.split_first()?;
        let (length, behind) = match *start {
            0..192 => (usize::from(*start), behind),
            192..224 => {
                let (next, behind) = behind.split_first()?;
                (((usize::from(*start) - 192) << 8) + usize::from(*next) + 192, behind)
            }
            255 => {
                let (digits, behind) = behind.split_at_checked(4)?;
                (number(digits), behind)
            }
            // Keys do not come in parts.
            _ => return None,
        };
        (first & 0x3f, length, behind)
    };
    let (body, after) = rest.split_at_checked(length)?;
    Some((tag, body, after))
}

/// The fingerprint of the key in a packet; `None` for versions that nobody uses any more.
fn fingerprint(body: &[u8]) -> Option<String> {
    let length = u32::try_from(body.len()).ok()?.to_be_bytes();
    let (start, algorithm): (Vec<u8>, Algorithm) = match body.first()? {
        4 => ([&[0x99], length.get(2..)?].concat(), Algorithm::Sha1),
        6 => ([&[0x9b], length.as_slice()].concat(), Algorithm::Sha256),
        _ => return None,
    };
    hash::digest(&mut start.as_slice().chain(body), algorithm).ok().map(|digest| digest.to_uppercase())
}

#[cfg(test)]
pub mod sample {
    //! A key made for tests; nobody has its other half.

    /// Its fingerprint.
    pub const FINGERPRINT: &str = "0905697FF7150503F95C8B64E893BB3E7BA4FE9A";

    /// Its text form.
    pub const KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\
        \n\
        mDMEawM12hYJKwYBBAHaRw8BAQdAS5Y1eBekWpDwWk7dPyZsGC8hmUZ3xFc12o52\n\
        +HdnDx+0EHRlc3RAZXhhbXBsZS5jb22IkAQTFggAOBYhBAkFaX/3FQUD+VyLZOiT\n\
        uz57pP6aBQJrAzXaAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEOiTuz57\n\
        pP6a3nwA/0omeIy1ZmPEThS1ShIYsgizIImtVmR5ixtX9CxamtEuAQCQr1y832Ot\n\
        vdQzScYVbGXKnXq48XBARiq8aasvkwL+Dbg4BGsDNdoSCisGAQQBl1UBBQEBB0Dk\n\
        aGBRrl5id9LMXnH5vb8gEt7AMidbkVomhUODTnA/VAMBCAeIeAQYFggAIBYhBAkF\n\
        aX/3FQUD+VyLZOiTuz57pP6aBQJrAzXaAhsMAAoJEOiTuz57pP6arKQA/3Adry+R\n\
        iQkyv1IByRWJrC7Lsj7Z/eXqNv3qoDdZPQ1YAP9TmgpipqDwE+e0wptk4ipWHQ+P\n\
        RsxifNKQSM0o7jfmCA==\n\
        =WxDg\n\
        -----END PGP PUBLIC KEY BLOCK-----\n\n";
}

#[cfg(test)]
mod tests {
    use super::sample::{FINGERPRINT, KEY};
    use super::*;

    #[test]
    fn keys_are_read() {
        let text = "tru::1:1:0:3:1:5\npub:-:2048:1:BF8611C930E60D75:1:::-:::scSC::::::23::0:\n\
            fpr:::::::::CA6D433D8642F24B85E62D4EBF8611C930E60D75:\nuid:-::::1::X::one::::::::::0:\n\
            sub:e:2048:1:30A882EE92A8602A:1::::::s::::::23:\nfpr:::::::::DEF7E84A0B349C8E8670FF7E30A882EE92A8602A:\npub:-:1:1:00000000DEADBEEF:\n";
        let keys = parse(text);
        let shown: Vec<_> = keys.iter().map(|key| (key.id(), key.is_subkey, key.is_expired)).collect();
        assert_eq!(shown, [("BF8611C930E60D75", false, false), ("30A882EE92A8602A", true, true), ("00000000DEADBEEF", false, false)]);
        assert_eq!(keys.first().map(|key| key.fingerprint.len()), Some(40));
    }

    #[test]
    fn files_tell_what_they_hold() {
        let fingerprints =
            |content: &[u8]| keys_in(content).map(|keys| keys.into_iter().map(|key| (key.fingerprint, key.is_subkey)).collect::<Vec<_>>());
        let expected = vec![(FINGERPRINT.to_owned(), false), ("E1ABD776E02A56C1532003CBAE25EEB2306C5625".to_owned(), true)];
        assert_eq!(fingerprints(KEY.as_bytes()), Ok(expected.clone()));
        assert_eq!(fingerprints(&dearmored(KEY).unwrap()), Ok(expected.clone()));
        let twice = format!("{KEY}\nand\n{}", KEY.replace("BLOCK-----\n\n", "BLOCK-----\nVersion: 1\n\n"));
        assert_eq!(fingerprints(twice.as_bytes()), Ok([expected.clone(), expected].concat()));
        for content in ["", "nonsense", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n=x\n", "\u{99}\u{ff}\u{ff}"] {
            assert_eq!(fingerprints(content.as_bytes()), Err("it holds no OpenPGP key".to_owned()), "{content}");
        }
        assert_eq!(fingerprints(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n"), Err("its text form is damaged".to_owned()));
    }

    #[test]
    fn keys_are_written_in_many_ways() {
        for (text, expected) in [
            ("0x30e60d75", Some("30E60D75")),
            (" CA6D 433D 8642 F24B ", Some("CA6D433D8642F24B")),
            ("30E60D7", None),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(normal(text).as_deref(), expected, "{text}");
        }
    }
}
