//! The folder of journals: `run-NUMBER.jsonl` for each run, numbered as they began.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::lines::Start;
use super::reader::{Journal, is_running};
use super::writer::Writer;

/// Runs that begin at the same moment try for the same number; each of them moves on at most this often.
const MOST_TRIES: u64 = 1000;

/// See the module documentation.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The journals in `dir`, which need not be there yet.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Begins a journal, and removes the oldest ones so that at most `keep` are there. Folders that are made are open to their owner only.
    ///
    /// # Errors
    /// The folder cannot be made, or nothing can be written there.
    pub fn begin(&self, start: Start, keep: usize) -> io::Result<Writer> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let known = self.ids()?;
        let mut id = known.last().map_or(1, |last| last.saturating_add(1));
        let mut tries = 0;
        let file = loop {
            // Never through a link that lies there, never into a file that is there.
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path(id)) {
                Ok(file) => break file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < MOST_TRIES => id = id.saturating_add(1),
                Err(error) => return Err(error),
            }
            tries += 1;
        };
        // Without locks (some network file systems) a run that goes on looks like one that died; nothing else depends on it.
        let _ = file.try_lock();
        let writer = Writer::new(id, file, start);
        self.prune(&known, keep.saturating_sub(1));
        Ok(writer)
    }

    /// The journals, newest first. Those that cannot be read are left out.
    ///
    /// # Errors
    /// The folder cannot be read. That it is not there is none.
    pub fn list(&self) -> io::Result<impl Iterator<Item = Journal>> {
        let ids = self.ids()?;
        Ok(ids.into_iter().rev().filter_map(|id| Journal::open(id, &self.path(id)).ok()))
    }

    /// The journal of run `id`; `None`: there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn find(&self, id: u64) -> io::Result<Option<Journal>> {
        match Journal::open(id, &self.path(id)) {
            Ok(journal) => Ok(Some(journal)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the journal was written by this user, so that what it says may be done again.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn is_own(journal: &Journal) -> io::Result<bool> {
        Ok(File::open(&journal.path)?.metadata()?.uid() == nix::unistd::Uid::effective().as_raw())
    }

    fn path(&self, id: u64) -> PathBuf {
        self.dir.join(format!("run-{id}.jsonl"))
    }

    /// The numbers of all journals, ascending.
    #[expect(clippy::disallowed_methods, reason = "the journals of this program itself")]
    fn ids(&self) -> io::Result<Vec<u64>> {
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut ids: Vec<u64> = entries
            .filter_map(|entry| {
                let name = entry.ok()?.file_name();
                name.to_str()?.strip_prefix("run-")?.strip_suffix(".jsonl")?.parse().ok()
            })
            .collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// Removes all of `known` but the newest `keep`, and but those whose run goes on. What cannot be removed stays.
    #[expect(clippy::disallowed_methods, reason = "the journals of this program itself")]
    fn prune(&self, known: &[u64], keep: usize) {
        for id in known.iter().rev().skip(keep) {
            let path = self.path(*id);
            if File::open(&path).is_ok_and(|file| !is_running(&file)) {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests;
