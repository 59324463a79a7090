//! Encrypted files: read, and replaced at once.

#![expect(clippy::disallowed_methods, reason = "the files that the user named")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::base::Diagnostic;

/// Who may do what with a file that is replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Its owner only.
    Private,
    /// Who could before; owner and group stay too.
    Kept,
}

/// What is in a file.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    fs::read(path).map_err(|error| Diagnostic::error(format!("failed to read `{}`", path.display())).caused_by(error.to_string()))
}

/// Puts content in place of a file at once: whoever reads sees the old one or the new one. A link stays one.
///
/// # Errors
/// It cannot be written; the file is as it was then.
pub fn replace(path: &Path, content: &[u8], mode: Mode) -> Result<(), Diagnostic> {
    let failed = |error: std::io::Error| Diagnostic::error(format!("failed to write `{}`", path.display())).caused_by(error.to_string());
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let temporary = beside(&target);
    let before = fs::metadata(&target).ok().filter(|_| mode == Mode::Kept);
    let written = write_new(&temporary, content).and_then(|()| {
        if let Some(before) = before {
            // Root alone can give files away; the owner of a file keeps it by being the owner.
            let _ = std::os::unix::fs::chown(&temporary, Some(before.uid()), Some(before.gid()));
            fs::set_permissions(&temporary, fs::Permissions::from_mode(before.mode() & 0o7777))?;
        }
        fs::rename(&temporary, &target)
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

/// A new file that only its owner can read.
///
/// # Errors
/// It is there already, or cannot be written.
pub fn write_new(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// A name of its own in the folder of `path`.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("vault");
    path.with_file_name(format!(".{name}.{:016x}", rand::random::<u64>()))
}
