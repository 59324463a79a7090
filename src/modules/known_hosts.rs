//! `known_hosts`: keys of hosts that ssh trusts.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha1::Sha1;

use super::shared::describe::describe;
use super::shared::folder;
use super::shared::ids::text_of;
use super::shared::state::State;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Attributes, Content, Follow};

/// The declaration of `known_hosts`.
pub static MODULE: Spec = Spec {
    name: "known_hosts",
    collections: BUILTIN,
    summary: "Add and remove keys of hosts that ssh trusts",
    description: &["Keeps one key of each type for a host. Hashed names are recognised. Lines of other hosts stay as they are."],
    options: &[
        Opt::new("name", Kind::Str, "The host, as it stands in `key`; with another port than 22 `[host]:port`.")
            .required()
            .aliases(&["host"]),
        Opt::new(
            "key",
            Kind::Str,
            "The line of the file: names of the host, type of the key, key. Needed with `state: present`; with `absent` all keys of the host go without it.",
        ),
        Opt::new("state", Kind::Str, "Whether the key is to be there.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new("path", Kind::Path, "The file. It is made when missing; its directory is not.").default("\"~/.ssh/known_hosts\""),
        Opt::new("hash_host", Kind::Bool, "Whether the name is hashed in a line that is added.").default("false"),
    ],
    rules: &[Rule::If("state", "present", &["key"])],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "The host." },
        Return { name: "key", kind: "str", when: "always", doc: "What `key` says." },
        Return { name: "hash_host", kind: "bool", when: "always", doc: "What `hash_host` says." },
        Return { name: "path", kind: "str", when: "always", doc: "The file." },
        Return {
            name: "state",
            kind: "str",
            when: "the file is there",
            doc: "`file`; and its `mode`, `owner`, `group`, `size`, `uid`, `gid`.",
        },
    ],
    examples: "
- name: The key of the server with the sources
  known_hosts:
    name: git.example.com
    key: git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2GI3Mh4mqNJ4hyGTJmnmZYwnWrlAmUK0XsRqXB0w6R
    path: /etc/ssh/ssh_known_hosts
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    key: Option<String>,
    state: State,
    path: PathBuf,
    hash_host: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let host = args.name.to_lowercase();
    let fail = |reason: &str| Failure::new(format!("failed to manage the keys of the host `{}`: {reason}", args.name));
    let text = match args.key.as_deref().map(str::trim).filter(|key| !key.is_empty()) {
        None if args.state == State::Present => return Err(fail("`key` is empty")),
        None => None,
        Some(key) => Some(key),
    };
    let key = match text {
        None => None,
        Some(text) => {
            let line = Line::parse(text).filter(Line::is_sound).ok_or_else(|| {
                fail("`key` is no line of a file of known hosts")
                    .hint("it consists of the names of the host, the type and the key: `host ssh-ed25519 AAAA…`")
            })?;
            if !line.is_for(&host) {
                return Err(fail("`key` is for another host").hint("`name` has to be one of the names at the start of `key`"));
            }
            Some((text, line))
        }
    };
    let old = text_of(ctx.system, &args.path.to_string_lossy())?;
    let new = match (args.state, &key) {
        (State::Present, Some((text, line))) => {
            let text = if args.hash_host { hashed(text, &host)? } else { (*text).to_owned() };
            added(&old, &host, line, &text)
        }
        (_, key) => removed(&old, &host, key.as_ref().map(|(_, line)| line)),
    };
    if let Some(new) = new {
        write(ctx, &args, &new)?;
    }
    let mut outcome = Outcome::new();
    describe(ctx.system, &args.path, &mut outcome.result)?;
    let path = args.path.to_string_lossy().into_owned();
    Ok(outcome.with("name", args.name.as_str()).with("key", args.key.clone()).with("hash_host", args.hash_host).with("path", path))
}

fn write(ctx: &mut Context<'_>, args: &Arguments, text: &str) -> Result<(), Failure> {
    folder::require(ctx.system, &args.path).map_err(|failure| failure.hint("make it in an earlier task"))?;
    let is_link = ctx.system.stat(&args.path, Follow::No)?.is_some_and(|stat| stat.is_link());
    let path: PathBuf = if is_link { ctx.system.real_path(&args.path)? } else { args.path.clone() };
    ctx.system.write(Path::new(&path), Content::Bytes(text.as_bytes()), &Attributes::default())?;
    Ok(())
}

