//! Kinds of archives, told by their first bytes.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use crate::modules::Failure;
use crate::system::System;

/// A kind of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A tar archive, or anything else that is compressed so.
    Tar(Compression),
    /// A zip archive.
    Zip,
}

/// How a tar archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// By gzip.
    Gzip,
    /// By bzip2.
    Bzip2,
    /// By xz.
    Xz,
    /// By zstd.
    Zstd,
}

impl Format {
    /// The kind of the archive at `path`; `None` when it is none.
    ///
    /// # Errors
    /// When the machine cannot read it.
    pub fn of(system: &dyn System, path: &Path) -> Result<Option<Self>, Failure> {
        let head = system.read_at(path, 0, 512)?;
        let starts = |magic: &[u8]| head.starts_with(magic);
        let compression = match () {
            () if starts(b"\x1f\x8b") => Compression::Gzip,
            () if starts(b"BZh") => Compression::Bzip2,
            () if starts(b"\xfd7zXZ\0") => Compression::Xz,
            () if starts(b"\x28\xb5\x2f\xfd") => Compression::Zstd,
            () if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") => return Ok(Some(Self::Zip)),
            () if is_tar_header(&head) => Compression::None,
            () => return Ok(None),
        };
        Ok(Some(Self::Tar(compression)))
    }

    /// The name that results show.
    pub fn handler(self) -> &'static str {
        match self {
            Self::Zip => "ZipArchive",
            Self::Tar(Compression::None) => "TarArchive",
            Self::Tar(Compression::Gzip) => "TgzArchive",
            Self::Tar(Compression::Bzip2) => "TarBzipArchive",
            Self::Tar(Compression::Xz) => "TarXzArchive",
            Self::Tar(Compression::Zstd) => "TarZstdArchive",
        }
    }
}

/// Whether the checksum of the header is right, which is true of the oldest tar archives too; an empty archive is zeros.
pub fn is_tar_header(head: &[u8]) -> bool {
    if head.len() < 512 {
        return false;
    }
    if head.iter().all(|byte| *byte == 0) {
        return true;
    }
    let field = head.get(148..156).unwrap_or_default();
    let text: String = field.iter().map(|byte| char::from(*byte)).collect();
    let sum: u32 = head.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    u32::from_str_radix(text.trim_matches([' ', '\0']), 8) == Ok(sum)
}

/// A reader over the content of a file that is compressed so.
///
/// # Errors
/// When the machine cannot read it.
pub fn reader<'s>(system: &'s dyn System, path: &Path, compression: Compression) -> Result<Box<dyn Read + 's>, Failure> {
    let file = BufReader::with_capacity(1 << 16, system.open(path)?);
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(MultiGzDecoder::new(file)),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new(file, true)),
        Compression::Zstd => Box::new(Zstd { state: State::Between(file) }),
    })
}

/// A reader over zstd frames, one behind the other.
struct Zstd<R: BufRead> {
    state: State<R>,
}

enum State<R: BufRead> {
    Between(R),
    Within(Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
    Over,
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return Ok(0),
                State::Between(mut packed) => {
                    if packed.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new(packed).map_err(|error| io::Error::other(error.to_string()))?;
                    self.state = State::Within(Box::new(decoder));
                }
                State::Within(mut decoder) => {
                    let count = decoder.read(buffer)?;
                    if count > 0 || buffer.is_empty() {
                        self.state = State::Within(decoder);
                        return Ok(count);
                    }
                    self.state = State::Between(decoder.into_inner());
                }
            }
        }
    }
}

/// Whether two readers give the same bytes. `buffer` is how many are compared at once.
///
/// # Errors
/// When one of them cannot go on.
pub fn same(one: &mut dyn Read, other: &mut dyn Read, buffer: usize) -> io::Result<bool> {
    let (mut first, mut second) = (vec![0; buffer], vec![0; buffer]);
    loop {
        let (count, count_other) = (fill(one, &mut first)?, fill(other, &mut second)?);
        if count != count_other || first.get(..count) != second.get(..count) {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or nothing is left; how many bytes came.
///
/// # Errors
/// When the reader cannot go on.
pub fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest)? {
            0 => break,
            count => done += count,
        }
    }
    Ok(done)
}
