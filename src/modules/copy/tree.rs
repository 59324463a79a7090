//! A directory of the controller to a directory of the host.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::shared::file_options::FileOptions;
use super::super::shared::mode;
use super::super::shared::write::Source;
use super::super::{ContentRef, Context, Failure, Outcome};
use super::place::{self, Settings};
use crate::system::{Follow, Stat};

/// Something in a directory that is copied. A directory comes before what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeEntry {
    /// Its path below `dest`, with `/` between names.
    pub path: String,
    /// What it is.
    pub kind: TreeKind,
    /// Permissions of a file, under `mode: preserve` only.
    #[serde(default)]
    pub mode: Option<String>,
}

/// What a [`TreeEntry`] is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreeKind {
    /// A file with this content.
    File(ContentRef),
    /// A directory.
    Directory,
    /// A symbolic link with this text.
    Link(String),
}

pub(super) fn put(ctx: &mut Context<'_>, settings: &Settings, entries: &[TreeEntry], dest: &Path) -> Result<Outcome, Failure> {
    settings.make_dirs(ctx, dest)?;
    let wanted = surely_wanted(ctx, entries, dest);
    ctx.transfer.expect(&wanted);
    for entry in entries {
        let path = dest.join(relative(&entry.path)?);
        match &entry.kind {
            TreeKind::Directory => directory(ctx, settings, &path)?,
            TreeKind::Link(target) => link(ctx, settings, Path::new(target), &path)?,
            TreeKind::File(content) => {
                let source = Source::Reference(content);
                let own = match &entry.mode {
                    Some(text) => Some(with_mode(settings, text)?),
                    None => None,
                };
                place::put(ctx, own.as_ref().unwrap_or(settings), source, &content.sha1, Some(content.size), &path)?;
            }
        }
    }
    Ok(Outcome::new())
}

/// The contents of files that are missing or have another size. Whether others differ is seen when it is their turn.
fn surely_wanted(ctx: &Context<'_>, entries: &[TreeEntry], dest: &Path) -> Vec<ContentRef> {
    let differs = |path: &Path, content: &ContentRef| match ctx.system.stat(path, Follow::Yes) {
        Ok(Some(stat)) => !stat.is_file() || stat.size != content.size,
        Ok(None) => true,
        Err(_) => false,
    };
    let mut wanted = Vec::new();
    for entry in entries {
        if let (TreeKind::File(content), Ok(path)) = (&entry.kind, relative(&entry.path))
            && differs(&dest.join(path), content)
        {
            wanted.push(content.clone());
        }
    }
    wanted
}

fn with_mode(settings: &Settings, text: &str) -> Result<Settings, Failure> {
    let mode = mode::parse(text).map_err(|reason| Failure::new(format!("failed to read the mode of a source: {reason}")))?;
    Ok(Settings {
        options: FileOptions { mode: Some(mode), ..settings.options.clone() },
        directory_mode: settings.directory_mode.clone(),
        validate: settings.validate.clone(),
        checksum: settings.checksum.clone(),
        ..*settings
    })
}

/// The path, if it stays below the directory it belongs to.
fn relative(path: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(path);
    if path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        Ok(path)
    } else {
        Err(Failure::new(format!("failed to copy `{}`: it leads out of the directory", path.display())))
    }
}

pub(super) fn directory(ctx: &mut Context<'_>, settings: &Settings, path: &Path) -> Result<(), Failure> {
    match ctx.system.stat(path, Follow::Yes)? {
        Some(stat) if stat.is_dir() => settings.for_directories().apply(ctx, path, Follow::Yes),
        Some(_) => Err(Failure::new(format!("failed to make the directory `{}`: a file is there", path.display()))),
        None => settings.make_dirs(ctx, path),
    }
}

pub(super) fn link(ctx: &mut Context<'_>, settings: &Settings, target: &Path, path: &Path) -> Result<(), Failure> {
    let found = ctx.system.stat(path, Follow::No)?;
    if found.as_ref().is_some_and(Stat::is_dir) {
        return Err(Failure::new(format!("failed to make the link `{}`: a directory is there", path.display())));
    }
    let same = found.as_ref().is_some_and(Stat::is_link) && ctx.system.read_link(path)? == target;
    if same || (found.is_some() && !settings.force) {
        return Ok(());
    }
    ctx.system.symlink(target, path)?;
    FileOptions { mode: None, attributes: None, ..settings.options.clone() }.apply(ctx, path, Follow::No)
}
