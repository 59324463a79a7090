//! `assemble`: a file made of the files of a directory.
//!
//! With `remote_src: false` the controller half finds the directory on the controller, joins what is in it by [`Fragments`], and hands the
//! result over as `_content`.

mod fragments;

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::shared::describe::describe;
use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::write::{self, NewFile, Source};
use super::spec::{BUILTIN, join};
use super::{Args, ContentRef, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::file::Algorithm;
use crate::system::{Follow, Stat, hash};
pub use fragments::Fragments;

const OWN: &[Opt] = &[
    Opt::new("src", Kind::Path, "The directory with the pieces.").required(),
    Opt::new("dest", Kind::Path, "The file to make.").required(),
    Opt::new("remote_src", Kind::Bool, "Whether `src` is on the host, or on the controller.").default("true"),
    Opt::new("regexp", Kind::Str, "Take only files whose names this regular expression, in Python's notation, is found in."),
    Opt::new("ignore_hidden", Kind::Bool, "Whether files whose names begin with a dot are left out.").default("false"),
    Opt::new("delimiter", Kind::Str, "What stands between the pieces, on lines of its own. `\\n`, `\\t` and other escapes are understood."),
    Opt::new("backup", Kind::Bool, "Keep a copy of a file that is replaced, with the time in its name.").default("false"),
    Opt::new(
        "validate",
        Kind::Str,
        "A command that must accept the file before it is put in place; `%s` stands for its path then. No shell.",
    ),
    Opt::new("decrypt", Kind::Bool, "With `remote_src: false`: whether pieces that are encrypted by the vault are decrypted.")
        .default("true"),
    Opt::new("_content", Kind::Content, "The content, when it comes from the controller."),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `assemble`.
pub static MODULE: Spec = Spec {
    name: "assemble",
    collections: BUILTIN,
    summary: "Make a file of pieces in a directory",
    description: &[
        "Joins the files of a directory, sorted by name, and puts the result in place when it differs. Directories in it are left out.",
    ],
    options: &OPTIONS,
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "src", kind: "str", when: "success", doc: "The directory." },
        Return {
            name: "dest",
            kind: "str",
            when: "success",
            doc: "The file, and its `mode`, `owner`, `group`, `uid`, `gid`, `size` and `state`.",
        },
        Return { name: "checksum", kind: "str", when: "success", doc: "SHA-1 of the content." },
        Return { name: "md5sum", kind: "str", when: "success", doc: "MD5 of the content." },
        Return { name: "backup_file", kind: "str", when: "backup and changed", doc: "Path of the copy." },
    ],
    examples: "
- name: One configuration of its parts
  assemble:
    src: /etc/app.d
    dest: /etc/app.conf
    regexp: '\\.conf$'
    delimiter: '# ---'
    validate: app --check %s
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    src: String,
    dest: PathBuf,
    remote_src: bool,
    regexp: Option<String>,
    ignore_hidden: bool,
    delimiter: Option<String>,
    backup: bool,
    validate: Option<String>,
    #[serde(rename = "decrypt")]
    _decrypt: IgnoredAny,
    _content: Option<ContentRef>,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let (made, sha1);
    let source = match &args._content {
        Some(content) => {
            sha1 = content.sha1.clone();
            Source::Reference(content)
        }
        None if args.remote_src => {
            made = gather(ctx, &args)?;
            sha1 = digest(&made, Algorithm::Sha1)?;
            Source::Bytes(&made)
        }
        None => return Err(Failure::new("failed to assemble: the content of the source has not arrived")),
    };
    let found = ctx.system.stat(&args.dest, Follow::Yes)?;
    if found.as_ref().is_some_and(Stat::is_dir) {
        return Err(Failure::new(format!("failed to write `{}`: a directory is there", args.dest.display())));
    }
    let mut outcome = Outcome::new().with("msg", "OK").with("src", args.src.as_str()).with("dest", args.dest.to_string_lossy());
    if found.as_ref().is_some_and(Stat::is_file) && ctx.system.checksum(&args.dest, Algorithm::Sha1)? == sha1 {
        options.apply(ctx, &args.dest, Follow::No)?;
    } else {
        let file = NewFile { path: &args.dest, source, options: &options, validate: args.validate.as_deref(), backup: args.backup };
        if let Some(kept) = write::put(ctx, &file)? {
            outcome = outcome.with("backup_file", kept.to_string_lossy());
        }
    }
    outcome = outcome.with("checksum", sha1).with("md5sum", ctx.system.checksum(&args.dest, Algorithm::Md5)?);
    describe(ctx.system, &args.dest, &mut outcome.result)?;
    Ok(outcome)
}

fn digest(mut bytes: &[u8], algorithm: Algorithm) -> Result<String, Failure> {
    hash::digest(&mut bytes, algorithm).map_err(|error| Failure::new(format!("failed to compute a checksum: {error}")))
}

/// The content, from the directory of the host.
fn gather(ctx: &Context<'_>, args: &Arguments) -> Result<Vec<u8>, Failure> {
    let src = PathBuf::from(&args.src);
    let refusal = |why: &str| Failure::new(format!("failed to assemble the files of `{}`: {why}", args.src));
    match ctx.system.stat(&src, Follow::Yes)? {
        Some(stat) if stat.is_dir() => {}
        Some(_) => return Err(refusal("it is not a directory")),
        None => return Err(refusal("nothing is there").missing_on(ctx.system)),
    }
    let mut fragments =
        Fragments::new(args.regexp.as_deref(), args.ignore_hidden, args.delimiter.as_deref()).map_err(|why| refusal(&why))?;
    for entry in ctx.system.list(&src)? {
        let path = src.join(&entry.name);
        let is_file = ctx.system.stat(&path, Follow::Yes)?.as_ref().is_some_and(Stat::is_file);
        if is_file && fragments.takes(&entry.name.to_string_lossy()).map_err(|why| refusal(&why))? {
            fragments.add(&ctx.system.read(&path)?);
        }
    }
    Ok(fragments.finish())
}

#[cfg(test)]
mod tests;
