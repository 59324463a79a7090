//! One file to its place.

use std::path::Path;

use super::super::shared::describe::describe;
use super::super::shared::file_options::FileOptions;
use super::super::shared::mode::Mode;
use super::super::shared::write::{self, NewFile, Source};
use super::super::shared::{exists, parent};
use super::super::{Context, Failure, Outcome};
use crate::system::file::Algorithm;
use crate::system::{Follow, Stat};

/// How files are put in place.
pub(super) struct Settings {
    pub(super) options: FileOptions,
    pub(super) directory_mode: Option<Mode>,
    pub(super) force: bool,
    pub(super) backup: bool,
    pub(super) validate: Option<String>,
    pub(super) checksum: Option<String>,
    pub(super) follow: bool,
}

impl Settings {
    /// The options for directories.
    pub(super) fn for_directories(&self) -> FileOptions {
        FileOptions { mode: self.directory_mode.clone(), ..self.options.clone() }
    }

    /// Makes a directory with the parents that are missing; all of them get the attributes of directories.
    pub(super) fn make_dirs(&self, ctx: &mut Context<'_>, path: &Path) -> Result<(), Failure> {
        let options = self.for_directories();
        let mut missing = Vec::new();
        for folder in path.ancestors() {
            if folder.as_os_str().is_empty() || exists(ctx.system, folder)? {
                break;
            }
            missing.push(folder);
        }
        for folder in missing.into_iter().rev() {
            let mode = match options.wanted(ctx.system, None, true)?.mode {
                Some(mode) => mode,
                None => 0o777 & !ctx.system.umask()?,
            };
            ctx.system.make_dir(folder, mode)?;
            options.apply(ctx, folder, Follow::Yes)?;
        }
        Ok(())
    }
}

/// Puts `source`, whose SHA-1 digest (and size, where known) is given, at `path`, unless the same content is there. The result describes
/// the file.
pub(super) fn put(
    ctx: &mut Context<'_>,
    settings: &Settings,
    source: Source<'_>,
    sha1: &str,
    size: Option<u64>,
    path: &Path,
) -> Result<Outcome, Failure> {
    if let Some(expected) = settings.checksum.as_deref().filter(|expected| !expected.eq_ignore_ascii_case(sha1)) {
        return Err(Failure::new(format!("failed to write `{}`: the content has the checksum {sha1}, not {expected}", path.display()))
            .with("checksum", sha1)
            .with("expected_checksum", expected));
    }
    let mut path = path.to_path_buf();
    let mut found = ctx.system.stat(&path, Follow::No)?;
    // A link that leads nowhere is replaced even so, as Ansible does.
    if settings.follow && found.as_ref().is_some_and(Stat::is_link) && exists(ctx.system, &path)? {
        path = ctx.system.real_path(&path)?;
        found = ctx.system.stat(&path, Follow::No)?;
    }
    let outcome = Outcome::new().with("dest", path.to_string_lossy());
    if found.is_some() && !settings.force {
        return Ok(outcome);
    }
    check_place(ctx, &path, found.as_ref())?;
    let mut outcome = outcome.with("checksum", sha1);
    if is_same(ctx, &path, found.as_ref(), sha1, size)? {
        settings.options.apply(ctx, &path, Follow::No)?;
    } else {
        let file =
            NewFile { path: &path, source, options: &settings.options, validate: settings.validate.as_deref(), backup: settings.backup };
        if let Some(kept) = write::put(ctx, &file)? {
            outcome = outcome.with("backup_file", kept.to_string_lossy());
        }
        // In check mode the content may not be there to read; then the digest is left out.
        if let Ok(md5) = ctx.system.checksum(&path, Algorithm::Md5) {
            outcome = outcome.with("md5sum", md5);
        }
    }
    describe(ctx.system, &path, &mut outcome.result)?;
    Ok(outcome)
}

fn check_place(ctx: &Context<'_>, path: &Path, found: Option<&Stat>) -> Result<(), Failure> {
    if found.is_some_and(Stat::is_dir) {
        return Err(Failure::new(format!("failed to write `{}`: a directory is there", path.display())));
    }
    let folder = parent(path);
    match ctx.system.stat(&folder, Follow::Yes)? {
        Some(stat) if stat.is_dir() => Ok(()),
        Some(_) => Err(Failure::new(format!("failed to write `{}`: `{}` is no directory", path.display(), folder.display()))),
        None => Err(Failure::new(format!("failed to write `{}`: the directory `{}` does not exist", path.display(), folder.display()))
            .hint("make it with the module `file` and `state: directory`, or end `dest` with `/`")
            .missing_on(ctx.system)),
    }
}

/// Whether a regular file with this content is at `path`. Sizes are compared before anything is read.
fn is_same(ctx: &Context<'_>, path: &Path, found: Option<&Stat>, sha1: &str, size: Option<u64>) -> Result<bool, Failure> {
    match found {
        Some(stat) if stat.is_file() && size.is_none_or(|size| size == stat.size) => {
            Ok(ctx.system.checksum(path, Algorithm::Sha1)?.eq_ignore_ascii_case(sha1))
        }
        _ => Ok(false),
    }
}
