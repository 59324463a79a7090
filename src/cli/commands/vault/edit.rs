//! `vault create` and `vault edit`.

use super::super::super::args::{VaultCreate, VaultEdit};
use super::super::super::exit::Failure;
use super::super::super::messages;
use super::super::super::settings::Settings;
use super::password::{self, Identity};
use super::plaintext::Plaintext;
use super::{cannot_open, file, sealed};
use crate::base::Diagnostic;

/// Makes a file of what the user writes in an editor.
pub async fn create(settings: &Settings, args: &VaultCreate) -> Result<(), Failure> {
    let path = &args.file;
    if path.symlink_metadata().is_ok() {
        return Err(Diagnostic::error(format!("`{}` is there already", path.display())).hint("`edit` changes it").into());
    }
    let identity = password::to_encrypt(settings, &args.secrets, args.encrypt_vault_id.as_deref())?;
    let content = Plaintext::new(path, b"")?.edited().await?;
    let text = sealed(&content, &identity)?;
    let written = file::write_new(path, text.as_bytes());
    written
        .map_err(|error| Diagnostic::error(format!("failed to write `{}`", path.display())).caused_by(error.to_string()))
        .map_err(Failure::from)
}

/// Lets the user change encrypted files, which keep their password, id, mode and owner. What was not changed is not written.
pub async fn edit(settings: &Settings, args: &VaultEdit) -> Result<(), Failure> {
    let keyring = password::keyring(settings, &args.secrets)?;
    for path in &args.files {
        let text = String::from_utf8_lossy(&file::read(path)?).into_owned();
        let opened = keyring.open(&text).map_err(|error| cannot_open(path, &error))?;
        let content = Plaintext::new(path, &opened.content)?.edited().await?;
        if content == opened.content {
            messages::status(&format!("`{}` was not changed", path.display()));
            continue;
        }
        let identity = Identity { label: opened.label, password: opened.password };
        file::replace(path, sealed(&content, &identity)?.as_bytes(), file::Mode::Kept)?;
    }
    Ok(())
}
