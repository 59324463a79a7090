//! Changing files.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{self as unix, DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use filetime::FileTime;
use nix::fcntl::AT_FDCWD;
use nix::libc;
use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

use super::holes::Holes;
use super::process::umask;
use super::temp::{Pending, beside};
use super::{files, move_across};
use crate::system::file::verify;
use crate::system::hash::HashingWriter;
use crate::system::{Attributes, Cancel, Content, Error, ErrorKind, Follow, Result};

/// See [`crate::system::System::write`].
pub(super) fn replace(path: &Path, content: Content<'_>, attributes: &Attributes, cancel: &Cancel) -> Result<()> {
    let failed = |error: io::Error| explain("write", path, &error);
    let old = existing(path).map_err(failed)?;
    let dir = beside(path);
    let (pending, file) = Pending::file(dir).map_err(failed)?;
    let file = pour(content, file, path, cancel)?;
    let open_mode = 0o666 & !umask();
    match old {
        Some(old) => {
            let wanted = Attributes {
                mode: attributes.mode.or(Some(old.mode() & 0o7777)),
                uid: attributes.uid.or(Some(old.uid())),
                gid: attributes.gid.or(Some(old.gid())),
                ..attributes.clone()
            };
            give(&file, &wanted, attributes).map_err(failed)?;
        }
        None => {
            let wanted = Attributes { mode: attributes.mode.or(Some(open_mode)), ..attributes.clone() };
            give(&file, &wanted, &wanted).map_err(failed)?;
        }
    }
    file.sync_all().map_err(failed)?;
    pending.put(path).map_err(failed)?;
    sync_dir(dir);
    Ok(())
}

/// See [`crate::system::System::write_in_place`].
pub(super) fn in_place(path: &Path, content: Content<'_>, attributes: &Attributes, cancel: &Cancel) -> Result<()> {
    match content {
        Content::Bytes(_) => overwrite(path, content, attributes, cancel),
        // A stream is received in full and verified before the old content is given up.
        other => {
            let dir = std::env::temp_dir();
            let (pending, file) = Pending::file(&dir).map_err(|error| explain("make a temporary file in", &dir, &error))?;
            pour(other, file, path, cancel)?;
            overwrite(path, Content::File(pending.path().to_path_buf()), attributes, cancel)
        }
    }
}

fn overwrite(path: &Path, content: Content<'_>, attributes: &Attributes, cancel: &Cancel) -> Result<()> {
    let failed = |error: io::Error| explain("write", path, &error);
    // Not blocking, so that a named pipe without reader is an error instead of a hang.
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let mut options = File::options();
    options.write(true).truncate(true).mode(0o666).custom_flags(flags);
    // Asked to make it too, the kernel refuses files of others in directories like `/tmp`.
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => options.create(true).open(path),
        opened => opened,
    }
    .map_err(failed)?;
    let file = pour(content, file, path, cancel)?;
    give(&file, attributes, attributes).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// Writes all of `content` into `file`; errors name `path`, for which it is meant.
pub(super) fn pour(content: Content<'_>, mut file: File, path: &Path, cancel: &Cancel) -> Result<File> {
    let failed = |error: io::Error| explain("write", path, &error);
    match content {
        Content::Bytes(bytes) => file.write_all(bytes).map_err(failed)?,
        Content::File(source) => {
            let mut source_file = files::open(&source)?;
            // In parts, so that a cancelled run need not wait for the last byte; the kernel copies within a part.
            while io::copy(&mut Read::by_ref(&mut source_file).take(1 << 26), &mut file).map_err(failed)? > 0 {
                cancel.check(&format!("write `{}`", path.display()))?;
            }
        }
        Content::Stream { reader, sha256 } => {
            // Only new files are written from streams, so a hole in them is all zeros.
            let mut writer = HashingWriter::new(Holes::new(file));
            let mut buffer = vec![0; 1 << 17];
            loop {
                cancel.check(&format!("write `{}`", path.display()))?;
                match reader.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(n) => writer.write_all(buffer.get(..n).unwrap_or_default()).map_err(failed)?,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        let reason = format!("its content could not be received: {error}");
                        return Err(Error::new(ErrorKind::Other, format!("write `{}`", path.display()), reason));
                    }
                }
            }
            let (inner, actual, _) = writer.finish();
            file = inner.finish().map_err(failed)?;
            verify(path, sha256.as_deref(), &actual)?;
        }
    }
    Ok(file)
}

