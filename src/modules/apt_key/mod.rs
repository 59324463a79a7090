//! `apt_key`: keys that apt trusts for all sources, as old releases keep them.

mod ring;

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::shared::http;
use super::shared::openpgp::{Key, keys_in, normal};
use super::shared::state::State;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use ring::{Entry, Ring};

/// The declaration of `apt_key`.
pub static MODULE: Spec = Spec {
    name: "apt_key",
    collections: BUILTIN,
    summary: "Add and remove keys that apt trusts, with apt-key",
    description: &[
        "For releases that still have `apt-key`. A key in there is trusted for all sources; `deb822_repository` with `signed_by` trusts a key for one source and works everywhere.",
        "A key that is not the one `id` names is not added.",
    ],
    options: &[
        Opt::new(
            "id",
            Kind::Str,
            "The key: its fingerprint of 40 digits, or the last 16 or 8 of them. With it nothing is fetched when the key is there. Needed with `state: absent`.",
        ),
        Opt::new("data", Kind::Str, "The key itself in its text form."),
        Opt::new("file", Kind::Path, "A file on the host that holds the key."),
        Opt::new("url", Kind::Str, "A URL that the host fetches the key from."),
        Opt::new("keyserver", Kind::Str, "A key server that the host fetches the key `id` from."),
        Opt::new("keyring", Kind::Path, "The file in `/etc/apt/trusted.gpg.d` that the key is in; that of the host by default."),
        Opt::new("validate_certs", Kind::Bool, "Whether the certificate of the server is checked.").default("true"),
        Opt::new("state", Kind::Str, "Whether the key is to be there.").choices(&["absent", "present"]).default("\"present\""),
    ],
    rules: &[
        Rule::Exclusive(&["data", "file", "keyserver", "url"]),
        Rule::If("state", "absent", &["id"]),
        Rule::By("keyserver", &["id"]),
        Rule::OneOf(&["id", "data", "file", "url"]),
    ],
    free_form: None,
    returns: &[
        Return { name: "id", kind: "str", when: "always", doc: "The key as the task names it." },
        Return { name: "key_id", kind: "str", when: "always", doc: "The digits of the key." },
        Return { name: "fp", kind: "str", when: "always", doc: "The last 16 of them." },
        Return { name: "short_id", kind: "str", when: "always", doc: "The last 8 of them." },
        Return {
            name: "before",
            kind: "list",
            when: "always",
            doc: "The keys that were there, in 16 digits, or in 8 if `id` has so many.",
        },
        Return { name: "after", kind: "list", when: "changed", doc: "The keys that are there." },
    ],
    examples: "
- name: The key of our packages
  apt_key:
    id: 36A1D7869245C8950F966E92D8576A8BA88D21E9
    url: https://packages.example.com/own.asc
    keyring: /etc/apt/trusted.gpg.d/own.gpg
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    id: Option<String>,
    data: Option<String>,
    file: Option<PathBuf>,
    url: Option<String>,
    keyserver: Option<String>,
    keyring: Option<PathBuf>,
    validate_certs: bool,
    state: State,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let wanted = match &args.id {
        Some(id) => Some(normal(id).ok_or_else(|| {
            Failure::new(format!("failed to read `id`: `{id}` is no key")).hint("write its fingerprint, or the last 16 or 8 digits of it")
        })?),
        None => None,
    };
    let ring = Ring::find(ctx, args.keyring.as_deref())?;
    // Without an `id` only the key itself tells what it is.
    let read = if wanted.is_none() { Some(read(ctx, &args)?) } else { None };
    let key_id = match (&wanted, &read) {
        (Some(id), _) => id.clone(),
        (None, Some((_, keys))) => keys.first().map(|key| key.id().to_owned()).unwrap_or_default(),
        (None, None) => return Err(Failure::new("failed to read `id`: there is none")),
    };
    let last = |digits: usize| key_id.get(key_id.len().saturating_sub(digits)..).unwrap_or_default().to_owned();
    let width = if key_id.len() < 16 { 8 } else { 16 };
    let shown = |keys: &[Entry]| -> Value {
        keys.iter().map(|key| Value::from(key.id.get(key.id.len().saturating_sub(width)..).unwrap_or_default())).collect()
    };
    let before = ring.keys(ctx)?;
    let outcome = Outcome::new()
        .with("id", args.id.clone().unwrap_or_else(|| key_id.clone()))
        .with("key_id", key_id.clone())
        .with("fp", last(16))
        .with("short_id", last(8))
        .with("before", shown(&before));
    let is_there = before.iter().any(|key| key.id.ends_with(&last(width)));
    if is_there == (args.state == State::Present) {
        return Ok(outcome.changed(false));
    }
    match (args.state, &args.keyserver) {
        (State::Absent, _) => ring.remove(ctx, &key_id, &last(width), &before)?,
        (State::Present, Some(server)) => ring.receive(ctx, &key_id, server, &last(16), &before)?,
        (State::Present, None) => {
            let (content, keys) = match read {
                Some(read) => read,
                None => self::read(ctx, &args)?,
            };
            if !keys.iter().any(|key| key.fingerprint.ends_with(&key_id)) {
                let found: Vec<&str> = keys.iter().filter(|key| !key.is_subkey).map(|key| key.fingerprint.as_str()).collect();
                return Err(Failure::new(format!("failed to add the key {key_id}: {} holds {}", source(&args), found.join(", ")))
                    .hint("if that is the key you mean, write it as `id`"));
            }
            let new: Vec<Entry> = keys.iter().map(Entry::of).collect();
            ring.add(ctx, content, &new, &before)?;
        }
    }
    let after = ring.keys(ctx)?;
    if after.iter().any(|key| key.id.ends_with(&last(width))) != (args.state == State::Present) {
        let what = if args.state == State::Present { "add" } else { "remove" };
        return Err(Failure::new(format!(
            "failed to {what} the key {key_id}: `apt-key` says that it did, but the list of keys is the same"
        )));
    }
    Ok(outcome.with("after", shown(&after)).changed(true))
}

fn source(args: &Arguments) -> String {
    match (&args.url, &args.file) {
        (Some(url), _) => format!("`{}`", http::shown(url)),
        (None, Some(file)) => format!("`{}`", file.display()),
        (None, None) => "`data`".to_owned(),
    }
}

/// The key that is to be added, and what it is.
fn read(ctx: &Context<'_>, args: &Arguments) -> Result<(Vec<u8>, Vec<Key>), Failure> {
    let from = source(args);
    let content = match (&args.url, &args.file, &args.data) {
        (Some(url), ..) => http::fetch(ctx, &http::get(ctx, url, args.validate_certs), &format!("fetch the key {from}"))?,
        (None, Some(file), _) => ctx.system.read(file)?,
        (None, None, Some(data)) => data.clone().into_bytes(),
        (None, None, None) => {
            return Err(Failure::new("failed to add the key: it is not there, and nothing says where it is from")
                .hint("set `url`, `data`, `file` or `keyserver`"));
        }
    };
    let keys = keys_in(&content).map_err(|why| Failure::new(format!("failed to read the key in {from}: {why}")))?;
    Ok((content, keys))
}

#[cfg(test)]
mod tests;
