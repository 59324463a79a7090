//! The data directory: its lock, the genesis record and the block file.
//!
//! Blocks are lines of JSON behind a checksum, appended as they are decided. As in the original, state is
//! flushed only every [`FLUSH_INTERVAL`] blocks and at a clean stop: after a kill the chain is rewound to the
//! last flush and the node has to fetch the rest from its peers again.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::block::Block;
use crate::crypto::keccak;
use crate::crypto::types::Hash;
use crate::genesis::Genesis;

/// Blocks between two flushes of the state.
pub const FLUSH_INTERVAL: u64 = 128;

/// Folders of the original's database.
const FOLDERS: [&str; 11] = [
    "misc",
    "header",
    "body",
    "receipts",
    "statetrie/0",
    "statetrie/1",
    "statetrie/2",
    "statetrie/3",
    "txlookup",
    "bridgeservice",
    "snapshot",
];

/// A data directory D, locked for this process.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    _lock: File,
}

/// The genesis as written by `init`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    pub hash: Hash,
    pub genesis: Genesis,
}

fn private_dir(path: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e| format!("failed to create `{}`: {e}", path.display()))
}

impl Store {
    /// Creates what is missing and takes the lock; a directory in use by another process is refused.
    pub fn open(root: &Path) -> Result<Store, String> {
        private_dir(&root.join("keystore"))?;
        private_dir(&root.join("klay"))?;
        let path = root.join("klay/LOCK");
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(|e| format!("open {}: {e}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Store { root: root.to_owned(), _lock: file }),
            Err(TryLockError::WouldBlock) => Err("datadir already used by another process".to_owned()),
            Err(TryLockError::Error(e)) => Err(format!("failed to lock `{}`: {e}", path.display())),
        }
    }

    /// D itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file under D/klay/chaindata.
    pub fn chaindata(&self, name: &str) -> PathBuf {
        self.root.join("klay/chaindata").join(name)
    }

    /// The genesis of an earlier `init`, if there was one.
    pub fn record(&self) -> Result<Option<Record>, String> {
        let path = self.chaindata("misc/genesis.json");
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|e| format!("damaged `{}`: {e}", path.display())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(format!("failed to read `{}`: {e}", path.display())),
        }
    }

    /// Creates the database folders and writes the genesis record.
    pub fn write_record(&self, record: &Record) -> Result<(), String> {
        for folder in FOLDERS {
            private_dir(&self.chaindata(folder))?;
        }
        let text = serde_json::to_vec_pretty(record).map_err(|e| e.to_string())?;
        self.replace("misc/genesis.json", &text)
    }

    /// Writes a file under chaindata so that a crash leaves the old or the new content.
    pub fn replace(&self, name: &str, content: &[u8]) -> Result<(), String> {
        let path = self.chaindata(name);
        let draft = path.with_extension("new");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        write().map_err(|e| format!("failed to write `{}`: {e}", path.display()))
    }

    /// The decided blocks after block 0, as far as they are whole, and whether any were lost to an unclean stop.
    pub fn load_blocks(&self) -> Result<(Vec<Block>, Option<u64>), String> {
        let path = self.chaindata("body/blocks");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(format!("failed to read `{}`: {e}", path.display())),
        };
        let mut blocks: Vec<Block> = text.lines().map_while(parse_line).collect();
        let reached = blocks.last().map_or(0, |block| block.number);
        let flushed = self.flushed().min(reached);
        let lost = (reached > flushed || text.lines().count() != blocks.len()).then_some(reached);
        if lost.is_some() {
            blocks.truncate(usize::try_from(flushed).unwrap_or(usize::MAX));
            let kept: String = blocks.iter().map(line).collect();
            self.replace("body/blocks", kept.as_bytes())?;
        }
        Ok((blocks, lost))
    }

    /// Appends to the block file.
    pub fn append(&self, block: &Block) -> Result<(), String> {
        let path = self.chaindata("body/blocks");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(line(block).as_bytes()));
        written.map_err(|e| format!("failed to write `{}`: {e}", path.display()))?;
        if block.number.is_multiple_of(FLUSH_INTERVAL) { self.flush(block.number) } else { Ok(()) }
    }

    /// Marks everything up to `number` as safe.
    pub fn flush(&self, number: u64) -> Result<(), String> {
        if let Ok(file) = File::open(self.chaindata("body/blocks")) {
            file.sync_all().map_err(|e| format!("failed to flush the block file: {e}"))?;
        }
        self.replace("misc/flushed", number.to_string().as_bytes())
    }

    fn flushed(&self) -> u64 {
        let text = fs::read_to_string(self.chaindata("misc/flushed")).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }
}

fn line(block: &Block) -> String {
    let text = serde_json::to_string(block).unwrap_or_default();
    format!("{} {text}\n", checksum(&text))
}

fn checksum(text: &str) -> String {
    hex::encode(&keccak(text.as_bytes())[..4])
}

fn parse_line(line: &str) -> Option<Block> {
    let (sum, text) = line.split_once(' ')?;
    if sum != checksum(text) {
        return None;
    }
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::types::Address;

    fn opened() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        for folder in FOLDERS {
            private_dir(&store.chaindata(folder)).unwrap();
        }
        (dir, store)
    }

    fn append(store: &Store, numbers: std::ops::RangeInclusive<u64>) {
        for number in numbers {
            store.append(&Block::new(number, Hash::ZERO, Address::ZERO, number)).unwrap();
        }
    }

    #[test]
    fn one_process_at_a_time() {
        let (dir, _store) = opened();
        assert_eq!(Store::open(dir.path()).unwrap_err(), "datadir already used by another process");
    }

    #[test]
    fn clean_stop_keeps_everything() {
        let (_dir, store) = opened();
        append(&store, 1..=10);
        store.flush(10).unwrap();
        let (blocks, lost) = store.load_blocks().unwrap();
        assert_eq!((blocks.len(), lost), (10, None));
    }

    #[test]
    fn a_kill_rewinds_to_the_last_flush() {
        let (_dir, store) = opened();
        append(&store, 1..=10);
        store.flush(10).unwrap();
        append(&store, 11..=14);
        let (blocks, lost) = store.load_blocks().unwrap();
        assert_eq!((blocks.len(), lost), (10, Some(14)));
        assert_eq!(store.load_blocks().unwrap().1, None, "the rewind is written back");
        append(&store, 11..=FLUSH_INTERVAL + 2);
        assert_eq!(store.load_blocks().unwrap().0.len() as u64, FLUSH_INTERVAL);
    }

    #[test]
    fn a_torn_line_is_dropped() {
        let (_dir, store) = opened();
        append(&store, 1..=3);
        store.flush(3).unwrap();
        let path = store.chaindata("body/blocks");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 9]).unwrap();
        let (blocks, lost) = store.load_blocks().unwrap();
        assert_eq!((blocks.len(), lost), (2, Some(2)));
    }
}
