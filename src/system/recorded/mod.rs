//! What one task changes, as it changes it.
//!
//! Imported by the runner (one [`Recorded`] per task around the machine or around check mode) and by tests. Guarantees: a change that
//! would change nothing (equal content and attributes, a link that is there, nothing to remove) never reaches the machine
//! and does not count; what the task makes and removes itself does not count; `changed` and `diff` need nothing from the module.
//! To record another kind of change: its no-change test in this file, its place in `journal.rs`, its look in `diff.rs`.

mod diff;
mod effects;
mod journal;

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::file::Algorithm;
use super::hash::sha256;
use super::{
    Access, Address, Attributes, Clock, Command, Content, Conversed, DirEntry, Effect, Error, ErrorKind, Executed, FileKind, Follow,
    Foreseen, Group, HttpRequest, HttpResponse, Identity, Listener, LiveSink, Output, Package, Platform, Result, Service, Space, Stat,
    System, Terminal, User,
};
use journal::Journal;

/// Text up to this many bytes is shown in a diff.
pub const DIFF_LIMIT: u64 = 1 << 20;

/// A machine that remembers what was changed through it.
pub struct Recorded<'a> {
    inner: &'a mut dyn System,
    journal: Journal,
}

impl<'a> Recorded<'a> {
    /// Around `inner`; `with_diff` says whether [`Recorded::diff`] will be asked for, which costs reading files before they change.
    pub fn new(inner: &'a mut dyn System, with_diff: bool) -> Self {
        Self { inner, journal: Journal::new(with_diff) }
    }

    /// Whether anything was changed (in check mode: would be).
    pub fn changed(&self) -> bool {
        self.journal.changed()
    }

    /// The changes in the shape that results have: mappings with `before`, `after`, `before_header` and `after_header`, or with
    /// `prepared`; `dst_binary`, `src_binary`, `dst_larger` and `src_larger` where text cannot be shown. Empty unless asked for at the start.
    pub fn diff(&self) -> Vec<Value> {
        self.journal.diff(self.inner)
    }

    /// Whether the file at `path`, described by `old`, has exactly this content. What cannot be found out counts as different.
    fn has_content(&self, path: &Path, old: &Stat, content: &Content<'_>) -> bool {
        let (size, digest) = match content {
            Content::Bytes(bytes) => (Some(bytes.len() as u64), None),
            Content::File(source) => match self.inner.stat(source, Follow::Yes) {
                Ok(Some(stat)) => (Some(stat.size), None),
                _ => return false,
            },
            Content::Stream { sha256: Some(digest), .. } => (None, Some(digest.to_lowercase())),
            Content::Stream { sha256: None, .. } => return false,
        };
        if size.is_some_and(|size| size != old.size) {
            return false;
        }
        let digest = digest.or_else(|| match content {
            Content::Bytes(bytes) => Some(sha256(bytes)),
            Content::File(source) => self.inner.checksum(source, Algorithm::Sha256).ok(),
            Content::Stream { .. } => None,
        });
        digest.is_some() && digest == self.inner.checksum(path, Algorithm::Sha256).ok()
    }

    fn write_with(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes, how: How) -> Result<()> {
        if let Content::Stream { reader, sha256: None } = content {
            return self.write_unannounced(path, reader, attributes, how);
        }
        let follow = if how == How::InPlace { Follow::Yes } else { Follow::No };
        let old = self.inner.stat(path, follow)?.filter(Stat::is_file);
        if old.is_some_and(|old| self.has_content(path, &old, &content)) {
            return self.set_attributes(path, attributes, follow);
        }
        let before = self.journal.snapshot(self.inner, path);
        match how {
            How::InPlace => self.inner.write_in_place(path, content, attributes)?,
            How::Replace => self.inner.write(path, content, attributes)?,
        }
        self.journal.made(path, before);
        Ok(())
    }

