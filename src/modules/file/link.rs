//! `state: link` and `state: hard`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::shared::{describe, exists, parent};
use super::super::{Context, Failure, ModuleResult, Outcome};
use super::{Task, refusal};
use crate::system::{Follow, Stat};

pub(super) fn symbolic(ctx: &mut Context<'_>, task: &Task) -> ModuleResult {
    let found = ctx.system.stat(&task.path, Follow::No)?;
    let is_link = found.as_ref().is_some_and(Stat::is_link);
    let old = if is_link { Some(ctx.system.read_link(&task.path)?) } else { None };
    let mut src = task.src.clone();
    if src.is_none() && task.follow {
        // What is there already stays; only attributes are asked for.
        src = old.clone();
    }
    match (&src, &found) {
        (Some(src), _) => check_source(ctx, task, src)?,
        (None, Some(_)) if is_link => {}
        (None, _) => return Err(refusal(&task.path, "a new symbolic link needs `src`")),
    }
    if let Some(stat) = found.as_ref().filter(|_| !is_link) {
        check_replaced(ctx, task, stat)?;
    }
    if let Some(src) = src.as_ref().filter(|src| old.as_ref() != Some(src)) {
        if found.as_ref().is_some_and(Stat::is_dir) {
            ctx.system.remove(&task.path)?;
        }
        ctx.system.symlink(src, &task.path)?;
    }
    let mut outcome = Outcome::new();
    if !task.follow {
        task.finish(ctx, Follow::No)?;
    } else if exists(ctx.system, &task.path)? {
        task.finish(ctx, Follow::Yes)?;
    } else if asks_for_attributes(task) {
        outcome = outcome.warn(format!(
            "the attributes were not set: the link `{}` points to nothing; `follow: false` sets those of the link itself",
            task.path.display()
        ));
    }
    finish(ctx, task, outcome, src)
}

fn asks_for_attributes(task: &Task) -> bool {
    let options = &task.options;
    options.mode.is_some()
        || options.owner.is_some()
        || options.group.is_some()
        || options.attributes.is_some()
        || !options.selinux.is_empty()
}

/// Without `force` a link to nothing is taken for a mistake.
fn check_source(ctx: &Context<'_>, task: &Task, src: &Path) -> Result<(), Failure> {
    let folder = match ctx.system.stat(&task.path, Follow::No)? {
        Some(stat) if stat.is_dir() => task.path.clone(),
        _ => parent(&task.path),
    };
    let absolute = folder.join(src);
    if task.force || task.src.is_none() || exists(ctx.system, &absolute)? {
        return Ok(());
    }
    Err(refusal(&task.path, &format!("`{}`, which the link is to point to, does not exist", absolute.display()))
        .hint("`force: true` makes the link all the same")
        .with("src", src.to_string_lossy())
        .missing_on(ctx.system))
}

/// What may be replaced by a symbolic link.
fn check_replaced(ctx: &Context<'_>, task: &Task, stat: &Stat) -> Result<(), Failure> {
    if stat.is_dir() {
        if !task.force {
            return Err(refusal(&task.path, "a directory is there").hint("`force: true` replaces an empty directory by the link"));
        }
        if !ctx.system.list(&task.path)?.is_empty() {
            return Err(refusal(&task.path, "a directory that is not empty is there, which no link replaces"));
        }
    } else if !task.force {
        return Err(refusal(&task.path, "a file is there").hint("`force: true` replaces it by the link"));
    }
    Ok(())
}

pub(super) fn hard(ctx: &mut Context<'_>, task: &mut Task) -> ModuleResult {
    if let Some(name) = task.src.as_ref().and_then(|src| src.file_name())
        && ctx.system.stat(&task.path, Follow::Yes)?.is_some_and(|stat| stat.is_dir())
    {
        task.path.push(name);
    }
    let found = ctx.system.stat(&task.path, Follow::No)?;
    let Some(src) = task.src.clone() else {
        if found.is_none() {
            return Err(refusal(&task.path, "a new hard link needs `src`"));
        }
        task.finish(ctx, Follow::Yes)?;
        return finish(ctx, task, Outcome::new(), None);
    };
    let Some(original) = ctx.system.stat(&src, Follow::Yes)? else {
        return Err(refusal(&task.path, &format!("`{}` of `src` does not exist", src.display()))
            .with("dest", task.path.to_string_lossy())
            .with("src", src.to_string_lossy())
            .missing_on(ctx.system));
    };
    if let Some(stat) = &found {
        let same = (stat.device, stat.inode) == (original.device, original.inode);
        if stat.is_dir() {
            return Err(refusal(&task.path, "a directory is there, which no link replaces"));
        }
        if !same && !stat.is_link() && !task.force {
            return Err(refusal(&task.path, "another file is there").hint("`force: true` replaces it by the link"));
        }
        if !same {
            ctx.system.hard_link(&src, &task.path)?;
        }
    } else {
        ctx.system.hard_link(&src, &task.path)?;
    }
    task.finish(ctx, Follow::Yes)?;
    finish(ctx, task, Outcome::new(), Some(src))
}

fn finish(ctx: &Context<'_>, task: &Task, outcome: Outcome, src: Option<PathBuf>) -> ModuleResult {
    let src = src.map_or(Value::Null, |src| src.to_string_lossy().into());
    let mut outcome = outcome.with("dest", task.path.to_string_lossy()).with("src", src);
    describe::describe(ctx.system, &task.path, &mut outcome.result)?;
    Ok(outcome)
}
