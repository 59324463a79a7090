//! A shell or a command that a person works with: on a terminal of its own, or with streams as they are.

use std::collections::VecDeque;

use nix::sys::signal::Signal;
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::io::AsyncWrite;

use super::client::explain;
use super::connection::{Connection, event};
use super::modes::modes;
use crate::transport::exec::Event;
use crate::transport::{Size, Terminal};

/// What comes of it.
pub(in crate::transport) struct Output {
    channel: ChannelReadHalf,
    /// What came before it was known to run.
    early: VecDeque<Event>,
}

/// What can be done with it.
pub(in crate::transport) struct Control(ChannelWriteHalf<Msg>);

impl Connection {
    /// Starts `line` in the login shell of the host, or that shell itself; with `terminal` on a terminal there.
    ///
    /// # Errors
    /// What the server refuses, or what the protocol says.
    pub(in crate::transport) async fn attach(&self, line: Option<&str>, terminal: Option<&Terminal>) -> Result<(Output, Control), String> {
        let mut channel = self.channel().await?;
        let mut early = VecDeque::new();
        if let Some(Terminal { kind, size, settings }) = terminal {
            let modes = settings.as_ref().map(modes).unwrap_or_default();
            let asked = channel.request_pty(true, kind, size.columns, size.rows, size.width, size.height, &modes).await;
            asked.map_err(|error| explain(&error))?;
            if !granted(&mut channel, &mut early).await {
                return Err("the server gives no terminal; its sshd may have `PermitTTY no`".to_owned());
            }
        }
        let asked = match line {
            Some(line) => channel.exec(true, line).await,
            None => channel.request_shell(true).await,
        };
        asked.map_err(|error| explain(&error))?;
        if !granted(&mut channel, &mut early).await {
            return Err(format!("the server does not allow {}", if line.is_some() { "commands" } else { "a shell" }));
        }
        let (channel, control) = channel.split();
        Ok((Output { channel, early }, Control(control)))
    }
}

/// The answer to a request. What comes before it is kept in `early`.
async fn granted(channel: &mut Channel<Msg>, early: &mut VecDeque<Event>) -> bool {
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => return true,
            Some(ChannelMsg::Failure | ChannelMsg::Close) | None => return false,
            Some(message) => early.extend(event(message)),
        }
    }
}

impl Output {
    /// The next piece; `None` when there is no more.
    pub(in crate::transport) async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.early.pop_front() {
            return Some(event);
        }
        loop {
            match self.channel.wait().await? {
                ChannelMsg::Close => return None,
                message => {
                    if let Some(event) = event(message) {
                        return Some(event);
                    }
                }
            }
        }
    }
}

impl Control {
    /// Its standard input. Shutting it down is the end of the input.
    pub(in crate::transport) fn input(&self) -> impl AsyncWrite + 'static {
        self.0.make_writer()
    }

    /// The terminal has another size now. A server that is gone does not mind.
    pub(in crate::transport) async fn resize(&self, size: Size) {
        let _ = self.0.window_change(size.columns, size.rows, size.width, size.height).await;
    }

    /// Ends it by a signal, as far as the server passes signals on; a terminal there hangs up.
    pub(in crate::transport) async fn end(&self, signal: Signal) {
        let signal = match signal {
            Signal::SIGHUP => Sig::HUP,
            Signal::SIGINT => Sig::INT,
            Signal::SIGPIPE => Sig::PIPE,
            Signal::SIGQUIT => Sig::QUIT,
            _ => Sig::TERM,
        };
        let _ = self.0.signal(signal).await;
        let _ = self.0.close().await;
    }
}
