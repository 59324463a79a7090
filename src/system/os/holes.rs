//! New files whose zeros take no space.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// From this length on zeros are left out: the block of most file systems.
const BLOCK: usize = 4096;

/// Writes a file that was just made; whole pieces of zeros become holes.
pub(super) struct Holes {
    file: File,
    ends_in_hole: bool,
}

impl Holes {
    /// Around a file that is empty.
    pub(super) fn new(file: File) -> Self {
        Self { file, ends_in_hole: false }
    }

    /// The file, as long as what was written.
    ///
    /// # Errors
    /// It cannot be made that long.
    pub(super) fn finish(mut self) -> io::Result<File> {
        if self.ends_in_hole {
            let end = self.file.stream_position()?;
            self.file.set_len(end)?;
        }
        Ok(self.file)
    }
}

impl Write for Holes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.ends_in_hole = bytes.len() >= BLOCK && bytes.iter().all(|byte| *byte == 0);
        if !self.ends_in_hole {
            return self.file.write(bytes);
        }
        let length = i64::try_from(bytes.len()).map_err(io::Error::other)?;
        self.file.seek(SeekFrom::Current(length))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_there_and_take_no_space() {
        use std::os::unix::fs::MetadataExt;
        let zeros = vec![0; 1 << 20];
        for pieces in [vec![&b"start"[..], &zeros, b"end"], vec![&zeros, &zeros], vec![b"start", &zeros, b"", &zeros[..10]], vec![b""]] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("f");
            let mut holes = Holes::new(File::create(&path).unwrap());
            for piece in &pieces {
                holes.write_all(piece).unwrap();
            }
            holes.finish().unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), pieces.concat());
            assert!(std::fs::metadata(&path).unwrap().blocks() * 512 < 1 << 18, "{pieces:?}");
        }
    }
}
