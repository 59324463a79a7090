//! A file with decrypted content, for as long as an editor is open.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::file;
use crate::base::Diagnostic;

/// The editor when the variable `EDITOR` names none.
const EDITOR: &str = "vi";

/// A file in a folder that only its owner can enter. Both are gone with the value, and with them what an editor left beside the file.
pub struct Plaintext {
    folder: PathBuf,
    file: PathBuf,
}

impl Plaintext {
    /// Writes `content` to a file that is called as the one at `path`, so that editors know what it is.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(path: &Path, content: &[u8]) -> Result<Self, Diagnostic> {
        let failed =
            |error: std::io::Error| Diagnostic::error("failed to make a private folder for the editor").caused_by(error.to_string());
        let folder = std::env::temp_dir().join(format!("kconf-vault-{:016x}", rand::random::<u64>()));
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        let name = path.file_name().unwrap_or_else(|| "vault.yml".as_ref());
        let plaintext = Self { file: folder.join(name), folder };
        file::write_new(&plaintext.file, content).map_err(failed)?;
        Ok(plaintext)
    }

    /// Lets the user edit it and gives what it is then.
    ///
    /// # Errors
    /// There is no editor, it failed, or a signal asked to end.
    pub async fn edited(&self) -> Result<Vec<u8>, Diagnostic> {
        let words = std::env::var("EDITOR").unwrap_or_default();
        let words = crate::base::shlex::split(&words)
            .map_err(|error| Diagnostic::error(format!("the variable `EDITOR` is no command: `{words}`")).caused_by(error))?;
        let (program, args) = match words.split_first() {
            Some((program, args)) => (program.as_str(), args),
            None => (EDITOR, &[][..]),
        };
        let failed = |cause: String| {
            Diagnostic::error(format!("failed to edit with `{program}`"))
                .caused_by(cause)
                .hint("the variable `EDITOR` names the editor; nothing was changed")
        };
        let listen = |kind| signal(kind).map_err(|error| failed(error.to_string()));
        // What is typed at the terminal is for the editor; being asked to end is for both.
        let (_interrupt, _quit) = (listen(SignalKind::interrupt())?, listen(SignalKind::quit())?);
        let (mut terminate, mut hangup) = (listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
        let mut editor =
            Command::new(program).args(args).arg(&self.file).kill_on_drop(true).spawn().map_err(|error| failed(error.to_string()))?;
        let status: ExitStatus = tokio::select! {
            status = editor.wait() => status.map_err(|error| failed(error.to_string()))?,
            _ = terminate.recv() => return Err(failed("a signal asked to end".to_owned())),
            _ = hangup.recv() => return Err(failed("the terminal is gone".to_owned())),
        };
        if !status.success() {
            return Err(failed(format!("it ended with {status}")));
        }
        file::read(&self.file)
    }
}

impl Drop for Plaintext {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            super::messages::error(
                &Diagnostic::warning(format!("failed to remove the decrypted content in `{}`", self.folder.display()))
                    .caused_by(error.to_string())
                    .hint("remove it by hand"),
            );
        }
    }
}
