//! What a change of the tree does, or why it cannot be: making, linking, moving, removing; and the effects of commands.

use std::path::{Path, PathBuf};

use super::View;
use super::delta::Delta;
use super::errors::{Stop, denied, error, not_permitted};
use super::node::{Body, Source};
use super::rules::{changed, held, one_name_less, sized};
use crate::system::access::{EXECUTE, READ, may, may_replace};
use crate::system::{Effect, ErrorKind, FileKind, Follow, Placed, Result, Stat};

impl View<'_> {
    /// See [`crate::system::System::make_dir`].
    pub fn make_dir(&self, path: &Path, mode: u32) -> Result<Vec<Delta>> {
        let verb = "make the directory";
        let at = self.resolve(path, Follow::No).map_err(|stop| self.stopped(verb, path, stop))?;
        if at.found.is_some() {
            return Err(error(ErrorKind::Exists, verb, path, "File exists"));
        }
        let dir = self.changeable(verb, path, &at)?;
        let mut stat = self.new_stat(FileKind::Directory, &dir.node.stat);
        stat.mode = (mode & 0o7777) | (dir.node.stat.mode & 0o2000);
        Ok(vec![Delta::Put { path: at.path.clone(), stat, body: Body::Directory { below: None } }])
    }

    /// See [`crate::system::System::symlink`].
    pub fn symlink(&self, target: &Path, path: &Path) -> Result<Vec<Delta>> {
        let verb = "make the link";
        let at = self.resolve(path, Follow::No).map_err(|stop| self.stopped(verb, path, stop))?;
        let dir = self.replaceable(verb, path, &at)?;
        let mut stat = self.new_stat(FileKind::Link, &dir.node.stat);
        stat.mode = 0o777;
        stat.size = target.as_os_str().len() as u64;
        let mut deltas = one_name_less(at.found.as_ref());
        deltas.push(Delta::Put { path: at.path, stat, body: Body::Link(target.to_path_buf()) });
        Ok(deltas)
    }

    /// See [`crate::system::System::hard_link`].
    pub fn hard_link(&self, original: &Path, path: &Path) -> Result<Vec<Delta>> {
        let verb = "make a hard link to";
        let from = self.resolve(original, Follow::No).map_err(|stop| self.stopped(verb, original, stop))?;
        let Some(source) = from.found else { return Err(self.missing(verb, original, "it does not exist")) };
        if source.node.stat.is_dir() {
            return Err(error(ErrorKind::IsADirectory, verb, original, "it is a directory"));
        }
        let verb = "make the hard link";
        let at = self.resolve(path, Follow::No).map_err(|stop| self.stopped(verb, path, stop))?;
        let dir = self.replaceable(verb, path, &at)?;
        if dir.node.stat.device != source.node.stat.device {
            return Err(error(ErrorKind::Other, verb, path, "Invalid cross-device link"));
        }
        let there = at.found.as_ref().map(|found| (found.node.stat.inode, found.node.stat.device));
        if there == Some((source.node.stat.inode, source.node.stat.device)) {
            return Ok(Vec::new());
        }
        let mut deltas = one_name_less(at.found.as_ref());
        deltas.extend(held(&source));
        deltas.push(Delta::Link { original: source.path, path: at.path });
        Ok(deltas)
    }

    /// See [`crate::system::System::rename`].
    pub fn rename(&self, from: &Path, to: &Path) -> Result<Vec<Delta>> {
        let source = self.resolve(from, Follow::No).map_err(|stop| self.stopped("move", from, stop))?;
        let source_dir = self.changeable("move", from, &source)?;
        let Some(moved) = &source.found else { return Err(self.missing("move", from, "it does not exist")) };
        if !may_replace(self.who, &source_dir.node.stat, &moved.node.stat) {
            return Err(not_permitted("move", from));
        }
        let target = self.resolve(to, Follow::No).map_err(|stop| self.stopped("move to", to, stop))?;
        if target.path == moved.path {
            return Ok(Vec::new());
        }
        if target.path.starts_with(&moved.path) {
            return Err(error(ErrorKind::Other, "move to", to, "Invalid argument"));
        }
        let target_dir = self.changeable("move to", to, &target)?;
        if let Some(there) = &target.found {
            match (moved.node.stat.is_dir(), there.node.stat.is_dir()) {
                (true, false) => return Err(error(ErrorKind::NotADirectory, "move", from, "Not a directory")),
                (false, true) => return Err(error(ErrorKind::IsADirectory, "move", from, "Is a directory")),
                (true, true) if !self.list(to)?.is_empty() => {
                    return Err(error(ErrorKind::NotEmpty, "move", from, "Directory not empty"));
                }
                _ => {}
            }
            if !may_replace(self.who, &target_dir.node.stat, &there.node.stat) {
                return Err(not_permitted("move to", to));
            }
            if !there.node.stat.is_dir()
                && there.node.stat.inode == moved.node.stat.inode
                && there.node.stat.device == moved.node.stat.device
            {
                return Ok(Vec::new());
            }
        }
        let mut deltas = one_name_less(target.found.as_ref());
        deltas.extend(held(moved));
        deltas.push(Delta::Move { from: moved.path.clone(), to: target.path });
        Ok(deltas)
    }

    /// See [`crate::system::System::remove`].
    pub fn remove(&self, path: &Path) -> Result<Vec<Delta>> {
        let at = match self.resolve(path, Follow::No) {
            Ok(at) => at,
            Err(Stop::Missing(_) | Stop::NotADirectory(_)) => return Ok(Vec::new()),
            Err(stop) => return Err(self.stopped("remove", path, stop)),
        };
        let Some(found) = &at.found else { return Ok(Vec::new()) };
        let dir = self.changeable("remove", path, &at)?;
        if !may_replace(self.who, &dir.node.stat, &found.node.stat) {
            return Err(not_permitted("remove", path));
        }
        if self.who.uid != 0 && found.node.stat.is_dir() {
            self.removable_beneath(&found.path)?;
        }
        let mut deltas = one_name_less(at.found.as_ref());
        deltas.push(Delta::Hide(at.path));
        Ok(deltas)
    }

    /// An error if something in the directory could not be removed.
    fn removable_beneath(&self, dir: &Path) -> Result<()> {
        let Some(here) = self.at(dir)? else { return Ok(()) };
        for entry in self.list(dir)? {
            let path = dir.join(&entry.name);
            let Some(found) = self.at(&path)? else { continue };
            if !may_replace(self.who, &here.node.stat, &found.node.stat) {
                return Err(denied("remove", &path));
            }
            if entry.kind == FileKind::Directory {
                if !may(self.who, &found.node.stat, READ | EXECUTE) {
                    return Err(denied("remove", &path));
                }
                self.removable_beneath(&path)?;
            }
        }
        Ok(())
    }

    /// See [`crate::system::System::make_temporary`].
    pub fn make_temporary(&self, dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<(PathBuf, Vec<Delta>)> {
        let path = dir.join(format!("{prefix}{:016x}{suffix}", rand::random::<u64>()));
        let verb = "make a temporary file in";
        let at = self.resolve(&path, Follow::No).map_err(|stop| self.stopped(verb, dir, stop))?;
        let place = self.changeable(verb, dir, &at)?;
        let mut stat = self.new_stat(kind, &place.node.stat);
        let body = match kind {
            FileKind::File => {
                stat.mode = 0o600;
                Body::File(Source::Bytes([].into()))
            }
            FileKind::Directory => {
                stat.mode = 0o700 | (place.node.stat.mode & 0o2000);
                Body::Directory { below: None }
            }
            _ => return Err(error(ErrorKind::Unsupported, verb, dir, "only files and directories can be temporary")),
        };
        Ok((path, vec![Delta::Put { path: at.path.clone(), stat, body }]))
    }

    /// What an effect that a module declared does; `command` is the command for messages.
    pub fn effect(&self, effect: &Effect, command: &str) -> Result<Vec<Delta>> {
        match effect {
            Effect::FileWritten(path) => self.file_written(path, Source::Unknown(format!("{command} would write it")), 0),
            Effect::FileContent { path, content } => {
                self.file_written(path, Source::Bytes(content.as_slice().into()), content.len() as u64)
            }
            Effect::Placed { path, mode, what } => self.placed(path, *mode, what, command),
            Effect::FileRemoved(path) => match self.resolve(path, Follow::No) {
                Ok(at) if at.found.is_some() => Ok(vec![Delta::Hide(at.path)]),
                Ok(_) | Err(Stop::Missing(_) | Stop::NotADirectory(_)) => Ok(Vec::new()),
                Err(stop) => Err(self.stopped("remove", path, stop)),
            },
            Effect::DirectoryMade(path) => self.directory_made(path),
            Effect::Mounted { source, target, fstype } => {
                let mut deltas = self.directory_made(target)?;
                // A bind mount shows its source. A file system is taken to be empty: nothing can look into it before it is mounted.
                let bound = if fstype == "none" || fstype == "bind" { self.resolve(Path::new(source), Follow::Yes).ok() } else { None };
                let below = match bound.and_then(|at| at.found).map(|found| found.node.body) {
                    Some(Body::Directory { below }) => below,
                    _ => None,
                };
                deltas.push(self.mount_point(target, below));
                deltas.push(Delta::Effect(effect.clone()));
                Ok(deltas)
            }
            // What the file system hid is taken to be nothing: nothing can look there while it is mounted.
            Effect::Unmounted(target) => Ok(vec![self.mount_point(target, None), Delta::Effect(effect.clone())]),
            other => Ok(vec![Delta::Effect(other.clone())]),
        }
    }

    /// The directory at which something is mounted or was mounted until now.
    fn mount_point(&self, target: &Path, below: Option<PathBuf>) -> Delta {
        let mut stat = Stat { mode: 0o755, links: 2, ..Stat::new(FileKind::Directory) };
        (stat.atime, stat.mtime, stat.ctime) = (self.now, self.now, self.now);
        let path = self.resolve(target, Follow::Yes).map_or_else(|_| target.to_path_buf(), |at| at.path);
        Delta::Put { path, stat, body: Body::Directory { below } }
    }

    fn file_written(&self, path: &Path, source: Source, size: u64) -> Result<Vec<Delta>> {
        let mut deltas = match path.parent() {
            Some(parent) => self.directory_made(parent)?,
            None => Vec::new(),
        };
        match self.resolve(path, Follow::Yes) {
            Ok(at) => match &at.found {
                Some(found) => {
                    let mut stat = match source {
                        Source::Unknown(_) => found.node.stat.clone(),
                        _ => sized(found.node.stat.clone(), size),
                    };
                    (stat.mtime, stat.ctime) = (self.now, self.now);
                    deltas.extend(changed(found, stat, Some(Body::File(source))));
                }
                None => {
                    let dir = at.dir.map_or_else(|| Stat::new(FileKind::Directory), |dir| dir.node.stat);
                    deltas.push(self.file_of_command(at.path, &dir, source, size));
                }
            },
            // Its directory comes with it.
            Err(Stop::Missing(_)) => deltas.push(self.file_of_command(self.settled(path)?, &Stat::new(FileKind::Directory), source, size)),
            Err(stop) => return Err(self.stopped("write", path, stop)),
        }
        Ok(deltas)
    }

    fn placed(&self, path: &Path, mode: u32, what: &Placed, command: &str) -> Result<Vec<Delta>> {
        let mut deltas = match path.parent() {
            Some(parent) => self.directory_made(parent)?,
            None => Vec::new(),
        };
        let (real, there) = match self.resolve(path, Follow::No) {
            Ok(at) => (at.path, at.found),
            // Its directory comes with it.
            Err(Stop::Missing(_)) => (self.settled(path)?, None),
            Err(stop) => return Err(self.stopped("write", path, stop)),
        };
        // A link to a directory stands for it.
        let is_dir = there.is_some() && self.stat(path, Follow::Yes)?.is_some_and(|stat| stat.is_dir());
        let (kind, body, size) = match what {
            Placed::Directory if is_dir => return Ok(deltas),
            Placed::Directory => (FileKind::Directory, Body::Directory { below: None }, 0),
            Placed::Link(target) => (FileKind::Link, Body::Link(target.clone()), target.as_os_str().len() as u64),
            Placed::File { size, content: Some(content) } => (FileKind::File, Body::File(Source::Bytes(content.as_slice().into())), *size),
            Placed::File { size, content: None } => {
                (FileKind::File, Body::File(Source::Unknown(format!("{command} would write it"))), *size)
            }
        };
        let mut stat = sized(self.new_stat(kind, &Stat::new(FileKind::Directory)), size);
        stat.mode = if kind == FileKind::Link { 0o777 } else { mode };
        deltas.push(Delta::Put { path: real, stat, body });
        Ok(deltas)
    }

    fn file_of_command(&self, path: PathBuf, dir: &Stat, source: Source, size: u64) -> Delta {
        let mut stat = sized(self.new_stat(FileKind::File, dir), size);
        stat.mode = 0o666 & !self.umask;
        Delta::Put { path, stat, body: Body::File(source) }
    }

    /// The path without links, as far as it is there already.
    fn settled(&self, path: &Path) -> Result<PathBuf> {
        for ancestor in path.ancestors() {
            if self.stat(ancestor, Follow::Yes)?.is_some() {
                let real = self.real_path(ancestor)?;
                return Ok(path.strip_prefix(ancestor).map_or(real.clone(), |rest| real.join(rest)));
            }
        }
        Ok(path.to_path_buf())
    }

    /// The directory and those it is in, where they are missing. A home directory belongs to its user.
    fn directory_made(&self, path: &Path) -> Result<Vec<Delta>> {
        let missing: Vec<&Path> = {
            let mut missing = Vec::new();
            for ancestor in path.ancestors() {
                if self.stat(ancestor, Follow::Yes)?.is_some() {
                    break;
                }
                missing.push(ancestor);
            }
            missing.into_iter().rev().collect()
        };
        let mut deltas = Vec::new();
        let mut real = match missing.first().and_then(|first| first.parent()) {
            Some(parent) => self.real_path(parent)?,
            None => return Ok(deltas),
        };
        let owner = self.memory.catalogue.owner_of_home(path);
        for dir in missing {
            real = real.join(dir.file_name().unwrap_or_default());
            let mut stat = self.new_stat(FileKind::Directory, &Stat::new(FileKind::Directory));
            stat.mode = 0o777 & !self.umask;
            if let Some((uid, gid)) = owner.filter(|_| dir == path) {
                (stat.uid, stat.gid) = (uid, gid);
            }
            deltas.push(Delta::Put { path: real.clone(), stat, body: Body::Directory { below: None } });
        }
        Ok(deltas)
    }
}
