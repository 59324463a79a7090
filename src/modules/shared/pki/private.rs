//! Private keys: read, made and written in another form, by `openssl`.

use super::der::{elements, oid, sequence, tag, tlv};
use super::openssl::{Given, PASSIN, PASSOUT, ask, make, make_text};
use super::pem;
use super::public::{CURVES, Kind, PublicKey};
use crate::modules::{Context, Failure};

/// In what form a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The old forms of OpenSSL, one for each kind: `RSA PRIVATE KEY`.
    Pkcs1,
    /// One form for all kinds: `PRIVATE KEY`.
    Pkcs8,
    /// The bare bytes, where a kind has no more.
    Raw,
}

impl Format {
    /// As options name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pkcs1 => "pkcs1",
            Self::Pkcs8 => "pkcs8",
            Self::Raw => "raw",
        }
    }
}

/// A private key that could be read.
pub struct PrivateKey {
    /// As text. It is encrypted when what was read is.
    pub text: String,
    /// Its form.
    pub format: Format,
    /// The public half.
    pub public: PublicKey,
}

impl PrivateKey {
    /// Reads a key in PEM. The inner error says why it cannot be read: no key, another passphrase, a passphrase for a key that has none.
    ///
    /// # Errors
    /// When `openssl` is not there.
    pub fn read(ctx: &Context<'_>, content: &[u8], passphrase: Option<&str>) -> Result<Result<Self, String>, Failure> {
        let unreadable = |why: &str| Ok(Err(why.to_owned()));
        let Some((text, block)) = std::str::from_utf8(content).ok().and_then(|text| Some((text, pem::first(text)?))) else {
            return unreadable("it is no private key in PEM");
        };
        let format = match block.label {
            "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => Format::Pkcs8,
            "RSA PRIVATE KEY" | "DSA PRIVATE KEY" | "EC PRIVATE KEY" => Format::Pkcs1,
            "EC PARAMETERS" if text.contains("BEGIN EC PRIVATE KEY") => Format::Pkcs1,
            other => return unreadable(&format!("it is no private key but `{}`", other.to_lowercase())),
        };
        let is_encrypted = block.label == "ENCRYPTED PRIVATE KEY" || text.contains("Proc-Type: 4,ENCRYPTED");
        match (is_encrypted, passphrase) {
            (true, None) => return unreadable("it is protected by a passphrase"),
            (false, Some(_)) => return unreadable("no passphrase protects it, and there is one in the arguments"),
            _ => {}
        }
        let mut args = vec!["pkey", "-pubout", "-outform", "DER"];
        args.extend(passphrase.iter().flat_map(|_| PASSIN));
        let output = ask(ctx, &args, Given { input: Some(text), passphrase }, "read a private key")?;
        let public = PublicKey::from_info(&output.stdout).filter(|_| output.success());
        Ok(match public {
            Some(public) => Ok(Self { text: text.to_owned(), format, public }),
            None if is_encrypted => Err("it is broken or protected by another passphrase".to_owned()),
            None => Err("it is broken or of a kind that is not known".to_owned()),
        })
    }

    /// Reads the bare bytes of a key of this kind, as [`PrivateKey::read`].
    ///
    /// # Errors
    /// As there.
    pub fn read_raw(ctx: &Context<'_>, content: &[u8], kind: Kind) -> Result<Result<Self, String>, Failure> {
        let length = match kind {
            Kind::Ed25519 | Kind::X25519 => 32,
            Kind::Ed448 => 57,
            Kind::X448 => 56,
            Kind::Rsa | Kind::Dsa | Kind::Ecc => return Ok(Err("it is no private key in PEM".to_owned())),
        };
        if content.len() != length {
            return Ok(Err(format!("it is neither PEM nor the {length} bytes of a key of the type {}", kind.name())));
        }
        let name = oid(kind.oid()).unwrap_or_default();
        let key = tlv(tag::OCTET_STRING, &[&tlv(tag::OCTET_STRING, &[content])]);
        let whole = tlv(tag::SEQUENCE, &[&[tag::INTEGER, 1, 0], &tlv(tag::SEQUENCE, &[&name]), &key]);
        let read = Self::read(ctx, pem::encode("PRIVATE KEY", &whole).as_bytes(), None)?;
        Ok(read.map(|key| Self { format: Format::Raw, ..key }))
    }

