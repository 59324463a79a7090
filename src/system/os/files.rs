//! Observing files.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::libc;
use nix::unistd::{AccessFlags, faccessat};

use crate::system::file::Algorithm;
use crate::system::{Access, DirEntry, Error, ErrorKind, FileKind, Follow, Result, Space, Stat, WHOLE_LIMIT, hash, lookup};

/// How many links are followed before giving up, as the kernel does.
const LINK_LIMIT: usize = 40;

pub(super) fn stat(path: &Path, follow: Follow) -> Result<Option<Stat>> {
    let found = match follow {
        Follow::Yes => fs::metadata(path),
        Follow::No => fs::symlink_metadata(path),
    };
    match found {
        Ok(metadata) => Ok(Some(to_stat(&metadata))),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(Error::io("inspect", path, &error)),
    }
}

/// Whether the error says that nothing is at the path.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

pub(super) fn to_stat(metadata: &Metadata) -> Stat {
    Stat {
        kind: kind_of(metadata.file_type()),
        mode: metadata.mode() & 0o7777,
        uid: metadata.uid(),
        gid: metadata.gid(),
        size: metadata.size(),
        inode: metadata.ino(),
        device: metadata.dev(),
        links: metadata.nlink(),
        blocks: metadata.blocks(),
        block_size: metadata.blksize(),
        device_type: metadata.rdev(),
        atime: seconds(metadata.atime(), metadata.atime_nsec()),
        mtime: seconds(metadata.mtime(), metadata.mtime_nsec()),
        ctime: seconds(metadata.ctime(), metadata.ctime_nsec()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds since the epoch fit a double, and results carry times as doubles")]
fn seconds(whole: i64, nanoseconds: i64) -> f64 {
    whole as f64 + nanoseconds as f64 / 1e9
}

fn kind_of(file_type: fs::FileType) -> FileKind {
    if file_type.is_file() {
        FileKind::File
    } else if file_type.is_dir() {
        FileKind::Directory
    } else if file_type.is_symlink() {
        FileKind::Link
    } else if file_type.is_fifo() {
        FileKind::Fifo
    } else if file_type.is_socket() {
        FileKind::Socket
    } else if file_type.is_block_device() {
        FileKind::Block
    } else {
        FileKind::Character
    }
}

/// A regular file, opened for reading. `O_NONBLOCK`, so that a named pipe put there by someone else cannot hang us.
pub(super) fn open(path: &Path) -> Result<File> {
    let failed = |error: io::Error| Error::io("read", path, &error);
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::Error::from_raw_os_error(libc::EISDIR)));
    }
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::Other, format!("read `{}`", path.display()), "it is not a regular file"));
    }
    Ok(file)
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let failed = |error: io::Error| Error::io("read", path, &error);
    let file = open(path)?;
    if file.metadata().map_err(failed)?.len() > WHOLE_LIMIT {
        return Err(Error::too_large(path));
    }
    let mut bytes = Vec::new();
    // Files of the kernel say that they are empty, and others may grow meanwhile.
    file.take(WHOLE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > WHOLE_LIMIT { Err(Error::too_large(path)) } else { Ok(bytes) }
}

pub(super) fn read_at(path: &Path, offset: u64, length: usize) -> Result<Vec<u8>> {
    let failed = |error: io::Error| Error::io("read", path, &error);
    let mut file = open(path)?;
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(length as u64).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// What may be done with the file; nothing with one that is not there.
pub(super) fn access(path: &Path) -> Access {
    let may = |flag: AccessFlags| faccessat(AT_FDCWD, path, flag, AtFlags::AT_EACCESS).is_ok();
    Access { read: may(AccessFlags::R_OK), write: may(AccessFlags::W_OK), execute: may(AccessFlags::X_OK) }
}

pub(super) fn space(path: &Path) -> Result<Space> {
    let found = nix::sys::statvfs::statvfs(path).map_err(|errno| Error::io("inspect the file system of", path, &errno.into()))?;
    Ok(Space {
        block_size: found.fragment_size(),
        blocks: found.blocks(),
        blocks_available: found.blocks_available(),
        inodes: found.files(),
        inodes_available: found.files_available(),
    })
}

pub(super) fn checksum(path: &Path, algorithm: Algorithm) -> Result<String> {
    hash::digest(&mut open(path)?, algorithm).map_err(|error| Error::io("read", path, &error))
}

pub(super) fn list(dir: &Path) -> Result<Vec<DirEntry>> {
    let failed = |error: io::Error| Error::io("list", dir, &error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        match entry.file_type() {
            Ok(file_type) => entries.push(DirEntry { name: entry.file_name(), kind: kind_of(file_type) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("inspect", &entry.path(), &error)),
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

pub(super) fn read_link(path: &Path) -> Result<PathBuf> {
    fs::read_link(path).map_err(|error| Error::io("read the link", path, &error))
}

pub(super) fn real_path(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..LINK_LIMIT {
        let error = match fs::canonicalize(&path) {
            Ok(real) => return Ok(real),
            Err(error) => error,
        };
        let (Some(parent), Some(name), io::ErrorKind::NotFound) = (path.parent(), path.file_name(), error.kind()) else {
            return Err(Error::io("resolve", &path, &error));
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let parent = fs::canonicalize(parent).map_err(|error| Error::io("resolve", &path, &error))?;
        let place = parent.join(name);
        match fs::read_link(&place) {
            Ok(target) => path = parent.join(target),
            Err(_) => return Ok(place),
        }
    }
    Err(Error::new(ErrorKind::Other, format!("resolve `{}`", path.display()), "too many levels of symbolic links"))
}

/// The command `name` on the search path of this process and in the usual folders.
pub(super) fn which(name: &str) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    if name.contains('/') {
        return is_executable(Path::new(name)).then(|| name.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(lookup::SEARCH_PATH.iter().map(PathBuf::from))
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(OsStr::new(name)))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    file.is_file() && access(file).execute
}
