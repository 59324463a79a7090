//! `openssl_privatekey`: private keys for TLS and the like.

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::mode;
use super::shared::pki::private::{Format, PrivateKey};
use super::shared::pki::public::{Kind as KeyKind, PublicKey};
use super::shared::pki::regenerate::{self, Regenerate};
use super::shared::pki::{fingerprint, pem, place};
use super::shared::state::State;
use super::spec::{CRYPTO, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::Follow;

const CURVES: &[&str] = &[
    "secp224r1",
    "secp256k1",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "secp192r1",
    "brainpoolP256r1",
    "brainpoolP384r1",
    "brainpoolP512r1",
    "sect163k1",
    "sect163r2",
    "sect233k1",
    "sect233r1",
    "sect283k1",
    "sect283r1",
    "sect409k1",
    "sect409r1",
    "sect571k1",
    "sect571r1",
];

/// Those among them that new keys may well use.
const GOOD_CURVES: &[&str] = &["secp224r1", "secp256k1", "secp256r1", "secp384r1", "secp521r1"];

const OWN: &[Opt] = &[
    Opt::new("path", Kind::Path, "The file.").required(),
    Opt::new("state", Kind::Str, "Whether the key is to be there.").choices(&["absent", "present"]).default("\"present\""),
    Opt::new("type", Kind::Str, "The type of the key.")
        .choices(&["DSA", "ECC", "Ed25519", "Ed448", "RSA", "X25519", "X448"])
        .default("\"RSA\""),
    Opt::new("size", Kind::Int, "Bits of an RSA or DSA key.").default("4096"),
    Opt::new(
        "curve",
        Kind::Str,
        "The curve of an ECC key. All but `secp224r1`, `secp256k1`, `secp256r1`, `secp384r1` and `secp521r1` give a warning. Which there are says the \
         `openssl` of the host.",
    )
    .choices(CURVES),
    Opt::new("passphrase", Kind::Str, "Protects the key.").secret(),
    Opt::new("cipher", Kind::Str, "How the key is encrypted. Only `auto` (AES-256) is possible.").default("\"auto\""),
    Opt::new(
        "format",
        Kind::Str,
        "How the key is written. `auto`: `pkcs1` (the old forms of OpenSSL) for RSA, DSA and ECC, `pkcs8` for the others. `auto_ignore`: the same for a \
         new key; one that is there may have any form. `raw` is for the others only, without a passphrase.",
    )
    .choices(&["pkcs1", "pkcs8", "raw", "auto", "auto_ignore"])
    .default("\"auto_ignore\""),
    Opt::new("format_mismatch", Kind::Str, "What is done with a key that differs in its form only: it is replaced by a new key, or written in the other form.")
        .choices(&["regenerate", "convert"])
        .default("\"regenerate\""),
    Opt::new("force", Kind::Bool, "Whether a new key is made each time.").default("false"),
    regenerate::option("\"full_idempotence\""),
    Opt::new("return_content", Kind::Bool, "Whether the result holds the key (`privatekey`). Everyone who sees the result sees it then: use `no_log`.")
        .default("false"),
    Opt::new("backup", Kind::Bool, "Whether a copy of a key that is replaced or removed is kept.").default("false"),
    Opt::new("select_crypto_backend", Kind::Str, "Both values mean the same: `openssl` of the host does it.")
        .choices(&["auto", "cryptography"])
        .default("\"auto\""),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `openssl_privatekey`.
pub static MODULE: Spec = Spec {
    name: "openssl_privatekey",
    collections: CRYPTO,
    summary: "Make private keys for certificates",
    description: &[
        "Makes a private key, and makes it anew when it is not as the options say. The file has the mode 0600 unless `mode` says otherwise. A diff does not \
         show keys.",
        "Needs `openssl` on the host. Keys and passphrases are never on its command line, and a key is in no file but its own. In check mode a key is made that \
         nobody gets, so that later tasks can use it.",
    ],
    options: &OPTIONS,
    rules: &[Rule::If("type", "ECC", &["curve"])],
    free_form: None,
    returns: &[
        Return { name: "filename", kind: "str", when: "always", doc: "The file." },
        Return { name: "type", kind: "str", when: "always", doc: "What `type` says." },
        Return { name: "size", kind: "int", when: "always", doc: "What `size` says." },
        Return { name: "curve", kind: "str", when: "the type is `ECC`", doc: "What `curve` says." },
        Return {
            name: "fingerprint",
            kind: "dict",
            when: "always",
            doc: "Digests of the public key by algorithm; null when there is no key.",
        },
        Return {
            name: "privatekey",
            kind: "str",
            when: "`return_content`",
            doc: "The key, in base64 when it is `raw`; null when there is none.",
        },
        Return { name: "backup_file", kind: "str", when: "a copy was kept", doc: "The copy." },
    ],
    examples: "
- name: The key of the web server
  community.crypto.openssl_privatekey:
    path: /etc/ssl/private/www.example.com.key
    type: ECC
    curve: secp384r1
    group: ssl-cert
    mode: '0640'

- name: The key of the authority, protected
  community.crypto.openssl_privatekey:
    path: /etc/ca/ca.key
    passphrase: '{{ ca_passphrase }}'
    regenerate: partial_idempotence
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: PathBuf,
    state: State,
    #[serde(rename = "type")]
    kind: KeyKind,
    size: i64,
    curve: Option<String>,
    passphrase: Option<String>,
    cipher: String,
    format: WantedFormat,
    format_mismatch: Mismatch,
    force: bool,
    regenerate: Regenerate,
    return_content: bool,
    backup: bool,
    #[serde(rename = "select_crypto_backend")]
    _backend: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WantedFormat {
    Pkcs1,
    Pkcs8,
    Raw,
    Auto,
    AutoIgnore,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mismatch {
    Regenerate,
    Convert,
}

/// What is done about the key.
enum Plan {
    Keep(PrivateKey),
    Convert(PrivateKey),
    Make,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let mut options = FileOptions::take(&mut args)?;
    if options.mode.is_none() {
        options.mode = Some(mode::parse("0600").map_err(Failure::new)?);
    }
    let mut args: Arguments = args.parse()?;
    args.passphrase = args.passphrase.filter(|passphrase| !passphrase.is_empty());
    let content = place::content(ctx, &args.path)?;
    let old = match &content {
        Some(content) => Some(read(ctx, &args, content)?),
        None => None,
    };
    let before = old.as_ref().and_then(|old| old.as_ref().ok()).map(|old| shown(&old.public, old.format));
    if args.state == State::Absent {
        let kept = place::remove(ctx, &args.path, args.backup)?;
        let outcome = answer(&args, None, None, kept);
        return Ok(if content.is_some() { outcome.with("diff", place::diff(&args.path, before, None)) } else { outcome });
    }
    place::check_folder(ctx, &args.path)?;
    let format = args.wanted_format();
    let passphrase = args.passphrase.as_deref();
    let (key, written, is_new) = match plan(&args, old)? {
        Plan::Keep(key) => (key, None, false),
        Plan::Convert(key) => {
            args.check_cipher()?;
            let written = key.write(ctx, format, passphrase, passphrase)?;
            (key, Some(written), false)
        }
        Plan::Make => {
            args.check_cipher()?;
            let key = PrivateKey::generate(ctx, args.kind, args.checked_size()?, args.curve.as_deref())?;
            let written = key.write(ctx, format, None, passphrase)?;
            (key, Some(written), true)
        }
    };
    let Some(written) = written else {
        options.apply(ctx, &args.path, Follow::Yes)?;
        return Ok(answer(&args, Some(&key.public), content.as_deref(), None));
    };
    let kept = place::put(ctx, &args.path, &written, &options, args.backup)?;
    let mut outcome = answer(&args, Some(&key.public), Some(&written), kept);
    if let Some(curve) = args.curve.as_deref().filter(|curve| is_new && args.kind == KeyKind::Ecc && !GOOD_CURVES.contains(curve)) {
        outcome = outcome.warn(format!("the curve `{curve}` should not be used for new keys"));
    }
    Ok(outcome.with("diff", place::diff(&args.path, before, Some(shown(&key.public, format)))))
}

impl Arguments {
    fn wanted_format(&self) -> Format {
        match (self.format, self.kind) {
            (WantedFormat::Pkcs1, _) => Format::Pkcs1,
            (WantedFormat::Pkcs8, _) => Format::Pkcs8,
            (WantedFormat::Raw, _) => Format::Raw,
            (_, KeyKind::Rsa | KeyKind::Dsa | KeyKind::Ecc) => Format::Pkcs1,
            _ => Format::Pkcs8,
        }
    }

    fn check_cipher(&self) -> Result<(), Failure> {
        if self.passphrase.is_some() && self.cipher != "auto" {
            return Err(Failure::new(format!("failed to encrypt the key with `{}`: only `cipher: auto` is possible", self.cipher)));
        }
        Ok(())
    }

    /// The size of a new key.
    fn checked_size(&self) -> Result<usize, Failure> {
        let wrong = |why: &str| Failure::new(format!("failed to make a key of {} bits: {why}", self.size));
        match (self.kind, self.size) {
            (KeyKind::Rsa, ..1024) => Err(wrong("an RSA key has at least 1024 bits")),
            (KeyKind::Dsa, 1024 | 2048 | 3072 | 4096) | (KeyKind::Rsa, _) => {
                usize::try_from(self.size).map_err(|_| wrong("that is no size"))
            }
            (KeyKind::Dsa, _) => Err(wrong("a DSA key has 1024, 2048, 3072 or 4096 bits")),
            _ => Ok(0),
        }
    }
}

fn read(ctx: &Context<'_>, args: &Arguments, content: &[u8]) -> Result<Result<PrivateKey, String>, Failure> {
    let is_pem = std::str::from_utf8(content).is_ok_and(|text| pem::first(text).is_some());
    match &args.passphrase {
        None if !is_pem => PrivateKey::read_raw(ctx, content, args.kind),
        passphrase => PrivateKey::read(ctx, content, passphrase.as_deref()),
    }
}

fn plan(args: &Arguments, old: Option<Result<PrivateKey, String>>) -> Result<Plan, Failure> {
    let key = match old {
        Some(old) if !args.force && args.regenerate != Regenerate::Always => old,
        _ => return Ok(Plan::Make),
    };
    let key = match key {
        Ok(key) => key,
        Err(why) => return args.regenerate.of_unreadable(&args.path, &why).map(|_| Plan::Make),
    };
    let replaced = |key, what: &str| Ok(if args.regenerate.of_different(&args.path, what)? { Plan::Make } else { Plan::Keep(key) });
    if let Some(different) = difference(args, &key.public) {
        return replaced(key, &different);
    }
    if args.format == WantedFormat::AutoIgnore || key.format == args.wanted_format() {
        return Ok(Plan::Keep(key));
    }
    if args.format_mismatch == Mismatch::Convert {
        return Ok(Plan::Convert(key));
    }
    let different = format!("it is written as `{}`, not as `{}`", key.format.name(), args.wanted_format().name());
    replaced(key, &different).map_err(|failure| failure.hint("`format_mismatch: convert` writes it in the other form"))
}

/// What is another than asked for.
fn difference(args: &Arguments, key: &PublicKey) -> Option<String> {
    if key.kind != args.kind {
        return Some(format!("its type is {}, not {}", key.kind.name(), args.kind.name()));
    }
    if let Some(size) = key.size.filter(|size| i64::try_from(*size) != Ok(args.size)) {
        return Some(format!("it has {size} bits, not {}", args.size));
    }
    let is_other = key.kind == KeyKind::Ecc && key.curve != args.curve;
    let name = |curve: &Option<String>| curve.clone().unwrap_or_else(|| "without a name".to_owned());
    is_other.then(|| format!("its curve is {}, not {}", name(&key.curve), name(&args.curve)))
}

fn answer(args: &Arguments, key: Option<&PublicKey>, content: Option<&[u8]>, kept: Option<PathBuf>) -> Outcome {
    let mut outcome = Outcome::new()
        .with("filename", args.path.to_string_lossy().into_owned())
        .with("type", args.kind.name())
        .with("size", args.size)
        .with("fingerprint", key.map(|key| fingerprint::all(&key.info)));
    if args.kind == KeyKind::Ecc {
        outcome = outcome.with("curve", args.curve.clone());
    }
    if args.return_content {
        let text = content.map(|content| match std::str::from_utf8(content) {
            Ok(text) if pem::first(text).is_some() => text.to_owned(),
            _ => STANDARD.encode(content),
        });
        outcome = outcome.with("privatekey", text);
    }
    match kept {
        Some(kept) => outcome.with("backup_file", kept.to_string_lossy().into_owned()),
        None => outcome,
    }
}

/// What a diff shows of a key.
fn shown(key: &PublicKey, format: Format) -> Value {
    let digest = fingerprint::all(&key.info).remove("sha256");
    json!({"type": key.kind.name(), "size": key.size, "curve": key.curve, "format": format.name(), "fingerprint": digest})
}
