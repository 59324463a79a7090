//! The files that a plan is read from: read once, decrypted where needed, with positions.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{Diagnostic, Diagnostics, Source, Span, text};
use crate::template::Templates;
use crate::vault;
use crate::yaml::{self, Mapping, Node, Value};

/// A file that was read.
#[derive(Debug)]
pub(super) struct File {
    /// What it holds; `None` when it is empty or cannot be read.
    pub root: Option<Node>,
    /// What is wrong with it.
    pub diagnostics: Diagnostics,
}

/// Reads files; those that are asked for again, once.
pub(super) struct Files {
    cwd: PathBuf,
    templates: Arc<Templates>,
    known: Mutex<HashMap<PathBuf, Arc<File>>>,
}

impl Files {
    pub(super) fn new(cwd: PathBuf, templates: Arc<Templates>) -> Self {
        Self { cwd, templates, known: Mutex::default() }
    }

    /// Takes `source` for the content of `path`, which need not exist.
    pub(super) fn put(&self, path: &Path, source: &Arc<Source>) {
        let file = match yaml::read(source) {
            Ok(document) => File { root: document.root, diagnostics: document.warnings },
            Err(diagnostics) => File { root: None, diagnostics },
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), Arc::new(file));
    }

    /// The file at `path`, which was found to exist.
    pub(super) fn read(&self, path: &Path) -> Arc<File> {
        let file = self.read_once(path);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), file.clone());
        file
    }

    /// Likewise, for who keeps what is made of it: the file is not kept here.
    pub(super) fn read_once(&self, path: &Path) -> Arc<File> {
        if let Some(file) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return file.clone();
        }
        Arc::new(self.load(path).unwrap_or_else(|diagnostics| File { root: None, diagnostics }))
    }

    fn load(&self, path: &Path) -> Result<File, Diagnostics> {
        let shown = self.shown(path);
        #[expect(clippy::disallowed_methods, reason = "the one place where files of playbooks and roles are read")]
        let bytes =
            std::fs::read(path).map_err(|error| Diagnostic::error(format!("cannot read `{shown}`")).caused_by(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let source = Source::new(shown.clone(), String::from_utf8_lossy(error.as_bytes()));
            Diagnostic::at(&Span::new(source, at..at + 1), format!("`{shown}` is not UTF-8 text")).hint("save the file as UTF-8")
        })?;
        if !vault::is_encrypted(&text) {
            let document = yaml::read(&Source::new(shown, text))?;
            return Ok(File { root: document.root, diagnostics: document.warnings });
        }
        let failed = |cause: String| Diagnostic::error(format!("cannot read `{shown}`")).caused_by(cause);
        let opened = self.templates.keyring().decrypt(&text);
        let opened = opened.map_err(|error| failed(error.to_string()).maybe_hint(error.hint().map(str::to_owned)))?;
        let text = String::from_utf8(opened).map_err(|_| failed("what it holds, decrypted, is not UTF-8 text".to_owned()))?;
        let source = Source::new(shown.clone(), text);
        match yaml::read(&source) {
            Ok(mut document) => {
                let place = Span::synthetic(&shown);
                document.root.iter_mut().for_each(|root| hide_text(root, &place));
                Ok(File { root: document.root, diagnostics: Diagnostics::default() })
            }
            // The message would quote what is secret.
            Err(_) => Err(failed("what it holds, decrypted, is not valid YAML".to_owned()).into()),
        }
    }

    /// The text of a file that is no tree; `None` when it cannot be read or is encrypted.
    pub(super) fn text(&self, path: &Path) -> Option<Arc<Source>> {
        #[expect(clippy::disallowed_methods, reason = "templates of playbooks and roles are checked")]
        let text = std::fs::read_to_string(path).ok()?;
        (!vault::is_encrypted(&text)).then(|| Source::new(self.shown(path), text))
    }

    /// What may have been meant by a file that is not there.
    pub(super) fn near(&self, path: &Path) -> Option<String> {
        let (folder, name) = (path.parent()?, path.file_name()?.to_string_lossy());
        if !folder.is_dir() {
            return Some(format!("there is no folder `{}`", self.shown(folder)));
        }
        let names: Vec<String> = entries(folder).iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
        text::did_you_mean(&name, names.iter().map(String::as_str))
    }

    /// A path as people know it: relative to where they are, if it lies below.
    pub(super) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.cwd).unwrap_or(path).display().to_string()
    }

    /// A path made absolute, with `~` resolved and without `.` and `..`.
    pub(super) fn absolute(&self, base: &Path, path: &str) -> PathBuf {
        let expanded = match (path.strip_prefix("~/"), std::env::home_dir()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        };
        normalise(&self.cwd.join(base).join(expanded))
    }
}

fn normalise(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// Takes the source text off all positions, so that no message can quote it.
fn hide_text(node: &mut Node, place: &Span) {
    node.span = place.clone();
    match &mut node.value {
        Value::List(list) => list.iter_mut().for_each(|node| hide_text(node, place)),
        Value::Map(Mapping { entries, .. }) => {
            for entry in entries {
                hide_text(&mut entry.key, place);
                hide_text(&mut entry.value, place);
            }
        }
        _ => {}
    }
}

/// The first of `candidates` that is a file.
pub(super) fn first_file(candidates: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    candidates.into_iter().find(|path| path.is_file())
}

/// What is in a folder, by name; nothing when it cannot be read.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the one place where folders of playbooks and roles are read")]
    let found = std::fs::read_dir(folder);
    let mut entries: Vec<PathBuf> = found.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at the real machine")]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::vault::{Keyring, encrypt};

    fn files(dir: &Path, password: Option<&str>) -> Files {
        let mut keyring = Keyring::default();
        if let Some(password) = password {
            keyring.add("default", Secret::new(password));
        }
        Files::new(dir.to_owned(), Arc::new(Templates::new(keyring, Arc::default())))
    }

    #[test]
    fn an_encrypted_file_is_read_and_never_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("main.yml");
        let seal = |text: &str| std::fs::write(&path, encrypt(text.as_bytes(), &Secret::new("open sesame"), None).unwrap()).unwrap();

        seal("token: hunter2\n");
        let file = files(dir.path(), Some("open sesame")).read(&path);
        let token = file.root.as_ref().unwrap().as_map().unwrap().get("token").unwrap();
        assert_eq!(token.as_str(), Some("hunter2"));
        assert_eq!(Diagnostic::at(&token.span, "bad").to_string(), "error: bad\n --> main.yml");

        for password in [None, Some("wrong")] {
            let shown = files(dir.path(), password).read(&path).diagnostics.to_string();
            assert!(shown.starts_with("error: cannot read `main.yml`\n  caused by: "), "{shown}");
        }

        seal("token: [hunter2\n");
        let shown = files(dir.path(), Some("open sesame")).read(&path).diagnostics.to_string();
        assert!(shown.contains("not valid YAML") && !shown.contains("hunter2"), "{shown}");
    }
}
