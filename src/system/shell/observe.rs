//! Observing files.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::{CHUNK, ShellSystem, quote};
use crate::system::file::Algorithm;
use crate::system::{Access, DirEntry, Error, ErrorKind, FileKind, Follow, Result, Space, Stat, hash};

impl<S: Read + Write + Send> ShellSystem<S> {
    fn observe(&self, verb: &str, path: &Path, script: &str) -> Result<Vec<u8>> {
        let reply = self.ask(|| format!("{verb} `{}`", path.display()), script)?;
        if reply.rc == 0 { Ok(reply.stdout) } else { Err(reply.error(verb, path)) }
    }

    pub(super) fn get_stat(&self, path: &Path, follow: Follow) -> Result<Option<Stat>> {
        let flag = if follow == Follow::Yes { "-L" } else { "''" };
        let reply = self.ask(|| format!("inspect `{}`", path.display()), &format!("k_stat {flag} {}", quote::path(path)))?;
        if reply.rc != 0 {
            let error = reply.error("inspect", path);
            return if matches!(error.kind, ErrorKind::NotFound | ErrorKind::NotADirectory) { Ok(None) } else { Err(error) };
        }
        let text = String::from_utf8_lossy(&reply.stdout);
        let parsed = if self.session.borrow().tools().stat == "ls" { parse_ls(&text) } else { parse_stat(&text) };
        let unknown =
            || Error::new(ErrorKind::Unsupported, format!("inspect `{}`", path.display()), format!("the host answers `{}`", text.trim()));
        parsed.map(Some).ok_or_else(unknown)
    }

    /// A reader over a regular file, which is known to be one.
    pub(super) fn reader(&self, path: &Path) -> Result<Reader<'_, S>> {
        let first = self.read_part(path, 0, CHUNK)?;
        Ok(Reader { system: self, path: path.to_path_buf(), offset: 0, done: first.len() < CHUNK, chunk: first, taken: 0 })
    }

    pub(super) fn read_part(&self, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>> {
        if length == 0 {
            return Ok(Vec::new());
        }
        self.observe("read", path, &format!("k_read {} {offset} {length}", quote::path(path)))
    }

    pub(super) fn get_access(&self, path: &Path) -> Result<Access> {
        let word = quote::path(path);
        let script = format!("for k in r w x; do if [ -$k {word} ]; then printf $k; fi; done");
        let found = self.observe("inspect", path, &script)?;
        Ok(Access { read: found.contains(&b'r'), write: found.contains(&b'w'), execute: found.contains(&b'x') })
    }

    pub(super) fn get_space(&self, path: &Path) -> Result<Space> {
        let word = quote::path(path);
        let script = format!(
            "stat -f -c '%S %b %a %c %d' {word} 2>/dev/null || df -kP {word} | {{ read k; read k a b c d e; echo 1024 $a $c 0 0; }}"
        );
        let text = self.observe("inspect the file system of", path, &script)?;
        let numbers: Vec<u64> = String::from_utf8_lossy(&text).split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match numbers.as_slice() {
            [block_size, blocks, blocks_available, inodes, inodes_available] => Ok(Space {
                block_size: *block_size,
                blocks: *blocks,
                blocks_available: *blocks_available,
                inodes: *inodes,
                inodes_available: *inodes_available,
            }),
            _ => {
                let attempt = format!("inspect the file system of `{}`", path.display());
                Err(Error::new(ErrorKind::Unsupported, attempt, "the host has no `stat -f` or `df` that says so"))
            }
        }
    }

    pub(super) fn get_list(&self, dir: &Path) -> Result<Vec<DirEntry>> {
        let listing = self.observe("list", dir, &format!("k_list {}", quote::path(dir)))?;
        let entries = listing.split(|byte| *byte == 0).filter_map(|entry| {
            let (letter, name) = entry.split_first()?;
            Some(DirEntry { name: OsString::from_vec(name.to_vec()), kind: kind_of(*letter)? })
        });
        let mut entries: Vec<DirEntry> = entries.collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    pub(super) fn get_link(&self, path: &Path) -> Result<PathBuf> {
        let target = self.observe("read the link", path, &format!("k_read_link {}", quote::path(path)))?;
        Ok(OsString::from_vec(target).into())
    }

    pub(super) fn get_real_path(&self, path: &Path) -> Result<PathBuf> {
        let mut real = self.observe("resolve", path, &format!("k_real {}", quote::path(path)))?;
        if real.last() == Some(&b'\n') {
            real.pop();
        }
        Ok(OsString::from_vec(real).into())
    }

    pub(super) fn get_checksum(&self, path: &Path, algorithm: Algorithm) -> Result<String> {
        let name = match algorithm {
            Algorithm::Md5 => "md5",
            Algorithm::Sha1 => "sha1",
            Algorithm::Sha224 => "sha224",
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha384 => "sha384",
            Algorithm::Sha512 => "sha512",
        };
        let text = self.observe("read", path, &format!("k_checksum {name} {}", quote::path(path)))?;
        let text = String::from_utf8_lossy(&text);
        let digest = text.split_whitespace().next().unwrap_or_default();
        if !digest.is_empty() && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(digest.to_lowercase());
        }
        // The host has no tool for it.
        hash::digest(&mut self.reader(path)?, algorithm).map_err(|error| Error::io("read", path, &error))
    }

    pub(super) fn find_program(&self, name: &str) -> Result<Option<PathBuf>> {
        if name.is_empty() {
            return Ok(None);
        }
        let found = self.observe("look up the program", Path::new(name), &format!("k_which {}", quote::text(name)))?;
        Ok((!found.is_empty()).then(|| OsString::from_vec(found).into()))
    }
}

