//! Whether an archive holds already what it is to hold.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use tar::EntryType;

use super::super::Failure;
use super::super::shared::packed::{Compression, Format, fill, is_tar_header, reader, same};
use super::super::shared::seek::SeekFile;
use super::Content;
use super::pack::seconds;
use super::sources::Entry;
use crate::system::{FileKind, Follow, System};

/// Bytes that are compared at once.
const BUFFER: usize = 1 << 16;

/// Whether the file at `dest` is packed in the same way and holds the same. What cannot be read as such does not.
pub(super) fn holds(system: &dyn System, dest: &Path, content: &Content<'_>) -> Result<bool, Failure> {
    let Some(stat) = system.stat(dest, Follow::Yes)? else { return Ok(false) };
    let is = Format::of(system, dest)?;
    match content {
        Content::File(file, compression) => {
            if is != Some(Format::Tar(*compression)) {
                return Ok(false);
            }
            let mut old = reader(system, dest, *compression)?;
            Ok(same(&mut old, &mut system.open(file)?, BUFFER).unwrap_or(false))
        }
        Content::Archive(_, format) if is != Some(*format) => Ok(false),
        Content::Archive(entries, Format::Tar(compression)) => tar(system, dest, *compression, entries),
        Content::Archive(entries, Format::Zip) => zip(system, dest, stat.size, entries),
    }
}

/// Whether the file is an archive, and not only compressed.
pub(super) fn is_archive(system: &dyn System, path: &Path) -> Result<bool, Failure> {
    Ok(match Format::of(system, path)? {
        None => false,
        Some(Format::Zip) => true,
        Some(Format::Tar(compression)) => {
            let mut head = vec![0; 512];
            fill(&mut reader(system, path, compression)?, &mut head).is_ok_and(|count| count == 512) && is_tar_header(&head)
        }
    })
}

fn by_name(entries: &[Entry]) -> BTreeMap<PathBuf, &Entry> {
    // Seen as components, so that a slash behind the name of a directory does not matter.
    entries.iter().map(|entry| (entry.name.components().collect(), entry)).collect()
}

fn tar(system: &dyn System, dest: &Path, compression: Compression, entries: &[Entry]) -> Result<bool, Failure> {
    let all = by_name(entries);
    let mut left = all.clone();
    let mut old = tar::Archive::new(reader(system, dest, compression)?);
    let Ok(found) = old.entries() else { return Ok(false) };
    for one in found {
        let Ok(mut one) = one else { return Ok(false) };
        if one.header().entry_type() == EntryType::XGlobalHeader {
            continue;
        }
        let Ok(name) = one.path().map(|name| name.components().collect::<PathBuf>()) else { return Ok(false) };
        let Some(entry) = left.remove(&name) else { return Ok(false) };
        if !is_entry(system, entry, &mut one, &all)? {
            return Ok(false);
        }
    }
    Ok(left.is_empty())
}

fn is_entry(
    system: &dyn System,
    entry: &Entry,
    old: &mut tar::Entry<'_, impl Read>,
    all: &BTreeMap<PathBuf, &Entry>,
) -> Result<bool, Failure> {
    let (header, stat) = (old.header(), &entry.stat);
    let attributes = (header.mode().ok().map(|mode| mode & 0o7777), header.uid().ok(), header.gid().ok(), header.mtime().ok());
    if attributes != (Some(stat.mode), Some(stat.uid.into()), Some(stat.gid.into()), Some(seconds(stat.mtime))) {
        return Ok(false);
    }
    let kind = header.entry_type();
    let link = old.link_name().ok().flatten().map(|link| link.into_owned());
    Ok(match stat.kind {
        FileKind::Directory => kind == EntryType::Directory,
        FileKind::Link => kind == EntryType::Symlink && link == entry.link,
        FileKind::Fifo => kind == EntryType::Fifo,
        FileKind::Block => kind == EntryType::Block,
        FileKind::Character => kind == EntryType::Char,
        FileKind::Socket => false,
        FileKind::File if kind == EntryType::Link => {
            let first = link.and_then(|link| all.get(&link.components().collect::<PathBuf>()).copied());
            first.is_some_and(|first| (first.stat.device, first.stat.inode) == (stat.device, stat.inode))
        }
        FileKind::File => {
            kind == EntryType::Regular && old.size() == stat.size && same(old, &mut system.open(&entry.path)?, BUFFER).unwrap_or(false)
        }
    })
}

fn zip(system: &dyn System, dest: &Path, size: u64, entries: &[Entry]) -> Result<bool, Failure> {
    let mut left = by_name(entries);
    let Ok(mut old) = zip::ZipArchive::new(SeekFile::new(system, dest, size)) else { return Ok(false) };
    for index in 0..old.len() {
        let Ok(mut one) = old.by_index(index) else { return Ok(false) };
        let Ok(name) = one.name().map(|name| Path::new(&*name).components().collect::<PathBuf>()) else { return Ok(false) };
        let Some(entry) = left.remove(&name) else { return Ok(false) };
        let is_same = match entry.stat.is_dir() {
            true => one.is_dir(),
            false => {
                !one.is_dir() && one.size() == entry.stat.size && same(&mut one, &mut system.open(&entry.path)?, BUFFER).unwrap_or(false)
            }
        };
        if !is_same {
            return Ok(false);
        }
    }
    Ok(left.is_empty())
}
