//! What several modules need: file modes and owners, the common file options, writing files, command lines.
//!
//! Imported by the modules and by the coercion of arguments; imports `base`, `system` and the contract of modules.
//! Guarantees: everything acts through [`crate::system::System`] only. To add a piece: it belongs here when two modules need it.

pub mod backup;
pub mod commandline;
pub mod describe;
pub mod edit;
#[cfg(test)]
pub(crate) mod edit_cases;
pub mod encoding;
pub mod file_options;
pub mod folder;
pub mod glob;
pub mod http;
pub mod ids;
pub mod lvm;
#[cfg(test)]
pub(crate) mod lvm_cases;
pub mod mode;
pub mod openpgp;
pub mod owner;
pub mod package_file;
pub mod packed;
pub mod pki;
pub mod replica;
pub mod run;
pub mod seek;
pub mod selinux;
pub mod state;
pub mod times;
pub mod uuids;
pub mod write;

use std::path::{Path, PathBuf};

use crate::system::{self, Command, Follow, System};

use super::{Context, Failure};

impl Context<'_> {
    /// A command with the variables of the task, and messages in the language that modules read.
    pub fn command<S: Into<String>>(&self, argv: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(argv);
        for name in ["LANG", "LC_ALL", "LC_MESSAGES"] {
            command.env.insert(name.to_owned(), "C.UTF-8".to_owned());
        }
        command.env.extend(self.environment.clone());
        command
    }
}

/// The first of `names` that is a command of the machine.
///
/// # Errors
/// When none is, saying `purpose`: "manage users".
pub fn required_command(system: &dyn System, names: &[&str], purpose: &str) -> Result<String, Failure> {
    for name in names {
        if let Some(path) = system.which(name)? {
            return Ok(path.to_string_lossy().into_owned());
        }
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Err(Failure::new(format!("failed to {purpose}: the machine has no {}", names.join(" or "))).missing_on(system))
}

/// Makes the folders above `path` that are missing, with `mode` or, without one, as the mask of the login says.
///
/// # Errors
/// When one cannot be made.
pub fn make_parents(ctx: &mut Context<'_>, path: &Path, mode: Option<u32>) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for folder in path.ancestors().skip(1) {
        if folder.as_os_str().is_empty() || exists(ctx.system, folder)? {
            break;
        }
        missing.push(folder);
    }
    let mode = match mode {
        Some(mode) => mode,
        None => 0o777 & !ctx.system.umask()?,
    };
    for folder in missing.into_iter().rev() {
        ctx.system.make_dir(folder, mode)?;
    }
    Ok(())
}

/// Whether something is at `path`; a link counts as what it points to.
///
/// # Errors
/// When the machine cannot tell.
pub fn exists(system: &dyn System, path: &Path) -> system::Result<bool> {
    Ok(system.stat(path, Follow::Yes)?.is_some())
}

/// The folder that `path` lies in; `.` for a bare name.
pub fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        Some(_) => PathBuf::from("."),
        None => PathBuf::from("/"),
    }
}
