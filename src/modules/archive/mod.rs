//! `archive`: files and directories of the host, packed into one file or compressed.
//!
//! What is to be packed is compared with what the archive at `dest` holds, and a new one is made only when they differ. So a second run changes
//! nothing, and check mode says truly what would change. No program of the host is needed.

mod compare;
mod pack;
mod sources;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::describe::describe;
use super::shared::file_options::{FILE_OPTIONS, FileOptions};
use super::shared::packed::{Compression, Format};
use super::shared::write::{self, NewFile, Source};
use super::shared::{exists, folder, glob};
use super::spec::{GENERAL, join};
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{Follow, System};
use sources::{Entry, Sources};

const OWN: &[Opt] = &[
    Opt::new("path", Kind::List(&Kind::Path), "What to pack: paths of the host, or shell patterns.").required(),
    Opt::new("format", Kind::Str, "How it is packed. `tar` alone does not compress.")
        .choices(&["bz2", "gz", "tar", "xz", "zip"])
        .default("\"gz\""),
    Opt::new(
        "dest",
        Kind::Path,
        "The archive. Without it, one file is packed beside itself, with the format added to its name; everything else needs it.",
    ),
    Opt::new("exclude_path", Kind::List(&Kind::Path), "Paths or shell patterns: what `path` found of these is left out.").default("[]"),
    Opt::new(
        "exclusion_patterns",
        Kind::List(&Kind::Path),
        "Shell patterns: entries whose whole name in the archive matches one are left out. A directory that is left out does not take along \
         what is in it.",
    ),
    Opt::new("force_archive", Kind::Bool, "Whether one file becomes a tar archive too, and is not only compressed.").default("false"),
    Opt::new("remove", Kind::Bool, "Whether what was packed is removed then.").default("false"),
];

static OPTIONS: [Opt; OWN.len() + FILE_OPTIONS.len()] = join(OWN, FILE_OPTIONS);

