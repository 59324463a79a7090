//! Signatures, made and checked by `openssl`.

use std::path::PathBuf;

use super::der::{oid, sequence, tag, tlv};
use super::openssl::{Given, PASSIN, ask, make};
use super::pem;
use super::private::PrivateKey;
use super::public::{Kind, PublicKey};
use crate::modules::shared::write::{Source, scratch};
use crate::modules::{Context, Failure};

/// Digests: their name, and the object identifiers of signatures by RSA, ECDSA and DSA with them.
const DIGESTS: &[(&str, [Option<&str>; 3])] = &[
    ("md5", [Some("1.2.840.113549.1.1.4"), None, None]),
    ("sha1", [Some("1.2.840.113549.1.1.5"), Some("1.2.840.10045.4.1"), Some("1.2.840.10040.4.3")]),
    ("sha224", [Some("1.2.840.113549.1.1.14"), Some("1.2.840.10045.4.3.1"), Some("2.16.840.1.101.3.4.3.1")]),
    ("sha256", [Some("1.2.840.113549.1.1.11"), Some("1.2.840.10045.4.3.2"), Some("2.16.840.1.101.3.4.3.2")]),
    ("sha384", [Some("1.2.840.113549.1.1.12"), Some("1.2.840.10045.4.3.3"), Some("2.16.840.1.101.3.4.3.3")]),
    ("sha512", [Some("1.2.840.113549.1.1.13"), Some("1.2.840.10045.4.3.4"), Some("2.16.840.1.101.3.4.3.4")]),
];

/// Where in [`DIGESTS`] signatures of this kind are.
fn column(kind: Kind) -> Option<usize> {
    [Kind::Rsa, Kind::Ecc, Kind::Dsa].iter().position(|other| *other == kind)
}

/// A private key that signs, with its passphrase.
pub struct Signer<'a> {
    /// The key.
    pub key: &'a PrivateKey,
    /// What protects it.
    pub passphrase: Option<&'a str>,
    /// The digest, where its kind takes one.
    pub digest: &'a str,
}

impl Signer<'_> {
    /// The identifier of the signatures it makes, in DER.
    ///
    /// # Errors
    /// When keys of its kind do not sign, or not with this digest.
    pub fn algorithm(&self) -> Result<Vec<u8>, Failure> {
        let kind = self.key.public.kind;
        let wrong = |why: String| Failure::new(format!("failed to sign: {why}"));
        if matches!(kind, Kind::X25519 | Kind::X448) {
            return Err(wrong(format!("keys of the type {} cannot sign", kind.name())));
        }
        let dotted = match column(kind) {
            None => kind.oid(),
            Some(column) => {
                let digest = DIGESTS.iter().find(|(name, _)| *name == self.digest.to_lowercase());
                let known = || DIGESTS.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let (_, oids) =
                    digest.ok_or_else(|| wrong(format!("the digest `{}` is not known; these are: {}", self.digest, known())))?;
                let oid = oids.get(column).copied().flatten();
                oid.ok_or_else(|| wrong(format!("keys of the type {} do not sign with `{}`", kind.name(), self.digest)))?
            }
        };
        let parameters: &[u8] = if kind == Kind::Rsa { &[5, 0] } else { &[] };
        Ok(tlv(tag::SEQUENCE, &[&oid(dotted).unwrap_or_default(), parameters]))
    }

    /// What is signed, the identifier of the signature and the signature, as requests and certificates consist of.
    ///
    /// # Errors
    /// When `openssl` cannot.
    pub fn signed(&self, ctx: &mut Context<'_>, content: &[u8]) -> Result<Vec<u8>, Failure> {
        let algorithm = self.algorithm()?;
        let file = scratch(ctx, Source::Bytes(content), 0o600)?;
        let path = file.to_string_lossy().into_owned();
        let digest = format!("-{}", self.digest.to_lowercase());
        let mut args: Vec<&str> = match column(self.key.public.kind) {
            Some(_) => vec!["dgst", &digest, "-sign", "/dev/stdin"],
            None => vec!["pkeyutl", "-sign", "-rawin", "-inkey", "/dev/stdin"],
        };
        args.extend(self.passphrase.iter().flat_map(|_| PASSIN));
        if column(self.key.public.kind).is_none() {
            args.push("-in");
        }
        args.push(&path);
        let signature = make(ctx, &args, Given { input: Some(&self.key.text), passphrase: self.passphrase }, "sign");
        ctx.system.discard(&file);
        Ok(tlv(tag::SEQUENCE, &[content, &algorithm, &tlv(tag::BIT_STRING, &[&[0], &signature?])]))
    }
}

/// Whether the request or certificate `whole` is signed by the key.
///
/// # Errors
/// When `openssl` is not there.
pub fn is_signed_by(ctx: &mut Context<'_>, whole: &[u8], key: &PublicKey) -> Result<bool, Failure> {
    let parts = sequence(whole).unwrap_or_default();
    let [content, algorithm, signature] = parts.as_slice() else { return Ok(false) };
    let (Some(signature), Some(oid)) = (signature.bits(), algorithm.children().and_then(|parts| Some(parts.first()?.oid()?.to_string())))
    else {
        return Ok(false);
    };
    let digest = match column(key.kind) {
        Some(column) => {
            DIGESTS.iter().find(|(_, oids)| oids.get(column).copied().flatten() == Some(oid.as_str())).map(|(name, _)| format!("-{name}"))
        }
        None => (key.kind.oid() == oid).then(String::new),
    };
    let Some(digest) = digest else { return Ok(false) };
    let public = pem::encode("PUBLIC KEY", &key.info);
    let files = [scratch(ctx, Source::Bytes(content.whole), 0o600)?, scratch(ctx, Source::Bytes(signature), 0o600)?];
    let [content, signature] = files.each_ref().map(|file: &PathBuf| file.to_string_lossy().into_owned());
    let args: Vec<&str> = match column(key.kind) {
        Some(_) => vec!["dgst", &digest, "-verify", "/dev/stdin", "-signature", &signature, &content],
        None => vec!["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "/dev/stdin", "-in", &content, "-sigfile", &signature],
    };
    let output = ask(ctx, &args, Given { input: Some(&public), passphrase: None }, "check a signature");
    files.iter().for_each(|file| ctx.system.discard(file));
    Ok(output?.success())
}
