//! Which password opens, and which one closes.

use super::super::super::args::{VaultRekey, VaultSecrets};
use super::super::super::exit::Failure;
use super::super::super::settings::{Settings, password_from};
use super::super::super::{prompt, secrets};
use crate::base::{Diagnostic, Secret};
use crate::vault::Keyring;

/// A password to encrypt with.
pub struct Identity {
    /// Its id; a password without one of its own writes the older format, as Ansible does.
    pub label: Option<String>,
    /// The password.
    pub password: Secret,
}

impl Identity {
    fn new(label: &str, password: Secret) -> Self {
        Self { label: (label != secrets::DEFAULT_LABEL).then(|| label.to_owned()), password }
    }
}

/// The passwords to open with; asked for when none was given.
pub fn keyring(settings: &Settings, given: &VaultSecrets) -> Result<Keyring, Failure> {
    let keyring = secrets::keyring(settings, &given.vault_id, &given.vault_password_file, given.ask_vault_pass)?;
    if !keyring.is_empty() {
        return Ok(keyring);
    }
    secrets::keyring(settings, &[], &[], true)
}

/// The password to encrypt with: that of the id `wanted` or of the setting, else the only one there is.
pub fn to_encrypt(settings: &Settings, given: &VaultSecrets, wanted: Option<&str>) -> Result<Identity, Failure> {
    let given_ones = secrets::keyring(settings, &given.vault_id, &given.vault_password_file, false)?;
    if given_ones.is_empty() {
        let label = wanted.unwrap_or(secrets::DEFAULT_LABEL);
        return Ok(Identity::new(label, prompt::new_password("New vault password")?));
    }
    let set = settings.text("vault_encrypt_identity");
    let labels = given_ones.labels();
    let label = match (wanted.or(set.as_deref()), labels.as_slice()) {
        (Some(label), _) => Some(label),
        (None, [_]) => None,
        (None, _) => {
            return Err(Failure::usage(
                Diagnostic::error(format!(
                    "there are several vault passwords ({}), and nothing says which to encrypt with",
                    labels.join(", ")
                ))
                .hint("name its id with `--encrypt-vault-id ID`"),
            ));
        }
    };
    match given_ones.password(label) {
        Some((label, password)) => Ok(Identity::new(label, password.clone())),
        None => {
            let label = label.unwrap_or_default();
            Err(Failure::usage(Diagnostic::error(format!("no vault password has the id `{label}`, there are {}", labels.join(", ")))))
        }
    }
}

/// The password that files get by `rekey`; asked for when none was given.
pub fn new_identity(args: &VaultRekey) -> Result<Identity, Failure> {
    if let Some(id) = &args.new_vault_id {
        let (label, source) = secrets::parts(id);
        let password = match secrets::is_asked_for(source) {
            true => prompt::new_password(&format!("New vault password ({label})"))?,
            false => password_from(std::path::Path::new(source))?,
        };
        return Ok(Identity::new(label, password));
    }
    let password = match &args.new_vault_password_file {
        Some(file) => password_from(file)?,
        None => prompt::new_password("New vault password")?,
    };
    Ok(Identity::new(secrets::DEFAULT_LABEL, password))
}
