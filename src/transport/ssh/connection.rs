//! An open connection: commands run on its channels, connections to further hops go through them.

use std::sync::Arc;
use std::time::Duration;

use russh::client::{Handle, Msg};
use russh::{Channel, ChannelMsg, Disconnect, Sig};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::client::{Client, SharedNotes, explain};
use crate::transport::Hop;
use crate::transport::exec::{Event, Exec, Guard, QUEUE};

/// An open connection to one hop.
pub(in crate::transport) struct Connection {
    handle: Handle<Client>,
    hop: Hop,
    through: Option<Arc<Connection>>,
    notes: SharedNotes,
    slots: Arc<Semaphore>,
}

/// Commands without a runner that run at once on one connection. sshd allows ten sessions by default, runners included.
const SLOTS: usize = 6;

/// Milliseconds to wait before a channel that was refused is asked for again. sshd counts a session until it has noticed its end, so when
/// many end at once, those that follow may be refused; one that nobody gets within this time is not to be had.
const AGAIN: [u64; 8] = [5, 10, 20, 50, 100, 250, 500, 1000];

impl Connection {
    pub(super) fn new(handle: Handle<Client>, hop: Hop, through: Option<Arc<Connection>>, notes: SharedNotes) -> Self {
        Self { handle, hop, through, notes, slots: Arc::new(Semaphore::new(SLOTS)) }
    }

    pub(super) fn handle(&self) -> &Handle<Client> {
        &self.handle
    }

    /// Whether it is over.
    pub(in crate::transport) fn is_closed(&self) -> bool {
        self.handle.is_closed() || self.through.as_ref().is_some_and(|through| through.is_closed())
    }

    /// The hop that ended, nearest to the controller, and why; `None` while all is well.
    pub(in crate::transport) fn broken(&self) -> Option<(&Hop, String)> {
        if let Some(broken) = self.through.as_ref().and_then(|through| through.broken()) {
            return Some(broken);
        }
        self.handle.is_closed().then(|| {
            let why = self.notes.with(|notes| notes.disconnect.clone());
            (&self.hop, why.unwrap_or_else(|| "the connection was closed by the other side".to_owned()))
        })
    }

    /// Things to warn of, once.
    pub(in crate::transport) fn take_warnings(&self) -> Vec<String> {
        self.notes.with(|notes| std::mem::take(&mut notes.warnings))
    }

    /// Waits for its turn to run a command without a runner.
    pub(in crate::transport) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }

    /// Starts `line` in the login shell of the host. Dropped before its end it loses its streams and, with `kill`, is sent a signal.
    ///
    /// # Errors
    /// What the server or the protocol says.
    pub(in crate::transport) async fn exec(&self, line: &str, kill: bool) -> Result<Exec, String> {
        let channel = self.channel().await?;
        channel.exec(true, line).await.map_err(|error| explain(&error))?;
        let stdin = Box::new(channel.make_writer());
        let (sender, events) = mpsc::channel(QUEUE);
        let (end, ended) = oneshot::channel::<()>();
        tokio::spawn(pump(channel, sender, ended, kill));
        Ok(Exec { stdin, events, guard: Guard::new(move || drop(end)) })
    }

    /// A channel for a session. That the server refuses one ends nothing, so it is asked for again while others may be ending.
    pub(super) async fn channel(&self) -> Result<Channel<Msg>, String> {
        let mut again = AGAIN.iter();
        loop {
            match (self.handle.channel_open_session().await, again.next()) {
                (Ok(channel), _) => return Ok(channel),
                (Err(russh::Error::ChannelOpenFailure(_)), Some(wait)) => tokio::time::sleep(Duration::from_millis(*wait)).await,
                (Err(russh::Error::ChannelOpenFailure(why)), None) => {
                    return Err(format!("the server refuses another channel ({why:?}); its sshd may have a low `MaxSessions`"));
                }
                (Err(other), _) => return Err(explain(&other)),
            }
        }
    }

    /// Says good-bye. The task behind the connection ends by itself.
    pub(in crate::transport) async fn close(&self) {
        let _ = self.handle.disconnect(Disconnect::ByApplication, "", "").await;
    }
}

/// Hands on what comes on a channel until it is closed, or until nobody wants the command any more: then it is ended.
async fn pump(mut channel: Channel<Msg>, events: mpsc::Sender<Event>, mut ended: oneshot::Receiver<()>, kill: bool) {
    loop {
        let message = tokio::select! {
            message = channel.wait() => message,
            _ = &mut ended => {
                if kill {
                    // Servers that do not know the request ignore it.
                    let _ = channel.signal(Sig::TERM).await;
                }
                let _ = channel.close().await;
                return;
            }
        };
        let event = match message {
            Some(ChannelMsg::Failure) => {
                let _ = events.send(Event::Stderr("the server does not allow commands".into())).await;
                Event::Exit(255)
            }
            Some(ChannelMsg::Close) | None => break,
            Some(message) => match event(message) {
                Some(event) => event,
                None => continue,
            },
        };
        // The receiver goes away together with the guard, which the next round sees.
        let _ = events.send(event).await;
    }
}

/// What a message says of a command; `None`: nothing.
pub(super) fn event(message: ChannelMsg) -> Option<Event> {
    match message {
        ChannelMsg::Data { data } => Some(Event::Stdout(data)),
        ChannelMsg::ExtendedData { data, .. } => Some(Event::Stderr(data)),
        ChannelMsg::ExitStatus { exit_status } => Some(Event::Exit(i32::try_from(exit_status).unwrap_or(i32::MAX))),
        ChannelMsg::ExitSignal { signal_name, .. } => Some(Event::Exit(-signal_number(&signal_name))),
        _ => None,
    }
}

fn signal_number(signal: &Sig) -> i32 {
    match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::Custom(name) if name == "BUS" => 7,
        Sig::Custom(name) if name == "USR2" => 12,
        Sig::Custom(_) => 1,
    }
}