    /// Makes a key. `size` is in bits, for RSA and DSA; `curve` is the one of an ECC key.
    ///
    /// # Errors
    /// When `openssl` is not there or cannot.
    pub fn generate(ctx: &Context<'_>, kind: Kind, size: usize, curve: Option<&str>) -> Result<Self, Failure> {
        let purpose = format!("make a private key of the type {}", kind.name());
        let size = match kind {
            Kind::Rsa => format!("rsa_keygen_bits:{size}"),
            _ => format!("dsa_paramgen_bits:{size}"),
        };
        let curve = curve.map(|curve| CURVES.iter().find(|(name, ..)| *name == curve).map_or(curve, |(_, theirs, _)| *theirs));
        let curve = format!("ec_paramgen_curve:{}", curve.unwrap_or_default());
        let mut parameters = None;
        let args: &[&str] = match kind {
            Kind::Rsa => &["genpkey", "-algorithm", "RSA", "-pkeyopt", &size],
            Kind::Dsa => {
                let args = ["genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", &size];
                parameters = Some(make_text(ctx, &args, Given::default(), &purpose)?);
                &["genpkey", "-paramfile", "/dev/stdin"]
            }
            Kind::Ecc => &["genpkey", "-algorithm", "EC", "-pkeyopt", &curve, "-pkeyopt", "ec_param_enc:named_curve"],
            Kind::Ed25519 => &["genpkey", "-algorithm", "ED25519"],
            Kind::Ed448 => &["genpkey", "-algorithm", "ED448"],
            Kind::X25519 => &["genpkey", "-algorithm", "X25519"],
            Kind::X448 => &["genpkey", "-algorithm", "X448"],
        };
        let text = make_text(ctx, args, Given { input: parameters.as_deref(), passphrase: None }, &purpose)?;
        Self::read(ctx, text.as_bytes(), None)?.map_err(|why| Failure::new(format!("failed to {purpose}: of what `openssl` printed {why}")))
    }

    /// The key in the form `format`, encrypted when there is a passphrase, as it is written to a file. `known` is the passphrase of this key as it is.
    ///
    /// # Errors
    /// When the key has no such form.
    pub fn write(&self, ctx: &Context<'_>, format: Format, known: Option<&str>, passphrase: Option<&str>) -> Result<Vec<u8>, Failure> {
        let purpose = format!("write the private key in the format `{}`", format.name());
        let wrong = |why: &str| Failure::new(format!("failed to {purpose}: {why}"));
        let has_old_form = matches!(self.public.kind, Kind::Rsa | Kind::Dsa | Kind::Ecc);
        let mut args = match format {
            Format::Pkcs1 if has_old_form => vec!["pkey", "-traditional"],
            Format::Pkcs8 => vec!["pkey"],
            Format::Raw if !has_old_form && passphrase.is_none() => vec!["pkey", "-outform", "DER"],
            Format::Raw if !has_old_form => return Err(wrong("it cannot be encrypted there")),
            Format::Pkcs1 | Format::Raw => return Err(wrong(&format!("keys of the type {} do not have it", self.public.kind.name()))),
        };
        if known.is_some() {
            args.extend(PASSIN);
        }
        if passphrase.is_some() {
            args.push("-aes256");
            args.extend(PASSOUT);
        }
        let given = Given { input: Some(&self.text), passphrase: passphrase.or(known) };
        let written = make(ctx, &args, given, &purpose)?;
        if format != Format::Raw {
            return Ok(written);
        }
        let bare = || {
            let parts = sequence(&written)?;
            let inner = elements(parts.get(2)?.expect(tag::OCTET_STRING)?)?;
            inner.first()?.expect(tag::OCTET_STRING).map(<[u8]>::to_vec)
        };
        bare().ok_or_else(|| wrong("`openssl` printed something else"))
    }
}
