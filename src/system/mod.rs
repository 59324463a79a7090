//! The machine that is being configured, seen through the trait [`System`].
//!
//! Imported by `modules`, `wire`, `runner`, `transport` and up; imports only `base`.
//! Guarantees: a module that touches a machine only through this trait behaves the same on the real machine ([`os`]),
//! in check mode ([`overlay`]), over a bare POSIX shell ([`shell`]) and on an in-memory machine in tests (`fake`). Around any of them,
//! [`recorded`] tells what one task changed.
//! The observing half takes `&self` and changes nothing; every change goes through the half that takes `&mut self`.
//! To add an operation: add it here, to the implementations (`overlay` and `fake` share the rules in [`memory`]), to [`recorded`], and to the
//! contract in `contract/`, which all of them pass.

pub mod access;
pub mod cancel;
pub mod clock;
pub mod command;
#[cfg(test)]
pub(crate) mod contract;
pub mod effect;
pub mod error;
#[cfg(test)]
pub(crate) mod fake;
pub mod file;
pub mod hash;
pub mod identity;
pub mod lookup;
pub mod memory;
pub mod network;
pub mod os;
pub mod overlay;
pub mod recorded;
pub mod shell;
pub mod terminal;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use cancel::Cancel;
pub use clock::{Civil, Clock};
pub use command::{Command, Executed, LiveSink, Output, Stream};
pub use effect::{Effect, Placed};
pub use error::{Error, ErrorKind, Result, WHOLE_LIMIT};
pub use file::{Access, Attributes, Content, DirEntry, FileKind, Follow, Space, Stat};
pub use identity::{Foreseen, Group, Identity, Package, Platform, Service, User};
pub use network::{Address, Connections, HttpBody, HttpRequest, HttpResponse, Redirects};
pub use os::Os;
pub use overlay::Overlay;
pub use recorded::Recorded;
pub use shell::ShellSystem;
pub use terminal::{Conversed, Listener, Terminal};

/// A machine. See the module documentation for the contract.
pub trait System: Send {
    // --- observing: who and what -------------------------------------------------------------------------

    /// The identity that everything is done as.
    fn identity(&self) -> Result<Identity>;

    /// Kernel, architecture, host name and the fields of `/etc/os-release`.
    fn platform(&self) -> Result<Platform>;

    /// The environment that everything is done in, without the variables of a task.
    fn environment(&self) -> Result<BTreeMap<String, String>>;

    /// The file mode creation mask that everything is done with.
    fn umask(&self) -> Result<u32>;

    /// The time.
    fn clock(&self) -> Result<Clock>;

    /// Waits. Ends early, with [`ErrorKind::Cancelled`], when the run is cancelled. The fake machine only moves its clock.
    fn sleep(&self, time: Duration) -> Result<()>;

    // --- observing: files --------------------------------------------------------------------------------

    /// What is at `path`; `None` when nothing is there (also when a parent is missing or not a directory).
    fn stat(&self, path: &Path, follow: Follow) -> Result<Option<Stat>>;

    /// The whole content of a regular file. For files that may be large use [`System::open`] or [`System::checksum`].
    fn read(&self, path: &Path) -> Result<Vec<u8>>;

    /// A reader over the content of a regular file, in constant memory.
    fn open(&self, path: &Path) -> Result<Box<dyn Read + '_>>;

    /// `length` bytes of a regular file from byte `offset` on; fewer only at its end.
    fn read_at(&self, path: &Path, offset: u64, length: usize) -> Result<Vec<u8>>;

    /// What the identity may do with the file at `path` (links are followed), as the kernel says.
    fn access(&self, path: &Path) -> Result<Access>;

    /// Size and free space of the file system that `path` is on.
    fn space(&self, path: &Path) -> Result<Space>;

    /// The entries of a directory without `.` and `..`, sorted by name.
    fn list(&self, dir: &Path) -> Result<Vec<DirEntry>>;

    /// The text of a symbolic link.
    fn read_link(&self, path: &Path) -> Result<PathBuf>;

    /// The path with all links resolved; the last component need not exist.
    fn real_path(&self, path: &Path) -> Result<PathBuf>;

    /// The digest of a regular file in lower-case hex, in constant memory.
    fn checksum(&self, path: &Path, algorithm: file::Algorithm) -> Result<String>;

    /// The full path of the command `name` as found on the search path and in the usual sbin folders.
    fn which(&self, name: &str) -> Result<Option<PathBuf>>;

    // --- observing: lookups ------------------------------------------------------------------------------

    /// The user with this name, or with this number when `name` is all digits and no such name exists.
    fn user(&self, name: &str) -> Result<Option<User>>;

    /// The group with this name, or with this number when `name` is all digits and no such name exists.
    fn group(&self, name: &str) -> Result<Option<Group>>;

    /// An installed package of the machine's package manager.
    fn package(&self, name: &str) -> Result<Option<Package>>;

    /// A service of the machine's service manager; `None` when it knows no such unit.
    fn service(&self, name: &str) -> Result<Option<Service>>;

    /// Runs a command that the caller declares to be read-only. It runs in check mode too.
    fn probe(&self, command: &Command) -> Result<Output>;

    /// Puts what `fill` writes into a temporary file with the permissions `mode`, in a folder that only the identity can enter, and
    /// returns its path. It is no change of the machine and is really there in check mode too: for content that a read-only
    /// command has to judge before it is put in place, for downloads, for scripts. Whoever asked for it gives it back with
    /// [`System::discard`]; what is left is removed with the task.
    fn scratch(&self, mode: u32, fill: &mut dyn FnMut(&mut dyn Write) -> Result<()>) -> Result<PathBuf>;

