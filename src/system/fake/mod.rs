//! An in-memory machine for tests.
//!
//! Built for the tests of this crate only. Guarantees: it keeps the rules of a POSIX file tree (it passes `contract.rs` like the real
//! machine), starts no process, and takes microseconds. It begins as a bare Debian machine seen by root; see [`Fake::new`].
//!
//! ```text
//! let mut fake = Fake::new()
//!     .file("/etc/motd", "hello\n").mode("/etc/motd", 0o600).owner("/etc/motd", 1000, 1000)
//!     .user("ada", 1000).package("nginx", "1.22").service("nginx", true, false)
//!     .answer(&["visudo", "-cf"], 0, "parsed OK\n", "")
//!     .fault(Fault::NoSpace, "/var");
//! ```

mod build;
#[expect(clippy::disallowed_methods, reason = "copies of machines are made on the real one")]
mod likeness;
mod network;
mod script;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use network::Network;

pub(crate) use likeness::{Likeness, Picture};
use script::Script;
pub(crate) use script::{Fault, Turn};

use super::file::{Algorithm, verify};
use super::memory::{Delta, Memory, Source, View};
use super::{
    Access, Address, Attributes, Clock, Command, Content, Conversed, DirEntry, Effect, Error, ErrorKind, Executed, FileKind, Follow, Group,
    HttpRequest, HttpResponse, Identity, Listener, LiveSink, Output, Package, Platform, Result, Service, Space, Stat, Stream, System,
    Terminal, User, hash,
};

/// Where scratch files seem to be; nothing else is there.
const SCRATCH: &str = "/scratch";

/// See the module documentation.
pub(crate) struct Fake {
    memory: Memory,
    who: Identity,
    umask: u32,
    platform: Platform,
    environment: BTreeMap<String, String>,
    clock: RefCell<Clock>,
    space: Space,
    network: Network,
    script: RefCell<Script>,
    /// Scratch files with their modes; they are no part of the tree.
    scratch: RefCell<BTreeMap<PathBuf, (u32, Arc<[u8]>)>>,
    faults: Vec<(Fault, PathBuf)>,
}

impl Fake {
    fn view(&self) -> View<'_> {
        let now = self.clock.borrow().epoch.as_secs_f64();
        View { memory: &self.memory, below: None, who: &self.who, umask: self.umask, now, assumed: false }
    }

    fn commit(&mut self, deltas: Vec<Delta>) {
        for delta in &deltas {
            self.memory.apply(delta);
        }
    }

    /// The error of a fault at or above `path`.
    fn check(&self, verb: &str, path: &Path, reading: bool) -> Result<()> {
        let hit = self.faults.iter().find(|(fault, prefix)| path.starts_with(prefix) && (!reading || *fault == Fault::Denied));
        match hit {
            Some((fault, _)) => Err(Error::new(fault.kind(), format!("{verb} `{}`", path.display()), fault.reason())),
            None => Ok(()),
        }
    }

    fn scratch_at(&self, path: &Path) -> Option<(u32, Arc<[u8]>)> {
        self.scratch.borrow().get(path).cloned()
    }

    fn fill(&self, path: &Path, content: Content<'_>) -> Result<(Source, u64)> {
        let bytes = match content {
            Content::Bytes(bytes) => bytes.to_vec(),
            Content::File(file) => self.read(&file)?,
            Content::Stream { reader, sha256 } => {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes).map_err(|error| Error::io("write", path, &error))?;
                verify(path, sha256.as_deref(), &hash::sha256(&bytes))?;
                bytes
            }
        };
        let size = bytes.len() as u64;
        Ok((Source::Bytes(bytes.into()), size))
    }

    /// What the script says to a command, or an error for one that the machine does not have.
    fn answer_to(&self, command: &Command) -> Result<Output> {
        if let Some(answer) = self.script.borrow_mut().answer(command) {
            return answer;
        }
        let program = command.argv.first().map_or("", String::as_str);
        if self.which(program)?.is_some() {
            return Ok(Output::default());
        }
        let reason = "the fake machine has no such program: give it an `answer`, or a `program` for an empty one";
        Err(Error::new(ErrorKind::NotFound, format!("run `{program}`"), reason))
    }
}

