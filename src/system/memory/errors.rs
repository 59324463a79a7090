//! The errors that a change would meet on the real machine, in its words.

use std::path::{Path, PathBuf};

use super::View;
use crate::system::{Error, ErrorKind};

/// Why a path leads nowhere.
#[derive(Debug)]
pub(super) enum Stop {
    /// This directory on the way does not exist.
    Missing(PathBuf),
    /// This entry on the way is no directory.
    NotADirectory(PathBuf),
    /// A directory on the way may not be passed.
    Denied,
    /// Links that never end.
    Loop,
    /// The machine below failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// An error about `verb`ing `path`.
pub(super) fn error(kind: ErrorKind, verb: &str, path: &Path, reason: impl Into<String>) -> Error {
    Error::new(kind, format!("{verb} `{}`", path.display()), reason)
}

/// The identity may not write where it would have to.
pub(super) fn denied(verb: &str, path: &Path) -> Error {
    error(ErrorKind::PermissionDenied, verb, path, "Permission denied")
}

/// Only the owner or root may do it.
pub(super) fn not_permitted(verb: &str, path: &Path) -> Error {
    error(ErrorKind::PermissionDenied, verb, path, "Operation not permitted")
}

/// A directory is where a file was needed.
pub(super) fn is_a_directory(verb: &str, path: &Path) -> Error {
    error(ErrorKind::IsADirectory, verb, path, "Is a directory")
}

impl View<'_> {
    /// Nothing is at a path that is needed for `verb`ing `path`: an error, or a doubt if something may put it there before.
    pub fn missing(&self, verb: &str, path: &Path, what: &str) -> Error {
        match self.memory.doubt() {
            Some(doubt) => error(ErrorKind::Unpredictable, verb, path, format!("{what} now; {doubt} may change that")),
            None => error(ErrorKind::NotFound, verb, path, what),
        }
    }

    /// The error of `verb`ing `path` for which there is no way.
    pub(super) fn stopped(&self, verb: &str, path: &Path, stop: Stop) -> Error {
        match stop {
            Stop::Missing(dir) => self.missing(verb, path, &format!("the directory `{}` does not exist", dir.display())),
            Stop::NotADirectory(at) => error(ErrorKind::NotADirectory, verb, path, format!("`{}` is not a directory", at.display())),
            Stop::Denied => denied(verb, path),
            Stop::Loop => error(ErrorKind::Other, verb, path, "Too many levels of symbolic links"),
            Stop::Failed(error) => error,
        }
    }
}
