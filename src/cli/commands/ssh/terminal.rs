//! The terminal that kconf was started at: its size, its modes, and the signals that come through it.

use std::io::{stderr, stdin, stdout};
use std::os::fd::AsFd;

use nix::sys::signal::Signal;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::sync::mpsc;

use crate::base::Diagnostic;
use crate::transport::{Size, Terminal};

/// What a terminal is called that nobody says anything of.
const UNKNOWN: &str = "dumb";

/// A terminal that hands on every key as it is, and is as it was before when this is dropped.
pub struct RawMode<F: AsFd> {
    terminal: F,
    before: Termios,
}

impl<F: AsFd> RawMode<F> {
    /// # Errors
    /// It is no terminal, or is gone.
    pub fn enter(terminal: F) -> Result<Self, Diagnostic> {
        let failed = |error: rustix::io::Errno| Diagnostic::error("failed to set the terminal").caused_by(error.to_string());
        let before = tcgetattr(&terminal).map_err(failed)?;
        let mut raw = before.clone();
        raw.make_raw();
        // From here on it is given back, also when only a part of the modes was taken over.
        let entered = Self { terminal, before };
        tcsetattr(&entered.terminal, OptionalActions::Now, &raw).map_err(failed)?;
        Ok(entered)
    }
}

impl<F: AsFd> Drop for RawMode<F> {
    fn drop(&mut self) {
        // At once: output that is held back must not keep the program from ending. A terminal that is gone needs nothing.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// The terminal of this process, to be had on a host too.
pub fn here() -> Terminal {
    let kind = std::env::var("TERM").ok().filter(|kind| !kind.is_empty()).unwrap_or_else(|| UNKNOWN.to_owned());
    Terminal { kind, size: size().unwrap_or_default(), settings: tcgetattr(stdin()).ok() }
}

/// Its size; `None`: there is none, or it does not know.
fn size() -> Option<Size> {
    let sizes = [tcgetwinsize(stdin()), tcgetwinsize(stdout()), tcgetwinsize(stderr())];
    let known = sizes.into_iter().flatten().find(|size| size.ws_col > 0 && size.ws_row > 0)?;
    Some(Size { columns: known.ws_col.into(), rows: known.ws_row.into(), width: known.ws_xpixel.into(), height: known.ws_ypixel.into() })
}

/// The sizes that it takes on from now on.
///
/// # Errors
/// The system gives no signals.
pub fn sizes() -> Result<mpsc::Receiver<Size>, Diagnostic> {
    let mut changes = listen(SignalKind::window_change())?;
    let (sender, sizes) = mpsc::channel(1);
    tokio::spawn(async move {
        while changes.recv().await.is_some() {
            if let Some(size) = size()
                && sender.send(size).await.is_err()
            {
                return;
            }
        }
    });
    Ok(sizes)
}

/// The signals that ask a program to end.
pub struct Signals {
    hangup: unix::Signal,
    interrupt: unix::Signal,
    quit: unix::Signal,
    terminate: unix::Signal,
}

impl Signals {
    /// From now on they do not end the program.
    ///
    /// # Errors
    /// The system gives no signals.
    pub fn new() -> Result<Self, Diagnostic> {
        Ok(Self {
            hangup: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::SIGHUP,
            _ = self.interrupt.recv() => Signal::SIGINT,
            _ = self.quit.recv() => Signal::SIGQUIT,
            _ = self.terminate.recv() => Signal::SIGTERM,
        }
    }
}

fn listen(kind: SignalKind) -> Result<unix::Signal, Diagnostic> {
    signal(kind).map_err(|error| Diagnostic::error("failed to listen for signals").caused_by(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use rustix::termios::LocalModes;

    use super::*;

    fn shows_what_is_typed(terminal: &OwnedFd) -> bool {
        tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    #[test]
    fn the_terminal_is_given_back_also_when_the_program_panics() {
        let pty = nix::pty::openpty(None, None).unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _raw = RawMode::enter(&pty.slave).unwrap();
            assert!(!shows_what_is_typed(&pty.slave));
            panic!("on purpose");
        }));
        assert!(panicked.is_err() && shows_what_is_typed(&pty.slave));
    }

    #[test]
    fn what_is_no_terminal_is_said() {
        let file = tempfile::tempfile().unwrap();
        assert!(RawMode::enter(&file).err().is_some_and(|wrong| wrong.message().contains("terminal")));
    }
}