impl System for Fake {
    fn identity(&self) -> Result<Identity> {
        Ok(self.who.clone())
    }

    fn platform(&self) -> Result<Platform> {
        Ok(self.platform.clone())
    }

    fn environment(&self) -> Result<BTreeMap<String, String>> {
        Ok(self.environment.clone())
    }

    fn umask(&self) -> Result<u32> {
        Ok(self.umask)
    }

    fn clock(&self) -> Result<Clock> {
        Ok(self.clock.borrow().clone())
    }

    fn sleep(&self, time: Duration) -> Result<()> {
        self.clock.borrow_mut().epoch += time;
        Ok(())
    }

    fn stat(&self, path: &Path, follow: Follow) -> Result<Option<Stat>> {
        if path == Path::new(SCRATCH) {
            return Ok(Some(Stat { mode: 0o700, uid: self.who.uid, gid: self.who.gid, ..Stat::new(FileKind::Directory) }));
        }
        if let Some((mode, bytes)) = self.scratch_at(path) {
            let stat = Stat::new(FileKind::File);
            return Ok(Some(Stat { mode, uid: self.who.uid, gid: self.who.gid, size: bytes.len() as u64, ..stat }));
        }
        self.view().stat(path, follow)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes).map_err(|error| Error::io("read", path, &error))?;
        Ok(bytes)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Read + '_>> {
        self.check("read", path, true)?;
        match self.scratch_at(path) {
            Some((_, bytes)) => Ok(Box::new(Cursor::new(bytes))),
            None => self.view().open(path),
        }
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.check("read", path, true)?;
        if let Some((_, bytes)) = self.scratch_at(path) {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            let end = start.saturating_add(length).min(bytes.len());
            return Ok(bytes.get(start..end).unwrap_or_default().to_vec());
        }
        self.view().read_at(path, offset, length)
    }

    fn access(&self, path: &Path) -> Result<Access> {
        self.view().access(path)
    }

    fn space(&self, _path: &Path) -> Result<Space> {
        Ok(self.space)
    }

    fn list(&self, dir: &Path) -> Result<Vec<DirEntry>> {
        self.check("list", dir, true)?;
        self.view().list(dir)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf> {
        self.view().read_link(path)
    }

    fn real_path(&self, path: &Path) -> Result<PathBuf> {
        self.view().real_path(path)
    }

    fn checksum(&self, path: &Path, algorithm: Algorithm) -> Result<String> {
        hash::digest(&mut self.open(path)?, algorithm).map_err(|error| Error::io("read", path, &error))
    }

    fn which(&self, name: &str) -> Result<Option<PathBuf>> {
        self.view().which(name)
    }

    fn user(&self, name: &str) -> Result<Option<User>> {
        self.view().user(name)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        self.view().group(name)
    }

    fn package(&self, name: &str) -> Result<Option<Package>> {
        self.view().package(name)
    }

    fn service(&self, name: &str) -> Result<Option<Service>> {
        self.view().service(name)
    }

    fn probe(&self, command: &Command) -> Result<Output> {
        self.script.borrow_mut().note("probe", command);
        self.answer_to(command)
    }

    fn scratch(&self, mode: u32, fill: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<PathBuf> {
        let mut bytes = Vec::new();
        fill(&mut bytes)?;
        let path = Path::new(SCRATCH).join(format!("{:016x}", rand::random::<u64>()));
        self.scratch.borrow_mut().insert(path.clone(), (mode, bytes.into()));
        Ok(path)
    }

    fn discard(&self, path: &Path) {
        self.scratch.borrow_mut().remove(path);
    }

    fn addresses(&self) -> Result<Vec<Address>> {
        Ok(self.network.addresses.clone())
    }

    fn connect(&self, host: &str, port: u16, _timeout: Duration) -> Result<Box<dyn Read + '_>> {
        match self.network.ports.get(&(host.to_owned(), port)) {
            Some(banner) => Ok(Box::new(Cursor::new(banner))),
            None => Err(Error::new(ErrorKind::Other, format!("connect to `{host}` port {port}"), "Connection refused")),
        }
    }

    fn http_probe(&self, request: &HttpRequest, sink: &mut dyn Write) -> Result<HttpResponse> {
        self.network.answer(request, sink)
    }

    fn write(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        self.check("write", path, false)?;
        let (source, size) = self.fill(path, content)?;
        let deltas = self.view().write(path, &source, size, attributes)?;
        self.commit(deltas);
        Ok(())
    }

    fn write_in_place(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
        self.check("write", path, false)?;
        let (source, size) = self.fill(path, content)?;
        let deltas = self.view().write_in_place(path, &source, size, attributes)?;
        self.commit(deltas);
        Ok(())
    }

    fn set_attributes(&mut self, path: &Path, attributes: &Attributes, follow: Follow) -> Result<()> {
        self.check("set the attributes of", path, false)?;
        let deltas = self.view().set_attributes(path, attributes, follow)?;
        self.commit(deltas);
        Ok(())
    }

    fn make_dir(&mut self, path: &Path, mode: u32) -> Result<()> {
        self.check("make the directory", path, false)?;
        let deltas = self.view().make_dir(path, mode)?;
        self.commit(deltas);
        Ok(())
    }

    fn symlink(&mut self, target: &Path, path: &Path) -> Result<()> {
        self.check("make the link", path, false)?;
        let deltas = self.view().symlink(target, path)?;
        self.commit(deltas);
        Ok(())
    }

    fn hard_link(&mut self, original: &Path, path: &Path) -> Result<()> {
        self.check("make the hard link", path, false)?;
        let deltas = self.view().hard_link(original, path)?;
        self.commit(deltas);
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        self.check("move", from, false)?;
        self.check("move to", to, false)?;
        let deltas = self.view().rename(from, to)?;
        self.commit(deltas);
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> Result<()> {
        self.check("remove", path, false)?;
        let deltas = self.view().remove(path)?;
        self.commit(deltas);
        Ok(())
    }

    fn make_temporary(&mut self, dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<PathBuf> {
        self.check("make a temporary file in", dir, false)?;
        let (path, deltas) = self.view().make_temporary(dir, prefix, suffix, kind)?;
        self.commit(deltas);
        Ok(path)
    }

    fn run(&mut self, command: &Command, effects: &[Effect]) -> Result<Output> {
        self.script.borrow_mut().note("run", command);
        let answer = self.script.borrow_mut().answer(command);
        let output = answer.unwrap_or_else(|| Ok(Output::default()))?;
        if output.success() {
            for effect in effects {
                let deltas = self.view().effect(effect, "a command")?;
                // Below there is nothing from which an unknown content could come, and tests want to read it.
                let known = deltas.into_iter().map(build::with_known_content).collect();
                self.commit(known);
            }
        }
        Ok(output)
    }

    fn execute(&mut self, command: &Command, live: &mut LiveSink<'_>) -> Result<Executed> {
        self.script.borrow_mut().note("execute", command);
        let output = self.answer_to(command)?;
        for (stream, bytes) in [(Stream::Stdout, &output.stdout), (Stream::Stderr, &output.stderr)] {
            if !bytes.is_empty() {
                live(stream, bytes);
            }
        }
        Ok(Executed::Done(output))
    }

    fn converse(&mut self, command: &Command, _terminal: &Terminal, listen: &mut Listener<'_>) -> Result<Conversed> {
        self.script.borrow_mut().note("converse", command);
        let Some((turns, rc)) = self.script.borrow().conversation(command) else {
            let output = self.answer_to(command)?;
            listen(&output.stdout)?;
            return Ok(Conversed::Ended(output.rc));
        };
        let mut answers = std::collections::VecDeque::new();
        for turn in turns {
            match turn {
                Turn::Says(text) => {
                    let mut new = text.as_bytes();
                    while let Some(answer) = listen(new)? {
                        answers.push_back(answer);
                        new = &[];
                    }
                }
                Turn::Hears(expected) => match answers.pop_front() {
                    Some(answer) => assert_eq!(answer.expose(), expected, "the answer"),
                    None => return Ok(Conversed::TooLong),
                },
            }
        }
        Ok(Conversed::Ended(rc))
    }

    fn http_execute(&mut self, request: &HttpRequest, sink: &mut dyn Write) -> Result<Option<HttpResponse>> {
        self.network.answer(request, sink).map(Some)
    }
}
