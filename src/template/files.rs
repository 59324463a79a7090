//! The controller's files that templates and lookups read.

use std::io;
use std::path::{Path, PathBuf};

use super::core::Core;
use super::fault::{Eval, Fault};
use super::scope::Scope;

/// Files as templates and lookups see them.
pub trait Files: Send + Sync {
    /// Whether something is at `path`, links followed.
    fn exists(&self, path: &Path) -> bool;

    /// Whether a regular file is at `path`, links followed.
    fn is_file(&self, path: &Path) -> bool;

    /// Bytes of the file at `path`.
    ///
    /// # Errors
    /// It is not there, or cannot be looked at.
    fn size(&self, path: &Path) -> io::Result<u64>;

    /// All of the file at `path`.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The names of what a folder holds; nothing when it cannot be read.
    fn names(&self, folder: &Path) -> Vec<String>;
}

/// The files that are there.
pub(crate) struct Disk;

#[expect(clippy::disallowed_methods, reason = "templates and lookups read the controller's files")]
impl Files for Disk {
    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        std::fs::metadata(path).map(|about| about.len())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

/// Files larger than this are no text to work with.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The folders to search for a file of a kind ("files", "templates", "vars"): of each folder of the scope first its part for that
/// kind, then itself.
pub(crate) fn folders(scope: &dyn Scope, kind: &str) -> Vec<PathBuf> {
    scope.search_path().into_iter().flat_map(|folder| [folder.join(kind), folder]).collect()
}

/// The first of `folders` that has `name`; an absolute path is only itself, `~` is the home folder.
pub(crate) fn first_existing(name: &str, folders: impl IntoIterator<Item = PathBuf>, core: &Core) -> Option<PathBuf> {
    let name = expand_home(name);
    if name.is_absolute() {
        return core.files().exists(&name).then_some(name);
    }
    folders.into_iter().map(|folder| folder.join(&name)).find(|path| core.files().exists(path))
}

/// `~` and `~/x` with the home folder.
pub(crate) fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix('~'), std::env::home_dir()) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

/// The bytes of a file; an encrypted one is decrypted and its text masked from then on.
pub(crate) fn read_bytes(path: &Path, core: &Core) -> Eval<Vec<u8>> {
    let fault = |error: std::io::Error| Fault::error(format!("file `{}` cannot be read: {error}", path.display()));
    let size = core.files().size(path).map_err(fault)?;
    if size > LARGEST {
        return Err(Fault::error(format!("file `{}` is larger than 256 MiB", path.display())));
    }
    let bytes = core.files().read(path).map_err(fault)?;
    let Some(encrypted) = std::str::from_utf8(&bytes).ok().filter(|text| crate::vault::is_encrypted(text)) else { return Ok(bytes) };
    let decrypted = core.keyring.decrypt(encrypted).map_err(|error| vault_fault(&error).context(format!("file `{}`", path.display())))?;
    if let Ok(text) = std::str::from_utf8(&decrypted) {
        core.secrets.add(text);
    }
    Ok(decrypted)
}

/// Why something encrypted does not open.
pub(crate) fn vault_fault(error: &crate::vault::VaultError) -> Fault {
    Fault::error(error.to_string()).maybe_hint(error.hint().map(str::to_owned))
}

/// The text of a file.
pub(crate) fn read_text(path: &Path, core: &Core) -> Eval<String> {
    String::from_utf8(read_bytes(path, core)?).map_err(|_| Fault::error(format!("file `{}` is not UTF-8 text", path.display())))
}

/// Runs a shell command on the controller and waits for it.
#[expect(clippy::disallowed_methods, reason = "lookups run the controller's commands")]
pub(crate) fn run_shell(command: &str, folder: Option<&Path>) -> std::io::Result<std::process::Output> {
    let mut shell = std::process::Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(std::process::Stdio::null());
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        shell.current_dir(folder);
    }
    shell.output()
}

/// Writes a file that only its owner can read, with the folders above it.
pub(crate) fn write_secret(path: &Path, content: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content.as_bytes())
}