/// The declaration of `archive`.
pub static MODULE: Spec = Spec {
    name: "archive",
    collections: GENERAL,
    summary: "Pack files into an archive, or compress one",
    description: &[
        "Packs files and directories of the host. Names in the archive begin below the directory that all of `path` have in common.",
        "One file is only compressed, unless the format or `force_archive` asks for an archive.",
    ],
    options: &OPTIONS,
    rules: &[],
    free_form: None,
    returns: &[
        Return {
            name: "state",
            kind: "str",
            when: "the archive is there",
            doc: "`file`; with `mode`, `owner`, `group`, `uid`, `gid` and `size`.",
        },
        Return { name: "dest", kind: "str", when: "always", doc: "The archive." },
        Return {
            name: "dest_state",
            kind: "str",
            when: "always",
            doc: "`archive`, `compress` for one compressed file, `incomplete` when something of `path` is missing, `absent` when there is none.",
        },
        Return { name: "arcroot", kind: "str", when: "always", doc: "The directory below which names in the archive begin." },
        Return { name: "archived", kind: "list", when: "always", doc: "What was packed." },
        Return { name: "missing", kind: "list", when: "always", doc: "What of `path` is not there." },
        Return { name: "expanded_paths", kind: "list", when: "always", doc: "What `path` found." },
        Return { name: "expanded_exclude_paths", kind: "list", when: "always", doc: "What `exclude_path` found." },
    ],
    examples: "
- name: Keep the configuration of the node
  community.general.archive:
    path: /etc/klaytn
    dest: /var/backups/klaytn.tgz
    mode: '0600'

- name: Put old logs away
  community.general.archive:
    path: /var/log/app/*.log.1
    dest: /var/log/app/old.tar.xz
    format: xz
    remove: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    path: Vec<String>,
    format: Kept,
    dest: Option<String>,
    exclude_path: Vec<String>,
    exclusion_patterns: Option<Vec<String>>,
    force_archive: bool,
    remove: bool,
}

/// `format`.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Bz2,
    Gz,
    Tar,
    Xz,
    Zip,
}

impl Kept {
    /// What it adds to the name of a file.
    fn name(self) -> &'static str {
        match self {
            Self::Bz2 => "bz2",
            Self::Gz => "gz",
            Self::Tar => "tar",
            Self::Xz => "xz",
            Self::Zip => "zip",
        }
    }

    fn format(self) -> Format {
        Format::Tar(match self {
            Self::Bz2 => Compression::Bzip2,
            Self::Gz => Compression::Gzip,
            Self::Tar => Compression::None,
            Self::Xz => Compression::Xz,
            Self::Zip => return Format::Zip,
        })
    }
}

/// What the file at `dest` is to hold.
enum Content<'a> {
    /// One file, only compressed.
    File(&'a Path, Compression),
    /// An archive of these.
    Archive(&'a [Entry], Format),
}

fn run(ctx: &mut Context<'_>, mut args: Args) -> ModuleResult {
    let options = FileOptions::take(&mut args)?;
    let args: Arguments = args.parse()?;
    let found = sources::find(ctx.system, &args.path, &args.exclude_path)?;
    if found.paths.is_empty() {
        return Err(Failure::new("failed to pack: `path` names nothing, or nothing that `exclude_path` leaves").missing_on(ctx.system));
    }
    // What stays one file whatever is on the machine.
    let is_one = match args.path.as_slice() {
        [path] => !glob::is_pattern(path) && !args.force_archive && !is_dir(ctx.system, path)?,
        _ => false,
    };
    let dest = match (&args.dest, args.path.first()) {
        (Some(dest), _) => dest.clone(),
        (None, Some(path)) if is_one => format!("{path}.{}", args.format.name()),
        _ => {
            return Err(Failure::new("failed to pack: `dest` is missing").hint("only one file can be packed without it"));
        }
    };
    let path = place(ctx.system, Path::new(&dest))?;
    let sources = found.look(ctx.system, &path, args.remove, args.format == Kept::Zip, args.exclusion_patterns.as_deref())?;
    if sources.targets.is_empty() && ctx.system.doubt().is_some() {
        return Err(Failure::new(format!("failed to pack into `{dest}`: nothing of `path` is there")).missing_on(ctx.system));
    }
    let compresses = is_one && !matches!(args.format, Kept::Tar | Kept::Zip);
    // What an earlier run left out and did not remove is no reason to replace its archive.
    let is_spent = args.remove && sources.entries.iter().all(|entry| entry.stat.is_dir()) && exists(ctx.system, &path)?;
    let mut archived = Vec::new();
    if let Some(first) = sources.targets.first().filter(|_| !is_spent) {
        let content = match args.format.format() {
            Format::Tar(compression) if compresses => Content::File(first, compression),
            format => Content::Archive(&sources.entries, format),
        };
        archived = match content {
            Content::File(file, _) => vec![file.to_string_lossy().into_owned()],
            Content::Archive(entries, format) => entries.iter().filter(|entry| entry.is_told(format)).map(Entry::shown).collect(),
        };
        put(ctx, &content, &path, &options)?;
        match (args.remove, compresses) {
            (true, true) => ctx.system.remove(first)?,
            (true, false) => sources.remove(ctx.system)?,
            (false, _) => {}
        }
    } else if exists(ctx.system, &path)? {
        options.apply(ctx, &path, Follow::Yes)?;
    }
    let state = match exists(ctx.system, &path)? {
        false => "absent",
        true if archived.is_empty() && !compare::is_archive(ctx.system, &path)? => "compress",
        true if !archived.is_empty() && compresses => "compress",
        true if !archived.is_empty() && !sources.missing.is_empty() => "incomplete",
        true => "archive",
    };
    let mut outcome = Outcome::new()
        .with("dest", dest)
        .with("dest_state", state)
        .with("arcroot", sources.root)
        .with("archived", archived)
        .with("missing", sources.missing)
        .with("expanded_paths", sources.expanded)
        .with("expanded_exclude_paths", sources.excluded);
    describe(ctx.system, &path, &mut outcome.result)?;
    Ok(outcome)
}

fn is_dir(system: &dyn System, path: &str) -> Result<bool, Failure> {
    Ok(system.stat(Path::new(path), Follow::Yes)?.is_some_and(|stat| stat.is_dir()))
}

/// Where the archive really is, behind a link.
fn place(system: &dyn System, dest: &Path) -> Result<PathBuf, Failure> {
    let wrong = |why: String| Failure::new(format!("failed to write `{}`: {why}", dest.display()));
    folder::require(system, dest)?;
    match system.stat(dest, Follow::No)? {
        Some(stat) if stat.is_link() => place_of_link(system, dest),
        Some(stat) if !stat.is_file() => Err(wrong("something else than a file is there".to_owned())),
        _ => Ok(dest.to_path_buf()),
    }
}

fn place_of_link(system: &dyn System, dest: &Path) -> Result<PathBuf, Failure> {
    let real = system.real_path(dest)?;
    if system.stat(&real, Follow::No)?.is_some_and(|stat| !stat.is_file()) {
        return Err(Failure::new(format!("failed to write `{}`: the link leads to something else than a file", dest.display())));
    }
    Ok(real)
}

/// Makes the file at `dest` hold the content, with the attributes that are asked for.
fn put(ctx: &mut Context<'_>, content: &Content<'_>, dest: &Path, options: &FileOptions) -> Result<(), Failure> {
    if compare::holds(ctx.system, dest, content)? {
        return options.apply(ctx, dest, Follow::Yes);
    }
    let made = pack::make(ctx.system, content)?;
    let file = NewFile { path: dest, source: Source::File(&made), options, validate: None, backup: false };
    let result = write::put(ctx, &file);
    ctx.system.discard(&made);
    result.map(drop)
}

impl Sources {
    /// Removes what was packed, and the directories that are empty then.
    fn remove(&self, system: &mut dyn System) -> Result<(), Failure> {
        for entry in self.entries.iter().rev() {
            let path = &entry.path;
            let Some(stat) = system.stat(path, Follow::No)? else { continue };
            if !stat.is_dir() || system.list(path)?.is_empty() {
                system.remove(path)?;
            }
        }
        // A file among them that is there still was left out.
        for path in self.targets.iter().rev() {
            if system.stat(path, Follow::Yes)?.is_some_and(|stat| stat.is_dir()) && system.list(path)?.is_empty() {
                system.remove(path)?;
            }
        }
        Ok(())
    }
}
