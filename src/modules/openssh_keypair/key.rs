//! Keys as OpenSSH and OpenSSL write them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};
use ssh_key::public::KeyData;
use ssh_key::{EcdsaCurve, LineEnding, PublicKey};

use crate::modules::shared::pki::der::bit_length;
use crate::modules::shared::pki::pem;
use crate::modules::shared::pki::private::{Format, PrivateKey};
use crate::modules::shared::pki::public::{self, Kind};
use crate::modules::{Context, Failure};

/// How a private key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFormat {
    OpenSsh,
    Pkcs1,
    Pkcs8,
}

/// A private key that could be read.
pub(super) struct SshKey {
    pub(super) public: PublicKey,
    pub(super) comment: String,
    pub(super) format: KeyFormat,
    body: Body,
}

enum Body {
    /// Without protection.
    OpenSsh(Box<ssh_key::PrivateKey>),
    /// As it stands in the file.
    Other(String),
}

impl SshKey {
    /// Reads a key. The inner error says why it cannot be read.
    ///
    /// # Errors
    /// When it is written as OpenSSL does it and `openssl` is not there.
    pub(super) fn read(ctx: &Context<'_>, content: &[u8], passphrase: Option<&str>) -> Result<Result<Self, String>, Failure> {
        let text = std::str::from_utf8(content).unwrap_or_default();
        if pem::first(text).is_some_and(|block| block.label == "OPENSSH PRIVATE KEY") {
            return Ok(Self::read_openssh(text, passphrase));
        }
        Ok(PrivateKey::read(ctx, content, passphrase)?.and_then(Self::of_openssl))
    }

    /// Reads a key in the form of OpenSSH.
    pub(super) fn read_openssh(text: &str, passphrase: Option<&str>) -> Result<Self, String> {
        let key = ssh_key::PrivateKey::from_openssh(text).map_err(|error| format!("it is broken: {error}"))?;
        let key = match (key.is_encrypted(), passphrase) {
            (false, None) => key,
            (false, Some(_)) => return Err("no passphrase protects it, and there is one in the arguments".to_owned()),
            (true, None) => return Err("it is protected by a passphrase".to_owned()),
            (true, Some(passphrase)) => key.decrypt(passphrase).map_err(|_| "it is protected by another passphrase".to_owned())?,
        };
        let comment = key.comment().as_str_lossy().to_owned();
        Ok(Self { public: key.public_key().clone(), comment, format: KeyFormat::OpenSsh, body: Body::OpenSsh(Box::new(key)) })
    }

    /// A key in a form of OpenSSL, which holds no comment.
    pub(super) fn of_openssl(key: PrivateKey) -> Result<Self, String> {
        let format = if key.format == Format::Pkcs1 { KeyFormat::Pkcs1 } else { KeyFormat::Pkcs8 };
        let public = blob(&key.public).and_then(|blob| PublicKey::from_bytes(&blob).ok());
        let public = public.ok_or_else(|| format!("OpenSSH has no keys of the type {}", key.public.kind.name()))?;
        Ok(Self { public, comment: String::new(), format, body: Body::Other(key.text) })
    }

    /// The type and the bits, as options name them.
    pub(super) fn kind_and_size(&self) -> (&'static str, u32) {
        match self.public.key_data() {
            KeyData::Rsa(key) => ("rsa", key.key_size()),
            KeyData::Dsa(key) => ("dsa", bits(key.p().as_bytes())),
            KeyData::Ed25519(_) => ("ed25519", 256),
            KeyData::Ecdsa(key) => match key.curve() {
                EcdsaCurve::NistP256 => ("ecdsa", 256),
                EcdsaCurve::NistP384 => ("ecdsa", 384),
                EcdsaCurve::NistP521 => ("ecdsa", 521),
            },
            _ => ("another", 0),
        }
    }

    /// The text of the file with this comment, protected by the passphrase; `None` when its form holds no comment and the key is as it was.
    ///
    /// # Errors
    /// When it cannot be written so.
    pub(super) fn written(&self, comment: &str, passphrase: Option<&str>) -> Result<Option<String>, Failure> {
        let key = match &self.body {
            Body::Other(text) => return Ok(Some(text.clone())),
            Body::OpenSsh(key) => key,
        };
        let wrong = |error: ssh_key::Error| Failure::new(format!("failed to write the private key: {error}"));
        let mut key = (**key).clone();
        key.set_comment(comment);
        if let Some(passphrase) = passphrase {
            key = key.encrypt(&mut rand::rng(), passphrase).map_err(wrong)?;
        }
        Ok(Some(key.to_openssh(LineEnding::LF).map_err(wrong)?.to_string()))
    }
}

fn bits(number: &[u8]) -> u32 {
    u32::try_from(bit_length(number)).unwrap_or(u32::MAX)
}

/// The key as SSH sends it; `None` when SSH has no such keys.
fn blob(key: &public::PublicKey) -> Option<Vec<u8>> {
    let number = |index: usize| key.numbers.get(index).map(Vec::as_slice);
    let (name, parts): (&str, Vec<&[u8]>) = match (key.kind, key.curve.as_deref()) {
        (Kind::Rsa, _) => ("ssh-rsa", vec![number(1)?, number(0)?]),
        (Kind::Dsa, _) => ("ssh-dss", vec![number(0)?, number(1)?, number(2)?, number(3)?]),
        (Kind::Ed25519, _) => ("ssh-ed25519", vec![&key.bits]),
        (Kind::Ecc, Some("secp256r1")) => ("ecdsa-sha2-nistp256", vec![b"nistp256", &key.bits]),
        (Kind::Ecc, Some("secp384r1")) => ("ecdsa-sha2-nistp384", vec![b"nistp384", &key.bits]),
        (Kind::Ecc, Some("secp521r1")) => ("ecdsa-sha2-nistp521", vec![b"nistp521", &key.bits]),
        _ => return None,
    };
    let mut blob = Vec::new();
    for part in std::iter::once(name.as_bytes()).chain(parts) {
        blob.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
        blob.extend_from_slice(part);
    }
    Some(blob)
}

/// The line of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublicLine {
    algorithm: String,
    blob: Vec<u8>,
    pub(super) comment: String,
}

impl PublicLine {
    /// Reads the file; `None` when it holds no public key.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(content).ok()?.trim();
        let mut words = text.splitn(3, ' ');
        let (algorithm, blob) = (words.next()?.to_owned(), STANDARD.decode(words.next()?).ok()?);
        Some(Self { algorithm, blob, comment: words.next().unwrap_or_default().to_owned() })
    }

    /// For a key.
    ///
    /// # Errors
    /// When it has no form as bytes.
    pub(super) fn new(key: &PublicKey, comment: &str) -> Result<Self, Failure> {
        if comment.contains(['\n', '\r']) {
            return Err(Failure::new("failed to write the public key: a line break in `comment` would end its line"));
        }
        let blob = key.to_bytes().map_err(|error| Failure::new(format!("failed to write the public key: {error}")))?;
        Ok(Self { algorithm: key.algorithm().to_string(), blob, comment: comment.to_owned() })
    }

    pub(super) fn is_of(&self, key: &PublicKey) -> bool {
        key.to_bytes().is_ok_and(|blob| blob == self.blob) && key.algorithm().to_string() == self.algorithm
    }

    /// The type and the key.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.algorithm, STANDARD.encode(&self.blob))
    }

    /// The whole line.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.key(), self.comment).trim_end().to_owned()
    }

    pub(super) fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&self.blob)))
    }
}
