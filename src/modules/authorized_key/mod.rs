//! `authorized_key`: SSH keys that may log in as a user.

mod keys;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::http;
use super::shared::ids::{text_of, user_named};
use super::shared::state::State;
use super::shared::{exists, parent};
use super::spec::POSIX;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{Attributes, Content, Follow, User};
use keys::Key;

/// The declaration of `authorized_key`.
pub static MODULE: Spec = Spec {
    name: "authorized_key",
    collections: POSIX,
    summary: "Add and remove SSH keys that may log in as a user",
    description: &[
        "A key is known by itself, whatever its options and comment are; both follow the task. Other keys, and comments in the file, stay as they are, unless `exclusive` is set.",
    ],
    options: &[
        Opt::new("user", Kind::Str, "The user to log in as.").required(),
        Opt::new(
            "key",
            Kind::Str,
            "The public keys, one a line; or a URL to fetch them from (`https://…`), or a file of the host (`file:///…`).",
        )
        .required(),
        Opt::new("state", Kind::Str, "Whether the keys may log in.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new("key_options", Kind::Str, "Options in front of the keys: `no-pty,command=\"…\"`."),
        Opt::new("comment", Kind::Str, "The comment behind the keys, in place of their own."),
        Opt::new("exclusive", Kind::Bool, "Whether all other keys go. In a loop each turn would remove those of the turn before.")
            .default("false"),
        Opt::new("path", Kind::Path, "The file. Without it `.ssh/authorized_keys` in the home of the user."),
        Opt::new(
            "manage_dir",
            Kind::Bool,
            "Whether the directory of the file is the user's and closed to others. Switch it off for a `path` elsewhere.",
        )
        .default("true"),
        Opt::new("follow", Kind::Bool, "Whether a link at the path of the file is followed, and not replaced.").default("false"),
        Opt::new("validate_certs", Kind::Bool, "Whether the certificate of the server is checked, for a `key` that is a URL.")
            .default("true"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "user", kind: "str", when: "always", doc: "The user." },
        Return { name: "key", kind: "str", when: "always", doc: "What `key` says." },
        Return { name: "key_options", kind: "str", when: "always", doc: "What `key_options` says." },
        Return { name: "comment", kind: "str", when: "always", doc: "What `comment` says." },
        Return { name: "keyfile", kind: "str", when: "always", doc: "The file." },
        Return { name: "path", kind: "str", when: "always", doc: "What `path` says." },
        Return { name: "state", kind: "str", when: "always", doc: "What `state` says." },
        Return { name: "exclusive", kind: "bool", when: "always", doc: "What `exclusive` says." },
        Return { name: "manage_dir", kind: "bool", when: "always", doc: "What `manage_dir` says." },
        Return { name: "follow", kind: "bool", when: "always", doc: "What `follow` says." },
        Return { name: "validate_certs", kind: "bool", when: "always", doc: "What `validate_certs` says." },
    ],
    examples: "
- name: The operator may log in
  authorized_key:
    user: ubuntu
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2GI3Mh4mqNJ4hyGTJmnmZYwnWrlAmUK0XsRqXB0w6R ada@example.com
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    user: String,
    key: String,
    state: State,
    key_options: Option<String>,
    comment: Option<String>,
    exclusive: bool,
    path: Option<PathBuf>,
    manage_dir: bool,
    follow: bool,
    validate_certs: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let Some(user) = user_named(ctx.system, &args.user)? else {
        return Err(Failure::new(format!("failed to find the user `{}`: the machine knows no such user", args.user))
            .hint("create the user in an earlier task")
            .missing_on(ctx.system));
    };
    let wanted = wanted(ctx, &args)?;
    let file = args.path.clone().unwrap_or_else(|| user.home.join(".ssh/authorized_keys"));
    let is_link = ctx.system.stat(&file, Follow::No)?.is_some_and(|stat| stat.is_link());
    let file = if args.follow && is_link { ctx.system.real_path(&file)? } else { file };
    let old = text_of(ctx.system, &file.to_string_lossy())?;
    let new = match args.state {
        State::Present => keys::with(&old, &wanted, args.exclusive),
        State::Absent => keys::without(&old, &wanted),
    };
    if new != old {
        write(ctx, &args, &user, &file, &new)?;
    }
    let path = args.path.as_ref().map(|path| path.to_string_lossy().into_owned());
    Ok(Outcome::new()
        .with("user", args.user)
        .with("key", args.key)
        .with("state", if args.state == State::Present { "present" } else { "absent" })
        .with("key_options", args.key_options)
        .with("comment", args.comment)
        .with("exclusive", args.exclusive)
        .with("path", path)
        .with("keyfile", file.to_string_lossy().into_owned())
        .with("manage_dir", args.manage_dir)
        .with("follow", args.follow)
        .with("validate_certs", args.validate_certs))
}

/// The keys of the task, with its options and comment.
fn wanted(ctx: &Context<'_>, args: &Arguments) -> Result<Vec<Key>, Failure> {
    let text = if let Some(path) = args.key.strip_prefix("file://") {
        String::from_utf8_lossy(&ctx.system.read(Path::new(path))?).into_owned()
    } else if args.key.starts_with("http://") || args.key.starts_with("https://") {
        fetch(ctx, args)?
    } else {
        args.key.clone()
    };
    let mut keys = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(mut key) = Key::parse(line) else {
            return Err(Failure::new(format!("failed to read a key for the user `{}`: `{line}` is none", args.user))
                .hint("a key is a line like `ssh-ed25519 AAAA… comment`"));
        };
        if let Some(options) = &args.key_options {
            options.clone_into(&mut key.options);
        }
        if let Some(comment) = &args.comment {
            comment.clone_into(&mut key.comment);
        }
        keys.push(key);
    }
    Ok(keys)
}

fn fetch(ctx: &Context<'_>, args: &Arguments) -> Result<String, Failure> {
    let content = http::fetch(ctx, &http::get(ctx, &args.key, args.validate_certs), &format!("fetch the keys from `{}`", args.key))?;
    Ok(String::from_utf8_lossy(&content).into_owned())
}

fn write(ctx: &mut Context<'_>, args: &Arguments, user: &User, file: &Path, text: &str) -> Result<(), Failure> {
    let owner = Attributes { uid: Some(user.uid), gid: Some(user.gid), ..Attributes::default() };
    let dir = parent(file);
    let missing = !exists(ctx.system, &dir)?;
    if missing {
        let mut dirs: Vec<&Path> = Vec::new();
        for above in dir.ancestors() {
            if exists(ctx.system, above)? {
                break;
            }
            dirs.push(above);
        }
        for above in dirs.into_iter().rev() {
            ctx.system.make_dir(above, if args.manage_dir && above == dir { 0o700 } else { 0o755 })?;
        }
    }
    if args.manage_dir {
        ctx.system.set_attributes(&dir, &Attributes { mode: Some(0o700), ..owner.clone() }, Follow::Yes)?;
    }
    let is_there = ctx.system.stat(file, Follow::No)?.is_some_and(|stat| stat.is_file());
    let attributes = if is_there { Attributes::default() } else { Attributes { mode: Some(0o600), ..owner } };
    ctx.system.write(file, Content::Bytes(text.as_bytes()), &attributes)?;
    Ok(())
}

#[cfg(test)]
mod tests;
