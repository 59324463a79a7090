//! Making archives and compressed files.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzWriter};
use tar::{EntryType, Header};

use super::super::Failure;
use super::super::shared::owner;
use super::super::shared::packed::{Compression, Format};
use super::Content;
use super::sources::Entry;
use crate::system::{Civil, Error, ErrorKind, FileKind, Result, System};

/// A scratch file of the machine that holds the content.
pub(super) fn make(system: &dyn System, content: &Content<'_>) -> std::result::Result<PathBuf, Failure> {
    let path = system.scratch(0o600, &mut |sink| match content {
        Content::File(file, compression) => {
            let mut packer = Packer::new(sink, *compression).map_err(broken)?;
            io::copy(&mut system.open(file)?, &mut packer).map_err(broken)?;
            packer.finish().map_err(broken)
        }
        Content::Archive(entries, Format::Tar(compression)) => {
            let mut builder = tar::Builder::new(Packer::new(sink, *compression).map_err(broken)?);
            tar_of(system, &mut builder, entries)?;
            builder.into_inner().and_then(Packer::finish).map_err(broken)
        }
        Content::Archive(entries, Format::Zip) => zip_of(system, sink, entries),
    })?;
    Ok(path)
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Other, "pack", error.to_string())
}

/// What is written to it is compressed on its way.
enum Packer<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Bzip2(BzEncoder<W>),
    Xz(Box<XzWriter<W>>),
}

impl<W: Write> Packer<W> {
    fn new(sink: W, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(sink),
            Compression::Gzip => Self::Gzip(GzEncoder::new(sink, flate2::Compression::best())),
            Compression::Bzip2 => Self::Bzip2(BzEncoder::new(sink, bzip2::Compression::best())),
            Compression::Xz => Self::Xz(Box::new(XzWriter::new(sink, XzOptions::with_preset(6))?)),
            Compression::Zstd => return Err(io::Error::other("zstd is read only")),
        })
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut sink) => sink.flush(),
            Self::Gzip(encoder) => encoder.finish().map(drop),
            Self::Bzip2(encoder) => encoder.finish().map(drop),
            Self::Xz(encoder) => encoder.finish().map(drop),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(sink) => sink.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Bzip2(encoder) => encoder.write(bytes),
            Self::Xz(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Bzip2(encoder) => encoder.flush(),
            Self::Xz(encoder) => encoder.flush(),
        }
    }
}

/// A reader that gives exactly as many bytes as were announced, or fails.
struct Exactly<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let changed = || io::Error::other("a file changed while it was packed");
        let count = self.inner.read(buffer)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(changed());
        }
        self.left = self.left.checked_sub(count as u64).ok_or_else(changed)?;
        Ok(count)
    }
}

/// Names of owners, each asked for once.
struct Owners<'s> {
    system: &'s dyn System,
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
}

impl Owners<'_> {
    fn user(&mut self, uid: u32) -> Result<&str> {
        if !self.users.contains_key(&uid) {
            self.users.insert(uid, owner::user_name(self.system, uid)?);
        }
        Ok(self.users.get(&uid).map(String::as_str).unwrap_or_default())
    }

    fn group(&mut self, gid: u32) -> Result<&str> {
        if !self.groups.contains_key(&gid) {
            self.groups.insert(gid, owner::group_name(self.system, gid)?);
        }
        Ok(self.groups.get(&gid).map(String::as_str).unwrap_or_default())
    }
}

/// The time of last change in whole seconds, as archives keep it.
pub(super) fn seconds(mtime: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to be within range")]
    let seconds = mtime.clamp(0.0, 8_589_934_591.0) as u64;
    seconds
}

