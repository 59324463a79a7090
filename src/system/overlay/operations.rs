//! The operations of a machine, on what is recorded over what is there.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Overlay;
use crate::system::file::Algorithm;
use crate::system::{
    Access, Address, Attributes, Clock, Command, Content, Conversed, DirEntry, Effect, Error, ErrorKind, Executed, FileKind, Follow,
    Foreseen, Group, HttpRequest, HttpResponse, Identity, Listener, LiveSink, Output, Package, Platform, Result, Service, Space, Stat,
    System, Terminal, User,
};

impl<S: System> System for Overlay<S> {
    fn identity(&self) -> Result<Identity> {
        Ok(self.view()?.who.clone())
    }

    fn platform(&self) -> Result<Platform> {
        self.inner.platform()
    }

    fn environment(&self) -> Result<BTreeMap<String, String>> {
        let mut environment = self.inner.environment()?;
        if self.assumed {
            let who = self.identity()?;
            environment.insert("HOME".to_owned(), who.home.to_string_lossy().into_owned());
            environment.extend(["USER", "LOGNAME"].map(|name| (name.to_owned(), who.name.clone())));
        }
        Ok(environment)
    }

    fn umask(&self) -> Result<u32> {
        self.inner.umask()
    }

    fn clock(&self) -> Result<Clock> {
        self.inner.clock()
    }

    fn sleep(&self, _time: Duration) -> Result<()> {
        let reason = "what happens meanwhile is known only in the real run";
        Err(Error::new(ErrorKind::Unpredictable, "wait", reason))
    }

    fn stat(&self, path: &Path, follow: Follow) -> Result<Option<Stat>> {
        self.view()?.stat(path, follow)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        self.view()?.read(path)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Read + '_>> {
        self.view()?.open(path)
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.view()?.read_at(path, offset, length)
    }

    fn access(&self, path: &Path) -> Result<Access> {
        self.view()?.access(path)
    }

    fn space(&self, path: &Path) -> Result<Space> {
        // Of the nearest directory that is really there.
        let mut place = path;
        while self.inner.stat(place, Follow::Yes)?.is_none() {
            let Some(parent) = place.parent() else { break };
            place = parent;
        }
        self.inner.space(place)
    }

    fn list(&self, dir: &Path) -> Result<Vec<DirEntry>> {
        self.view()?.list(dir)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf> {
        self.view()?.read_link(path)
    }

    fn real_path(&self, path: &Path) -> Result<PathBuf> {
        self.view()?.real_path(path)
    }

    fn checksum(&self, path: &Path, algorithm: Algorithm) -> Result<String> {
        self.view()?.checksum(path, algorithm)
    }

    fn which(&self, name: &str) -> Result<Option<PathBuf>> {
        self.view()?.which(name)
    }

    fn user(&self, name: &str) -> Result<Option<User>> {
        self.view()?.user(name)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        self.view()?.group(name)
    }

    fn package(&self, name: &str) -> Result<Option<Package>> {
        self.view()?.package(name)
    }

    fn service(&self, name: &str) -> Result<Option<Service>> {
        self.view()?.service(name)
    }

    fn probe(&self, command: &Command) -> Result<Output> {
        self.check_probe(command)?;
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
        self.check_connection(&format!("connect to `{host}` port {port}"), host)?;
        self.inner.connect(host, port, timeout)
    }

    fn http_probe(&self, request: &HttpRequest, sink: &mut dyn Write) -> Result<HttpResponse> {
        self.check_request(request)?;
        self.inner.http_probe(request, sink)
    }

    fn foresees(&self) -> bool {
        true
    }

    fn known(&self, subject: &str) -> Option<String> {
        self.memory.known(subject).map(str::to_owned)
    }

    fn foreseen(&self) -> Foreseen {
        self.memory.foreseen()
    }

    fn doubt(&self) -> Option<String> {
        self.memory.doubt().map(str::to_owned)
    }

    fn doubt_of_commands(&self) -> Option<String> {
        self.memory.doubt_of_commands().map(str::to_owned)
    }

    fn differs(&self, path: &Path) -> Result<bool> {
        self.view()?.differs(path)
    }

    fn write(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        self.record_write(path, content, attributes, false)
    }

    fn write_in_place(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        self.record_write(path, content, attributes, true)
    }

    fn set_attributes(&mut self, path: &Path, attributes: &Attributes, follow: Follow) -> Result<()> {
        self.record_attributes(path, attributes, follow)
    }

    fn make_dir(&mut self, path: &Path, mode: u32) -> Result<()> {
        let deltas = self.view()?.make_dir(path, mode)?;
        self.commit(deltas);
        Ok(())
    }

    fn symlink(&mut self, target: &Path, path: &Path) -> Result<()> {
        let deltas = self.view()?.symlink(target, path)?;
        self.commit(deltas);
        Ok(())
    }

    fn hard_link(&mut self, original: &Path, path: &Path) -> Result<()> {
        let deltas = self.view()?.hard_link(original, path)?;
        self.commit(deltas);
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        let deltas = self.view()?.rename(from, to)?;
        self.commit(deltas);
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> Result<()> {
        let deltas = self.view()?.remove(path)?;
        self.commit(deltas);
        Ok(())
    }

    fn make_temporary(&mut self, dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<PathBuf> {
        self.record_temporary(dir, prefix, suffix, kind)
    }

    fn run(&mut self, command: &Command, effects: &[Effect]) -> Result<Output> {
        self.record_effects(command, effects)?;
        Ok(Output::default())
    }

    fn execute(&mut self, command: &Command, _live: &mut LiveSink<'_>) -> Result<Executed> {
        self.record_unknown(command);
        Ok(Executed::WouldRun)
    }

    fn converse(&mut self, command: &Command, _terminal: &Terminal, _listen: &mut Listener<'_>) -> Result<Conversed> {
        self.record_unknown(command);
        Ok(Conversed::WouldRun)
    }

    fn http_execute(&mut self, _request: &HttpRequest, _sink: &mut dyn Write) -> Result<Option<HttpResponse>> {
        Ok(None)
    }
}
