//! Files as modules see them.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{Error, ErrorKind, Result};

/// Whether the last component of a path is followed when it is a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// What the link points to.
    Yes,
    /// The link itself.
    No,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A block device.
    Block,
    /// A character device.
    Character,
}

/// The attributes of what is at a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// Permission bits with set-id and sticky bits: `mode & 0o7777`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// Inode number.
    pub inode: u64,
    /// Device number of the file system.
    pub device: u64,
    /// Number of hard links.
    pub links: u64,
    /// 512-byte blocks in use.
    pub blocks: u64,
    /// Preferred size of input and output in bytes.
    pub block_size: u64,
    /// Device number of a device file, else 0.
    pub device_type: u64,
    /// Last access, seconds since the epoch.
    pub atime: f64,
    /// Last change of content, seconds since the epoch.
    pub mtime: f64,
    /// Last change of attributes, seconds since the epoch.
    pub ctime: f64,
}

impl Stat {
    /// Of this kind, everything else zero.
    pub fn new(kind: FileKind) -> Self {
        Self {
            kind,
            mode: 0,
            uid: 0,
            gid: 0,
            size: 0,
            inode: 0,
            device: 0,
            links: 1,
            blocks: 0,
            block_size: 4096,
            device_type: 0,
            atime: 0.0,
            mtime: 0.0,
            ctime: 0.0,
        }
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind == FileKind::File
    }

    /// Whether it is a symbolic link.
    pub fn is_link(&self) -> bool {
        self.kind == FileKind::Link
    }
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirEntry {
    /// Its name.
    pub name: OsString,
    /// What it is (links are not followed).
    pub kind: FileKind,
}

/// What an identity may do with a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Read it.
    pub read: bool,
    /// Write it.
    pub write: bool,
    /// Execute it, or enter it.
    pub execute: bool,
}

/// Size and free space of a file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Bytes of a block.
    pub block_size: u64,
    /// Blocks in all.
    pub blocks: u64,
    /// Blocks that the identity can still use.
    pub blocks_available: u64,
    /// Inodes in all.
    pub inodes: u64,
    /// Inodes that the identity can still use.
    pub inodes_available: u64,
}

/// Attributes to set. `None` leaves as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attributes {
    /// Permission bits.
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Access time, seconds since the epoch.
    pub atime: Option<f64>,
    /// Time of last change of content, seconds since the epoch.
    pub mtime: Option<f64>,
}

/// What to write into a file.
pub enum Content<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// Everything the reader gives, in constant memory. `sha256` (lower-case hex) is verified before the file is put in place.
    Stream {
        /// Where the bytes come from.
        reader: &'a mut dyn Read,
        /// The digest that they must have.
        sha256: Option<String>,
    },
    /// The content of another file of the same machine.
    File(PathBuf),
}

/// Digests that modules offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// 128 bits, for compatibility only.
    Md5,
    /// 160 bits, what the `checksum` of most results is.
    Sha1,
    /// 224 bits.
    Sha224,
    /// 256 bits.
    Sha256,
    /// 384 bits.
    Sha384,
    /// 512 bits.
    Sha512,
}

/// Refuses content meant for `path` whose SHA-256 is not the expected one.
///
/// # Errors
/// When both are known and differ.
pub fn verify(path: &Path, expected: Option<&str>, actual: &str) -> Result<()> {
    match expected {
        Some(expected) if !expected.eq_ignore_ascii_case(actual) => Err(Error::new(
            ErrorKind::Other,
            format!("write `{}`", path.display()),
            format!("the content received has the SHA-256 {actual}, but {expected} was announced"),
        )),
        _ => Ok(()),
    }
}
