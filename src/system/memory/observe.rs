//! Observing files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use super::View;
use super::errors::{Stop, denied, error, is_a_directory};
use super::node::{Body, Found, Node, Source};
use crate::system::access::{EXECUTE, READ, WRITE, may};
use crate::system::file::Algorithm;
use crate::system::{Access, DirEntry, Error, ErrorKind, Follow, Result, Stat, System, hash, lookup};

impl<'a> View<'a> {
    /// The machine below when no path differs from it, so that it can answer for all of them.
    fn untouched(&self) -> Option<&'a dyn System> {
        self.below.filter(|_| self.memory.has_no_files() && !self.assumed && !self.has_doubt())
    }

    /// See [`System::stat`].
    pub fn stat(&self, path: &Path, follow: Follow) -> Result<Option<Stat>> {
        if let Some(below) = self.untouched() {
            return below.stat(path, follow);
        }
        match self.resolve(path, follow) {
            Ok(resolved) => Ok(resolved.found.map(|found| found.node.stat)),
            Err(Stop::Missing(_) | Stop::NotADirectory(_)) => Ok(None),
            Err(stop) => Err(self.stopped("inspect", path, stop)),
        }
    }

    /// What `path` leads to, or the error that it leads nowhere.
    fn existing(&self, verb: &str, path: &Path, follow: Follow) -> Result<Found> {
        let resolved = self.resolve(path, follow).map_err(|stop| match stop {
            Stop::Missing(_) => self.missing(verb, path, "it does not exist"),
            stop => self.stopped(verb, path, stop),
        })?;
        resolved.found.ok_or_else(|| self.missing(verb, path, "it does not exist"))
    }

    /// The content of a regular file that may be read.
    pub(super) fn content(&self, path: &Path) -> Result<Node> {
        let found = self.existing("read", path, Follow::Yes)?;
        match found.node.body {
            Body::Directory { .. } => Err(is_a_directory("read", path)),
            Body::Link(_) | Body::Special => Err(error(ErrorKind::Other, "read", path, "it is not a regular file")),
            Body::File(_) if !may(self.who, &found.node.stat, READ) => Err(denied("read", path)),
            Body::File(_) => Ok(found.node),
        }
    }

    /// See [`System::read`].
    pub fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes).map_err(|error| Error::io("read", path, &error))?;
        Ok(bytes)
    }

    /// See [`System::open`].
    pub fn open(&self, path: &Path) -> Result<Box<dyn Read + 'a>> {
        if let Some(text) = self.mount_table(path)? {
            return Ok(Box::new(Cursor::new(text.into_bytes())));
        }
        if let Some(below) = self.untouched() {
            return below.open(path);
        }
        let Body::File(source) = self.content(path)?.body else { return Err(is_a_directory("read", path)) };
        self.open_source(path, &source)
    }

    /// See [`System::read_at`].
    pub fn read_at(&self, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>> {
        if self.mount_table(path)?.is_none() {
            if let Some(below) = self.untouched() {
                return below.read_at(path, offset, length);
            }
            if let (Body::File(Source::Below(place)), Some(below)) = (self.content(path)?.body, self.below) {
                return below.read_at(&place, offset, length);
            }
        }
        let failed = |error: std::io::Error| Error::io("read", path, &error);
        let mut reader = self.open(path)?;
        std::io::copy(&mut reader.by_ref().take(offset), &mut std::io::sink()).map_err(failed)?;
        let mut bytes = Vec::new();
        reader.take(length as u64).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    /// See [`System::access`].
    pub fn access(&self, path: &Path) -> Result<Access> {
        if let Some(below) = self.untouched() {
            return below.access(path);
        }
        let found = match self.resolve(path, Follow::Yes) {
            Ok(resolved) => resolved.found,
            Err(Stop::Failed(error)) => return Err(error),
            Err(_) => None,
        };
        match (found, self.below) {
            (Some(Found { node: Node { body: Body::File(Source::Below(place)), .. }, in_memory: false, .. }), Some(below))
                if !self.assumed =>
            {
                below.access(&place)
            }
            (Some(found), _) => {
                let may = |need| may(self.who, &found.node.stat, need);
                Ok(Access { read: may(READ), write: may(WRITE) && !self.is_read_only(&found.path), execute: may(EXECUTE) })
            }
            (None, _) => Ok(Access::default()),
        }
    }

    /// Where the content of the file at `path` is, and its size: for a copy of it.
    pub fn source_of(&self, path: &Path) -> Result<(Source, u64)> {
        let node = self.content(path)?;
        match node.body {
            Body::File(source) => Ok((source, node.stat.size)),
            _ => Err(is_a_directory("read", path)),
        }
    }

    /// A reader over `source`, the content of `path`.
    pub(super) fn open_source(&self, path: &Path, source: &Source) -> Result<Box<dyn Read + 'a>> {
        match (source, self.below) {
            (Source::Bytes(bytes), _) => Ok(Box::new(Cursor::new(bytes.clone()))),
            (Source::Below(place), Some(below)) => below.open(place),
            (Source::Below(_), None) => Err(self.missing("read", path, "it does not exist")),
            (Source::Spool(spool), _) => File::open(&spool.path).map(|file| Box::new(file) as Box<dyn Read>).map_err(|_| {
                let reason = "an earlier task would write it, and its content cannot be read as this identity";
                error(ErrorKind::Unpredictable, "read", path, reason)
            }),
            (Source::Unknown(why), _) => {
                Err(error(ErrorKind::Unpredictable, "read", path, format!("its content is known only after the real run: {why}")))
            }
        }
    }

    /// See [`System::list`].
    pub fn list(&self, dir: &Path) -> Result<Vec<DirEntry>> {
        if let Some(below) = self.untouched() {
            return below.list(dir);
        }
        let found = self.existing("list", dir, Follow::Yes)?;
        let Body::Directory { below: place } = &found.node.body else {
            return Err(error(ErrorKind::NotADirectory, "list", dir, "Not a directory"));
        };
        if !may(self.who, &found.node.stat, READ) {
            return Err(denied("list", dir));
        }
        let mut entries = BTreeMap::new();
        if let (Some(place), Some(below)) = (place, self.below) {
            entries.extend(below.list(place)?.into_iter().map(|entry| (entry.name, entry.kind)));
        }
        for (name, kind) in self.memory.tree.children(&found.path) {
            match kind {
                Some(kind) => entries.insert(name, kind),
                None => entries.remove(&name),
            };
        }
        Ok(entries.into_iter().map(|(name, kind)| DirEntry { name, kind }).collect())
    }

    /// See [`System::read_link`].
    pub fn read_link(&self, path: &Path) -> Result<PathBuf> {
        if let Some(below) = self.untouched() {
            return below.read_link(path);
        }
        match self.existing("read the link", path, Follow::No)?.node.body {
            Body::Link(target) => Ok(target),
            _ => Err(error(ErrorKind::Other, "read the link", path, "Invalid argument")),
        }
    }

    /// See [`System::real_path`].
    pub fn real_path(&self, path: &Path) -> Result<PathBuf> {
        if let Some(below) = self.untouched() {
            return below.real_path(path);
        }
        self.resolve(path, Follow::Yes).map(|resolved| resolved.path).map_err(|stop| self.stopped("resolve", path, stop))
    }

    /// See [`System::checksum`].
    pub fn checksum(&self, path: &Path, algorithm: Algorithm) -> Result<String> {
        if self.mount_table(path)?.is_none() {
            if let Some(below) = self.untouched() {
                return below.checksum(path, algorithm);
            }
            match (self.content(path)?.body, self.below, algorithm) {
                (Body::File(Source::Below(place)), Some(below), _) => return below.checksum(&place, algorithm),
                (Body::File(Source::Spool(spool)), _, Algorithm::Sha256) => return Ok(spool.sha256.clone()),
                _ => {}
            }
        }
        hash::digest(&mut self.open(path)?, algorithm).map_err(|error| Error::io("read", path, &error))
    }

    /// See [`System::which`].
    pub fn which(&self, name: &str) -> Result<Option<PathBuf>> {
        if let Some(below) = self.untouched() {
            return below.which(name);
        }
        if name.is_empty() {
            return Ok(None);
        }
        if name.contains('/') {
            return Ok(self.is_program(Path::new(name))?.then(|| name.into()));
        }
        if let Some(below) = self.below
            && let Some(path) = below.which(name)?
            && self.is_program(&path)?
        {
            return Ok(Some(path));
        }
        for dir in lookup::SEARCH_PATH {
            let path = Path::new(dir).join(name);
            if self.is_program(&path)? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    fn is_program(&self, path: &Path) -> Result<bool> {
        Ok(self.stat(path, Follow::Yes)?.is_some_and(|stat| stat.is_file() && may(self.who, &stat, EXECUTE)))
    }
}
