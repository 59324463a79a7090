//! `unarchive`: what is in an archive, unpacked into a directory.
//!
//! The archive is looked through twice: first every entry is compared with what is there, then only the content that differs is taken out. So a
//! second run changes nothing, and check mode says truly what would change. No program of the host is needed.

mod entry;
mod place;
#[cfg(test)]
mod tests;
mod walk;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::describe::describe;
use super::shared::exists;
use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::http;
use super::shared::packed::Format;
use super::shared::write::{self, Source};
use super::spec::{BUILTIN, join};
use super::{Args, ContentRef, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::Follow;
use entry::Selection;

const OWN: &[Opt] = &[
    Opt::new("src", Kind::Str, "The archive: a path on the controller, with `remote_src` a path or URL on the host.").required(),
    Opt::new("dest", Kind::Path, "The directory of the host to unpack into. It must exist.").required(),
    Opt::new("remote_src", Kind::Bool, "Take the archive from the host, or from the URL in `src`.").default("false"),
    Opt::new("copy", Kind::Bool, "The opposite of `remote_src`, its older name.").default("true"),
    Opt::new("creates", Kind::Path, "A path of the host. When it exists, the task is skipped."),
    Opt::new("list_files", Kind::Bool, "Return the names of the entries.").default("false"),
    Opt::new("include", Kind::List(&Kind::Str), "Only these entries (names or shell patterns), with what is in them.").default("[]"),
    Opt::new("exclude", Kind::List(&Kind::Str), "Not these entries (names or shell patterns), nor what is in them.").default("[]"),
    Opt::new("keep_newer", Kind::Bool, "Leave files that are newer than those in the archive.").default("false"),
    Opt::new(
        "extra_opts",
        Kind::List(&Kind::Str),
        "Options as of `tar` and `unzip`. Known are `--strip-components=N`, `--no-same-owner`, `--same-owner`, `--no-same-permissions`, \
         `--exclude=PATTERN`, and `-j` (file names without directories); others are refused.",
    )
    .default("[]"),
    Opt::new("io_buffer_size", Kind::Int, "Bytes of the buffer with which files are compared.").default("65536"),
    Opt::new("decrypt", Kind::Bool, "Whether an archive of the controller that is encrypted by the vault is decrypted.").default("true"),
    Opt::new("validate_certs", Kind::Bool, "Whether the certificate of the server of a URL is checked.").default("true"),
    Opt::new("_content", Kind::Content, "The archive, when it comes from the controller."),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `unarchive`.
pub static MODULE: Spec = Spec {
    name: "unarchive",
    collections: BUILTIN,
    summary: "Unpack an archive",
    description: &[
        "Unpacks tar archives, plain or compressed with gzip, bzip2, xz or zstd, and zip archives. The kind is told by the content, not by the name.",
        "Entries that lead out of the directory, by `..` or through links, are refused. Owners and permissions are those of the archive unless \
         `owner`, `group` or `mode` say otherwise; owners only when unpacking as root.",
    ],
    options: &OPTIONS,
    rules: &[Rule::Exclusive(&["include", "exclude"]), Rule::Exclusive(&["copy", "remote_src"])],
    free_form: None,
    returns: &[
        Return { name: "dest", kind: "str", when: "always", doc: "The directory." },
        Return { name: "src", kind: "str", when: "remote_src", doc: "The archive as it was given." },
        Return { name: "handler", kind: "str", when: "always", doc: "Kind of archive: `TgzArchive`, `TarArchive`, `ZipArchive`, …" },
        Return { name: "files", kind: "list", when: "list_files", doc: "Names of the entries; directories end with `/`." },
        Return { name: "state", kind: "str", when: "always", doc: "`directory`." },
        Return {
            name: "mode",
            kind: "str",
            when: "always",
            doc: "Permissions of the directory (likewise `owner`, `group`, `uid`, `gid`, `size`).",
        },
    ],
    examples: "
- name: The program in its version
  unarchive:
    src: https://example.org/app-1.2.tar.gz
    dest: /opt/app/1.2
    remote_src: true
    owner: root
    group: root
    extra_opts: [--strip-components=1]
    creates: /opt/app/1.2/bin/app
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    src: String,
    dest: PathBuf,
    remote_src: bool,
    copy: bool,
    creates: Option<PathBuf>,
    list_files: bool,
    include: Vec<String>,
    exclude: Vec<String>,
    keep_newer: bool,
    extra_opts: Vec<String>,
    io_buffer_size: usize,
    #[serde(rename = "decrypt")]
    _decrypt: bool,
    validate_certs: bool,
    _content: Option<ContentRef>,
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    if let Some(path) = &args.creates
        && exists(ctx.system, path)?
    {
        let msg = format!("skipped, since {} exists", path.display());
        return Ok(Outcome { skipped: true, ..Outcome::new().with("msg", msg).changed(false) });
    }
    if !ctx.system.stat(&args.dest, Follow::Yes)?.is_some_and(|stat| stat.is_dir()) {
        return Err(Failure::new(format!("failed to unpack into `{}`: it is no directory that exists", args.dest.display()))
            .hint("make it with the module `file` and `state: directory`"));
    }
    let selection = Selection::new(&args.include, &args.exclude, &args.extra_opts).map_err(Failure::new)?;
    let (archive, is_scratch) = archive(ctx, &args)?;
    let result = unpack(ctx, &args, &options, &selection, &archive);
    if is_scratch {
        ctx.system.discard(&archive);
    }
    result
}

/// Whether the archive is on the host, or comes to it by itself, as `remote_src` and its older opposite `copy` say.
pub fn is_on_host(remote_src: bool, copy: bool) -> bool {
    remote_src || !copy
}

/// The path of the archive on the host, and whether it is a scratch file.
fn archive(ctx: &mut Context<'_>, args: &Arguments) -> Result<(PathBuf, bool), Failure> {
    if let Some(content) = &args._content {
        return Ok((write::scratch(ctx, Source::Reference(content), 0o600)?, true));
    }
    if !is_on_host(args.remote_src, args.copy) {
        return Err(Failure::new("failed to unpack: the content of the archive has not arrived"));
    }
    if !args.src.contains("://") {
        let path = super::expand::expand(&args.src, ctx.system, &ctx.environment)?;
        return match ctx.system.stat(Path::new(&path), Follow::Yes)? {
            Some(stat) if stat.is_file() => Ok((path.into(), false)),
            Some(_) => Err(Failure::new(format!("failed to unpack `{path}`: it is no file"))),
            None => Err(Failure::new(format!("failed to unpack `{path}`: it does not exist on the host")).missing_on(ctx.system)),
        };
    }
    let request = http::get(ctx, &args.src, args.validate_certs);
    let mut status = 0;
    let path = ctx.system.scratch(0o600, &mut |sink| {
        status = ctx.system.http_probe(&request, sink)?.status;
        Ok(())
    })?;
    if status != 200 {
        ctx.system.discard(&path);
        return Err(Failure::new(format!("failed to get `{}`: the server answered with status {status}", args.src)));
    }
    Ok((path, true))
}

fn unpack(ctx: &mut Context<'_>, args: &Arguments, options: &FileOptions, selection: &Selection, archive: &Path) -> ModuleResult {
    let format = Format::of(ctx.system, archive)?
        .ok_or_else(|| Failure::new(format!("failed to unpack `{}`: it is neither a tar nor a zip archive", args.src)))?;
    let place =
        place::Place { dest: &args.dest, options, selection, keep_newer: args.keep_newer, buffer: args.io_buffer_size.clamp(512, 1 << 24) };
    let entries = place
        .unpack(ctx, format, archive)
        .map_err(|failure| Failure { message: failure.message.replace(&*archive.to_string_lossy(), &args.src), ..failure })?;
    let mut outcome =
        Outcome::new().with("dest", args.dest.to_string_lossy()).with("src", args.src.as_str()).with("handler", format.handler());
    if args.list_files {
        let names: Vec<String> = entries.iter().map(entry::Entry::shown).collect();
        outcome = outcome.with("files", names);
    }
    describe(ctx.system, &args.dest, &mut outcome.result)?;
    Ok(outcome)
}