/// Owner before mode (a change of owner clears set-id bits), then times. Who may replace a file need not be able to give the new one to
/// the old owner; only what was `asked` for must hold.
fn give(file: &File, wanted: &Attributes, asked: &Attributes) -> io::Result<()> {
    let now = file.metadata()?;
    let mut given_away = true;
    let (uid, gid) = (differs(wanted.uid, now.uid()), differs(wanted.gid, now.gid()));
    if uid.is_some() || gid.is_some() {
        match unix::fchown(file, uid, gid) {
            Err(error) if asked.uid.is_none() && asked.gid.is_none() && error.kind() == io::ErrorKind::PermissionDenied => {
                given_away = false;
                // The group alone may still be one of ours.
                let _ = unix::fchown(file, None, gid);
            }
            result => result?,
        }
    }
    if let Some(mode) = wanted.mode {
        // Set-id bits that were not asked for were meant for the old owner.
        let mode = if given_away || asked.mode.is_some() { mode } else { mode & 0o1777 };
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    if wanted.atime.is_some() || wanted.mtime.is_some() {
        filetime::set_file_handle_times(file, wanted.atime.map(to_time), wanted.mtime.map(to_time))?;
    }
    Ok(())
}

fn differs(wanted: Option<u32>, now: u32) -> Option<u32> {
    wanted.filter(|wanted| *wanted != now)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the fraction is between 0 and 1 by construction")]
fn to_time(seconds: f64) -> FileTime {
    let whole = seconds.floor();
    FileTime::from_unix_time(whole as i64, (((seconds - whole) * 1e9) as u32).min(999_999_999))
}

fn to_spec(seconds: f64) -> TimeSpec {
    let time = to_time(seconds);
    TimeSpec::new(time.unix_seconds(), time.nanoseconds().into())
}

/// See [`crate::system::System::set_attributes`].
pub(super) fn set_attributes(path: &Path, attributes: &Attributes, follow: Follow) -> Result<()> {
    let failed = |error: io::Error| Error::io("set the attributes of", path, &error);
    let metadata = match follow {
        Follow::Yes => fs::metadata(path),
        Follow::No => fs::symlink_metadata(path),
    }
    .map_err(failed)?;
    let is_link = metadata.is_symlink();
    if is_link && attributes.mode.is_some() {
        let attempt = format!("set the mode of `{}`", path.display());
        return Err(Error::new(ErrorKind::Unsupported, attempt, "a symbolic link has no mode of its own"));
    }
    if attributes.uid.is_some() || attributes.gid.is_some() {
        if is_link { unix::lchown(path, attributes.uid, attributes.gid) } else { unix::chown(path, attributes.uid, attributes.gid) }
            .map_err(failed)?;
    }
    if let Some(mode) = attributes.mode {
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
    }
    if attributes.atime.is_some() || attributes.mtime.is_some() {
        // By its path: opening a named pipe would wait for its other end, and a file need not be readable to be touched.
        let flag = if is_link { UtimensatFlags::NoFollowSymlink } else { UtimensatFlags::FollowSymlink };
        let (atime, mtime) =
            (attributes.atime.map_or(TimeSpec::UTIME_OMIT, to_spec), attributes.mtime.map_or(TimeSpec::UTIME_OMIT, to_spec));
        utimensat(AT_FDCWD, path, &atime, &mtime, flag).map_err(|error| failed(error.into()))?;
    }
    Ok(())
}

/// See [`crate::system::System::make_dir`].
pub(super) fn make_dir(path: &Path, mode: u32) -> Result<()> {
    let failed = |error: io::Error| explain("make the directory", path, &error);
    DirBuilder::new().mode(mode & 0o777).create(path).map_err(failed)?;
    let made = fs::symlink_metadata(path).map_err(failed)?.mode() & 0o7777;
    // The mode as it was asked for, whatever the umask; a set-group-id bit that the parent handed down stays.
    let wanted = mode | (made & 0o2000);
    if wanted == made { Ok(()) } else { fs::set_permissions(path, Permissions::from_mode(wanted)).map_err(failed) }
}

/// See [`crate::system::System::symlink`].
pub(super) fn symlink(target: &Path, path: &Path) -> Result<()> {
    let failed = |error: io::Error| explain("make the link", path, &error);
    existing(path).map_err(failed)?;
    let pending = Pending::other(beside(path), |name| unix::symlink(target, name)).map_err(failed)?;
    pending.put(path).map_err(failed)
}

/// See [`crate::system::System::hard_link`].
pub(super) fn hard_link(original: &Path, path: &Path) -> Result<()> {
    let failed = |error: io::Error| explain("make the hard link", path, &error);
    let source = fs::symlink_metadata(original).map_err(|error| explain("make a hard link to", original, &error))?;
    if source.is_dir() {
        let attempt = format!("make a hard link to `{}`", original.display());
        return Err(Error::new(ErrorKind::IsADirectory, attempt, "it is a directory"));
    }
    existing(path).map_err(failed)?;
    // Renaming one name of a file over another of the same file does nothing and would leave the temporary name.
    if fs::symlink_metadata(path).is_ok_and(|there| there.ino() == source.ino() && there.dev() == source.dev()) {
        return Ok(());
    }
    let pending = Pending::other(beside(path), |name| fs::hard_link(original, name)).map_err(failed)?;
    pending.put(path).map_err(failed)
}

/// See [`crate::system::System::rename`].
pub(super) fn rename(from: &Path, to: &Path, cancel: &Cancel) -> Result<()> {
    match fs::rename(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => move_across::move_across(from, to, cancel),
        Err(error) => {
            let missing = error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(from).is_ok();
            if missing { Err(explain("move to", to, &error)) } else { Err(Error::io("move", from, &error)) }
        }
    }
}

/// See [`crate::system::System::remove`].
pub(super) fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if !files::is_absent(&error) => Err(Error::io("remove", path, &error)),
        _ => Ok(()),
    }
}

/// What a write would replace: a regular file is returned, any other entry but a directory is replaced without a trace.
fn existing(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::Error::from_raw_os_error(libc::EISDIR)),
        Ok(metadata) if metadata.is_file() => Ok(Some(metadata)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An error about `path` that says so when it is really about its directory.
pub(super) fn explain(verb: &str, path: &Path, error: &io::Error) -> Error {
    let mut result = Error::io(verb, path, error);
    if error.kind() == io::ErrorKind::NotFound {
        result.reason = format!("the directory `{}` does not exist", beside(path).display());
    }
    result
}

/// Makes the rename durable where the file system can; where it cannot, the rename itself has still happened.
fn sync_dir(dir: &Path) {
    if let Ok(dir) = File::open(dir) {
        let _ = dir.sync_all();
    }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
