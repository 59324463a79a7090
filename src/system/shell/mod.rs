//! A machine through nothing but a POSIX shell: `sh` on a host, at the other end of any byte stream.
//!
//! Imported by `transport`, for hosts on which the runner cannot run. Guarantees: one long-lived `sh`; each operation is one write
//! and one read ([`ShellSystem::round_trips`] counts them; only content beyond [`CHUNK`] bytes takes more); any bytes in names and
//! contents; nothing is needed but a POSIX shell (dash, busybox ash), the usual small tools and one writable directory, which is empty again
//! when the stream ends. No Python, no Perl.
//!
//! Where the tools are poorer than system calls: times are whole seconds with busybox; a file is not synced before it takes the
//! place of another; live output comes when the command has ended; exit codes 129 to 143 count as ended by a signal, since
//! a shell cannot tell them apart; HTTP needs `curl`, a connection needs `nc`,
//! a terminal needs `script` of util-linux and Linux's `/proc`.
//!
//! `library.sh` holds what the shell is taught at the start; the files beside it put requests together and read replies. To add an
//! operation: a function in `library.sh`, the request in the file of its kind.

mod change;
mod commands;
mod errors;
mod facts;
mod http;
mod network;
mod observe;
mod quote;
mod session;
mod terminal;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file::Algorithm;
use super::{
    Access, Address, Attributes, Cancel, Clock, Command, Content, Conversed, DirEntry, Effect, Error, Executed, FileKind, Follow, Group,
    HttpRequest, HttpResponse, Identity, Listener, LiveSink, Output, Package, Platform, Result, Service, Space, Stat, System, Terminal,
    User, WHOLE_LIMIT, lookup,
};
use session::{Reply, Session};

/// Bytes of content that travel in one request or reply.
pub const CHUNK: usize = 1 << 20;

/// A machine behind a shell. See the module documentation.
pub struct ShellSystem<S> {
    session: RefCell<Session<S>>,
    cancel: Cancel,
    who: OnceCell<Identity>,
}

impl<S: Read + Write + Send> ShellSystem<S> {
    /// Over `stream`, at whose other end a `sh` reads commands from its standard input. What comes before the first reply (banners) is skipped.
    ///
    /// # Errors
    /// When the other end is no POSIX shell, or the host has no directory that can be written to.
    pub fn new(stream: S) -> Result<Self> {
        Self::with_cancel(stream, Cancel::new())
    }

    /// As [`ShellSystem::new`]; `cancel` ends waits and lets no further operation begin. A command that runs is ended by closing the stream.
    ///
    /// # Errors
    /// As [`ShellSystem::new`].
    pub fn with_cancel(stream: S, cancel: Cancel) -> Result<Self> {
        Ok(Self { session: RefCell::new(Session::start(stream)?), cancel, who: OnceCell::new() })
    }

    /// How many requests were made and answered.
    pub fn round_trips(&self) -> u64 {
        self.session.borrow().round_trips()
    }

    /// Runs a piece of script that only observes or changes files; tools speak the C locale.
    fn ask(&self, attempt: impl FnOnce() -> String, script: &str) -> Result<Reply> {
        if self.cancel.is_cancelled() {
            self.cancel.check(&attempt())?;
        }
        self.session.borrow_mut().exchange(script, false)
    }
}

impl<S: Read + Write + Send> System for ShellSystem<S> {
    fn identity(&self) -> Result<Identity> {
        self.get_identity()
    }

    fn platform(&self) -> Result<Platform> {
        self.get_platform()
    }

    fn environment(&self) -> Result<BTreeMap<String, String>> {
        self.get_environment()
    }

    fn umask(&self) -> Result<u32> {
        self.get_umask()
    }

    fn clock(&self) -> Result<Clock> {
        self.get_clock()
    }

    fn sleep(&self, time: Duration) -> Result<()> {
        self.cancel.sleep(time)
    }

