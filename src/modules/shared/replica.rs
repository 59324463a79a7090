//! Directories as earlier tasks of check mode would leave them, copied for programs that see the machine itself only.

use std::path::{Path, PathBuf};

use super::run::look;
use crate::modules::{Context, Failure};
use crate::system::{Error, FileKind, Follow};

const PURPOSE: &str = "copy settings for check mode";

/// A directory for scratch files, which is no change of the machine.
pub struct ScratchDir {
    /// Where it is. It is made with what is first put into it.
    pub path: PathBuf,
    /// A scratch file that it is named after.
    mark: PathBuf,
}

impl ScratchDir {
    /// A new place for one.
    ///
    /// # Errors
    /// When no scratch file can be made.
    pub fn new(ctx: &Context<'_>) -> Result<Self, Failure> {
        let mark = ctx.system.scratch(0o600, &mut |_| Ok(()))?;
        Ok(Self { path: PathBuf::from(format!("{}.dir", mark.display())), mark })
    }

    /// Removes it.
    pub fn leave(&self, ctx: &Context<'_>) {
        // Best effort: what stays goes with the scratch files of the task.
        let _ = ctx.system.probe(&ctx.command(["rm", "-rf", "--", &self.path.to_string_lossy()]));
        ctx.system.discard(&self.mark);
    }
}

/// Copies the directory `dir` with everything beneath to `to`, which is not there yet, in a place for scratch files. A link is copied as
/// what it points to. `adapt` gets the path in `dir` and the content of each file and says what the copy holds.
///
/// # Errors
/// When something cannot be read, or is known only after the real run.
pub fn replicate(
    ctx: &Context<'_>,
    dir: &Path,
    to: &Path,
    adapt: &mut dyn FnMut(&Path, Vec<u8>) -> Result<Vec<u8>, Failure>,
) -> Result<(), Failure> {
    look(ctx, &ctx.command(["mkdir", "-p", "--", &to.to_string_lossy()]), PURPOSE)?;
    for entry in ctx.system.list(dir)? {
        let (path, copy) = (dir.join(&entry.name), to.join(&entry.name));
        // Nothing is there where a link points nowhere.
        let Some(stat) = ctx.system.stat(&path, Follow::Yes)? else { continue };
        match stat.kind {
            FileKind::Directory => replicate(ctx, &path, &copy, adapt)?,
            FileKind::File => place(ctx, &adapt(&path, ctx.system.read(&path)?)?, &copy)?,
            _ => {}
        }
    }
    Ok(())
}

/// Puts `content` at `to`, in a place for scratch files.
///
/// # Errors
/// When it cannot be written.
pub fn place(ctx: &Context<'_>, content: &[u8], to: &Path) -> Result<(), Failure> {
    let file = ctx.system.scratch(0o600, &mut |file| file.write_all(content).map_err(|error| Error::io("write", to, &error)))?;
    let copied = look(ctx, &ctx.command(["cp", "--", &file.to_string_lossy(), &to.to_string_lossy()]), PURPOSE);
    ctx.system.discard(&file);
    copied.map(drop)
}
