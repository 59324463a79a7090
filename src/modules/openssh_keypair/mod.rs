//! `openssh_keypair`: a private key of OpenSSH and its public half.

mod generate;
mod key;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::mode;
use super::shared::pki::place;
use super::shared::pki::regenerate::{self, Regenerate};
use super::shared::state::State;
use super::spec::{CRYPTO, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::Follow;
use key::{KeyFormat, PublicLine, SshKey};

const OWN: &[Opt] = &[
    Opt::new("path", Kind::Path, "The file of the private key. That of the public key is beside it and ends in `.pub`.").required(),
    Opt::new("state", Kind::Str, "Whether both are to be there.").choices(&["present", "absent"]).default("\"present\""),
    Opt::new("type", Kind::Str, "The type of the key. What the `ssh-keygen` of the host does not know any more is an error there.")
        .choices(&["rsa", "dsa", "rsa1", "ecdsa", "ed25519"])
        .default("\"rsa\""),
    Opt::new(
        "size",
        Kind::Int,
        "Bits of the key: for `rsa` at least 1024 (4096 without it), for `ecdsa` 256, 384 or 521 (256), for `dsa` 1024. An `ed25519` key has one size only.",
    ),
    Opt::new("comment", Kind::Str, "What stands behind the key. Without it, the comment that is there stays."),
    Opt::new("passphrase", Kind::Str, "Protects the private key.").secret(),
    Opt::new(
        "private_key_format",
        Kind::Str,
        "How the private key is written. `auto`: as OpenSSH writes it, and a key that is there may have any form. A key in another form than the one \
         named here is replaced by a new one.",
    )
    .choices(&["auto", "pkcs1", "pkcs8", "ssh"])
    .default("\"auto\""),
    Opt::new("backend", Kind::Str, "All values mean the same: `ssh-keygen` of the host makes keys in its own form, `openssl` the others.")
        .choices(&["auto", "cryptography", "opensshbin"])
        .default("\"auto\""),
    Opt::new("force", Kind::Bool, "Whether a new key is made each time.").default("false"),
    regenerate::option("\"partial_idempotence\""),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `openssh_keypair`.
pub static MODULE: Spec = Spec {
    name: "openssh_keypair",
    collections: CRYPTO,
    summary: "Make keys for OpenSSH",
    description: &[
        "Makes a private key and its public half, makes them anew when they are not as the options say, and keeps the public one in step with the private \
         one. Attributes (`mode`, `owner`, …) are given to both files; without `mode` a new private key has 0600 and a public one 0644.",
        "Needs `ssh-keygen` on the host to make keys, and `openssl` for `private_key_format: pkcs1` and `pkcs8`. The passphrase is on no command line and a key \
         that is to be protected is on no disk without it where the host has `/dev/shm`.",
    ],
    options: &OPTIONS,
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "filename", kind: "str", when: "always", doc: "The file of the private key." },
        Return { name: "type", kind: "str", when: "always", doc: "What `type` says." },
        Return { name: "size", kind: "int", when: "always", doc: "Bits of a key of that type, as asked for." },
        Return { name: "fingerprint", kind: "str", when: "always", doc: "SHA-256 of the public key; empty when there is none." },
        Return { name: "public_key", kind: "str", when: "always", doc: "The public key without its comment; empty when there is none." },
        Return { name: "comment", kind: "str", when: "always", doc: "The comment of the public key." },
    ],
    examples: "
- name: A key to fetch the sources with
  community.crypto.openssh_keypair:
    path: /home/build/.ssh/id_ed25519
    type: ed25519
    comment: build@example.com
    owner: build

- name: A key that is protected, made anew when it is another one
  community.crypto.openssh_keypair:
    path: /etc/backup/id_rsa
    size: 3072
    passphrase: '{{ backup_passphrase }}'
    regenerate: full_idempotence
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
    size: Option<u32>,
    comment: Option<String>,
    passphrase: Option<String>,
    private_key_format: WantedFormat,
    #[serde(rename = "backend")]
    _backend: String,
    force: bool,
    regenerate: Regenerate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeyKind {
    Rsa,
    Dsa,
    Rsa1,
    Ecdsa,
    Ed25519,
}

impl KeyKind {
    fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Dsa => "dsa",
            Self::Rsa1 => "rsa1",
            Self::Ecdsa => "ecdsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WantedFormat {
    Auto,
    Pkcs1,
    Pkcs8,
    Ssh,
}

impl WantedFormat {
    fn is(self, format: KeyFormat) -> bool {
        match self {
            Self::Auto => true,
            Self::Ssh => format == KeyFormat::OpenSsh,
            Self::Pkcs1 => format == KeyFormat::Pkcs1,
            Self::Pkcs8 => format == KeyFormat::Pkcs8,
        }
    }
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let mut args: Arguments = args.parse()?;
    args.passphrase = args.passphrase.filter(|passphrase| !passphrase.is_empty());
    let size = size(args.kind, args.size)?;
    if args.state == State::Absent {
        return absent(ctx, &args, size);
    }
    let content = place::content(ctx, &args.path)?;
    place::check_folder(ctx, &args.path)?;
    let old = match &content {
        Some(content) if !args.force && args.regenerate != Regenerate::Always => kept(ctx, &args, size, content)?,
        _ => None,
    };
    let public_path = public_path(&args.path);
    let line = PublicLine::parse(&place::content(ctx, &public_path)?.unwrap_or_default());
    let before = line.as_ref().filter(|_| content.is_some()).map(shown);
    let (key, is_new) = match old {
        Some(key) => (key, false),
        None => (generate::generate(ctx, args.kind, size, args.private_key_format, &args)?, true),
    };
    let right_line = line.filter(|line| !is_new && line.is_of(&key.public));
    let comment = match (&args.comment, &right_line) {
        (Some(comment), _) => comment.clone(),
        (None, Some(line)) => line.comment.clone(),
        (None, None) => key.comment.clone(),
    };
    let new_line = PublicLine::new(&key.public, &comment)?;
    let other_comment = right_line.as_ref().is_none_or(|line| line.comment != comment) && key.comment != comment;
    let text = if is_new || other_comment { key.written(&comment, args.passphrase.as_deref())? } else { None };
    if let Some(text) = text.filter(|text| Some(text.as_bytes()) != content.as_deref()) {
        place::put(ctx, &args.path, text.as_bytes(), &with_mode(&options, "0600")?, false)?;
    } else {
        options.apply(ctx, &args.path, Follow::Yes)?;
    }
    let is_right = right_line.as_ref().is_some_and(|line| line.comment == comment);
    if is_right {
        options.apply(ctx, &public_path, Follow::Yes)?;
    } else {
        let is_there = ctx.system.stat(&public_path, Follow::Yes)?.is_some();
        let options = if is_there { options } else { with_mode(&options, "0644")? };
        place::put(ctx, &public_path, format!("{}\n", new_line.text()).as_bytes(), &options, false)?;
    }
    let mut outcome = answer(&args, size, Some(&new_line));
    if is_new || !is_right {
        outcome = outcome.with("diff", place::diff(&args.path, before, Some(shown(&new_line))));
    }
    Ok(outcome)
}

/// The bits of a key of this type, as asked for.
fn size(kind: KeyKind, asked: Option<u32>) -> Result<u32, Failure> {
    let wrong = |why: &str| Err(Failure::new(format!("failed to read `size`: {why}")));
    match (kind, asked) {
        (KeyKind::Rsa | KeyKind::Rsa1, None) => Ok(4096),
        (KeyKind::Rsa | KeyKind::Rsa1, Some(size)) if size < 1024 => wrong("an RSA key has at least 1024 bits"),
        (KeyKind::Rsa | KeyKind::Rsa1, Some(size)) => Ok(size),
        (KeyKind::Dsa, None | Some(1024)) => Ok(1024),
        (KeyKind::Dsa, Some(_)) => wrong("a DSA key has 1024 bits"),
        (KeyKind::Ecdsa, None) => Ok(256),
        (KeyKind::Ecdsa, Some(size @ (256 | 384 | 521))) => Ok(size),
        (KeyKind::Ecdsa, Some(_)) => wrong("an ECDSA key has 256, 384 or 521 bits"),
        (KeyKind::Ed25519, _) => Ok(256),
    }
}

/// The key that is there, when it stays.
fn kept(ctx: &Context<'_>, args: &Arguments, size: u32, content: &[u8]) -> Result<Option<SshKey>, Failure> {
    let key = match SshKey::read(ctx, content, args.passphrase.as_deref())? {
        Ok(key) => key,
        Err(why) => return args.regenerate.of_unreadable(&args.path, &why).map(|_| None),
    };
    let (is, has) = key.kind_and_size();
    let different = if (is, has) != (args.kind.name(), size) {
        format!("it is of the type {is} with {has} bits, not {} with {size}", args.kind.name())
    } else if !args.private_key_format.is(key.format) {
        "it is written in another form than `private_key_format` says".to_owned()
    } else {
        return Ok(Some(key));
    };
    let is_replaced = args.regenerate.of_different(&args.path, &different)?;
    Ok(Some(key).filter(|_| !is_replaced))
}

fn absent(ctx: &mut Context<'_>, args: &Arguments, size: u32) -> ModuleResult {
    let private = place::content(ctx, &args.path)?;
    let public_path = public_path(&args.path);
    let line = PublicLine::parse(&place::content(ctx, &public_path)?.unwrap_or_default());
    ctx.system.remove(&args.path)?;
    ctx.system.remove(&public_path)?;
    let outcome = answer(args, size, line.as_ref().filter(|_| private.is_some()));
    let before = line.as_ref().map(shown);
    Ok(if before.is_some() { outcome.with("diff", place::diff(&args.path, before, None)) } else { outcome })
}

fn answer(args: &Arguments, size: u32, line: Option<&PublicLine>) -> Outcome {
    Outcome::new()
        .with("filename", args.path.to_string_lossy().into_owned())
        .with("type", args.kind.name())
        .with("size", size)
        .with("fingerprint", line.map(PublicLine::fingerprint).unwrap_or_default())
        .with("public_key", line.map(PublicLine::key).unwrap_or_default())
        .with("comment", line.map_or_else(|| args.comment.clone().unwrap_or_default(), |line| line.comment.clone()))
}

fn shown(line: &PublicLine) -> Value {
    json!({"public_key": line.key(), "fingerprint": line.fingerprint(), "comment": line.comment})
}

fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// The options with this mode where they have none.
fn with_mode(options: &FileOptions, text: &str) -> Result<FileOptions, Failure> {
    let mut options = options.clone();
    if options.mode.is_none() {
        options.mode = Some(mode::parse(text).map_err(Failure::new)?);
    }
    Ok(options)
}