/// A line of a file of known hosts; see sshd(8).
#[derive(Debug, PartialEq, Eq)]
struct Line<'l> {
    /// `@cert-authority` or `@revoked`.
    marker: Option<&'l str>,
    names: &'l str,
    kind: &'l str,
    key: &'l str,
}

impl<'l> Line<'l> {
    fn parse(text: &'l str) -> Option<Self> {
        let mut fields = text.split_whitespace();
        let first = fields.next().filter(|first| !first.starts_with('#'))?;
        let (marker, names) = if first.starts_with('@') { (Some(first), fields.next()?) } else { (None, first) };
        Some(Self { marker, names, kind: fields.next()?, key: fields.next()? })
    }

    /// Whether the key is of the type that is named before it.
    fn is_sound(&self) -> bool {
        let Ok(bytes) = STANDARD.decode(self.key) else { return false };
        let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return false };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        rest.get(..length) == Some(self.kind.as_bytes())
    }

    fn is_for(&self, host: &str) -> bool {
        self.names.split(',').any(|name| match name.strip_prefix("|1|").and_then(|rest| rest.split_once('|')) {
            Some((salt, digest)) => STANDARD.decode(salt).ok().and_then(|salt| digest_of(&salt, host)).is_some_and(|own| own == digest),
            None => name.eq_ignore_ascii_case(host),
        })
    }

    fn is_same_key(&self, other: &Line<'_>) -> bool {
        (self.marker, self.kind, self.key) == (other.marker, other.kind, other.key)
    }
}

/// The text with the line `line` of `host`; `None` when it has that key already. Other keys of the same type go.
fn added(text: &str, host: &str, key: &Line<'_>, line: &str) -> Option<String> {
    let is_rival = |old: &&str| Line::parse(old).is_some_and(|old| old.is_for(host) && (old.marker, old.kind) == (key.marker, key.kind));
    let has_it = text.lines().filter(is_rival).any(|old| Line::parse(old).is_some_and(|old| old.is_same_key(key)));
    if has_it && text.lines().filter(is_rival).count() == 1 {
        return None;
    }
    Some(joined(text.lines().filter(|old| !is_rival(old)).chain([line])))
}

/// The text without the keys of `host`, or without this one; `None` when there is none.
fn removed(text: &str, host: &str, key: Option<&Line<'_>>) -> Option<String> {
    let is_meant = |line: &&str| Line::parse(line).is_some_and(|line| line.is_for(host) && key.is_none_or(|key| key.is_same_key(&line)));
    text.lines().any(|line| is_meant(&line)).then(|| joined(text.lines().filter(|line| !is_meant(line))))
}

fn joined<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The line with the names replaced by the hash of `host`, with a fresh salt.
fn hashed(line: &str, host: &str) -> Result<String, Failure> {
    let salt: [u8; 20] = rand::random();
    let digest = digest_of(&salt, host).ok_or_else(|| Failure::new("failed to hash the name of the host"))?;
    let name = format!("|1|{}|{digest}", STANDARD.encode(salt));
    let mut fields: Vec<&str> = line.split_whitespace().collect();
    let at = usize::from(fields.first().is_some_and(|first| first.starts_with('@')));
    if let Some(names) = fields.get_mut(at) {
        *names = &name;
    }
    Ok(fields.join(" "))
}

