//! A file of the machine in which one can jump about, as zip archives need it.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::system::System;

/// Bytes read at once.
const CHUNK: usize = 1 << 17;

/// The file.
pub struct SeekFile<'s> {
    system: &'s dyn System,
    path: &'s Path,
    size: u64,
    at: u64,
    /// What was read last, and where it begins.
    chunk: Vec<u8>,
    chunk_at: u64,
}

impl<'s> SeekFile<'s> {
    /// The file at `path`, which has `size` bytes.
    pub fn new(system: &'s dyn System, path: &'s Path, size: u64) -> Self {
        Self { system, path, size, at: 0, chunk: Vec::new(), chunk_at: 0 }
    }

    fn cached(&self) -> &[u8] {
        let offset = self.at.checked_sub(self.chunk_at).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.chunk.get(offset..)).unwrap_or_default()
    }
}

impl Read for SeekFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        if self.cached().is_empty() {
            self.chunk = self.system.read_at(self.path, self.at, CHUNK).map_err(|error| io::Error::other(error.to_string()))?;
            self.chunk_at = self.at;
        }
        let count = self.cached().read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for SeekFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a position in front of the file"))?;
        Ok(self.at)
    }
}
