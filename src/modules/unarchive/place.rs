//! Entries to their places.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::super::shared::file_options::FileOptions;
use super::super::shared::owner;
use super::super::shared::packed::{Format, same};
use super::super::{Context, Failure};
use super::entry::{Entry, EntryKind, Owner, Selection};
use super::walk;
use crate::system::{Attributes, Content, Error, ErrorKind, FileKind, Follow, Stat, System};

/// Contents up to this size are kept in memory until they are written, as long as all together are at most 64 times as large.
const SMALL: u64 = 1 << 18;

/// Where and how.
pub(super) struct Place<'a> {
    pub(super) dest: &'a Path,
    pub(super) options: &'a FileOptions,
    pub(super) selection: &'a Selection,
    pub(super) keep_newer: bool,
    pub(super) buffer: usize,
}

/// Content that differs, taken out of the archive.
enum Stash {
    Memory(Vec<u8>),
    Scratch(PathBuf),
}

/// The entries, and the contents of those that differ by their numbers.
struct Found {
    entries: Vec<Entry>,
    contents: BTreeMap<usize, Stash>,
}

impl Place<'_> {
    /// Puts every wanted entry of the archive in its place; returns them.
    pub(super) fn unpack(&self, ctx: &mut Context<'_>, format: Format, archive: &Path) -> Result<Vec<Entry>, Failure> {
        let mut found = Found { entries: Vec::new(), contents: BTreeMap::new() };
        let result = self.look(ctx.system, archive, format, &mut found).and_then(|()| self.put(ctx, &found));
        for stash in found.contents.values() {
            if let Stash::Scratch(path) = stash {
                ctx.system.discard(path);
            }
        }
        result.map(|()| found.entries)
    }

    /// Compares the entries with what is there, and takes the contents that differ out of the archive.
    fn look(&self, system: &dyn System, archive: &Path, format: Format, found: &mut Found) -> Result<(), Failure> {
        let mut differing = Vec::new();
        walk::entries(system, archive, format, self.selection, &mut |number, entry, content| {
            if let EntryKind::File(size) = entry.kind
                && !self.has_content(system, &entry, size, content)?
            {
                differing.push(number);
            }
            found.entries.push(entry);
            Ok(())
        })?;
        if differing.is_empty() {
            return Ok(());
        }
        let mut in_memory = 0;
        walk::entries(system, archive, format, self.selection, &mut |number, entry, content| {
            if let EntryKind::File(size) = entry.kind
                && differing.contains(&number)
            {
                let fits = size <= SMALL && in_memory + size <= SMALL * 64;
                in_memory += if fits { size } else { 0 };
                found.contents.insert(number, stash(system, content, fits)?);
            }
            Ok(())
        })
    }

    /// Whether what is at the place of a file has its content, or is to stay as it is.
    fn has_content(&self, system: &dyn System, entry: &Entry, size: u64, content: &mut dyn Read) -> Result<bool, Failure> {
        let path = self.dest.join(&entry.path);
        let Some(stat) = system.stat(&path, Follow::No)? else { return Ok(false) };
        if self.is_newer(&stat, entry) {
            return Ok(true);
        }
        if !stat.is_file() || stat.size != size {
            return Ok(false);
        }
        let mut file = system.open(&path)?;
        same(content, &mut file, self.buffer).map_err(|error| Failure::new(format!("failed to compare `{}`: {error}", path.display())))
    }

    fn is_newer(&self, stat: &Stat, entry: &Entry) -> bool {
        self.keep_newer && !stat.is_dir() && entry.mtime.is_some_and(|mtime| seconds(stat.mtime) > mtime)
    }

    fn put(&self, ctx: &mut Context<'_>, found: &Found) -> Result<(), Failure> {
        let root = ctx.system.real_path(self.dest)?;
        let mut made = Vec::new();
        for (number, entry) in found.entries.iter().enumerate() {
            let path = self.dest.join(&entry.path);
            if !entry.path.as_os_str().is_empty() {
                self.make_parents(ctx, &root, &entry.path)?;
            }
            let stat = ctx.system.stat(&path, Follow::No)?;
            if stat.as_ref().is_some_and(|stat| self.is_newer(stat, entry)) {
                continue;
            }
            match &entry.kind {
                EntryKind::Directory => {
                    if self.directory(ctx, entry, &path, stat.as_ref())? {
                        made.push((path, entry.mtime));
                    }
                }
                EntryKind::File(_) => self.file(ctx, entry, &path, stat.as_ref(), found.contents.get(&number))?,
                EntryKind::Symlink(target) => self.symlink(ctx, entry, &path, stat.as_ref(), target)?,
                EntryKind::HardLink(original) => self.hard_link(ctx, &path, stat.as_ref(), original)?,
            }
        }
        // What is put into a directory changes its time, so the times of new ones come last.
        for (path, mtime) in made.into_iter().rev() {
            let attributes = Attributes { mtime: mtime.map(as_float), ..Attributes::default() };
            ctx.system.set_attributes(&path, &attributes, Follow::No)?;
        }
        Ok(())
    }

    /// Makes the directories above an entry. A link among them must not lead out of the directory.
    fn make_parents(&self, ctx: &mut Context<'_>, root: &Path, entry: &Path) -> Result<(), Failure> {
        let mut folder = self.dest.to_path_buf();
        for part in entry.parent().unwrap_or(Path::new("")) {
            folder.push(part);
            match ctx.system.stat(&folder, Follow::No)? {
                None => {
                    let mode = 0o777 & !ctx.system.umask()?;
                    ctx.system.make_dir(&folder, mode)?;
                }
                Some(stat) if stat.is_dir() => {}
                Some(stat) if stat.is_link() && ctx.system.real_path(&folder)?.starts_with(root) => {}
                Some(stat) if stat.is_link() => {
                    return Err(Failure::new(format!(
                        "refused to unpack `{}`: the link `{}` leads out of the directory",
                        entry.display(),
                        folder.display()
                    )));
                }
                Some(_) => {
                    return Err(Failure::new(format!("failed to unpack `{}`: `{}` is no directory", entry.display(), folder.display())));
                }
            }
        }
        Ok(())
    }

    /// The attributes an entry is to have.
    fn attributes(&self, system: &dyn System, entry: &Entry) -> Result<Attributes, Failure> {
        let is_dir = entry.kind == EntryKind::Directory;
        let is_root = system.identity()?.uid == 0;
        let umask = system.umask()?;
        let mode = match entry.mode {
            Some(mode) if entry.owner.is_some() && (!is_root || self.selection.apply_umask) => mode & !umask,
            Some(mode) => mode,
            None if is_dir => 0o777 & !umask,
            None => 0o666 & !umask,
        };
        let mode = self.options.mode.as_ref().map_or(mode, |wanted| wanted.apply(mode, is_dir, umask));
        let (mut uid, mut gid) = match &entry.owner {
            Some(owner) if self.selection.same_owner.unwrap_or(is_root) => numbers(system, owner)?,
            _ => (None, None),
        };
        if let Some(name) = &self.options.owner {
            uid = Some(owner::uid(system, name)?);
        }
        if let Some(name) = &self.options.group {
            gid = Some(owner::gid(system, name)?);
        }
        Ok(Attributes { mode: Some(mode), uid, gid, atime: None, mtime: entry.mtime.map(as_float) })
    }

    /// Sets what differs of the attributes.
    fn adjust(&self, ctx: &mut Context<'_>, path: &Path, stat: &Stat, wanted: &Attributes) -> Result<(), Failure> {
        let is_link = stat.is_link();
        let different = Attributes {
            mode: wanted.mode.filter(|mode| !is_link && *mode != stat.mode),
            uid: wanted.uid.filter(|uid| *uid != stat.uid),
            gid: wanted.gid.filter(|gid| *gid != stat.gid),
            atime: None,
            mtime: wanted.mtime.filter(|mtime| stat.is_file() && seconds(*mtime) != seconds(stat.mtime)),
        };
        if different != Attributes::default() {
            ctx.system.set_attributes(path, &different, Follow::No)?;
        }
        FileOptions { mode: None, owner: None, group: None, ..self.options.clone() }.apply(ctx, path, Follow::No)
    }

    /// Whether the directory was made.
    fn directory(&self, ctx: &mut Context<'_>, entry: &Entry, path: &Path, stat: Option<&Stat>) -> Result<bool, Failure> {
        let wanted = self.attributes(ctx.system, entry)?;
        let is_there = match stat {
            Some(stat) if stat.is_dir() => true,
            Some(stat) if stat.is_link() && ctx.system.stat(path, Follow::Yes)?.is_some_and(|stat| stat.is_dir()) => return Ok(false),
            Some(_) => {
                ctx.system.remove(path)?;
                false
            }
            None => false,
        };
        if !is_there {
            ctx.system.make_dir(path, wanted.mode.unwrap_or(0o755))?;
        }
        if let Some(stat) = ctx.system.stat(path, Follow::No)? {
            self.adjust(ctx, path, &stat, &wanted)?;
        }
        Ok(!is_there)
    }

    fn file(&self, ctx: &mut Context<'_>, entry: &Entry, path: &Path, stat: Option<&Stat>, content: Option<&Stash>) -> Result<(), Failure> {
        let wanted = self.attributes(ctx.system, entry)?;
        if let Some(content) = content {
            if stat.is_some_and(Stat::is_dir) {
                return Err(Failure::new(format!("failed to unpack `{}`: a directory is there", path.display())));
            }
            let content = match content {
                Stash::Memory(bytes) => Content::Bytes(bytes),
                Stash::Scratch(file) => Content::File(file.clone()),
            };
            ctx.system.write(path, content, &wanted)?;
        }
        match ctx.system.stat(path, Follow::No)? {
            Some(stat) => self.adjust(ctx, path, &stat, &wanted),
            None => Ok(()),
        }
    }

    fn symlink(&self, ctx: &mut Context<'_>, entry: &Entry, path: &Path, stat: Option<&Stat>, target: &Path) -> Result<(), Failure> {
        let wanted = self.attributes(ctx.system, entry)?;
        if stat.is_some_and(Stat::is_dir) {
            return Err(Failure::new(format!("failed to unpack the link `{}`: a directory is there", path.display())));
        }
        let is_same = stat.is_some_and(Stat::is_link) && ctx.system.read_link(path)? == target;
        if !is_same {
            ctx.system.symlink(target, path)?;
        }
        match ctx.system.stat(path, Follow::No)? {
            Some(stat) => self.adjust(ctx, path, &stat, &wanted),
            None => Ok(()),
        }
    }

    fn hard_link(&self, ctx: &mut Context<'_>, path: &Path, stat: Option<&Stat>, original: &Path) -> Result<(), Failure> {
        let original = self.dest.join(original);
        let Some(first) = ctx.system.stat(&original, Follow::No)?.filter(|stat| stat.kind == FileKind::File) else {
            return Err(Failure::new(format!(
                "failed to unpack `{}`: it is a link to `{}`, which is no file",
                path.display(),
                original.display()
            )));
        };
        if stat.is_none_or(|stat| (stat.device, stat.inode) != (first.device, first.inode)) {
            ctx.system.hard_link(&original, path)?;
        }
        Ok(())
    }
}