/// Reads a file part by part, a request each.
pub(super) struct Reader<'a, S> {
    system: &'a ShellSystem<S>,
    path: PathBuf,
    /// Where the part begins.
    offset: u64,
    chunk: Vec<u8>,
    /// How much of the part was handed out.
    taken: usize,
    /// The part is the last one.
    done: bool,
}

impl<S: Read + Write + Send> Reader<'_, S> {
    /// Whether the part at hand is the last one.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Appends the rest of this part and goes to the next; whether there is one.
    pub(super) fn fetch(&mut self, into: &mut Vec<u8>) -> Result<bool> {
        into.extend_from_slice(self.chunk.get(self.taken..).unwrap_or_default());
        self.next_part()
    }

    fn next_part(&mut self) -> Result<bool> {
        self.offset += self.chunk.len() as u64;
        self.taken = 0;
        self.chunk = if self.done { Vec::new() } else { self.system.read_part(&self.path, self.offset, CHUNK)? };
        self.done = self.chunk.len() < CHUNK;
        Ok(!self.chunk.is_empty())
    }
}

impl<S: Read + Write + Send> Read for Reader<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken >= self.chunk.len() && !self.next_part().map_err(|error| io::Error::other(error.reason))? {
            return Ok(0);
        }
        let n = self.chunk.get(self.taken..).unwrap_or_default().read(buffer)?;
        self.taken += n;
        Ok(n)
    }
}

fn kind_of(letter: u8) -> Option<FileKind> {
    Some(match letter {
        b'f' | b'-' => FileKind::File,
        b'd' => FileKind::Directory,
        b'l' => FileKind::Link,
        b'p' => FileKind::Fifo,
        b's' => FileKind::Socket,
        b'b' => FileKind::Block,
        b'c' => FileKind::Character,
        _ => return None,
    })
}

/// The words of `k_stat` where there is a `stat`.
fn parse_stat(text: &str) -> Option<Stat> {
    let mut words = text.split_whitespace();
    let raw = u32::from_str_radix(words.next()?, 16).ok()?;
    let kind = match raw & 0o170_000 {
        0o100_000 => FileKind::File,
        0o040_000 => FileKind::Directory,
        0o120_000 => FileKind::Link,
        0o010_000 => FileKind::Fifo,
        0o140_000 => FileKind::Socket,
        0o060_000 => FileKind::Block,
        0o020_000 => FileKind::Character,
        _ => return None,
    };
    let mut stat = Stat { mode: raw & 0o7777, ..Stat::new(kind) };
    stat.uid = words.next()?.parse().ok()?;
    stat.gid = words.next()?.parse().ok()?;
    let mut number = || words.next()?.parse::<u64>().ok();
    (stat.size, stat.inode, stat.device) = (number()?, number()?, number()?);
    (stat.links, stat.blocks, stat.block_size) = (number()?, number()?, number()?);
    let mut hex = || u64::from_str_radix(words.next()?, 16).ok();
    let (major, minor) = (hex()?, hex()?);
    if matches!(kind, FileKind::Block | FileKind::Character) {
        stat.device_type = nix::sys::stat::makedev(major, minor);
    }
    let mut time = || words.next()?.parse::<f64>().ok();
    (stat.atime, stat.mtime, stat.ctime) = (time()?, time()?, time()?);
    Some(stat)
}

/// A line of `ls -idln`. It has no times that a program can read.
fn parse_ls(text: &str) -> Option<Stat> {
    let mut words = text.split_whitespace();
    let inode = words.next()?.parse().ok()?;
    let mode = words.next()?;
    let mut stat = Stat { inode, mode: parse_mode(mode.get(1..)?), ..Stat::new(kind_of(*mode.as_bytes().first()?)?) };
    stat.links = words.next()?.parse().ok()?;
    stat.uid = words.next()?.parse().ok()?;
    stat.gid = words.next()?.parse().ok()?;
    // Of a device it shows the numbers instead of a size.
    stat.size = words.next()?.parse().unwrap_or(0);
    stat.blocks = stat.size.div_ceil(512);
    Some(stat)
}

fn parse_mode(letters: &str) -> u32 {
    let specials = [0, 0, 0o4000, 0, 0, 0o2000, 0, 0, 0o1000];
    letters.chars().zip(specials).enumerate().fold(0, |mode, (index, (letter, special))| {
        let bit = 0o400 >> index;
        mode | match letter {
            'r' | 'w' | 'x' => bit,
            's' | 't' => bit | special,
            'S' | 'T' => special,
            _ => 0,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_from_both_formats() {
        let stat = parse_stat("81ed 0 5 123 77 2049 2 8 4096 0 0 1.5 2.25 3\n").unwrap();
        assert_eq!((stat.kind, stat.mode, stat.uid, stat.gid, stat.size), (FileKind::File, 0o755, 0, 5, 123));
        assert_eq!((stat.inode, stat.device, stat.links, stat.blocks, stat.mtime), (77, 2049, 2, 8, 2.25));
        let null = parse_stat("21b6 0 0 0 4 5 1 0 4096 1 3 0 0 0").unwrap();
        assert_eq!((null.kind, null.device_type), (FileKind::Character, 0x103));
        let stat = parse_ls("  77 drwsr-xr-T 3 0 5 4096 Jan  1 00:00 /a b\n").unwrap();
        assert_eq!((stat.kind, stat.mode, stat.links, stat.gid, stat.inode), (FileKind::Directory, 0o5754, 3, 5, 77));
        assert_eq!(parse_ls("4 crw-rw-rw- 1 0 0 1, 3 Jan 1 00:00 /dev/null").unwrap().kind, FileKind::Character);
        assert_eq!(parse_stat("gibberish"), None);
    }
}
