//! The real machine, by direct system calls.
//!
//! Imported by the runner, by `transport` for local connections, and by tests. Guarantees: nothing goes through NSS (which crashes
//! in a statically linked program): users and groups come from `/etc/passwd` and `/etc/group` and then from `getent`; a write is
//! atomic; a command never outlives its timeout or a cancelled run.
//! To add an operation: observations of files in `files.rs`, changes in `write.rs`, commands in `commands.rs`, those on terminals in `terminal.rs`; lookups that
//! need only these live in [`super::lookup`], where `shell` shares them.

#![expect(clippy::disallowed_methods, reason = "this folder is the machine for all others")]

mod commands;
mod files;
mod holes;
mod http;
mod http_ciphers;
mod http_cookies;
mod http_digest;
mod http_proxy;
mod http_stream;
mod http_tls;
mod move_across;
mod network;
mod process;
mod resolve;
mod scratch;
mod temp;
mod terminal;
mod write;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file::Algorithm;
use super::{
    Access, Address, Attributes, Cancel, Clock, Command, Content, Conversed, DirEntry, Effect, Executed, FileKind, Follow, Group,
    HttpRequest, HttpResponse, Identity, Listener, LiveSink, Output, Package, Platform, Result, Service, Space, Stat, System, Terminal,
    User, lookup,
};
use scratch::Scratch;

/// The machine this program runs on.
#[derive(Debug)]
pub struct Os {
    cancel: Cancel,
    scratch: Scratch,
}

impl Os {
    /// This machine; `cancel` ends its running commands, copies, requests and waits.
    pub fn new(cancel: Cancel) -> Self {
        Self::with_scratch_in(cancel, std::env::temp_dir())
    }

    /// As [`Os::new`], with the directory in which scratch files are put (in one that only the identity can enter).
    pub fn with_scratch_in(cancel: Cancel, dir: PathBuf) -> Self {
        Self { cancel, scratch: Scratch::new(dir) }
    }

    /// Removes the scratch files that were not discarded: for the end of a task.
    pub fn clean(&self) {
        self.scratch.clean();
    }
}

impl System for Os {
    fn identity(&self) -> Result<Identity> {
        let uid = nix::unistd::geteuid().as_raw();
        let user = lookup::user(self, &uid.to_string())?;
        let home = user.as_ref().map(|user| user.home.clone()).or_else(|| std::env::var_os("HOME").map(PathBuf::from));
        let mut groups: Vec<u32> = nix::unistd::getgroups().unwrap_or_default().into_iter().map(nix::unistd::Gid::as_raw).collect();
        groups.sort_unstable();
        Ok(Identity {
            uid,
            gid: nix::unistd::getegid().as_raw(),
            groups,
            name: user.map_or_else(|| uid.to_string(), |user| user.name),
            home: home.unwrap_or_else(|| "/".into()),
        })
    }

    fn platform(&self) -> Result<Platform> {
        let mut platform = Platform { os_release: lookup::os_release(self)?, ..Platform::default() };
        if let Ok(uname) = nix::sys::utsname::uname() {
            let text = |field: &std::ffi::OsStr| field.to_string_lossy().into_owned();
            platform.kernel = text(uname.sysname());
            platform.kernel_release = text(uname.release());
            platform.kernel_version = text(uname.version());
            platform.machine = text(uname.machine());
            platform.nodename = text(uname.nodename());
        }
        Ok(platform)
    }

    fn environment(&self) -> Result<BTreeMap<String, String>> {
        Ok(process::environment())
    }

    fn umask(&self) -> Result<u32> {
        Ok(process::umask())
    }

    fn clock(&self) -> Result<Clock> {
        Ok(process::clock())
    }

    fn sleep(&self, time: Duration) -> Result<()> {
        self.cancel.sleep(time)
    }

    fn stat(&self, path: &Path, follow: Follow) -> Result<Option<Stat>> {
        files::stat(path, follow)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        files::read(path)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Read + '_>> {
        Ok(Box::new(files::open(path)?))
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>> {
        files::read_at(path, offset, length)
    }

    fn access(&self, path: &Path) -> Result<Access> {
        Ok(files::access(path))
    }

    fn space(&self, path: &Path) -> Result<Space> {
        files::space(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<DirEntry>> {
        files::list(dir)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf> {
        files::read_link(path)
    }

    fn real_path(&self, path: &Path) -> Result<PathBuf> {
        files::real_path(path)
    }

    fn checksum(&self, path: &Path, algorithm: Algorithm) -> Result<String> {
        files::checksum(path, algorithm)
    }

    fn which(&self, name: &str) -> Result<Option<PathBuf>> {
        Ok(files::which(name))
    }

    fn user(&self, name: &str) -> Result<Option<User>> {
        lookup::user(self, name)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        lookup::group(self, name)
    }

    fn package(&self, name: &str) -> Result<Option<Package>> {
        lookup::package(self, name)
    }

    fn service(&self, name: &str) -> Result<Option<Service>> {
        lookup::service(self, name)
    }

    fn probe(&self, command: &Command) -> Result<Output> {
        commands::run(command, &self.cancel, &mut |_, _| {})
    }

    fn scratch(&self, mode: u32, fill: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<PathBuf> {
        self.scratch.make(mode, fill)
    }

    fn discard(&self, path: &Path) {
        self.scratch.discard(path);
    }

    fn addresses(&self) -> Result<Vec<Address>> {
        network::addresses()
    }

    fn connect(&self, host: &str, port: u16, timeout: Duration) -> Result<Box<dyn Read + '_>> {
        network::connect(host, port, timeout, &self.cancel)
    }

    fn http_probe(&self, request: &HttpRequest, sink: &mut dyn Write) -> Result<HttpResponse> {
        http::perform(request, sink, &self.cancel)
    }

    fn write(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        write::replace(path, content, attributes, &self.cancel)
    }

    fn write_in_place(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        write::in_place(path, content, attributes, &self.cancel)
    }

    fn set_attributes(&mut self, path: &Path, attributes: &Attributes, follow: Follow) -> Result<()> {
        write::set_attributes(path, attributes, follow)
    }

    fn make_dir(&mut self, path: &Path, mode: u32) -> Result<()> {
        write::make_dir(path, mode)
    }

    fn symlink(&mut self, target: &Path, path: &Path) -> Result<()> {
        write::symlink(target, path)
    }

    fn hard_link(&mut self, original: &Path, path: &Path) -> Result<()> {
        write::hard_link(original, path)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        write::rename(from, to, &self.cancel)
    }

    fn remove(&mut self, path: &Path) -> Result<()> {
        write::remove(path)
    }

    fn make_temporary(&mut self, dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<PathBuf> {
        temp::make(dir, prefix, suffix, kind)
    }

    fn run(&mut self, command: &Command, _effects: &[Effect]) -> Result<Output> {
        commands::run(command, &self.cancel, &mut |_, _| {})
    }

    fn execute(&mut self, command: &Command, live: &mut LiveSink<'_>) -> Result<Executed> {
        commands::run(command, &self.cancel, live).map(Executed::Done)
    }

    fn converse(&mut self, command: &Command, terminal: &Terminal, listen: &mut Listener<'_>) -> Result<Conversed> {
        terminal::converse(command, terminal, &self.cancel, listen)
    }

    fn http_execute(&mut self, request: &HttpRequest, sink: &mut dyn Write) -> Result<Option<HttpResponse>> {
        http::perform(request, sink, &self.cancel).map(Some)
    }
}