/// The owner by name where the host knows it, else by number.
fn numbers(system: &dyn System, owner: &Owner) -> Result<(Option<u32>, Option<u32>), Failure> {
    let user = match &owner.user {
        Some(name) => system.user(name)?.filter(|user| user.name == *name),
        None => None,
    };
    let group = match &owner.group {
        Some(name) => system.group(name)?.filter(|group| group.name == *name),
        None => None,
    };
    Ok((Some(user.map_or(owner.uid, |user| user.uid)), Some(group.map_or(owner.gid, |group| group.gid))))
}

fn stash(system: &dyn System, content: &mut dyn Read, in_memory: bool) -> Result<Stash, Failure> {
    let failed = |error: io::Error| Error::new(ErrorKind::from(error.kind()), "take a file out of the archive", error.to_string());
    if in_memory {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(failed)?;
        return Ok(Stash::Memory(bytes));
    }
    let path = system.scratch(0o600, &mut |sink| io::copy(content, sink).map(drop).map_err(failed))?;
    Ok(Stash::Scratch(path))
}

#[expect(clippy::cast_possible_truncation, reason = "seconds since the epoch are far from the limits")]
fn seconds(time: f64) -> i64 {
    time.floor() as i64
}

#[expect(clippy::cast_precision_loss, reason = "seconds since the epoch are far from the limits")]
fn as_float(time: i64) -> f64 {
    time as f64
}
