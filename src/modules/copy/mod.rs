//! `copy`: files, directories and texts of the controller (or of the host itself) to a place on the host.
//!
//! The controller half finds the source and replaces it by `_content` (one file) or `_tree` (a directory, see [`TreeEntry`]); it replaces
//! `mode: preserve` by the mode of the source. The target half, here, fetches only the content that differs.

mod place;
mod remote;
#[cfg(test)]
mod tests;
mod tree;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::coerce::spaced_json;
use super::expand::expand;
use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::mode::{self, Mode};
use super::shared::write::Source;
use super::spec::{BUILTIN, join};
use super::{Args, ContentRef, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::base::python;
use place::Settings;
pub use tree::{TreeEntry, TreeKind};

const OWN: &[Opt] = &[
    Opt::new("dest", Kind::Path, "The place on the host. A directory, or a path that ends with `/`, takes the file under its own name.")
        .required(),
    Opt::new(
        "src",
        Kind::Str,
        "The file or directory on the controller, looked for in the `files` folder of the role or playbook. Of a directory that ends with `/` only \
         what is in it is copied, else the directory itself.",
    ),
    Opt::new("content", Kind::Raw, "The text of the file, in place of `src`. A list or mapping is written as JSON."),
    Opt::new("remote_src", Kind::Bool, "Look for `src` on the host instead.").default("false"),
    Opt::new("force", Kind::Bool, "Replace a file whose content differs. Without it only a missing file is made.").default("true"),
    Opt::new("backup", Kind::Bool, "Keep a copy of a file that is replaced, with the time in its name.").default("false"),
    Opt::new(
        "validate",
        Kind::Str,
        "A command that must accept the file before it is put in place; `%s` stands for its path then. No shell.",
    ),
    Opt::new("checksum", Kind::Str, "The SHA-1 digest that the content must have."),
    Opt::new("follow", Kind::Bool, "Write to what a symbolic link at `dest` points to, instead of replacing the link.").default("false"),
    Opt::new("local_follow", Kind::Bool, "Whether symbolic links in the source are followed (the default) or copied as links."),
    Opt::new("directory_mode", Kind::Mode, "Permissions of directories that are made, and of the directories copied."),
    Opt::new("decrypt", Kind::Bool, "Whether a source that is encrypted by the vault is decrypted.").default("true"),
    Opt::new("_content", Kind::Content, "The content of one file."),
    Opt::new("_name", Kind::Str, "The name that a directory takes the file under."),
    Opt::new("_tree", Kind::Raw, "The files, directories and links of a directory."),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = preserving(join(OWN, FILE_OPTIONS));

/// `mode` takes `preserve` too.
pub(super) const fn preserving<const N: usize>(mut options: [Opt; N]) -> [Opt; N] {
    let mut at = 0;
    while at < N {
        if matches!(options[at].kind, Kind::Mode) {
            options[at].choices = &["preserve"];
        }
        at += 1;
    }
    options
}

/// The declaration of `copy`.
pub static MODULE: Spec = Spec {
    name: "copy",
    collections: BUILTIN,
    summary: "Copy files, directories and texts to the host",
    description: &[
        "Brings a file, a directory with all that is in it, or a text to the host. What is there already with the same content is not sent again.",
        "With `mode: preserve` a file gets the permissions of its source. With `remote_src` files keep the permissions of their sources unless `mode` \
         says otherwise.",
    ],
    options: &OPTIONS,
    rules: &[Rule::Exclusive(&["src", "content"]), Rule::OneOf(&["src", "content"])],
    free_form: None,
    returns: &PLACED_RETURNS,
    examples: "
- name: The settings
  copy:
    src: app.conf
    dest: /etc/app/
    owner: root
    mode: \"0644\"
    validate: app --check %s

- name: One line
  copy:
    content: \"{{ inventory_hostname }}\\n\"
    dest: /etc/motd
    backup: true
",
    place: Place::Target(run),
};

/// The keys of the result of modules that put a file in place.
pub(super) static PLACED_RETURNS: [Return; 10] = [
    Return { name: "dest", kind: "str", when: "success", doc: "The place of the file." },
    Return { name: "src", kind: "str", when: "src was given", doc: "The source as it was given." },
    Return { name: "checksum", kind: "str", when: "a file was copied", doc: "SHA-1 digest of the content." },
    Return { name: "md5sum", kind: "str", when: "changed", doc: "MD5 digest of the content." },
    Return { name: "backup_file", kind: "str", when: "changed and backup", doc: "Path of the copy of what was replaced." },
    Return { name: "state", kind: "str", when: "success", doc: "`file` or `directory`." },
    Return { name: "mode", kind: "str", when: "success", doc: "Permissions as four octal digits." },
    Return { name: "owner", kind: "str", when: "success", doc: "Name of the owner (`uid`: the number)." },
    Return { name: "group", kind: "str", when: "success", doc: "Name of the group (`gid`: the number)." },
    Return { name: "size", kind: "int", when: "success", doc: "Bytes." },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    dest: String,
    src: Option<String>,
    #[serde(rename = "content")]
    _text: IgnoredAny,
    remote_src: bool,
    force: bool,
    backup: bool,
    validate: Option<String>,
    checksum: Option<String>,
    follow: bool,
    local_follow: Option<bool>,
    directory_mode: Option<String>,
    #[serde(rename = "decrypt")]
    _decrypt: bool,
    _content: Option<ContentRef>,
    _name: Option<String>,
    _tree: Option<Vec<TreeEntry>>,
}

/// The text that a value of `content` stands for.
pub fn content_text(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => spaced_json(value),
        scalar => python::text(scalar),
    }
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let preserve = args.0.get("mode").and_then(Value::as_str) == Some("preserve");
    if preserve {
        args.0.remove("mode");
    }
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let settings = Settings {
        options,
        directory_mode: directory_mode(args.directory_mode.as_deref())?,
        force: args.force,
        backup: args.backup,
        validate: args.validate.clone(),
        checksum: args.checksum.clone(),
        follow: args.follow,
    };
    let src = args.src.as_deref().unwrap_or_default();
    let outcome = match (&args._tree, &args._content) {
        (Some(entries), _) => tree::put(ctx, &settings, entries, Path::new(&args.dest))?.with("dest", with_slash(&args.dest)),
        (None, Some(content)) => one(ctx, &args, &settings, content)?,
        (None, None) if args.remote_src => {
            remote::copy(ctx, &settings, &expand(src, ctx.system, &ctx.environment)?, &args.dest, preserve, args.local_follow)?
        }
        (None, None) => return Err(Failure::new("failed to copy: the content of the source has not arrived")),
    };
    Ok(if args.src.is_some() { outcome.with("src", src) } else { outcome })
}

fn one(ctx: &mut Context<'_>, args: &Arguments, settings: &Settings, content: &ContentRef) -> Result<Outcome, Failure> {
    let path = target(ctx, settings, &args.dest, args._name.as_deref())?;
    place::put(ctx, settings, Source::Reference(content), &content.sha1, Some(content.size), &path)
}

fn directory_mode(text: Option<&str>) -> Result<Option<Mode>, Failure> {
    text.map(mode::parse).transpose().map_err(|reason| Failure::new(format!("failed to read `directory_mode`: {reason}")))
}

fn with_slash(dest: &str) -> String {
    if dest.ends_with('/') { dest.to_owned() } else { format!("{dest}/") }
}

/// The path of a single file: under `name` in a directory that is there, or in one that is made since `dest` ends with `/`.
fn target(ctx: &mut Context<'_>, settings: &Settings, dest: &str, name: Option<&str>) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(dest);
    let is_dir = ctx.system.stat(&path, crate::system::Follow::Yes)?.is_some_and(|stat| stat.is_dir());
    if !is_dir && !dest.ends_with('/') {
        return Ok(path);
    }
    let Some(name) = name else {
        return Err(Failure::new(format!("failed to write `{dest}`: it is a directory, and `content` needs the path of a file")));
    };
    if !is_dir {
        settings.make_dirs(ctx, &path)?;
    }
    Ok(path.join(name))
}
