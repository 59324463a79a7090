//! Going through the entries of an archive.

use std::io::Read;
use std::path::{Path, PathBuf};

use tar::EntryType;

use super::super::Failure;
use super::super::shared::packed::{Compression, Format, reader};
use super::super::shared::seek::SeekFile;
use super::entry::{Entry, EntryKind, Owner, Selection, clean};
use crate::system::{Civil, Follow, System};

/// Links in zip archives are files of at most this many bytes.
const LINK_LIMIT: u64 = 4096;

/// What is done with each entry: its number among the wanted ones, the entry, its content.
pub(super) type Visit<'v> = dyn FnMut(usize, Entry, &mut dyn Read) -> Result<(), Failure> + 'v;

/// Calls `visit` with every wanted entry of the archive at `path`, in order.
pub(super) fn entries(
    system: &dyn System,
    path: &Path,
    format: Format,
    selection: &Selection,
    visit: &mut Visit<'_>,
) -> Result<(), Failure> {
    match format {
        Format::Tar(compression) => tar(system, path, compression, selection, visit),
        Format::Zip => zip(system, path, selection, visit),
    }
}

fn broken(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("failed to read the archive `{}`: {error}", path.display()))
}

fn refused(path: &Path, error: &str) -> Failure {
    Failure::new(format!("refused to unpack `{}`: {error}", path.display()))
}

fn tar(system: &dyn System, path: &Path, compression: Compression, selection: &Selection, visit: &mut Visit<'_>) -> Result<(), Failure> {
    let mut archive = tar::Archive::new(reader(system, path, compression)?);
    let mut number = 0;
    for found in archive.entries().map_err(|error| broken(path, error))? {
        let mut found = found.map_err(|error| broken(path, error))?;
        let name = found.path().map_err(|error| broken(path, error))?.into_owned();
        let link = found.link_name().map_err(|error| broken(path, error))?.map(|link| link.into_owned());
        let header = found.header();
        let kind = match header.entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse if name.to_string_lossy().ends_with('/') => {
                EntryKind::Directory
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => EntryKind::File(found.size()),
            EntryType::Directory => EntryKind::Directory,
            EntryType::Symlink => EntryKind::Symlink(link.unwrap_or_default()),
            EntryType::Link => {
                let original = clean(&link.unwrap_or_default()).map_err(|error| refused(path, &error))?;
                match selection.stripped(&original, false) {
                    Some(original) => EntryKind::HardLink(original),
                    None => continue,
                }
            }
            EntryType::XGlobalHeader => continue,
            other => return Err(refused(path, &format!("the entry `{}` is of a kind that is not supported ({other:?})", name.display()))),
        };
        let wanted = selection.path_of(&name, kind == EntryKind::Directory).map_err(|error| refused(path, &error))?;
        let Some(place) = wanted else { continue };
        let owner = Owner {
            uid: header.uid().ok().and_then(|uid| u32::try_from(uid).ok()).unwrap_or(0),
            gid: header.gid().ok().and_then(|gid| u32::try_from(gid).ok()).unwrap_or(0),
            user: header.username().ok().flatten().filter(|name| !name.is_empty()).map(str::to_owned),
            group: header.groupname().ok().flatten().filter(|name| !name.is_empty()).map(str::to_owned),
        };
        let entry = Entry {
            path: place,
            mode: header.mode().ok().map(|mode| mode & 0o7777),
            owner: Some(owner),
            mtime: header.mtime().ok().and_then(|time| i64::try_from(time).ok()),
            kind,
        };
        visit(number, entry, &mut found)?;
        number += 1;
    }
    Ok(())
}

fn zip(system: &dyn System, path: &Path, selection: &Selection, visit: &mut Visit<'_>) -> Result<(), Failure> {
    let size = system.stat(path, Follow::Yes)?.map_or(0, |stat| stat.size);
    let offset = system.clock()?.offset;
    let mut archive = ::zip::ZipArchive::new(SeekFile::new(system, path, size)).map_err(|error| broken(path, error))?;
    let mut number = 0;
    for index in 0..archive.len() {
        let mut found = archive.by_index(index).map_err(|error| broken(path, error))?;
        let name = PathBuf::from(found.name().map_err(|error| broken(path, error))?.into_owned());
        let is_dir = found.is_dir();
        let Some(place) = selection.path_of(&name, is_dir).map_err(|error| refused(path, &error))? else { continue };
        let kind = if is_dir {
            EntryKind::Directory
        } else if found.is_symlink() {
            let mut text = String::new();
            (&mut found).take(LINK_LIMIT).read_to_string(&mut text).map_err(|error| broken(path, error))?;
            EntryKind::Symlink(text.into())
        } else {
            EntryKind::File(found.size())
        };
        let mode = found.unix_mode().map(|mode| mode & 0o777).filter(|mode| *mode != 0);
        let mtime = found.last_modified().map(|time| {
            // Zip archives tell local time, whichever that was.
            let (year, month, day) = (i64::from(time.year()), u32::from(time.month()), u32::from(time.day()));
            let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
            Civil::days_before(year, month, day) * 86_400 + seconds - i64::from(offset)
        });
        let entry = Entry { path: place, kind, mode, owner: None, mtime };
        visit(number, entry, &mut found)?;
        number += 1;
    }
    Ok(())
}
