//! Names nobody can guess, and files that are gone unless they are kept.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc;

use crate::system::{Error, ErrorKind, FileKind, Result};

/// How many names are tried before giving up.
const ATTEMPTS: usize = 64;

/// What takes the place of `make` and `reserve` is retried with a new name while the name is taken.
fn with_fresh_name<T>(dir: &Path, prefix: &str, suffix: &str, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
    for _ in 0..ATTEMPTS {
        let path = dir.join(format!("{prefix}{:016x}{suffix}", rand::random::<u64>()));
        match make(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|made| (path, made)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn create(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)
}

/// A directory to put temporary entries in, for a path that may have no directory part.
pub(super) fn beside(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => Path::new("/"),
    }
}

/// See [`crate::system::System::make_temporary`].
pub(super) fn make(dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<PathBuf> {
    let made = match kind {
        FileKind::File => with_fresh_name(dir, prefix, suffix, |path| create(path).map(drop)),
        FileKind::Directory => with_fresh_name(dir, prefix, suffix, |path| DirBuilder::new().mode(0o700).create(path)),
        _ => return Err(Error::new(ErrorKind::Unsupported, "make a temporary entry", "only files and directories can be temporary")),
    };
    made.map(|(path, ())| path).map_err(|error| Error::io("make a temporary file in", dir, &error))
}

/// An entry that is removed when this is dropped, unless it was kept.
pub(super) struct Pending {
    path: PathBuf,
    kept: bool,
}

impl Pending {
    /// An empty file in `dir`, mode 0600.
    pub(super) fn file(dir: &Path) -> io::Result<(Self, File)> {
        let (path, file) = with_fresh_name(dir, ".kconf-", "", create)?;
        Ok((Self { path, kept: false }, file))
    }

    /// Whatever `make` makes under a fresh name in `dir`.
    pub(super) fn other(dir: &Path, make: impl Fn(&Path) -> io::Result<()>) -> io::Result<Self> {
        let (path, ()) = with_fresh_name(dir, ".kconf-", "", make)?;
        Ok(Self { path, kept: false })
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it over `target`.
    pub(super) fn put(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // Best effort: there is nobody to tell, and the name says whose it is.
        let _ = match fs::symlink_metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&self.path),
            _ => fs::remove_file(&self.path),
        };
    }
}