    fn stat(&self, path: &Path, follow: Follow) -> Result<Option<Stat>> {
        self.get_stat(path, follow)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut reader = self.reader(path)?;
        // Asked only of a file with a second part, so that small ones cost no more requests.
        if !reader.is_done() && self.get_stat(path, Follow::Yes)?.is_some_and(|stat| stat.size > WHOLE_LIMIT) {
            return Err(Error::too_large(path));
        }
        while reader.fetch(&mut bytes)? {
            if bytes.len() as u64 > WHOLE_LIMIT {
                return Err(Error::too_large(path));
            }
        }
        Ok(bytes)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.reader(path)?))
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.read_part(path, offset, length)
    }

    fn access(&self, path: &Path) -> Result<Access> {
        self.get_access(path)
    }

    fn space(&self, path: &Path) -> Result<Space> {
        self.get_space(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<DirEntry>> {
        self.get_list(dir)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf> {
        self.get_link(path)
    }

    fn real_path(&self, path: &Path) -> Result<PathBuf> {
        self.get_real_path(path)
    }

    fn checksum(&self, path: &Path, algorithm: Algorithm) -> Result<String> {
        self.get_checksum(path, algorithm)
    }

    fn which(&self, name: &str) -> Result<Option<PathBuf>> {
        self.find_program(name)
    }

    fn user(&self, name: &str) -> Result<Option<User>> {
        lookup::user(self, name)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        lookup::group(self, name)
    }

    fn package(&self, name: &str) -> Result<Option<Package>> {
        lookup::package_by_query(self, name)
    }

    fn service(&self, name: &str) -> Result<Option<Service>> {
        lookup::service(self, name)
    }

    fn probe(&self, command: &Command) -> Result<Output> {
        self.run_command(command, &mut |_, _| {})
    }

    fn scratch(&self, mode: u32, fill: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<PathBuf> {
        self.make_scratch(mode, fill)
    }

    fn discard(&self, path: &Path) {
        self.drop_scratch(path);
    }

    fn addresses(&self) -> Result<Vec<Address>> {
        self.get_addresses()
    }

    fn connect(&self, host: &str, port: u16, timeout: Duration) -> Result<Box<dyn Read + '_>> {
        self.open_connection(host, port, timeout)
    }

    fn http_probe(&self, request: &HttpRequest, sink: &mut dyn Write) -> Result<HttpResponse> {
        self.request(request, sink)
    }

    fn write(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        self.replace(path, content, attributes)
    }

    fn write_in_place(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        self.overwrite(path, content, attributes)
    }

    fn set_attributes(&mut self, path: &Path, attributes: &Attributes, follow: Follow) -> Result<()> {
        self.give(path, attributes, follow)
    }

    fn make_dir(&mut self, path: &Path, mode: u32) -> Result<()> {
        self.change("make the directory", path, &format!("k_make_dir {} {mode:o}", quote::path(path)))
    }

    fn symlink(&mut self, target: &Path, path: &Path) -> Result<()> {
        let script = format!("k_symlink {} {} {}", quote::text(target), quote::path(path), quote::fresh());
        self.change("make the link", path, &script)
    }

    fn hard_link(&mut self, original: &Path, path: &Path) -> Result<()> {
        self.link(original, path)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        self.move_to(from, to)
    }

    fn remove(&mut self, path: &Path) -> Result<()> {
        self.change("remove", path, &format!("k_remove {}", quote::path(path)))
    }

    fn make_temporary(&mut self, dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<PathBuf> {
        self.temporary(dir, prefix, suffix, kind)
    }

    fn run(&mut self, command: &Command, _effects: &[Effect]) -> Result<Output> {
        self.run_command(command, &mut |_, _| {})
    }

    fn execute(&mut self, command: &Command, live: &mut LiveSink<'_>) -> Result<Executed> {
        self.run_command(command, live).map(Executed::Done)
    }

    fn converse(&mut self, command: &Command, terminal: &Terminal, listen: &mut Listener<'_>) -> Result<Conversed> {
        self.hold_conversation(command, terminal, listen)
    }

    fn http_execute(&mut self, request: &HttpRequest, sink: &mut dyn Write) -> Result<Option<HttpResponse>> {
        self.request(request, sink).map(Some)
    }
}

#[cfg(test)]
mod tests;
