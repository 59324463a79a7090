//! `remote_src`: from one place of the host to another.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::shared::describe::describe;
use super::super::shared::file_options::FileOptions;
use super::super::shared::mode::Mode;
use super::super::shared::write::Source;
use super::super::{Context, Failure, Outcome};
use super::place::{self, Settings};
use super::{target, tree};
use crate::system::file::Algorithm;
use crate::system::{FileKind, Follow};

pub(super) fn copy(
    ctx: &mut Context<'_>,
    settings: &Settings,
    src: &str,
    dest: &str,
    preserve: bool,
    local_follow: Option<bool>,
) -> Result<Outcome, Failure> {
    let source = PathBuf::from(src);
    let Some(stat) = ctx.system.stat(&source, Follow::Yes)? else {
        return Err(Failure::new(format!("failed to copy `{src}`: nothing is there on the host")).missing_on(ctx.system));
    };
    let name = source.file_name().map(|name| name.to_string_lossy().into_owned());
    if !stat.is_dir() {
        let path = target(ctx, settings, dest, name.as_deref())?;
        let mode = preserve.then_some(Mode::Bits(stat.mode)).or_else(|| settings.options.mode.clone());
        return file(ctx, settings, &source, mode, &path);
    }
    // With a slash at its end it is what is in the directory that is copied, else the directory under its own name.
    let dest = Path::new(dest);
    let top = match name.filter(|_| !src.ends_with('/')) {
        Some(name) => dest.join(name),
        None => dest.to_path_buf(),
    };
    settings.make_dirs(ctx, &top)?;
    descend(ctx, settings, &source, &top, local_follow == Some(true))?;
    let mut outcome = Outcome::new().with("dest", dest.to_string_lossy()).with("checksum", Value::Null).with("md5sum", Value::Null);
    describe(ctx.system, dest, &mut outcome.result)?;
    Ok(outcome)
}

fn file(ctx: &mut Context<'_>, settings: &Settings, source: &Path, mode: Option<Mode>, path: &Path) -> Result<Outcome, Failure> {
    let sha1 = ctx.system.checksum(source, Algorithm::Sha1)?;
    let size = ctx.system.stat(source, Follow::Yes)?.map(|stat| stat.size);
    let own = Settings {
        options: FileOptions { mode, ..settings.options.clone() },
        directory_mode: settings.directory_mode.clone(),
        validate: settings.validate.clone(),
        checksum: settings.checksum.clone(),
        ..*settings
    };
    place::put(ctx, &own, Source::File(source), &sha1, size, path)
}

/// Links are copied as links unless `follow` is asked for.
fn descend(ctx: &mut Context<'_>, settings: &Settings, from: &Path, to: &Path, follow: bool) -> Result<(), Failure> {
    for entry in ctx.system.list(from)? {
        let (source, path) = (from.join(&entry.name), to.join(&entry.name));
        let kind = match (entry.kind, ctx.system.stat(&source, Follow::Yes)?) {
            (FileKind::Link, Some(stat)) if follow => stat.kind,
            (kind, _) => kind,
        };
        match kind {
            FileKind::Link => {
                let text = ctx.system.read_link(&source)?;
                tree::link(ctx, settings, &text, &path)?;
            }
            FileKind::Directory => {
                let mode = mode_of(ctx, &source)?;
                let own = Settings {
                    options: settings.options.clone(),
                    directory_mode: settings.directory_mode.clone().or(mode),
                    validate: None,
                    checksum: None,
                    ..*settings
                };
                tree::directory(ctx, &own, &path)?;
                descend(ctx, settings, &source, &path, follow)?;
            }
            FileKind::File => {
                let mode = match &settings.options.mode {
                    Some(mode) => Some(mode.clone()),
                    None => mode_of(ctx, &source)?,
                };
                file(ctx, settings, &source, mode, &path)?;
            }
            _ => return Err(Failure::new(format!("failed to copy `{}`: it is neither file, directory nor link", source.display()))),
        }
    }
    Ok(())
}

fn mode_of(ctx: &Context<'_>, path: &Path) -> Result<Option<Mode>, Failure> {
    Ok(ctx.system.stat(path, Follow::Yes)?.map(|stat| Mode::Bits(stat.mode)))
}
