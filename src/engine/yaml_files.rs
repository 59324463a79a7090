//! Files of variables that are read while a run goes on: `vars_files`, `include_vars`.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::local_files::{LocalFiles, unreadable};
use crate::base::{Diagnostic, Source};
use crate::template::Templates;
use crate::vault;
use crate::yaml::{self, Node, Value};

/// What a vault file starts with.
const VAULT_MARK: &str = "$ANSIBLE_VAULT;";

/// What tells one state of a file from another.
type Stamp = (f64, u64);

/// A file as it was read.
type Known = (Stamp, Option<Arc<Node>>);

/// Reads files, each state of a file once.
#[derive(Default)]
pub struct YamlFiles {
    known: Mutex<HashMap<PathBuf, Known>>,
}

impl YamlFiles {
    /// What the file at `path` holds, decrypted when it is a vault file; `None` when it is empty.
    ///
    /// # Errors
    /// It cannot be read, decrypted or understood.
    pub fn read(&self, files: &LocalFiles, path: &Path, templates: &Templates) -> Result<Option<Arc<Node>>, Diagnostic> {
        let about = files.about(path).map_err(|error| unreadable(path, &error))?;
        let stamp = (about.mtime, about.size);
        if let Some((known, node)) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path)
            && *known == stamp
        {
            return Ok(node.clone());
        }
        let bytes = files.bytes(path).map_err(|error| unreadable(path, &error))?;
        let text = String::from_utf8(bytes).map_err(|_| Diagnostic::error(format!("`{}` is not UTF-8 text", path.display())))?;
        let node = parse(path, text, templates)?.map(Arc::new);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), (stamp, node.clone()));
        Ok(node)
    }
}

/// The text inside a vault file; `None` when the file is not encrypted.
///
/// # Errors
/// It cannot be read or decrypted.
pub fn decrypted(files: &LocalFiles, path: &Path, templates: &Templates) -> Result<Option<String>, Diagnostic> {
    let mut file = files.open(path).map_err(|error| unreadable(path, &error))?;
    let mut head = [0u8; VAULT_MARK.len()];
    // A file that is shorter than the mark is no vault file.
    if file.read_exact(&mut head).is_err() || head != *VAULT_MARK.as_bytes() {
        return Ok(None);
    }
    let text = files.text(path).map_err(|error| unreadable(path, &error))?;
    open(path, &text, templates).map(Some)
}

fn open(path: &Path, text: &str, templates: &Templates) -> Result<String, Diagnostic> {
    let failed = |cause: String| Diagnostic::error(format!("cannot decrypt `{}`", path.display())).caused_by(cause);
    let opened = templates.keyring().decrypt(text);
    let opened = opened.map_err(|error| failed(error.to_string()).maybe_hint(error.hint().map(str::to_owned)))?;
    String::from_utf8(opened).map_err(|_| failed("what it holds is not UTF-8 text".to_owned()))
}

fn parse(path: &Path, text: String, templates: &Templates) -> Result<Option<Node>, Diagnostic> {
    let encrypted = vault::is_encrypted(&text);
    let text = if encrypted { open(path, &text, templates)? } else { text };
    // The text of a secret file must not be shown in messages.
    let name = path.display().to_string();
    let node = yaml::load(&Source::new(name.clone(), text)).map_err(|mut all| match (encrypted, all.0.is_empty()) {
        (false, false) => all.0.swap_remove(0),
        _ => Diagnostic::error(format!("the decrypted content of `{name}` is not valid YAML")),
    })?;
    if let (true, Some(node)) = (encrypted, &node) {
        remember(node, templates);
    }
    Ok(node)
}

/// What an encrypted file holds must not be seen.
fn remember(node: &Node, templates: &Templates) {
    match &node.value {
        Value::Str { text, .. } => templates.secrets().add(text),
        Value::List(items) => items.iter().for_each(|item| remember(item, templates)),
        Value::Map(map) => map.entries.iter().for_each(|entry| remember(&entry.value, templates)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Vault(_) => {}
    }
}
