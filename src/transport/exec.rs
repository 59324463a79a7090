//! A command that runs on a host: its streams as events, the same for a channel of SSH and for a process of this machine.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::bytes::{Buf, Bytes};

/// What a running command gives.
#[derive(Debug)]
pub(super) enum Event {
    /// A piece of standard output.
    Stdout(Bytes),
    /// A piece of standard error.
    Stderr(Bytes),
    /// It ended with this code, or by signal `N` as `-N`.
    Exit(i32),
}

/// How many pieces of output wait before the command has to.
pub(super) const QUEUE: usize = 64;

/// A running command. Dropping it ends the command.
pub(super) struct Exec {
    /// Its standard input; dropping it is the end of the input.
    pub(super) stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// What it gives; no more when it has ended or is lost.
    pub(super) events: mpsc::Receiver<Event>,
    /// Ends the command when dropped.
    pub(super) guard: Guard,
}

/// Ends a command when dropped.
pub(super) struct Guard(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Guard {
    pub(super) fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(end)))
    }

    /// The command has ended by itself.
    pub(super) fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

/// What a command left besides its output: the end of its standard error, and how it ended.
#[derive(Clone, Default)]
pub(super) struct Remains(Arc<Mutex<Left>>);

#[derive(Default)]
struct Left {
    stderr: Vec<u8>,
    exit: Option<i32>,
}

/// Bytes of standard error that are kept for messages.
const STDERR_KEPT: usize = 16 * 1024;

impl Remains {
    pub(super) fn stderr(&self, bytes: &[u8]) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.stderr.extend_from_slice(bytes);
        let excess = left.stderr.len().saturating_sub(STDERR_KEPT);
        left.stderr.drain(..excess);
    }

    pub(super) fn exit(&self, code: i32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).exit = Some(code);
    }

    /// How it ended, if that is known.
    pub(super) fn exit_code(&self) -> Option<i32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).exit
    }

    /// What came on standard error so far.
    pub(super) fn take_stderr(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).stderr)
    }

    /// The end of its standard error.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner).stderr).trim().to_owned()
    }
}

/// The standard output of a command as a byte stream; its standard error goes to `remains` on the way.
pub(super) struct Stdout {
    pending: Bytes,
    events: mpsc::Receiver<Event>,
    remains: Remains,
}

impl Stdout {
    /// Goes on after `pending`, which was read already.
    pub(super) fn new(pending: Vec<u8>, events: mpsc::Receiver<Event>, remains: Remains) -> Self {
        Self { pending: pending.into(), events, remains }
    }
}

impl AsyncRead for Stdout {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        loop {
            if self.pending.has_remaining() {
                let n = self.pending.remaining().min(buf.remaining());
                buf.put_slice(&self.pending.split_to(n));
                return Poll::Ready(Ok(()));
            }
            match self.events.poll_recv(cx) {
                Poll::Ready(Some(Event::Stdout(bytes))) => self.pending = bytes,
                Poll::Ready(Some(Event::Stderr(bytes))) => self.remains.stderr(&bytes),
                Poll::Ready(Some(Event::Exit(code))) => self.remains.exit(code),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