/// HMAC-SHA-1 of the name with the salt as its key, in base64.
fn digest_of(salt: &[u8], host: &str) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(salt).ok()?;
    mac.update(host.as_bytes());
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::modules::testing::{apply, apply_once, predict, refused};
    use crate::system::fake::Fake;

    const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2GI3Mh4mqNJ4hyGTJmnmZYwnWrlAmUK0XsRqXB0w6R";
    const TWO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGnVJYyW1Z1r9PjTcbX8Q6Yx9Xzv8S1Q0WbX5dN2mC3k";
    /// `h2` as OpenSSH hashed it.
    const HASHED: &str = "|1|bFfcezuViYgKFHi0HjXvUDY5SyA=|XsGtZLBR9lpKwLZUw3uipe/icHs=";

    fn machine(text: &str) -> Fake {
        Fake::new().dir("/root/.ssh").file("/root/.ssh/known_hosts", text)
    }

    fn after(text: &str, args: Value) -> (bool, String) {
        let applied = apply(&MODULE, machine(text), args);
        assert!(applied.answer.is_ok(), "{}", applied.failure());
        (applied.changed, applied.machine.text("/root/.ssh/known_hosts"))
    }

    #[test]
    fn keys_are_added_and_replaced() {
        let other = "# mine\nother ssh-rsa AAAA\n";
        for (old, name, key, expected) in [
            ("", "h1", format!("h1 {ONE}"), Some(format!("h1 {ONE}\n"))),
            (other, "H1", format!("h1 {ONE} a comment"), Some(format!("{other}h1 {ONE} a comment\n"))),
            (&format!("h1 {ONE}\n"), "h1", format!("h1 {ONE}"), None),
            (&format!("h1 {ONE}\n{other}"), "h1", format!("h1,10.0.0.1 {TWO}"), Some(format!("{other}h1,10.0.0.1 {TWO}\n"))),
            (&format!("{HASHED} {ONE}\n"), "h2", format!("h2 {ONE}"), None),
            (&format!("{HASHED} {ONE}\n"), "h2", format!("h2 {TWO}"), Some(format!("h2 {TWO}\n"))),
            ("h1 ssh-rsa AAAA\n", "h1", format!("h1 {ONE}"), Some(format!("h1 ssh-rsa AAAA\nh1 {ONE}\n"))),
            ("", "[h5]:2222", format!("[h5]:2222 {ONE}"), Some(format!("[h5]:2222 {ONE}\n"))),
            (&format!("h1 {ONE}\n"), "h1", format!("@revoked h1 {ONE}"), Some(format!("h1 {ONE}\n@revoked h1 {ONE}\n"))),
        ] {
            let (changed, text) = after(old, json!({"name": name, "key": key}));
            assert_eq!(changed, expected.is_some(), "{old:?} {key}");
            assert_eq!(text, expected.unwrap_or_else(|| old.to_owned()));
        }
    }

    #[test]
    fn keys_are_removed() {
        let text = format!("h1 {ONE}\nh1 ssh-rsa AAAA\n{HASHED} {TWO}\n");
        for (args, expected) in [
            (json!({"name": "h1"}), format!("{HASHED} {TWO}\n")),
            (json!({"name": "h1", "key": format!("h1 {ONE}")}), format!("h1 ssh-rsa AAAA\n{HASHED} {TWO}\n")),
            (json!({"name": "h2"}), format!("h1 {ONE}\nh1 ssh-rsa AAAA\n")),
            (json!({"name": "h3"}), text.clone()),
        ] {
            let mut args = args;
            args["state"] = json!("absent");
            assert_eq!(after(&text, args.clone()).1, expected, "{args}");
        }
    }

    #[test]
    fn names_are_hashed_with_a_fresh_salt() {
        let args = json!({"name": "H2.lan", "key": format!("h2.lan {ONE}"), "hash_host": true});
        let applied = apply_once(&MODULE, Fake::new().dir("/root/.ssh"), args.clone());
        let text = applied.machine.text("/root/.ssh/known_hosts");
        assert!(text.starts_with("|1|") && text.ends_with(&format!("= {ONE}\n")) && !text.contains("h2.lan"), "{text}");
        assert_eq!(applied.get("state"), "file");
        assert!(!apply(&MODULE, applied.machine, args.clone()).changed);
        assert!(predict(&MODULE, Fake::new().dir("/root/.ssh"), args).changed);
    }

    #[test]
    fn what_is_no_key_of_the_host_is_refused() {
        for (name, key, reason) in [
            ("h9", format!("h1 {ONE}"), "`key` is for another host"),
            ("h9", "h9 ssh-foo AAAA".to_owned(), "`key` is no line of a file of known hosts"),
            ("h9", ONE.to_owned(), "`key` is no line of a file of known hosts"),
            ("h9", format!("h9 ssh-rsa {}", ONE.split(' ').nth(1).unwrap()), "`key` is no line of a file of known hosts"),
        ] {
            let applied = apply(&MODULE, machine(""), json!({"name": name, "key": key}));
            assert_eq!(applied.failure().message, format!("failed to manage the keys of the host `{name}`: {reason}"));
        }
        assert!(refused(&MODULE, json!({"name": "h"})).contains("key"));
        let nowhere = apply(&MODULE, Fake::new(), json!({"name": "h1", "key": format!("h1 {ONE}")}));
        assert_eq!(nowhere.failure().message, "failed to write `/root/.ssh/known_hosts`: the directory `/root/.ssh` does not exist");
    }
}
