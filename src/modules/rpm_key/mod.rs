//! `rpm_key`: keys that rpm checks signatures of packages with.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::openpgp::{Key, keys_in, normal};
use super::shared::run::{change, said};
use super::shared::state::State;
use super::shared::write::{self, Source};
use super::shared::{http, required_command};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Spec};
use crate::system::Effect;

/// The declaration of `rpm_key`.
pub static MODULE: Spec = Spec {
    name: "rpm_key",
    collections: BUILTIN,
    summary: "Add and remove keys of rpm",
    description: &["Puts a key into the database of rpm, or takes it out. Nothing but `rpm` is needed on the host."],
    options: &[
        Opt::new(
            "key",
            Kind::Str,
            "A URL that the host fetches the key from, or the path of a file on the host. To remove a key, or to see that it is there, also its fingerprint or the last 8 or 16 \
             digits of it.",
        )
        .required(),
        Opt::new("fingerprint", Kind::List(&Kind::Str), "Fingerprints of 40 digits that the key has to have; another key is not added."),
        Opt::new("state", Kind::Str, "Whether the key is to be there.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new("validate_certs", Kind::Bool, "Whether the certificate of the server is checked.").default("true"),
    ],
    rules: &[],
    free_form: None,
    returns: &[],
    examples: "
- name: The key of our packages
  rpm_key:
    key: https://packages.example.com/own.asc
    fingerprint: EBC6 E12C 62B1 C734 026B 2122 A20E 5214 6B8D 79E6
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    key: String,
    fingerprint: Option<Vec<String>>,
    state: State,
    validate_certs: bool,
}

/// What the task names.
enum Named {
    /// A key by its digits.
    Digits(String),
    /// A key with its content.
    Content { from: String, path: Option<PathBuf>, content: Vec<u8>, keys: Vec<Key> },
}

/// A key in the database.
struct Installed {
    /// What rpm calls its version: digits of the key.
    version: String,
    /// The fingerprints of it and its parts; those digits where rpm does not show it.
    keys: Vec<String>,
}

impl Installed {
    fn is(&self, key: &str) -> bool {
        let version = self.version.to_uppercase();
        self.keys.iter().any(|own| own.ends_with(key)) || key.ends_with(&version) || version.ends_with(key)
    }
}

/// Under this name check mode knows the keys that earlier tasks would leave.
const SUBJECT: &str = "keys of rpm";

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let program = required_command(ctx.system, &["rpm"], "manage keys of rpm")?;
    let named = named(ctx, &args)?;
    let wanted: Vec<String> = match &named {
        Named::Digits(digits) => vec![digits.clone()],
        Named::Content { keys, .. } => keys.iter().filter(|key| !key.is_subkey).map(|key| key.fingerprint.clone()).collect(),
    };
    let installed = installed(ctx, &program)?;
    match args.state {
        State::Present if wanted.iter().all(|key| installed.iter().any(|own| own.is(key))) => {}
        State::Present => import(ctx, &program, &args, &named, &installed)?,
        State::Absent => {
            for own in installed.iter().filter(|own| wanted.iter().any(|key| own.is(key))) {
                let command = ctx.command([program.as_str(), "--erase", "--allmatches", &format!("gpg-pubkey-{}", own.version)]);
                let left = installed.iter().filter(|other| !wanted.iter().any(|key| other.is(key))).map(line).collect();
                let effects = [
                    Effect::Other(format!("key of rpm {}: present -> absent", own.version)),
                    Effect::Known { subject: SUBJECT.to_owned(), value: left },
                ];
                change(ctx, &command, &effects, &format!("remove the key {}", own.version))?;
            }
        }
    }
    Ok(Outcome::new())
}

