//! Files that are no change of the machine, in a directory of our own.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::temp;
use crate::system::{Error, FileKind, Result};

/// The directory, made when it is first needed and removed with this value.
#[derive(Debug)]
pub(super) struct Scratch {
    base: PathBuf,
    dir: Mutex<Option<PathBuf>>,
}

impl Scratch {
    /// A directory that would be made in `base`.
    pub(super) fn new(base: PathBuf) -> Self {
        Self { base, dir: Mutex::new(None) }
    }

    /// See [`crate::system::System::scratch`].
    pub(super) fn make(&self, mode: u32, fill: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<PathBuf> {
        let path = temp::make(&self.dir()?, "", "", FileKind::File)?;
        let filled =
            File::options().write(true).mode(0o600).open(&path).map_err(|error| Error::io("write", &path, &error)).and_then(|file| {
                let mut writer = std::io::BufWriter::new(file);
                fill(&mut writer)?;
                writer.flush().map_err(|error| Error::io("write", &path, &error))?;
                fs::set_permissions(&path, Permissions::from_mode(mode)).map_err(|error| Error::io("set the mode of", &path, &error))
            });
        if filled.is_err() {
            self.discard(&path);
        }
        filled.map(|()| path)
    }

    /// Removes one file, if it is one of these.
    pub(super) fn discard(&self, path: &Path) {
        let ours = self.dir.lock().is_ok_and(|dir| dir.as_deref() == path.parent());
        if ours {
            // Best effort: what stays goes with the directory.
            let _ = fs::remove_file(path);
        }
    }

    /// Removes all of them.
    pub(super) fn clean(&self) {
        if let Ok(mut dir) = self.dir.lock()
            && let Some(dir) = dir.take()
        {
            // Best effort: there is nobody to tell.
            let _ = fs::remove_dir_all(dir);
        }
    }

    fn dir(&self) -> Result<PathBuf> {
        let mut dir = self.dir.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(dir) = &*dir {
            return Ok(dir.clone());
        }
        let made = temp::make(&self.base, "kconf-", "", FileKind::Directory)?;
        Ok(dir.insert(made).clone())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.clean();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left() {
        let base = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(base.path().into());
        let write = |text: &'static str| {
            move |writer: &mut dyn Write| writer.write_all(text.as_bytes()).map_err(|e| Error::io("write", Path::new("x"), &e))
        };
        let one = scratch.make(0o700, &mut write("one")).unwrap();
        let two = scratch.make(0o600, &mut write("two")).unwrap();
        assert_eq!((fs::read_to_string(&one).unwrap().as_str(), fs::metadata(&one).unwrap().permissions().mode() & 0o7777), ("one", 0o700));
        assert_eq!(fs::metadata(one.parent().unwrap()).unwrap().permissions().mode() & 0o7777, 0o700);
        scratch.discard(&one);
        scratch.discard(Path::new("/etc/passwd"));
        assert!(!one.exists() && two.exists() && Path::new("/etc/passwd").exists());
        let failing = scratch.make(0o600, &mut |_| Err(Error::new(crate::system::ErrorKind::Other, "download", "no")));
        assert!(failing.is_err());
        assert_eq!(fs::read_dir(two.parent().unwrap()).unwrap().count(), 1);
        drop(scratch);
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }
}
