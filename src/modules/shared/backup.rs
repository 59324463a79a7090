//! Copies of files that are about to be replaced.

use std::path::{Path, PathBuf};

use crate::system::{Attributes, Civil, Content, Follow, Result, System};

/// Copies the file at `path` with its attributes to `PATH.PID.YYYY-MM-DD@HH:MM:SS~` beside it, and returns that path.
/// `None` when there is no file.
///
/// # Errors
/// When it cannot be copied.
pub fn backup(system: &mut dyn System, path: &Path) -> Result<Option<PathBuf>> {
    let Some(stat) = system.stat(path, Follow::Yes)?.filter(|stat| stat.is_file()) else { return Ok(None) };
    let Civil { year, month, day, hour, minute, second, .. } = system.clock()?.local();
    let pid = std::process::id();
    let name = format!("{}.{pid}.{year:04}-{month:02}-{day:02}@{hour:02}:{minute:02}:{second:02}~", path.display());
    let copy = PathBuf::from(name);
    let owner = system.identity()?;
    // Only root can give files away; the copy of another user's file belongs to who made it.
    let own = |id: u32, mine: u32| (owner.uid == 0 || id == mine).then_some(id);
    let attributes = Attributes {
        mode: Some(stat.mode),
        uid: own(stat.uid, owner.uid),
        gid: own(stat.gid, owner.gid),
        atime: Some(stat.atime),
        mtime: Some(stat.mtime),
    };
    system.write(&copy, Content::File(path.to_path_buf()), &attributes)?;
    Ok(Some(copy))
}
