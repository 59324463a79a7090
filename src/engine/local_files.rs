//! Files of the controller: the one place in the engine that reads them.
//!
//! A task in check mode sees them as the tasks before it would have left them: what was predicted for this machine is laid over what
//! is there, so that a file which an earlier task would make here can be pushed, rendered or looked up.
#![expect(clippy::disallowed_methods, reason = "the one place in the engine that reads files of the controller")]

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::sessions::Sessions;
use crate::base::Diagnostic;
use crate::system::overlay::Located;
use crate::system::{self, Cancel, FileKind, Follow, Os, Overlay, Stat, System};
use crate::template;

/// Files of the controller as they are, or as they would be. Clones share what they know.
#[derive(Clone)]
pub struct LocalFiles(Option<Arc<Predicted>>);

/// What was predicted for this machine.
struct Predicted {
    sessions: Arc<dyn Sessions>,
    state: Mutex<State>,
}

struct State {
    overlay: Overlay<Os>,
    /// How much of the record is in the overlay.
    known: usize,
}

/// Content of a file, for whoever reads it later.
pub enum Place {
    /// In this file, which is really there.
    File(PathBuf),
    /// Here.
    Bytes(Arc<[u8]>),
}

impl LocalFiles {
    /// As they are.
    pub fn real() -> Self {
        Self(None)
    }

    /// As they would be by what `sessions` have recorded of this machine.
    pub fn predicted(sessions: Arc<dyn Sessions>) -> Self {
        let overlay = Overlay::new(Os::new(Cancel::new()), std::env::temp_dir());
        Self(Some(Arc::new(Predicted { sessions, state: Mutex::new(State { overlay, known: 0 }) })))
    }

    fn with<T>(&self, look: impl FnOnce(&dyn System) -> system::Result<T>) -> io::Result<T> {
        let found = match &self.0 {
            None => look(&Os::new(Cancel::new())),
            Some(predicted) => predicted.with(|overlay| look(overlay)),
        };
        found.map_err(as_io)
    }

    /// What is at `path`, links followed; `None` when nothing is there.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn stat(&self, path: &Path) -> io::Result<Option<Stat>> {
        self.with(|system| system.stat(path, Follow::Yes))
    }

    /// What is at `path`, links followed.
    ///
    /// # Errors
    /// It is not there, or cannot be looked at.
    pub fn about(&self, path: &Path) -> io::Result<Stat> {
        self.stat(path)?.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "No such file or directory"))
    }

    /// What may have put there by then what is missing now, if anything.
    pub fn doubt(&self) -> Option<String> {
        self.0.as_ref().and_then(|predicted| predicted.with(|overlay| overlay.doubt()))
    }

    /// Whether something is at `path`.
    pub fn exists(&self, path: &Path) -> bool {
        self.stat(path).is_ok_and(|stat| stat.is_some())
    }

    /// Whether a directory is at `path`.
    pub fn is_dir(&self, path: &Path) -> bool {
        self.stat(path).is_ok_and(|stat| stat.is_some_and(|stat| stat.is_dir()))
    }

    /// Whether a regular file is at `path`.
    pub fn is_file(&self, path: &Path) -> bool {
        self.stat(path).is_ok_and(|stat| stat.is_some_and(|stat| stat.is_file()))
    }

    /// The text of the link at `path`; `None` when no link is there.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        self.with(|system| match system.stat(path, Follow::No)?.map(|stat| stat.kind) {
            Some(FileKind::Link) => system.read_link(path).map(Some),
            _ => Ok(None),
        })
    }

    /// The path without links in it.
    ///
    /// # Errors
    /// It leads nowhere.
    pub fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        self.with(|system| system.real_path(path))
    }

    /// What is in a directory, sorted by name.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = self.with(|system| system.list(dir))?;
        Ok(entries.into_iter().map(|entry| dir.join(entry.name)).collect())
    }

    /// Where the content of a file is.
    ///
    /// # Errors
    /// It cannot be read, or is known only after the real run.
    pub fn place(&self, path: &Path) -> io::Result<Place> {
        let Some(predicted) = &self.0 else { return Ok(Place::File(path.to_owned())) };
        match predicted.with(|overlay| overlay.locate(path)).map_err(as_io)? {
            Located::Below(path) | Located::Spool(path) => Ok(Place::File(path)),
            Located::Bytes(bytes) => Ok(Place::Bytes(bytes)),
        }
    }

    /// A reader over a file.
    ///
    /// # Errors
    /// As [`LocalFiles::place`].
    pub fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self.place(path)? {
            Place::File(path) => Box::new(File::open(path)?),
            Place::Bytes(bytes) => Box::new(Cursor::new(bytes)),
        })
    }

    /// All of a file.
    ///
    /// # Errors
    /// As [`LocalFiles::place`].
    pub fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.place(path)? {
            Place::File(path) => fs::read(path),
            Place::Bytes(bytes) => Ok(bytes.to_vec()),
        }
    }

    /// All of a file that is text.
    ///
    /// # Errors
    /// As [`LocalFiles::place`]; or it is not UTF-8.
    pub fn text(&self, path: &Path) -> io::Result<String> {
        let text = String::from_utf8(self.bytes(path)?);
        text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
    }
}

impl Predicted {
    fn with<T>(&self, look: impl FnOnce(&Overlay<Os>) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let news = self.sessions.predicted_here(state.known);
        state.known += news.len();
        state.overlay.replay(&news);
        look(&state.overlay)
    }
}

impl template::Files for LocalFiles {
    fn exists(&self, path: &Path) -> bool {
        Self::exists(self, path)
    }

    fn is_file(&self, path: &Path) -> bool {
        Self::is_file(self, path)
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        self.about(path).map(|stat| stat.size)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.bytes(path)
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        let entries = self.with(|system| system.list(folder)).unwrap_or_default();
        entries.into_iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect()
    }
}

/// What the machine said, for the message of whoever wanted the file.
fn as_io(error: system::Error) -> io::Error {
    io::Error::other(error.reason)
}

/// Removes a file. One that is not there is removed already.
pub fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

/// The error that a file cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot read {}", path.display())).caused_by(error.to_string())
}