fn tar_of<W: Write>(system: &dyn System, builder: &mut tar::Builder<W>, entries: &[Entry]) -> Result<()> {
    let mut owners = Owners { system, users: BTreeMap::new(), groups: BTreeMap::new() };
    let mut first_names: BTreeMap<(u64, u64), &Path> = BTreeMap::new();
    for entry in entries {
        let stat = &entry.stat;
        let mut header = Header::new_gnu();
        header.set_mode(stat.mode);
        header.set_uid(stat.uid.into());
        header.set_gid(stat.gid.into());
        header.set_mtime(seconds(stat.mtime));
        header.set_size(0);
        // A name that is too long for the archive is left out, the number stays.
        let _ = header.set_username(owners.user(stat.uid)?);
        let _ = header.set_groupname(owners.group(stat.gid)?);
        let again = match stat.kind {
            FileKind::File if stat.links > 1 => {
                let key = (stat.device, stat.inode);
                let first = first_names.get(&key).copied();
                first_names.entry(key).or_insert(&entry.name);
                first
            }
            _ => None,
        };
        let kind = match (stat.kind, again) {
            (_, Some(_)) => EntryType::Link,
            (FileKind::Directory, _) => EntryType::Directory,
            (FileKind::Link, _) => EntryType::Symlink,
            (FileKind::Fifo, _) => EntryType::Fifo,
            (FileKind::Block, _) => EntryType::Block,
            (FileKind::Character, _) => EntryType::Char,
            (FileKind::File | FileKind::Socket, _) => EntryType::Regular,
        };
        header.set_entry_type(kind);
        let failed = |error: io::Error| Error::new(ErrorKind::Other, format!("pack `{}`", entry.path.display()), error.to_string());
        match (again.or(entry.link.as_deref()), kind) {
            (Some(link), _) => builder.append_link(&mut header, &entry.name, link).map_err(failed)?,
            (None, EntryType::Regular) => {
                header.set_size(stat.size);
                let content = Exactly { inner: system.open(&entry.path)?, left: stat.size };
                builder.append_data(&mut header, &entry.name, content).map_err(failed)?;
            }
            (None, EntryType::Block | EntryType::Char) => {
                let device = stat.device_type;
                let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
                for set in [header.set_device_major(narrow(major)), header.set_device_minor(narrow(minor))] {
                    set.map_err(failed)?;
                }
                builder.append_data(&mut header, &entry.name, io::empty()).map_err(failed)?;
            }
            // The name of a directory ends with a slash.
            (None, EntryType::Directory) => builder.append_data(&mut header, entry.name.join(""), io::empty()).map_err(failed)?,
            (None, _) => builder.append_data(&mut header, &entry.name, io::empty()).map_err(failed)?,
        }
    }
    Ok(())
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn zip_of(system: &dyn System, sink: &mut dyn Write, entries: &[Entry]) -> Result<()> {
    let offset = system.clock()?.offset;
    let mut writer = zip::ZipWriter::new_stream(sink);
    for entry in entries {
        let name = entry.name.to_string_lossy();
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .unix_permissions(entry.stat.mode)
            .large_file(entry.stat.size >= u64::from(u32::MAX))
            .last_modified_time(time(entry.stat.mtime, offset));
        let failed = |error: zip::result::ZipError| broken(format!("`{}`: {error}", entry.path.display()));
        if entry.stat.is_dir() {
            writer.add_directory(format!("{name}/"), options).map_err(failed)?;
            continue;
        }
        writer.start_file(&*name, options).map_err(failed)?;
        io::copy(&mut system.open(&entry.path)?, &mut writer).map_err(|error| failed(error.into()))?;
    }
    writer.finish().map(drop).map_err(broken)
}

/// Local time, as zip archives tell it; the first they can tell for what is older.
fn time(mtime: f64, offset: i32) -> zip::DateTime {
    let Civil { year, month, day, hour, minute, second, .. } = Civil::at(std::time::Duration::from_secs(seconds(mtime)), offset);
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(year).unwrap_or_default();
    zip::DateTime::from_date_and_time(year, small(month), small(day), small(hour), small(minute), small(second)).unwrap_or_default()
}
