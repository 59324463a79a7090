//! A shell or a command of a host whose streams are those of a person, or of the programs around kconf.

use std::future::{Future, pending};

use nix::sys::signal::Signal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::ending::Ender;
use super::exec::{Event, Exec, Guard};
use super::host::{HostSession, Place};
use super::ssh;
use super::start::Started;
use super::{RawCommand, Size, Stage, Terminal, Unreachable};

/// How many bytes of input travel at once.
const PIECE: usize = 32 * 1024;

/// It runs, and waits for its streams. Dropped, it is ended.
pub struct Attached {
    session: HostSession,
    stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// What came while it was started.
    early: Vec<Event>,
    events: Events,
    hold: Hold,
}

/// Where what it gives comes from.
enum Events {
    Channel(ssh::Output),
    Command(mpsc::Receiver<Event>),
}

/// How it is got hold of.
enum Hold {
    /// By its channel: a terminal hangs up when it is left. So it is too on a host without a POSIX shell.
    Channel(ssh::Control),
    /// By its process id, which it told: not every server passes signals on.
    Process(Guard, Ender),
}

/// Where its streams lead.
pub struct Streams<I, O, E> {
    /// What it reads.
    pub input: I,
    /// Where its output goes.
    pub output: O,
    /// Where its standard error goes.
    pub errors: E,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code, or by signal `N` as `-N`.
    Exit(i32),
    /// Nobody takes its output any more.
    Unheard,
    /// Since kconf was to end by this signal.
    Signal(Signal),
}

impl HostSession {
    /// See [`super::Hub::attach`].
    pub(super) async fn attach(&self, line: Option<&str>, terminal: Option<&Terminal>) -> Result<Attached, Unreachable> {
        let Place::Ssh(connection) = self.place() else {
            return Err(self.unreachable(Stage::Channel, "nobody logs in to this machine from itself", None));
        };
        let session = self.clone();
        if let (Some(line), None) = (line, terminal)
            && let Some(started) = self.announced(&RawCommand { line: line.to_owned(), ..RawCommand::default() }).await?
        {
            let Started { exec: Exec { stdin, events, guard }, pending, remains, pid, .. } = started;
            let early = [Event::Stdout(pending.into()), Event::Stderr(remains.take_stderr().into())];
            let early = early.into_iter().chain(remains.exit_code().map(Event::Exit)).collect();
            let hold = Hold::Process(guard, Ender::new(self, pid));
            return Ok(Attached { session, stdin, early, events: Events::Command(events), hold });
        }
        if let Some(to) = self.identity() {
            let why = format!("only a line for a POSIX shell without a terminal can be run as `{}`", to.user);
            return Err(self.unreachable(Stage::Become, &why, None));
        }
        self.common().counting.channel();
        match connection.attach(line, terminal).await {
            Ok((output, control)) => {
                let stdin = Box::new(control.input());
                Ok(Attached { session, stdin, early: Vec::new(), events: Events::Channel(output), hold: Hold::Channel(control) })
            }
            Err(why) => Err(self.broken().unwrap_or_else(|| self.unreachable(Stage::Channel, &why, None))),
        }
    }
}

impl Events {
    /// The next one; `None` when there is no more.
    async fn next(&mut self) -> Option<Event> {
        match self {
            Self::Channel(output) => output.next().await,
            Self::Command(events) => events.recv().await,
        }
    }
}

impl Hold {
    async fn resize(&self, size: Size) {
        if let Self::Channel(control) = self {
            control.resize(size).await;
        }
    }

    /// Ends it. What told its process id is ended by whoever drops that.
    async fn end(self, signal: Signal) {
        if let Self::Channel(control) = self {
            control.end(signal).await;
        }
    }

    /// It has ended by itself.
    fn disarm(self) {
        if let Self::Process(mut guard, mut ender) = self {
            guard.disarm();
            ender.disarm();
        }
    }
}

impl Attached {
    /// Carries input there and output back until it ends or `stop` says by which signal it is to end. `sizes`: those that the terminal
    /// takes on.
    ///
    /// # Errors
    /// When the host is lost before the end.
    pub async fn carry<I, O, E>(
        self,
        streams: Streams<I, O, E>,
        mut sizes: mpsc::Receiver<Size>,
        stop: impl Future<Output = Signal>,
    ) -> Result<Ended, Unreachable>
    where
        I: AsyncRead + Unpin,
        O: AsyncWrite + Unpin,
        E: AsyncWrite + Unpin,
    {
        let Self { session, mut stdin, early, mut events, hold } = self;
        let Streams { mut input, mut output, mut errors } = streams;
        let feed = async {
            let mut piece = vec![0; PIECE];
            // Input that cannot be read any more has ended; a command that reads none of it is no failure.
            while let Ok(length @ 1..) = input.read(&mut piece).await {
                if stdin.write_all(piece.get(..length).unwrap_or_default()).await.is_err() {
                    break;
                }
            }
            let _ = stdin.shutdown().await;
            pending().await
        };
        let resize = async {
            while let Some(size) = sizes.recv().await {
                hold.resize(size).await;
            }
            pending().await
        };
        let take = async {
            let (mut early, mut exit) = (early.into_iter(), None);
            loop {
                let event = match early.next() {
                    Some(event) => Some(event),
                    None => events.next().await,
                };
                let written = match event {
                    Some(Event::Stdout(bytes)) => write(&mut output, &bytes).await,
                    Some(Event::Stderr(bytes)) => write(&mut errors, &bytes).await,
                    Some(Event::Exit(code)) => {
                        exit = Some(code);
                        Ok(())
                    }
                    None => return exit.map(Ended::Exit).ok_or("it ended without a result"),
                };
                if written.is_err() {
                    return Ok(Ended::Unheard);
                }
            }
        };
        let ended = tokio::select! {
            never = feed => never,
            never = resize => never,
            ended = take => ended,
            signal = stop => Ok(Ended::Signal(signal)),
        };
        match ended {
            Ok(ended) => {
                match ended {
                    Ended::Exit(_) => hold.disarm(),
                    Ended::Unheard => hold.end(Signal::SIGPIPE).await,
                    Ended::Signal(signal) => hold.end(signal).await,
                }
                Ok(ended)
            }
            Err(why) => Err(session.lost_now(why).await),
        }
    }
}

/// What is for a person is shown at once.
async fn write(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    to.write_all(bytes).await?;
    to.flush().await
}
