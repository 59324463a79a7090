//! Files of repositories: sections of `key = value`, as dnf reads them.

use std::collections::BTreeMap;

/// A file, without its comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RepoFile(Vec<(String, BTreeMap<String, String>)>);

impl RepoFile {
    /// Reads it; the number of a line that makes no sense.
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let mut file = Self::default();
        let mut key: Option<String> = None;
        for (at, line) in text.lines().enumerate() {
            let plain = line.trim();
            if plain.is_empty() || plain.starts_with(['#', ';']) {
                continue;
            }
            let section = file.0.last_mut();
            // What is indented goes on with the value above.
            if let (true, Some((_, values)), Some(key)) = (line.starts_with([' ', '\t']), section, &key) {
                if let Some(value) = values.get_mut(key) {
                    value.push('\n');
                    value.push_str(plain);
                }
                continue;
            }
            if let Some(name) = plain.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                key = None;
                if !file.0.iter().any(|(other, _)| other == name) {
                    file.0.push((name.to_owned(), BTreeMap::new()));
                    continue;
                }
                return Err(at + 1);
            }
            let (name, value) = plain.split_once(['=', ':']).ok_or(at + 1)?;
            let (_, values) = file.0.last_mut().ok_or(at + 1)?;
            let name = name.trim().to_lowercase();
            values.insert(name.clone(), value.trim().to_owned());
            key = Some(name);
        }
        Ok(file)
    }

    /// Its text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (name, values) in &self.0 {
            text.push_str(&format!("[{name}]\n"));
            for (key, value) in values {
                text.push_str(&format!("{key} = {}\n", value.replace('\n', "\n\t")));
            }
            text.push('\n');
        }
        text
    }

    /// Whether no repository is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the repository these values and no others; it goes to the end if it had others.
    pub(super) fn set(&mut self, name: &str, values: BTreeMap<String, String>) {
        if self.0.iter().any(|(other, old)| other == name && *old == values) {
            return;
        }
        self.remove(name);
        self.0.push((name.to_owned(), values));
    }

    /// Takes the repository out.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }
}
