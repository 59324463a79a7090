//! `state: directory`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::shared::describe;
use super::super::{Context, Failure, ModuleResult};
use super::{Task, described, followed, refusal};
use crate::system::{FileKind, Follow};

pub(super) fn directory(ctx: &mut Context<'_>, task: &mut Task) -> ModuleResult {
    let (path, found) = followed(ctx, &task.path, task.follow)?;
    task.path = path;
    match found {
        Some(stat) if stat.is_dir() => {}
        Some(stat) => {
            let state = describe::state(&stat);
            return Err(refusal(&task.path, &format!("a {state} is there already")).with("state", state));
        }
        None => make(ctx, task)?,
    }
    task.finish(ctx, Follow::Yes)?;
    if task.recurse {
        descend(ctx, task, &task.path, &mut HashSet::new())?;
    }
    described(ctx, "path", &task.path)
}

/// Makes the directory and every parent that is missing; all of them get the attributes.
fn make(ctx: &mut Context<'_>, task: &Task) -> Result<(), Failure> {
    let mut missing: Vec<PathBuf> = Vec::new();
    for folder in task.path.ancestors() {
        if folder.as_os_str().is_empty() || ctx.system.stat(folder, Follow::Yes)?.is_some() {
            break;
        }
        missing.push(folder.to_path_buf());
    }
    for folder in missing.iter().rev() {
        let mode = match task.options.wanted(ctx.system, None, true)?.mode {
            Some(mode) => mode,
            None => 0o777 & !ctx.system.umask()?,
        };
        ctx.system.make_dir(folder, mode)?;
        task.finish_at(ctx, folder, Follow::Yes)?;
    }
    Ok(())
}

/// Gives everything below `folder` the attributes. `seen` holds the directories that were entered, against links in circles.
fn descend(ctx: &mut Context<'_>, task: &Task, folder: &Path, seen: &mut HashSet<PathBuf>) -> Result<(), Failure> {
    if !seen.insert(ctx.system.real_path(folder)?) {
        return Ok(());
    }
    for entry in ctx.system.list(folder)? {
        let path = folder.join(&entry.name);
        match entry.kind {
            FileKind::Link if !task.follow => task.finish_at(ctx, &path, Follow::No)?,
            FileKind::Link => {
                // A link to nothing has nothing to give attributes to.
                if let Some(stat) = ctx.system.stat(&path, Follow::Yes)? {
                    task.finish_at(ctx, &path, Follow::Yes)?;
                    if stat.is_dir() {
                        descend(ctx, task, &path, seen)?;
                    }
                }
            }
            FileKind::Directory => {
                task.finish_at(ctx, &path, Follow::No)?;
                descend(ctx, task, &path, seen)?;
            }
            _ => task.finish_at(ctx, &path, Follow::No)?,
        }
    }
    Ok(())
}
