//! Moving between file systems, where the kernel cannot rename: copy beside the target, put in place at once, remove the source.

use std::fs;
use std::io;
use std::os::unix::fs as unix;
use std::path::Path;

use super::files;
use super::temp::{Pending, beside};
use super::write::{explain, pour, set_attributes};
use crate::system::{Attributes, Cancel, Content, Error, ErrorKind, Follow, Result};

/// Moves `from`, whatever it is, to `to` on another file system.
pub(super) fn move_across(from: &Path, to: &Path, cancel: &Cancel) -> Result<()> {
    let failed = |error: io::Error| explain("move to", to, &error);
    let dir = beside(to);
    let metadata = fs::symlink_metadata(from).map_err(|error| Error::io("move", from, &error))?;
    let pending = if metadata.is_dir() {
        let pending = Pending::other(dir, |name| fs::DirBuilder::new().create(name)).map_err(failed)?;
        copy_entries(from, pending.path(), cancel)?;
        pending
    } else if metadata.is_symlink() {
        let target = files::read_link(from)?;
        Pending::other(dir, |name| unix::symlink(&target, name)).map_err(failed)?
    } else {
        let (pending, file) = Pending::file(dir).map_err(failed)?;
        pour(Content::File(from.to_path_buf()), file, to, cancel)?;
        pending
    };
    copy_attributes(from, pending.path())?;
    pending.put(to).map_err(failed)?;
    super::write::remove(from)
}

fn copy_entries(from: &Path, to: &Path, cancel: &Cancel) -> Result<()> {
    for entry in files::list(from)? {
        cancel.check(&format!("move `{}`", from.display()))?;
        let (source, target) = (from.join(&entry.name), to.join(&entry.name));
        let failed = |error: io::Error| explain("move to", &target, &error);
        match entry.kind {
            crate::system::FileKind::Directory => {
                fs::create_dir(&target).map_err(failed)?;
                copy_entries(&source, &target, cancel)?;
            }
            crate::system::FileKind::Link => unix::symlink(files::read_link(&source)?, &target).map_err(failed)?,
            crate::system::FileKind::File => {
                let file = fs::File::options().write(true).create_new(true).open(&target).map_err(failed)?;
                pour(Content::File(source.clone()), file, &target, cancel)?;
            }
            _ => {
                let attempt = format!("move `{}`", source.display());
                return Err(Error::new(ErrorKind::Unsupported, attempt, "a device, pipe or socket cannot move to another file system"));
            }
        }
        copy_attributes(&source, &target)?;
    }
    Ok(())
}

fn copy_attributes(from: &Path, to: &Path) -> Result<()> {
    let Some(stat) = files::stat(from, Follow::No)? else { return Ok(()) };
    let attributes = Attributes {
        mode: (!stat.is_link()).then_some(stat.mode),
        uid: Some(stat.uid),
        gid: Some(stat.gid),
        atime: Some(stat.atime),
        mtime: Some(stat.mtime),
    };
    match set_attributes(to, &attributes, Follow::No) {
        // As `mv` does: who may not give files away keeps the copy.
        Err(error) if error.kind == ErrorKind::PermissionDenied => {
            let rest = Attributes { uid: None, gid: None, mode: attributes.mode.map(|mode| mode & 0o1777), ..attributes };
            set_attributes(to, &rest, Follow::No)
        }
        result => result,
    }
}
