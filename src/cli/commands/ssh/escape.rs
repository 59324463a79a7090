//! The way out of a shell that does not answer any more: `~.` at the beginning of a line, as with `ssh`.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::Notify;

/// Reads what is typed, without the escapes. `~~` is one `~`; whatever else follows one is handed on with it.
pub struct Escaped<R> {
    keys: R,
    state: State,
    /// What goes on next.
    ready: VecDeque<u8>,
    leave: Arc<Notify>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A `~` would be one of ours.
    LineStart,
    /// It was.
    Tilde,
    /// In a line.
    Within,
}

impl<R> Escaped<R> {
    /// `leave` is told of `~.`.
    pub fn new(keys: R, leave: Arc<Notify>) -> Self {
        Self { keys, state: State::LineStart, ready: VecDeque::new(), leave }
    }

    fn typed(&mut self, key: u8) {
        self.state = match (self.state, key) {
            (State::LineStart, b'~') => State::Tilde,
            (State::Tilde, b'.') => {
                self.leave.notify_one();
                State::Within
            }
            (state, key) => {
                if state == State::Tilde && key != b'~' {
                    self.ready.push_back(b'~');
                }
                self.ready.push_back(key);
                if matches!(key, b'\r' | b'\n') { State::LineStart } else { State::Within }
            }
        };
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Escaped<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut room = [0; 1024];
        while self.ready.is_empty() {
            let mut read = ReadBuf::new(&mut room);
            match Pin::new(&mut self.keys).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if read.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => read.filled().iter().for_each(|key| self.typed(*key)),
                other => return other,
            }
        }
        let length = self.ready.len().min(to.remaining());
        self.ready.drain(..length).for_each(|key| to.put_slice(&[key]));
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    /// What is handed on of what is typed, and whether the shell is left.
    async fn typed(keys: &str) -> (String, bool) {
        let leave = Arc::new(Notify::new());
        let mut handed_on = String::new();
        Escaped::new(keys.as_bytes(), leave.clone()).read_to_string(&mut handed_on).await.unwrap();
        let left = tokio::select! {
            biased;
            () = leave.notified() => true,
            () = std::future::ready(()) => false,
        };
        (handed_on, left)
    }

    #[tokio::test]
    async fn only_a_tilde_and_a_dot_at_the_beginning_of_a_line_leave() {
        for (keys, handed_on, left) in [
            ("ls ~.\r", "ls ~.\r", false),
            ("~.", "", true),
            ("ls\r~.", "ls\r", true),
            ("~~.\r", "~.\r", false),
            ("~/bin/x\r", "~/bin/x\r", false),
            ("~\r~\r", "~\r~\r", false),
            ("\n~.", "\n", true),
        ] {
            assert_eq!(typed(keys).await, (handed_on.to_owned(), left), "{keys:?}");
        }
    }

    #[tokio::test]
    async fn nothing_is_lost_in_large_input() {
        let keys = "~x\r".repeat(5000);
        assert_eq!(typed(&keys).await, (keys, false));
    }
}
