//! Passwords with their ids, and what can go wrong with them.

use super::cipher;
use super::envelope::Envelope;
use crate::base::Secret;

/// The passwords that are known, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    identities: Vec<(String, Secret)>,
}

/// A vault text that was opened.
#[derive(Debug)]
pub struct Opened {
    /// What was encrypted.
    pub content: Vec<u8>,
    /// The id that the text names; `None` in format 1.1.
    pub label: Option<String>,
    /// The password that fits.
    pub password: Secret,
}

/// Why a vault text could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// It does not begin as one.
    #[error("this is no vault text: it does not begin with `$ANSIBLE_VAULT;`")]
    NotVault,
    /// A version of the format that nobody writes.
    #[error("vault format {0} is not known, only 1.1 and 1.2 are")]
    Version(String),
    /// Another cipher.
    #[error("the vault cipher `{0}` is not known, only AES256 is")]
    Cipher(String),
    /// Cut off or changed.
    #[error("the vault text is damaged: {0}")]
    Damaged(String),
    /// Nobody gave one.
    #[error("a vault password is needed and none was given")]
    NoPassword,
    /// None of the passwords fits.
    #[error("none of the vault passwords fits (tried: {0}), or the text was changed")]
    WrongPassword(String),
    /// None of the passwords has the id that the text names.
    #[error("the vault text wants the password with the id `{0}`; none of those given fits (ids: {1})")]
    WrongId(String, String),
    /// The generator of random numbers or the cipher failed.
    #[error("failed to encrypt")]
    Encrypt,
}

impl VaultError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoPassword => Some("give one with `--vault-password-file FILE`, `--vault-id LABEL@FILE` or `--ask-vault-pass`"),
            Self::WrongId(..) => Some("give it with `--vault-id ID@FILE`"),
            Self::WrongPassword(_) => Some("check that the password is the one with which it was encrypted"),
            Self::Damaged(_) => Some("restore it from where it was encrypted: every line behind the first is needed as it was"),
            _ => None,
        }
    }
}

impl Keyring {
    /// Adds a password under an id (`default` when it has none).
    pub fn add(&mut self, label: impl Into<String>, password: Secret) {
        self.identities.push((label.into(), password));
    }

    /// The ids, each once.
    pub fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = Vec::new();
        for (label, _) in &self.identities {
            if !labels.contains(&label.as_str()) {
                labels.push(label);
            }
        }
        labels
    }

    /// Whether there is no password.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// The password to encrypt with: that of `label`, or the first.
    pub fn password(&self, label: Option<&str>) -> Option<&(String, Secret)> {
        match label {
            Some(label) => self.identities.iter().find(|(known, _)| known == label),
            None => self.identities.first(),
        }
    }

    /// The bytes inside a vault text. The password with the text's id is tried first, then all others.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub fn decrypt(&self, text: &str) -> Result<Vec<u8>, VaultError> {
        self.open(text).map(|opened| opened.content)
    }

    /// The same, with what is needed to encrypt other content as it was.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub fn open(&self, text: &str) -> Result<Opened, VaultError> {
        let envelope = Envelope::parse(text)?;
        if self.is_empty() {
            return Err(VaultError::NoPassword);
        }
        let wanted = |label: &String| envelope.label.as_ref() == Some(label);
        let (first, others): (Vec<_>, Vec<_>) = self.identities.iter().partition(|(label, _)| wanted(label));
        for (_, password) in first.iter().chain(&others) {
            if let Some(text) = cipher::decrypt(password.expose().as_bytes(), &envelope.salt, &envelope.digest, &envelope.body) {
                return Ok(Opened { content: text, label: envelope.label, password: password.clone() });
            }
        }
        let tried = self.labels().join(", ");
        Err(match envelope.label {
            Some(wanted) if first.is_empty() => VaultError::WrongId(wanted, tried),
            _ => VaultError::WrongPassword(tried),
        })
    }
}

/// A vault text with `text` inside; with an id it has format 1.2, else 1.1.
///
/// # Errors
/// Only when the cipher itself fails.
pub fn encrypt(text: &[u8], password: &Secret, label: Option<&str>) -> Result<String, VaultError> {
    let salt: [u8; 32] = rand::random();
    let (digest, body) = cipher::encrypt(password.expose().as_bytes(), &salt, text).ok_or(VaultError::Encrypt)?;
    Ok(Envelope { label: label.map(str::to_owned), salt: salt.to_vec(), digest, body }.to_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by `ansible-vault encrypt` of ansible-core 2.19 with the password `test-password`, content `hello: world\n`.
    const BY_ORACLE: &str = "\
$ANSIBLE_VAULT;1.1;AES256\n\
34636366366436326362356439323136623134306436653235346234343239646362346138383734\n\
6462633839353362643537666130356361666232336663370a666232323034626235356361613563\n\
36626363636266326262376164643661323466343335363063663432363666623432643937643963\n\
6537343165383264310a613863376234643664353365663864336231333063306336366235363065\n\
3438\n";

    fn keyring(passwords: &[(&str, &str)]) -> Keyring {
        let mut keyring = Keyring::default();
        for (label, password) in passwords {
            keyring.add(*label, Secret::new(*password));
        }
        keyring
    }

    #[test]
    fn reads_what_the_oracle_wrote() {
        let text = keyring(&[("other", "x"), ("default", "test-password")]).decrypt(BY_ORACLE).unwrap();
        assert_eq!(text, b"hello: world\n");
    }

    #[test]
    fn round_trips_with_and_without_id() {
        let keys = keyring(&[("dev", "p1"), ("prod", "p2")]);
        for (label, header) in [(None, "$ANSIBLE_VAULT;1.1;AES256\n"), (Some("prod"), "$ANSIBLE_VAULT;1.2;AES256;prod\n")] {
            let text = encrypt(b"\xff secret", &Secret::new("p2"), label).unwrap();
            assert!(text.starts_with(header) && text.lines().all(|line| line.len() <= 80));
            assert_eq!(keys.decrypt(&text).unwrap(), b"\xff secret");
        }
    }

    #[test]
    fn mistakes_are_told_apart() {
        let text = encrypt(b"x", &Secret::new("right"), None).unwrap();
        assert_eq!(keyring(&[]).decrypt(&text), Err(VaultError::NoPassword));
        assert_eq!(keyring(&[("a", "wrong")]).decrypt(&text), Err(VaultError::WrongPassword("a".to_owned())));
        let keys = keyring(&[("a", "right")]);
        assert_eq!(keys.decrypt("hello"), Err(VaultError::NotVault));
        assert_eq!(keys.decrypt("$ANSIBLE_VAULT;9.9;AES256\n00"), Err(VaultError::Version("9.9".to_owned())));
        let cut = text.lines().take(2).collect::<Vec<_>>().join("\n");
        assert!(matches!(keys.decrypt(&cut), Err(VaultError::Damaged(_))));
    }
}
