//! Which host keys are known: reading known_hosts files and judging the key that a host shows.
//!
//! The rules are those of OpenSSH (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): several files, hashed names, `[host]:port`, wildcards, negation,
//! `@cert-authority` and `@revoked`. A line that makes no sense is passed over with a warning instead of making all others useless.

#![expect(clippy::disallowed_methods, reason = "known_hosts is a file of the controller")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::public::KeyData;
use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey, PublicKeyOrCertificate};
use sha1::Sha1;

use super::glob;

/// All lines of all files.
#[derive(Debug, Default)]
pub struct KnownHosts {
    entries: Vec<Entry>,
    /// What was passed over, `file:line: why`.
    pub warnings: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    place: Place,
    marker: Option<Marker>,
    hosts: Hosts,
    key: KeyData,
}

#[derive(Debug, PartialEq, Eq)]
enum Marker {
    CertAuthority,
    Revoked,
}

#[derive(Debug)]
enum Hosts {
    Patterns(Vec<String>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// What is to be thought of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the host's.
    Known,
    /// Nothing is known about the host.
    Unknown,
    /// The host is known by other keys: where the first of them stands and its fingerprint.
    Changed {
        /// The line.
        place: Place,
        /// `ALGORITHM SHA256:…`.
        known: String,
    },
    /// It is marked as revoked.
    Revoked(Place),
    /// It is a certificate that is not good for this host.
    BadCertificate(String),
}

/// The name under which a host is looked up.
#[derive(Clone, Debug)]
pub struct HostName {
    plain: String,
    with_port: Option<String>,
}

impl HostName {
    /// The host `name` (an address or an alias) at `port`.
    pub fn new(name: &str, port: u16) -> Self {
        let plain = name.to_lowercase();
        let with_port = (port != 22).then(|| format!("[{plain}]:{port}"));
        Self { plain, with_port }
    }

    /// As it stands in a file.
    pub fn entry(&self) -> &str {
        self.with_port.as_deref().unwrap_or(&self.plain)
    }
}

impl KnownHosts {
    /// Reads files; those that do not exist are empty.
    pub fn load(files: &[PathBuf]) -> Self {
        let mut known = Self::default();
        for file in files {
            match fs::read(file) {
                Ok(bytes) => known.parse(file, &String::from_utf8_lossy(&bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => known.warnings.push(format!("{}: not read: {error}", file.display())),
            }
        }
        known
    }

    /// Adds the lines of one file.
    pub fn parse(&mut self, file: &Path, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = Place { file: file.to_owned(), line: index + 1 };
            match parse_line(line) {
                Ok((marker, hosts, key)) => self.entries.push(Entry { place, marker, hosts, key }),
                Err(why) => self.warnings.push(format!("{place}: line passed over: {why}")),
            }
        }
    }

    /// Judges the key that `host` has shown.
    pub fn check(&self, host: &HostName, shown: &PublicKeyOrCertificate) -> Verdict {
        match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.check_key(host, key.key_data()),
            PublicKeyOrCertificate::Certificate(certificate) => self.check_certificate(host, certificate),
        }
    }

    fn check_key(&self, host: &HostName, key: &KeyData) -> Verdict {
        if let Some(place) = self.revoked(host, key) {
            return Verdict::Revoked(place);
        }
        let mine: Vec<&Entry> = self.of(host.entry(), None).collect();
        if mine.iter().any(|entry| entry.key == *key) {
            return Verdict::Known;
        }
        if let Some(entry) = mine.iter().find(|entry| entry.key.algorithm() == key.algorithm()).or(mine.first()) {
            return Verdict::Changed { place: entry.place.clone(), known: fingerprint(&entry.key) };
        }
        // As OpenSSH does: a host at another port than 22 may be known without its port.
        if host.with_port.is_some() && self.of(&host.plain, None).any(|entry| entry.key == *key) {
            return Verdict::Known;
        }
        Verdict::Unknown
    }

    fn check_certificate(&self, host: &HostName, certificate: &Certificate) -> Verdict {
        for key in [certificate.signature_key(), certificate.public_key()] {
            if let Some(place) = self.revoked(host, key) {
                return Verdict::Revoked(place);
            }
        }
        let trusted = self.authorities(host).any(|entry| entry.key == *certificate.signature_key());
        if !trusted {
            // The key in it may be known by itself.
            return self.check_key(host, certificate.public_key());
        }
        match certificate_fault(certificate, &host.plain) {
            Some(fault) => Verdict::BadCertificate(fault),
            None => Verdict::Known,
        }
    }

    fn revoked(&self, host: &HostName, key: &KeyData) -> Option<Place> {
        let names = [Some(host.plain.as_str()), host.with_port.as_deref()];
        names
            .into_iter()
            .flatten()
            .flat_map(|name| self.of(name, Some(&Marker::Revoked)))
            .find(|entry| entry.key == *key)
            .map(|entry| entry.place.clone())
    }

    fn authorities(&self, host: &HostName) -> impl Iterator<Item = &Entry> {
        let plain = host.with_port.is_some().then_some(host.plain.as_str());
        let names = [Some(host.entry()), plain];
        names.into_iter().flatten().flat_map(|name| self.of(name, Some(&Marker::CertAuthority))).collect::<Vec<_>>().into_iter()
    }