    /// A stream of unknown digest: looked at in memory or in a scratch file, to know whether it is any news.
    fn write_unannounced(&mut self, path: &Path, reader: &mut dyn Read, attributes: &Attributes, how: How) -> Result<()> {
        let mut start = Vec::new();
        let lost = |error: std::io::Error| {
            Error::new(ErrorKind::Other, format!("write `{}`", path.display()), format!("its content could not be received: {error}"))
        };
        (&mut *reader).take(DIFF_LIMIT + 1).read_to_end(&mut start).map_err(lost)?;
        if start.len() as u64 <= DIFF_LIMIT {
            return self.write_with(path, Content::Bytes(&start), attributes, how);
        }
        let mut whole = Cursor::new(start).chain(reader);
        let scratch = self.inner.scratch(0o600, &mut |writer| std::io::copy(&mut whole, writer).map(drop).map_err(lost))?;
        let result = self.write_with(path, Content::File(scratch.clone()), attributes, how);
        self.inner.discard(&scratch);
        result
    }

    /// The attributes that `stat` does not have already.
    fn missing_attributes(stat: &Stat, attributes: &Attributes) -> Attributes {
        let time = |wanted: Option<f64>, now: f64| wanted.filter(|wanted| (wanted - now).abs() > 1e-6);
        Attributes {
            mode: attributes.mode.filter(|mode| *mode != stat.mode),
            uid: attributes.uid.filter(|uid| *uid != stat.uid),
            gid: attributes.gid.filter(|gid| *gid != stat.gid),
            atime: time(attributes.atime, stat.atime),
            mtime: time(attributes.mtime, stat.mtime),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Replace,
    InPlace,
}

impl System for Recorded<'_> {
    fn foresees(&self) -> bool {
        self.inner.foresees()
    }

    fn known(&self, subject: &str) -> Option<String> {
        self.inner.known(subject)
    }

    fn foreseen(&self) -> Foreseen {
        self.inner.foreseen()
    }

    fn doubt(&self) -> Option<String> {
        self.inner.doubt()
    }

    fn doubt_of_commands(&self) -> Option<String> {
        self.inner.doubt_of_commands()
    }

    fn differs(&self, path: &Path) -> Result<bool> {
        self.inner.differs(path)
    }

    fn identity(&self) -> Result<Identity> {
        self.inner.identity()
    }

    fn platform(&self) -> Result<Platform> {
        self.inner.platform()
    }

    fn environment(&self) -> Result<BTreeMap<String, String>> {
        self.inner.environment()
    }

    fn umask(&self) -> Result<u32> {
        self.inner.umask()
    }

    fn clock(&self) -> Result<Clock> {
        self.inner.clock()
    }

    fn sleep(&self, time: Duration) -> Result<()> {
        self.inner.sleep(time)
    }

    fn stat(&self, path: &Path, follow: Follow) -> Result<Option<Stat>> {
        self.inner.stat(path, follow)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        self.inner.read(path)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Read + '_>> {
        self.inner.open(path)
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.inner.read_at(path, offset, length)
    }

    fn access(&self, path: &Path) -> Result<Access> {
        self.inner.access(path)
    }

    fn space(&self, path: &Path) -> Result<Space> {
        self.inner.space(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<DirEntry>> {
        self.inner.list(dir)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf> {
        self.inner.read_link(path)
    }

    fn real_path(&self, path: &Path) -> Result<PathBuf> {
        self.inner.real_path(path)
    }

    fn checksum(&self, path: &Path, algorithm: Algorithm) -> Result<String> {
        self.inner.checksum(path, algorithm)
    }

    fn which(&self, name: &str) -> Result<Option<PathBuf>> {
        self.inner.which(name)
    }

    fn user(&self, name: &str) -> Result<Option<User>> {
        self.inner.user(name)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        self.inner.group(name)
    }

    fn package(&self, name: &str) -> Result<Option<Package>> {
        self.inner.package(name)
    }

    fn service(&self, name: &str) -> Result<Option<Service>> {
        self.inner.service(name)
    }

    fn probe(&self, command: &Command) -> Result<Output> {
        self.inner.probe(command)
    }

    fn scratch(&self, mode: u32, fill: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<PathBuf> {
        self.inner.scratch(mode, fill)
    }

    fn discard(&self, path: &Path) {
        self.inner.discard(path);
    }

    fn addresses(&self) -> Result<Vec<Address>> {
        self.inner.addresses()
    }

    fn connect(&self, host: &str, port: u16, timeout: Duration) -> Result<Box<dyn Read + '_>> {
        self.inner.connect(host, port, timeout)
    }

    fn http_probe(&self, request: &HttpRequest, sink: &mut dyn Write) -> Result<HttpResponse> {
        self.inner.http_probe(request, sink)
    }

    fn write(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        self.write_with(path, content, attributes, How::Replace)
    }

    fn write_in_place(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        self.write_with(path, content, attributes, How::InPlace)
    }

    fn set_attributes(&mut self, path: &Path, attributes: &Attributes, follow: Follow) -> Result<()> {
        let news = match self.inner.stat(path, follow)? {
            Some(stat) => Self::missing_attributes(&stat, attributes),
            None => attributes.clone(),
        };
        if news == Attributes::default() {
            return Ok(());
        }
        // What is changed is where the link leads.
        let place = if follow == Follow::Yes { self.inner.real_path(path)? } else { path.to_path_buf() };
        let before = self.journal.snapshot(self.inner, &place);
        self.inner.set_attributes(path, &news, follow)?;
        self.journal.made(&place, before);
        Ok(())
    }

    fn make_dir(&mut self, path: &Path, mode: u32) -> Result<()> {
        let before = self.journal.snapshot(self.inner, path);
        self.inner.make_dir(path, mode)?;
        self.journal.made(path, before);
        Ok(())
    }

    fn symlink(&mut self, target: &Path, path: &Path) -> Result<()> {
        let is_link = self.inner.stat(path, Follow::No)?.is_some_and(|stat| stat.is_link());
        if is_link && self.inner.read_link(path)? == target {
            return Ok(());
        }
        let before = self.journal.snapshot(self.inner, path);
        self.inner.symlink(target, path)?;
        self.journal.made(path, before);
        Ok(())
    }

    fn hard_link(&mut self, original: &Path, path: &Path) -> Result<()> {
        let (source, there) = (self.inner.stat(original, Follow::No)?, self.inner.stat(path, Follow::No)?);
        if let (Some(source), Some(there)) = (source, there)
            && (source.inode, source.device) == (there.inode, there.device)
        {
            return Ok(());
        }
        let before = self.journal.snapshot(self.inner, path);
        self.inner.hard_link(original, path)?;
        self.journal.made(path, before);
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        let (before_from, before_to) = (self.journal.snapshot(self.inner, from), self.journal.snapshot(self.inner, to));
        self.inner.rename(from, to)?;
        self.journal.gone(from, before_from);
        self.journal.made(to, before_to);
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> Result<()> {
        let Some(before) = self.journal.snapshot(self.inner, path) else { return Ok(()) };
        self.inner.remove(path)?;
        self.journal.gone(path, Some(before));
        Ok(())
    }

    fn make_temporary(&mut self, dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<PathBuf> {
        let path = self.inner.make_temporary(dir, prefix, suffix, kind)?;
        self.journal.made(&path, None);
        Ok(path)
    }

    fn run(&mut self, command: &Command, effects: &[Effect]) -> Result<Output> {
        let notes = self.journal.describe(self.inner, effects);
        let output = self.inner.run(command, effects)?;
        self.journal.ran(notes);
        Ok(output)
    }

    fn execute(&mut self, command: &Command, live: &mut LiveSink<'_>) -> Result<Executed> {
        let executed = self.inner.execute(command, live)?;
        self.journal.ran(Vec::new());
        Ok(executed)
    }

    fn converse(&mut self, command: &Command, terminal: &Terminal, listen: &mut Listener<'_>) -> Result<Conversed> {
        let conversed = self.inner.converse(command, terminal, listen)?;
        self.journal.ran(Vec::new());
        Ok(conversed)
    }

    fn http_execute(&mut self, request: &HttpRequest, sink: &mut dyn Write) -> Result<Option<HttpResponse>> {
        let response = self.inner.http_execute(request, sink)?;
        self.journal.ran(Vec::new());
        Ok(response)
    }
}

#[cfg(test)]
mod tests;