    /// Removes a file that [`System::scratch`] made.
    fn discard(&self, path: &Path);

    // --- observing: network ------------------------------------------------------------------------------

    /// The addresses of the network interfaces.
    fn addresses(&self) -> Result<Vec<Address>>;

    /// Connects to a TCP port and gives what the other side sends. No wait, for the connection or for data, is longer than `timeout`.
    fn connect(&self, host: &str, port: u16, timeout: Duration) -> Result<Box<dyn Read + '_>>;

    /// Makes a request that the caller declares to change nothing at the server, and writes the content of the answer to `sink` in
    /// constant memory. It is made in check mode too.
    fn http_probe(&self, request: &HttpRequest, sink: &mut dyn Write) -> Result<HttpResponse>;

    // --- observing: check mode ---------------------------------------------------------------------------

    /// Whether changes are only recorded, so that a module does well to say precisely what a command would do, even if it has to look
    /// for it.
    fn foresees(&self) -> bool {
        false
    }

    /// What may have changed the machine by then in ways that nobody foresees, if anything: "the command `make`, which an earlier task
    /// would run,". What is missing now may be there then.
    fn doubt(&self) -> Option<String> {
        None
    }

    /// As [`Self::doubt`], for what the scripts of packages leave alone: what administrators and users set up. Packages that would be
    /// installed are no reason to doubt it.
    fn doubt_of_commands(&self) -> Option<String> {
        None
    }

    /// What an earlier task would have made of `subject`, as [`Effect::Known`] said; `None`: it is as the machine itself tells.
    fn known(&self, _subject: &str) -> Option<String> {
        None
    }

    /// Names of what earlier tasks of check mode would have changed beside files.
    fn foreseen(&self) -> Foreseen {
        Foreseen::default()
    }

    /// Whether what is at `path`, or anything beneath it, will differ by then from what is there, as earlier tasks of check mode would
    /// have it.
    fn differs(&self, _path: &Path) -> Result<bool> {
        Ok(false)
    }

    // --- changing: files ---------------------------------------------------------------------------------

    /// Puts `content` at `path` at once: written to a temporary file beside it, synced, given its attributes, renamed over it.
    /// On any failure the old file is untouched and the temporary file is gone. What `attributes` leaves open is taken from the
    /// file that is replaced, else from the process (umask). A link at `path` is replaced, not followed. Who may replace the file but not
    /// give the new one to the old owner keeps it; an owner that is asked for must be possible.
    fn write(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()>;

    /// As [`System::write`], but into the existing file in place, for targets on which a rename is impossible (a bind-mounted file).
    fn write_in_place(&mut self, path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()>;

    /// Sets the attributes that are given and leaves the others; but a change of owner takes the set-id bits of a file, as the kernel does,
    /// unless a mode is given too. A link itself has no mode ([`ErrorKind::Unsupported`]).
    fn set_attributes(&mut self, path: &Path, attributes: &Attributes, follow: Follow) -> Result<()>;

    /// Makes one directory with exactly this mode, whatever the umask (a set-group-id bit that the parent hands down is added); its parent
    /// must exist.
    fn make_dir(&mut self, path: &Path, mode: u32) -> Result<()>;

    /// Makes a symbolic link with the text `target` at `path`, replacing a link or file that is there at once.
    fn symlink(&mut self, target: &Path, path: &Path) -> Result<()>;

    /// Makes a hard link at `path` to the file `original`, replacing a link or file that is there at once.
    fn hard_link(&mut self, original: &Path, path: &Path) -> Result<()>;

    /// Moves within one file system or across two; replaces a file at `to`.
    fn rename(&mut self, from: &Path, to: &Path) -> Result<()>;

    /// Removes a file, a link (not what it points to), or a directory with everything in it. Nothing there is no error.
    fn remove(&mut self, path: &Path) -> Result<()>;

    /// Makes an empty file or directory with an unpredictable name, mode 0600 or 0700, in `dir`, and returns its path.
    fn make_temporary(&mut self, dir: &Path, prefix: &str, suffix: &str, kind: FileKind) -> Result<PathBuf>;

    // --- changing: commands ------------------------------------------------------------------------------

    /// Runs a command whose effects the caller declares. In check mode it does not run: the effects are recorded, later
    /// observations see them, and the output is empty with exit code 0.
    fn run(&mut self, command: &Command, effects: &[Effect]) -> Result<Output>;

    /// Runs a command of which nobody knows what it does. In check mode it does not run and [`Executed::WouldRun`] comes back.
    fn execute(&mut self, command: &Command, live: &mut LiveSink<'_>) -> Result<Executed>;

    /// Runs a command of which nobody knows what it does on a terminal of its own, and lets `listen` answer what it asks. In check mode it
    /// does not run and [`Conversed::WouldRun`] comes back. What the command's input and timeout say has no meaning here. Fails with
    /// [`ErrorKind::Unsupported`] where a machine cannot make terminals.
    fn converse(&mut self, command: &Command, terminal: &Terminal, listen: &mut Listener<'_>) -> Result<Conversed>;

    /// Makes a request of which nobody knows what it does. In check mode it is not made and `None` comes back.
    fn http_execute(&mut self, request: &HttpRequest, sink: &mut dyn Write) -> Result<Option<HttpResponse>>;
}
