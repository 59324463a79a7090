//! Content that is too large for memory, put aside in a file.

#![expect(clippy::disallowed_methods, reason = "a spooled content lies in a real file")]

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::system::hash::HashingWriter;

/// Content up to this many bytes is kept in memory.
pub const SMALL: usize = 1 << 20;

/// A file with content that nothing else refers to; removed with its last owner.
#[derive(Debug, Serialize, Deserialize)]
pub struct Spool {
    /// Where it is.
    pub path: PathBuf,
    /// Its SHA-256 in lower-case hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Whether it goes with this value. One that was read from a log belongs to someone else.
    #[serde(skip)]
    owned: bool,
}

impl Spool {
    /// Everything `reader` gives, in a fresh file in `dir` that only its owner can read.
    ///
    /// # Errors
    /// Those of the reader and of the file.
    pub fn fill(dir: &Path, reader: &mut dyn Read) -> io::Result<Self> {
        let path = dir.join(format!("kconf-spool-{:016x}", rand::random::<u64>()));
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
        let mut spool = Self { path, sha256: String::new(), size: 0, owned: true };
        let mut writer = HashingWriter::new(file);
        io::copy(reader, &mut writer)?;
        writer.flush()?;
        (_, spool.sha256, spool.size) = writer.finish();
        Ok(spool)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if self.owned {
            // Best effort: it lies in a directory that is removed with the run.
            let _ = fs::remove_file(&self.path);
        }
    }
}
