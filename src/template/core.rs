//! What all renderings of a run share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::fault::{Eval, Fault};
use super::files::{Disk, Files, vault_fault};
use super::secrets::Secrets;
use super::syntax::Cache;
use crate::vault::Keyring;

/// Compiled templates, secrets and what decrypts them.
pub(crate) struct Core {
    pub cache: Cache,
    pub secrets: Arc<Secrets>,
    pub keyring: Keyring,
    decrypted: Mutex<HashMap<String, Arc<str>>>,
    warnings: Mutex<Vec<String>>,
    files: OnceLock<Arc<dyn Files>>,
}

impl Core {
    pub(crate) fn new(keyring: Keyring, secrets: Arc<Secrets>) -> Self {
        let (decrypted, warnings, files) = (Mutex::default(), Mutex::default(), OnceLock::new());
        Self { cache: Cache::default(), secrets, keyring, decrypted, warnings, files }
    }

    /// The files that are read.
    pub(crate) fn files(&self) -> &dyn Files {
        self.files.get().map_or(&Disk, |files| &**files)
    }

    /// Reads these files instead of those that are there. Once only.
    pub(crate) fn set_files(&self, files: Arc<dyn Files>) {
        let _ = self.files.set(files);
    }

    /// Something the person who runs this should know.
    pub(crate) fn warn(&self, text: String) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What was warned of since the last time.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The text of an encrypted value; it is masked wherever it is shown from now on.
    pub(crate) fn decrypt(&self, encrypted: &str) -> Eval<Arc<str>> {
        if let Some(text) = self.decrypted.lock().unwrap_or_else(PoisonError::into_inner).get(encrypted) {
            return Ok(text.clone());
        }
        let bytes = self.keyring.decrypt(encrypted).map_err(|error| vault_fault(&error))?;
        let text: Arc<str> = String::from_utf8(bytes).map_err(|_| Fault::error("what is encrypted here is not text"))?.into();
        self.secrets.add(&text);
        self.decrypted.lock().unwrap_or_else(PoisonError::into_inner).insert(encrypted.to_owned(), text.clone());
        Ok(text)
    }
}
