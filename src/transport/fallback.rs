//! Hosts on which no runner runs: the same request loop, here, at a machine behind the shell of the host.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::Handle;

use super::exec::Stdout;
use crate::runner::{Access, Condition, Machine};
use crate::system::shell::ShellSystem;
use crate::system::{self, Cancel, Overlay};

/// How often a shell that is silent is looked after.
const TICK: Duration = Duration::from_millis(100);

/// A machine behind a shell. Tasks have it one after another.
pub(super) struct ShellMachine {
    system: Mutex<Overlay<ShellSystem<Stream>>>,
    /// Ends waits at the machine.
    cancel: Cancel,
    watch: Watch,
}

/// What the stream has to know of the task that uses it, and what it learned.
#[derive(Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// Ends the task.
    cancel: Cancel,
    condition: Condition,
    /// The directory of the run on the host.
    temp_dir: Option<PathBuf>,
}

impl Watch {
    /// The directory of the run on the host, once there is one.
    pub(super) fn temp_dir(&self) -> Option<PathBuf> {
        self.lock().temp_dir.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ShellMachine {
    /// Teaches the shell at the other end of the streams. Blocks.
    ///
    /// # Errors
    /// When it is no POSIX shell or the host has no place to write to.
    pub(super) fn new(stdout: Stdout, stdin: Box<dyn AsyncWrite + Send + Unpin>, runtime: Handle) -> system::Result<Self> {
        let watch = Watch::default();
        let cancel = Cancel::new();
        let shell = ShellSystem::with_cancel(Stream { stdout, stdin, runtime, watch: watch.clone() }, cancel.clone())?;
        Ok(Self { system: Mutex::new(Overlay::new(shell, std::env::temp_dir())), cancel, watch })
    }
}

impl ShellMachine {
    /// What is known of it from outside.
    pub(super) fn watch(&self) -> Watch {
        self.watch.clone()
    }
}

impl Machine for ShellMachine {
    type System = ShellSystem<Stream>;

    fn with<T>(
        &self,
        check: bool,
        cancel: &Cancel,
        temp_dir: Option<&Path>,
        act: impl FnOnce(Access<'_, Self::System>) -> T,
    ) -> system::Result<T> {
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        cancel.check("use the shell of the host")?;
        {
            let mut seen = self.watch.lock();
            seen.cancel = cancel.clone();
            seen.temp_dir = temp_dir.map(Path::to_owned).or(seen.temp_dir.take());
        }
        self.cancel.reset();
        let (done, watched) = channel::<()>();
        Ok(std::thread::scope(|scope| {
            // The machine has one switch for all tasks: this one's is carried over to it.
            scope.spawn(move || {
                while watched.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    if cancel.is_cancelled() {
                        return self.cancel.cancel();
                    }
                }
            });
            let value = if check { act(Access::Check(&mut system)) } else { act(Access::Real(system.inner_mut())) };
            drop(done);
            value
        }))
    }

    fn condition(&self) -> Condition {
        self.watch.lock().condition
    }
}

/// The streams of the shell for code that blocks. A task that is ended takes the shell with it: what it runs cannot be told apart from it.
pub(super) struct Stream {
    stdout: Stdout,
    stdin: Box<dyn AsyncWrite + Send + Unpin>,
    runtime: Handle,
    watch: Watch,
}

impl Stream {
    /// The outcome of `work`, unless the task is ended meanwhile.
    fn unless_ended<T>(runtime: &Handle, watch: &Watch, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let result = runtime.block_on(async {
            tokio::pin!(work);
            loop {
                if watch.lock().cancel.is_cancelled() {
                    return None;
                }
                if let Ok(result) = tokio::time::timeout(TICK, &mut work).await {
                    return Some(result);
                }
            }
        });
        let mut seen = watch.lock();
        match result {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => {
                seen.condition = Condition::Lost;
                Err(error)
            }
            None => {
                seen.condition = Condition::Stopped;
                Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the task was ended"))
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { stdout, runtime, watch, .. } = self;
        let n = Self::unless_ended(runtime, watch, stdout.read(buffer))?;
        if n == 0 && !buffer.is_empty() {
            self.watch.lock().condition = Condition::Lost;
        }
        Ok(n)
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let Self { stdin, runtime, watch, .. } = self;
        Self::unless_ended(runtime, watch, stdin.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        let Self { stdin, runtime, watch, .. } = self;
        Self::unless_ended(runtime, watch, stdin.flush())
    }
}
