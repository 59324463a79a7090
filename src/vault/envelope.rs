//! The text around the encrypted bytes: `$ANSIBLE_VAULT;1.2;AES256;label`, then lines of 80 hexadecimal digits.

use super::keyring::VaultError;

const MAGIC: &str = "$ANSIBLE_VAULT";
const CIPHER: &str = "AES256";
const WIDTH: usize = 80;

/// What a vault text consists of.
pub struct Envelope {
    /// The id of format 1.2; `None` in format 1.1.
    pub label: Option<String>,
    /// Salt, digest and encrypted bytes.
    pub salt: Vec<u8>,
    /// HMAC-SHA256 of the encrypted bytes.
    pub digest: Vec<u8>,
    /// The encrypted bytes.
    pub body: Vec<u8>,
}

/// Whether `text` is a vault text, judged by its first line.
pub fn is_encrypted(text: &str) -> bool {
    text.trim_start().strip_prefix(MAGIC).is_some_and(|rest| rest.starts_with(';'))
}

impl Envelope {
    /// Takes a vault text apart. Leading and trailing blanks of lines do not matter, as they come from indentation in YAML.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let mut lines = text.trim().lines().map(str::trim);
        let header = lines.next().unwrap_or_default();
        let fields: Vec<&str> = header.split(';').map(str::trim).collect();
        let label = match fields.as_slice() {
            [MAGIC, "1.1", CIPHER] => None,
            [MAGIC, "1.2", CIPHER, label] => Some((*label).to_owned()),
            [MAGIC, version, ..] if !matches!(*version, "1.1" | "1.2") => return Err(VaultError::Version((*version).to_owned())),
            [MAGIC, _, cipher, ..] if *cipher != CIPHER => return Err(VaultError::Cipher((*cipher).to_owned())),
            [MAGIC, ..] => return Err(VaultError::Damaged("its first line is incomplete".to_owned())),
            _ => return Err(VaultError::NotVault),
        };
        let digits: String = lines.collect();
        let inner = hex::decode(&digits).map_err(|error| VaultError::Damaged(format!("behind the first line: {error}")))?;
        let mut parts = inner.splitn(3, |byte| *byte == b'\n');
        let mut part = |name: &str| {
            let digits = parts.next().ok_or_else(|| VaultError::Damaged(format!("the {name} is missing")))?;
            hex::decode(digits).map_err(|_| VaultError::Damaged(format!("the {name} is not hexadecimal")))
        };
        Ok(Self { label, salt: part("salt")?, digest: part("digest")?, body: part("content")? })
    }

    /// The text, with a line break at the end.
    pub fn to_text(&self) -> String {
        let inner = format!("{}\n{}\n{}", hex::encode(&self.salt), hex::encode(&self.digest), hex::encode(&self.body));
        let digits = hex::encode(inner);
        let mut text = match &self.label {
            Some(label) => format!("{MAGIC};1.2;{CIPHER};{label}\n"),
            None => format!("{MAGIC};1.1;{CIPHER}\n"),
        };
        let mut rest = digits.as_str();
        while !rest.is_empty() {
            let (line, tail) = rest.split_at(WIDTH.min(rest.len()));
            text.push_str(line);
            text.push('\n');
            rest = tail;
        }
        text
    }
}
