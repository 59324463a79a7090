//! The list of changes.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{DIFF_LIMIT, diff, effects};
use crate::system::{Effect, Follow, Stat, System};

/// What was at a path.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) stat: Stat,
    pub(super) content: Text,
    /// Where a link led.
    pub(super) link: Option<PathBuf>,
}

/// The content of a file, as far as it can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// It is text.
    Plain(String),
    /// It is not text.
    Binary,
    /// It is too much.
    Large,
    /// It is no file, cannot be read, or was not asked for.
    Unknown,
}

/// A path that was changed.
struct Record {
    path: PathBuf,
    before: Option<Snapshot>,
    exists: bool,
}

/// See the module documentation.
#[derive(Default)]
pub(super) struct Journal {
    with_diff: bool,
    records: Vec<Record>,
    commands: usize,
    notes: Vec<String>,
}

impl Journal {
    pub(super) fn new(with_diff: bool) -> Self {
        Self { with_diff, ..Self::default() }
    }

    /// What is at `path` now, with its content if a diff will be asked for.
    pub(super) fn snapshot(&self, system: &dyn System, path: &Path) -> Option<Snapshot> {
        take(system, path, self.with_diff && !self.records.iter().any(|record| record.path == path))
    }

    /// Something is at `path` that was not, or differs from what was.
    pub(super) fn made(&mut self, path: &Path, before: Option<Snapshot>) {
        self.record(path, before, true);
    }

    /// Nothing is at `path` any more, nor beneath.
    pub(super) fn gone(&mut self, path: &Path, before: Option<Snapshot>) {
        self.record(path, before, false);
        for record in self.records.iter_mut().filter(|record| record.path.starts_with(path)) {
            record.exists = false;
        }
    }

    fn record(&mut self, path: &Path, before: Option<Snapshot>, exists: bool) {
        match self.records.iter_mut().find(|record| record.path == path) {
            Some(record) => record.exists = exists,
            None => self.records.push(Record { path: path.to_path_buf(), before, exists }),
        }
    }

    /// What effects change, in words, while they have not changed it.
    pub(super) fn describe(&self, system: &dyn System, effects: &[Effect]) -> Vec<String> {
        if !self.with_diff {
            return Vec::new();
        }
        effects.iter().filter_map(|effect| effects::describe(system, effect)).collect()
    }

    /// A command ran.
    pub(super) fn ran(&mut self, notes: Vec<String>) {
        self.commands += 1;
        self.notes.extend(notes);
    }

    /// What counts: not what was made and is gone again.
    fn real(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.before.is_some() || record.exists)
    }

    pub(super) fn changed(&self) -> bool {
        self.commands > 0 || self.real().next().is_some()
    }

    pub(super) fn diff(&self, system: &dyn System) -> Vec<Value> {
        if !self.with_diff {
            return Vec::new();
        }
        let mut entries = Vec::new();
        for record in self.real() {
            let after = take(system, &record.path, true);
            entries.extend(diff::entries(&record.path, record.before.as_ref(), after.as_ref()));
        }
        if !self.notes.is_empty() {
            entries.push(diff::prepared(&self.notes));
        }
        entries
    }
}

/// What is at `path`; `None` also when it cannot be seen.
fn take(system: &dyn System, path: &Path, with_content: bool) -> Option<Snapshot> {
    let stat = system.stat(path, Follow::No).ok().flatten()?;
    let content = if with_content && stat.is_file() { read(system, path, &stat) } else { Text::Unknown };
    let link = if stat.is_link() { system.read_link(path).ok() } else { None };
    Some(Snapshot { stat, content, link })
}

fn read(system: &dyn System, path: &Path, stat: &Stat) -> Text {
    if stat.size > DIFF_LIMIT {
        return Text::Large;
    }
    match system.read(path).map(String::from_utf8) {
        Ok(Ok(text)) if !text.contains('\0') => Text::Plain(text),
        Ok(_) => Text::Binary,
        Err(_) => Text::Unknown,
    }
}
