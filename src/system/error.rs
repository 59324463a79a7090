//! What a machine answers when it cannot do what was asked.

use std::fmt;
use std::io;
use std::path::Path;

use crate::base::text;

/// The result of an operation on a [`super::System`].
pub type Result<T> = std::result::Result<T, Error>;

/// The kinds that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ErrorKind {
    /// Nothing is there.
    NotFound,
    /// The identity may not do it.
    PermissionDenied,
    /// Something is there already.
    Exists,
    /// A directory was needed.
    NotADirectory,
    /// A directory is there where a file was needed.
    IsADirectory,
    /// The directory still has entries.
    NotEmpty,
    /// The file system is full, or a quota is reached.
    NoSpace,
    /// The file system is mounted read-only.
    ReadOnly,
    /// It is in use.
    Busy,
    /// The command took longer than allowed and was ended.
    TimedOut,
    /// The run was cancelled.
    Cancelled,
    /// The machine has no such thing.
    Unsupported,
    /// Check mode: the answer is known only after the real run (the output of a command that did not run, a file that a
    /// package would bring). The task is then reported as one that would run, not as failed.
    Unpredictable,
    /// Anything else.
    Other,
}

/// What was attempted, on what, and what the machine said.
#[derive(Clone, Debug)]
pub struct Error {
    /// What the caller can act on.
    pub kind: ErrorKind,
    /// What was attempted, as a fragment behind "failed to": "write `/etc/motd`".
    pub attempt: String,
    /// What the machine said: "No space left on device".
    pub reason: String,
}

impl Error {
    /// An error of `kind`.
    pub fn new(kind: ErrorKind, attempt: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { kind, attempt: attempt.into(), reason: reason.into() }
    }

    /// From an operating system error met on `path`; `verb` is the operation ("write", "read").
    pub fn io(verb: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(ErrorKind::from(error.kind()), format!("{verb} `{}`", path.display()), text::reason(error))
    }
}

/// The largest file, in bytes, that is read whole: one more would not be a configuration file but what fills the memory of the machine.
pub const WHOLE_LIMIT: u64 = 1 << 30;

impl Error {
    /// `path` is larger than [`WHOLE_LIMIT`].
    pub fn too_large(path: &Path) -> Self {
        Self::new(ErrorKind::Other, format!("read `{}`", path.display()), "it is larger than 1 GiB, too large to be read into memory")
    }
}

impl From<io::ErrorKind> for ErrorKind {
    fn from(kind: io::ErrorKind) -> Self {
        match kind {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::AlreadyExists => Self::Exists,
            io::ErrorKind::NotADirectory => Self::NotADirectory,
            io::ErrorKind::IsADirectory => Self::IsADirectory,
            io::ErrorKind::DirectoryNotEmpty => Self::NotEmpty,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::ResourceBusy | io::ErrorKind::ExecutableFileBusy => Self::Busy,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::Unsupported => Self::Unsupported,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}: {}", self.attempt, self.reason)
    }
}

impl std::error::Error for Error {}