    fn of(&self, name: &str, marker: Option<&Marker>) -> impl Iterator<Item = &Entry> {
        let found: Vec<&Entry> = self.entries.iter().filter(|entry| entry.marker.as_ref() == marker && entry.hosts.matches(name)).collect();
        found.into_iter()
    }

    /// The algorithms of the keys that are known for the host, in the order of the files: to be offered first.
    pub fn algorithms(&self, host: &HostName) -> Vec<Algorithm> {
        let mut entries: Vec<&Entry> = self.of(host.entry(), None).collect();
        if entries.is_empty() && host.with_port.is_some() {
            entries = self.of(&host.plain, None).collect();
        }
        let mut algorithms = Vec::new();
        for entry in entries {
            if !algorithms.contains(&entry.key.algorithm()) {
                algorithms.push(entry.key.algorithm());
            }
        }
        algorithms
    }

    /// Whether an authority is trusted to sign the keys of the host.
    pub fn has_authority(&self, host: &HostName) -> bool {
        self.authorities(host).next().is_some()
    }
}

/// Why a host certificate of a trusted authority is not good for the host `name`.
fn certificate_fault(certificate: &Certificate, name: &str) -> Option<String> {
    if certificate.cert_type() != CertType::Host {
        return Some("the certificate is one for users, not for hosts".to_owned());
    }
    let principals = certificate.valid_principals();
    if !principals.is_empty() && !principals.iter().any(|pattern| glob::matches(&pattern.to_lowercase(), name)) {
        return Some(format!("the certificate is for {}, not for `{name}`", crate::base::text::list(principals)));
    }
    if let Some((option, _)) = certificate.critical_options().iter().next() {
        return Some(format!("the certificate demands `{option}`, which no host certificate may"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if now < certificate.valid_after() || now >= certificate.valid_before() {
        return Some("the certificate is not valid at this time".to_owned());
    }
    certificate.verify_signature().err().map(|error| format!("the signature of the certificate is wrong: {error}"))
}

/// `ALGORITHM SHA256:…`.
pub fn fingerprint(key: &KeyData) -> String {
    format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256))
}

impl Hosts {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Hashed { salt, hash } => {
                let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(salt) else { return false };
                mac.update(name.as_bytes());
                mac.verify_slice(hash).is_ok()
            }
            Self::Patterns(patterns) => {
                let mut found = false;
                for pattern in patterns {
                    match pattern.strip_prefix('!') {
                        Some(pattern) if glob::matches(pattern, name) => return false,
                        Some(_) => {}
                        None => found = found || glob::matches(pattern, name),
                    }
                }
                found
            }
        }
    }
}

fn parse_line(line: &str) -> Result<(Option<Marker>, Hosts, KeyData), String> {
    let mut fields = line.split_whitespace();
    let mut next = |what: &str| fields.next().ok_or_else(|| format!("it has no {what}"));
    let mut field = next("host")?;
    let marker = match field {
        "@cert-authority" => Some(Marker::CertAuthority),
        "@revoked" => Some(Marker::Revoked),
        other if other.starts_with('@') => return Err(format!("unknown marker `{other}`")),
        _ => None,
    };
    if marker.is_some() {
        field = next("host")?;
    }
    let hosts = parse_hosts(field)?;
    let (kind, blob) = (next("kind of key")?, next("key")?);
    let key = PublicKey::from_openssh(&format!("{kind} {blob}")).map_err(|error| format!("the key is not readable: {error}"))?;
    Ok((marker, hosts, key.key_data().clone()))
}

fn parse_hosts(field: &str) -> Result<Hosts, String> {
    let Some(hashed) = field.strip_prefix("|1|") else {
        return Ok(Hosts::Patterns(field.split(',').filter(|p| !p.is_empty()).map(str::to_lowercase).collect()));
    };
    let (salt, hash) = hashed.split_once('|').ok_or("the hashed name is incomplete")?;
    let decode = |text: &str| BASE64.decode(text).map_err(|error| format!("the hashed name is not readable: {error}"));
    Ok(Hosts::Hashed { salt: decode(salt)?, hash: decode(hash)? })
}

/// Adds the key of a host to `file`, which is made if need be, unless another process has added it meanwhile.
///
/// # Errors
/// When the file cannot be written.
pub fn remember(file: &Path, host: &HostName, key: &PublicKey) -> io::Result<()> {
    use std::io::{Read, Seek, Write};
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let mut file_handle = fs::OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(file)?;
    file_handle.lock()?;
    let mut text = Vec::new();
    file_handle.read_to_end(&mut text)?;
    let mut known = KnownHosts::default();
    known.parse(file, &String::from_utf8_lossy(&text));
    if known.check_key(host, key.key_data()) == Verdict::Known {
        return Ok(());
    }
    let bare = PublicKey::new(key.key_data().clone(), "").to_openssh().map_err(io::Error::other)?;
    let end = if text.last().is_some_and(|last| *last != b'\n') { "\n" } else { "" };
    file_handle.seek(io::SeekFrom::End(0))?;
    file_handle.write_all(format!("{end}{} {}\n", host.entry(), bare.trim_end()).as_bytes())
}

#[cfg(test)]
#[path = "known_hosts_tests.rs"]
mod tests;