fn named(ctx: &Context<'_>, args: &Arguments) -> Result<Named, Failure> {
    let (from, path, content) = if args.key.contains("://") {
        let from = format!("`{}`", http::shown(&args.key));
        let content = http::fetch(ctx, &http::get(ctx, &args.key, args.validate_certs), &format!("fetch the key {from}"))?;
        (from, None, content)
    } else if let Some(digits) = normal(&args.key) {
        return Ok(Named::Digits(digits));
    } else if args.key.starts_with('/') {
        let path = PathBuf::from(&args.key);
        (format!("`{}`", path.display()), Some(path.clone()), ctx.system.read(&path)?)
    } else {
        return Err(Failure::new(format!("failed to read `key`: `{}` is no URL, file or key", args.key)));
    };
    let keys = keys_in(&content).map_err(|why| Failure::new(format!("failed to read the key in {from}: {why}")))?;
    Ok(Named::Content { from, path, content, keys })
}

/// The keys in the database.
fn installed(ctx: &Context<'_>, program: &str) -> Result<Vec<Installed>, Failure> {
    if let Some(known) = ctx.system.known(SUBJECT) {
        return Ok(known.lines().filter_map(unline).collect());
    }
    let command = ctx.command([program, "-q", "gpg-pubkey", "--qf", "== %{version}\\n%{description}\\n"]);
    let output = ctx.system.probe(&command)?;
    let text = output.stdout_text();
    if !output.success() && !text.contains("is not installed") {
        return Err(Failure::command(format!("failed to list the keys of rpm: {}", said(&output)), &command.argv, &output));
    }
    let entries = text.split("== ").skip(1).filter_map(|entry| {
        let (version, description) = entry.split_once('\n')?;
        let keys = keys_in(description.as_bytes()).unwrap_or_default();
        Some(Installed { version: version.trim().to_owned(), keys: keys.into_iter().map(|key| key.fingerprint).collect() })
    });
    Ok(entries.collect())
}

/// A key as a line of what check mode knows.
fn line(key: &Installed) -> String {
    format!("{} {}\n", key.version, key.keys.join(" "))
}

fn unline(line: &str) -> Option<Installed> {
    let mut words = line.split_whitespace().map(str::to_owned);
    Some(Installed { version: words.next()?, keys: words.collect() })
}

fn import(ctx: &mut Context<'_>, program: &str, args: &Arguments, named: &Named, installed: &[Installed]) -> Result<(), Failure> {
    let (from, path, content, keys) = match named {
        Named::Digits(digits) => {
            return Err(Failure::new(format!("failed to import the key {digits}: it is not there, and only a file or URL holds a key")));
        }
        Named::Content { from, path, content, keys } => (from, path, content, keys),
    };
    let purpose = format!("import the key in {from}");
    for text in args.fingerprint.iter().flatten() {
        let wanted = normal(text).ok_or_else(|| Failure::new(format!("failed to read `fingerprint`: `{text}` is no fingerprint")))?;
        if !keys.iter().any(|key| key.fingerprint == wanted) {
            let found: Vec<&str> = keys.iter().filter(|key| !key.is_subkey).map(|key| key.fingerprint.as_str()).collect();
            return Err(Failure::new(format!("failed to {purpose}: it is {}, not {wanted}", found.join(", "))));
        }
    }
    let new = keys.iter().filter(|key| !key.is_subkey).map(|key| {
        let end = key.fingerprint.get(key.fingerprint.len().saturating_sub(8)..).unwrap_or_default().to_lowercase();
        Installed { version: end, keys: vec![key.fingerprint.clone()] }
    });
    let new: Vec<Installed> = new.filter(|key| !installed.iter().any(|own| own.version == key.version)).collect();
    let versions: Vec<&str> = new.iter().map(|key| key.version.as_str()).collect();
    let effects = [
        Effect::Other(format!("key of rpm {}: absent -> present", versions.join(" "))),
        Effect::Known { subject: SUBJECT.to_owned(), value: installed.iter().chain(&new).map(line).collect() },
    ];
    let import = |ctx: &mut Context<'_>, file: &Path| {
        let command = ctx.command([program.to_owned(), "--import".to_owned(), file.to_string_lossy().into_owned()]);
        change(ctx, &command, &effects, &purpose).map(drop)
    };
    match path {
        Some(path) => import(ctx, path),
        None => {
            let file = write::scratch(ctx, Source::Bytes(content), 0o600)?;
            let done = import(ctx, &file);
            ctx.system.discard(&file);
            done
        }
    }
}

#[cfg(test)]
mod tests;
