//! The files of keys, requests and certificates: looked at, put in place, removed.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::modules::shared::backup::backup;
use crate::modules::shared::file_options::FileOptions;
use crate::modules::shared::parent;
use crate::modules::shared::write::{self, NewFile, Source};
use crate::modules::{Context, Failure};
use crate::system::Follow;

/// What is in the file; `None` when there is none.
///
/// # Errors
/// When it is no file or cannot be read.
pub fn content(ctx: &Context<'_>, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match ctx.system.stat(path, Follow::Yes)? {
        None => Ok(None),
        Some(stat) if stat.is_dir() => Err(Failure::new(format!("failed to read `{}`: it is a directory", path.display()))),
        Some(stat) if !stat.is_file() => Err(Failure::new(format!("failed to read `{}`: it is not a regular file", path.display()))),
        Some(_) => Ok(Some(ctx.system.read(path)?)),
    }
}

/// What is in a file that has to be there. `what` says what it is: "the private key".
///
/// # Errors
/// When it is not there, is no file or cannot be read.
pub fn needed(ctx: &Context<'_>, path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    let missing = || Failure::new(format!("failed to read {what}: `{}` is not there", path.display())).missing_on(ctx.system);
    content(ctx, path)?.ok_or_else(missing)
}

/// Demands that there is a folder for the file.
///
/// # Errors
/// When there is none.
pub fn check_folder(ctx: &Context<'_>, path: &Path) -> Result<(), Failure> {
    let folder = parent(path);
    let why = match ctx.system.stat(&folder, Follow::Yes)? {
        Some(stat) if stat.is_dir() => return Ok(()),
        Some(_) => "is not a directory",
        None => "does not exist",
    };
    let failure = Failure::new(format!("failed to write `{}`: the directory `{}` {why}", path.display(), folder.display()));
    Err(failure.with("name", folder.to_string_lossy()).hint("make it in an earlier task").missing_on(ctx.system))
}

/// Puts the content in place. A link there is replaced.
///
/// # Errors
/// When it cannot be written.
pub fn put(ctx: &mut Context<'_>, path: &Path, content: &[u8], options: &FileOptions, backup: bool) -> Result<Option<PathBuf>, Failure> {
    write::put(ctx, &NewFile { path, source: Source::Bytes(content), options, validate: None, backup })
}

/// Removes the file, with a copy when `keep` says so.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(ctx: &mut Context<'_>, path: &Path, keep: bool) -> Result<Option<PathBuf>, Failure> {
    let kept = if keep { backup(ctx.system, path)? } else { None };
    ctx.system.remove(path)?;
    Ok(kept)
}

/// What changes, in words that hold nothing secret.
pub fn diff(path: &Path, before: Option<Value>, after: Option<Value>) -> Value {
    let path = path.to_string_lossy();
    let side = |side: Option<Value>| side.unwrap_or_else(|| json!({}));
    json!([{"before_header": path, "after_header": path, "before": side(before), "after": side(after)}])
}
