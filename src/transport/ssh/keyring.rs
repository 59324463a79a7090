//! Keys to log in with: read once per run, however many hosts they are for.

#![expect(clippy::disallowed_methods, reason = "keys of the user are files of the controller")]

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use russh::keys::{Certificate, PrivateKey, PublicKey, decode_secret_key};
use tokio::sync::OnceCell;

use crate::base::Secret;

/// The keys of a run.
#[derive(Default)]
pub(super) struct Keyring(Mutex<HashMap<PathBuf, Arc<OnceCell<Arc<KeyFile>>>>>);

/// What is known of a key file.
#[derive(Debug)]
pub(super) struct KeyFile {
    /// Its public half, from the `.pub` file beside it or from the key itself.
    pub(super) public: Option<PublicKey>,
    /// The certificate beside it (`-cert.pub`).
    pub(super) certificate: Option<Certificate>,
    /// The key, or why it cannot be used.
    pub(super) secret: Result<Arc<PrivateKey>, Unusable>,
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// There is no such file.
    Missing,
    /// Anything else, for people.
    Because(String),
}

impl Unusable {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Missing => "no such file".to_owned(),
            Self::Because(why) => why.clone(),
        }
    }
}

impl Keyring {
    /// The key in `path`, opened with `passphrase` when it is encrypted. All hosts of a run have the same passphrase for a file.
    pub(super) async fn get(&self, path: &Path, passphrase: Option<&Secret>) -> Arc<KeyFile> {
        let cell = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(path.to_owned()).or_default());
        let load = || async {
            let (path, passphrase) = (path.to_owned(), passphrase.cloned());
            let loaded = tokio::task::spawn_blocking(move || load(&path, passphrase.as_ref())).await;
            Arc::new(loaded.unwrap_or_else(|_| KeyFile::unusable("reading it was cancelled")))
        };
        Arc::clone(cell.get_or_init(load).await)
    }
}

impl KeyFile {
    fn unusable(why: impl Into<String>) -> Self {
        Self { public: None, certificate: None, secret: Err(Unusable::Because(why.into())) }
    }
}

fn load(path: &Path, passphrase: Option<&Secret>) -> KeyFile {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        fs::read_to_string(PathBuf::from(name)).ok()
    };
    let certificate = beside("-cert.pub").and_then(|text| Certificate::from_openssh(text.trim()).ok());
    let mut public = beside(".pub").and_then(|text| PublicKey::from_openssh(text.trim()).ok());
    let secret = read(path).and_then(|text| {
        if public.is_none() {
            // An encrypted key in the format of OpenSSH shows its public half.
            public = PrivateKey::from_openssh(&text).ok().map(|key| key.public_key().clone());
        }
        decode(&text, passphrase)
    });
    if let (None, Ok(key)) = (&public, &secret) {
        public = Some(key.public_key().clone());
    }
    KeyFile { public, certificate, secret: secret.map(Arc::new) }
}

fn read(path: &Path) -> Result<String, Unusable> {
    let because = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Unusable::Missing,
        _ => Unusable::Because(format!("not readable: {error}")),
    };
    let metadata = fs::metadata(path).map_err(because)?;
    let mode = metadata.mode() & 0o7777;
    // The rule of ssh: a key of mine that others may read is no secret any more.
    if metadata.uid() == nix::unistd::getuid().as_raw() && mode & 0o077 != 0 {
        return Err(Unusable::Because(format!("passed over: others may read it (mode {mode:04o}); run `chmod 600 {}`", path.display())));
    }
    fs::read_to_string(path).map_err(because)
}

/// The private key in `text`.
pub(super) fn decode(text: &str, passphrase: Option<&Secret>) -> Result<PrivateKey, Unusable> {
    use russh::keys::Error;
    match (decode_secret_key(text, passphrase.map(Secret::expose)), passphrase) {
        (Ok(key), _) => Ok(key),
        (Err(Error::KeyIsEncrypted), None) => Err(Unusable::Because("encrypted, and no passphrase was given".to_owned())),
        (Err(_), Some(_)) if is_encrypted(text) => Err(Unusable::Because("encrypted, and the passphrase does not open it".to_owned())),
        (Err(error), _) => Err(Unusable::Because(format!("not a private key that can be read: {error}"))),
    }
}

fn is_encrypted(text: &str) -> bool {
    match PrivateKey::from_openssh(text) {
        Ok(key) => key.is_encrypted(),
        Err(_) => text.contains("ENCRYPTED"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use russh::keys::ssh_key::LineEnding;
    use russh::keys::{Algorithm, key::safe_rng};

    use super::*;

    fn write(path: &Path, key: &PrivateKey, mode: u32) {
        fs::write(path, key.to_openssh(LineEnding::LF).expect("encodes").as_bytes()).expect("writes");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
    }

    #[test]
    fn says_why_a_key_is_of_no_use() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).expect("a key");
        let locked = key.encrypt(&mut safe_rng(), "open sesame").expect("encrypts");
        write(&path("good"), &key, 0o600);
        write(&path("open"), &key, 0o644);
        write(&path("locked"), &locked, 0o600);
        fs::write(path("text"), "hello").expect("writes");
        fs::set_permissions(path("text"), fs::Permissions::from_mode(0o600)).expect("chmod");

        let why = |name: &str, pass: Option<&str>| load(&path(name), pass.map(Secret::new).as_ref()).secret.expect_err("unusable").text();
        assert!(load(&path("good"), None).secret.is_ok());
        assert!(load(&path("good"), Some(&Secret::new("needless"))).secret.is_ok());
        assert!(load(&path("locked"), Some(&Secret::new("open sesame"))).secret.is_ok());
        assert_eq!(why("none", None), "no such file");
        assert!(why("open", None).contains("mode 0644"));
        assert_eq!(why("locked", None), "encrypted, and no passphrase was given");
        assert_eq!(why("locked", Some("wrong")), "encrypted, and the passphrase does not open it");
        assert!(why("text", None).starts_with("not a private key"));
    }

    #[test]
    fn an_encrypted_key_still_shows_its_public_half() {
        let dir = tempfile::tempdir().expect("a directory");
        let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).expect("a key");
        let path = dir.path().join("locked");
        write(&path, &key.encrypt(&mut safe_rng(), "open sesame").expect("encrypts"), 0o600);
        let public = load(&path, None).public.expect("is there");
        assert_eq!(public.key_data(), key.public_key().key_data());
    }
}
