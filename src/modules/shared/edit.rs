//! Files that are changed in part: `lineinfile`, `replace`, `blockinfile`.

use std::path::{Path, PathBuf};

use crate::modules::{Context, Failure, Kind, Opt};
use crate::system::{Follow, Stat};

use super::file_options::FileOptions;
use super::write::{self, NewFile, Source};

/// The options that these modules share, beside those of all files.
pub const EDIT_OPTIONS: &[Opt] = &[
    Opt::new("path", Kind::Path, "The file. A symbolic link is followed.").required().aliases(&["dest", "destfile", "name"]),
    Opt::new("backup", Kind::Bool, "Keep a copy of the file, with the time in its name.").default("false"),
    Opt::new(
        "validate",
        Kind::Str,
        "A command that must accept the file before it is put in place; `%s` stands for its path then. No shell.",
    ),
];

/// A file that is being changed.
pub struct Edit {
    /// Where it really is, behind links.
    pub path: PathBuf,
    /// What it holds; `None` when it is not there.
    pub old: Option<Vec<u8>>,
    stat: Option<Stat>,
}

/// How it is put in place.
#[derive(Clone, Copy)]
pub struct Manner<'a> {
    /// Its attributes.
    pub options: &'a FileOptions,
    /// A command that must accept it.
    pub validate: Option<&'a str>,
    /// Whether a copy of the old file is kept.
    pub backup: bool,
}

/// What came of it.
pub struct Edited {
    /// The copy of the old file.
    pub kept: Option<PathBuf>,
    /// Whether owner, group or permissions of a file that was there changed.
    pub attributes: bool,
}

impl Edited {
    /// `done` with what else was done.
    pub fn message(&self, done: &str) -> String {
        match (done, self.attributes) {
            (done, false) => done.to_owned(),
            ("", true) => "ownership or permissions changed".to_owned(),
            (done, true) => format!("{done} and ownership or permissions changed"),
        }
    }

    /// The path of the copy as results show it; empty when there is none.
    pub fn backup(&self) -> String {
        self.kept.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Edit {
    /// Reads the file at `path`, behind links.
    ///
    /// # Errors
    /// When it is a directory, or cannot be read.
    pub fn open(ctx: &Context<'_>, path: &Path) -> Result<Self, Failure> {
        let found = ctx.system.stat(path, Follow::No)?;
        let path = if found.as_ref().is_some_and(Stat::is_link) { ctx.system.real_path(path)? } else { path.to_path_buf() };
        let stat = ctx.system.stat(&path, Follow::Yes)?;
        if stat.as_ref().is_some_and(Stat::is_dir) {
            return Err(Failure::new(format!("failed to edit `{}`: it is a directory", path.display())).with("rc", 256));
        }
        let old = if stat.is_some() { Some(ctx.system.read(&path)?) } else { None };
        Ok(Self { path, old, stat })
    }

    /// Puts `new` in place where it differs, with the parents that are missing, and sets the attributes.
    ///
    /// # Errors
    /// When the validation refuses it, or the machine cannot write it; the old file is then untouched.
    pub fn finish(&self, ctx: &mut Context<'_>, new: Option<&[u8]>, manner: Manner<'_>) -> Result<Edited, Failure> {
        let Manner { options, validate, backup } = manner;
        let new = new.filter(|new| self.old.as_deref() != Some(new));
        let mut kept = None;
        if let Some(content) = new {
            super::make_parents(ctx, &self.path, None)?;
            let file = NewFile { path: &self.path, source: Source::Bytes(content), options, validate, backup };
            kept = write::put(ctx, &file)?;
        } else if self.stat.is_some() {
            options.apply(ctx, &self.path, Follow::No)?;
        }
        let now = ctx.system.stat(&self.path, Follow::No)?;
        let differs = |old: &Stat, new: &Stat| (old.mode, old.uid, old.gid) != (new.mode, new.uid, new.gid);
        let attributes = self.stat.as_ref().zip(now.as_ref()).is_some_and(|(old, new)| differs(old, new));
        Ok(Edited { kept, attributes })
    }
}
