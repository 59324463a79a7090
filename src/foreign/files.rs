//! Files of modules and of what they import, read as bytes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a file holds.
///
/// # Errors
/// It cannot be read.
#[expect(clippy::disallowed_methods, reason = "the one place where modules of the project and of collections are read")]
pub(super) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// What a file holds as text; `None` when it is not there or no text.
pub(super) fn text(path: &Path) -> Option<String> {
    String::from_utf8(read(path).ok()?).ok()
}

/// The first bytes of a file; `None` when it cannot be read.
pub(super) fn start(path: &Path, length: u64) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(length).read_to_end(&mut start).ok()?;
    Some(start)
}

/// The paths in a folder, sorted; none when it cannot be read.
#[expect(clippy::disallowed_methods, reason = "the one place where folders of modules are listed")]
pub(super) fn list(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}
