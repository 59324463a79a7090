//! Vault passwords from command line and settings.

use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::prompt;
use super::settings::{Settings, password_from};
use crate::vault::Keyring;

/// The id of a password that was given without one.
pub const DEFAULT_LABEL: &str = "default";

/// Label and source of `LABEL@SOURCE`, or of a source alone.
pub fn parts(id: &str) -> (&str, &str) {
    let (label, source) = id.split_once('@').unwrap_or((DEFAULT_LABEL, id));
    (if label.is_empty() { DEFAULT_LABEL } else { label }, source)
}

/// Whether a source is the person at the terminal and no file.
pub fn is_asked_for(source: &str) -> bool {
    matches!(source, "prompt" | "prompt_ask_vault_pass")
}

/// The passwords that were named, in the order in which they are tried.
///
/// # Errors
/// A file cannot be read, or nobody is there to ask.
pub fn keyring(settings: &Settings, ids: &[String], files: &[PathBuf], ask: bool) -> Result<Keyring, Failure> {
    let mut keyring = Keyring::default();
    let set: Vec<String> = settings
        .text("vault_identity_list")
        .map(|list| list.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect())
        .unwrap_or_default();
    for id in ids.iter().chain(&set) {
        let (label, source) = parts(id);
        let password = match is_asked_for(source) {
            true => prompt::password(&format!("Vault password ({label})"))?,
            false => password_from(Path::new(source))?,
        };
        keyring.add(label, password);
    }
    let set_file = settings.path("vault_password_file");
    for file in files.iter().chain(set_file.iter()) {
        keyring.add(DEFAULT_LABEL, password_from(file)?);
    }
    if ask {
        keyring.add(DEFAULT_LABEL, prompt::password("Vault password")?);
    }
    Ok(keyring)
}
