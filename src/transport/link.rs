//! The controller's end of a conversation with a runner: many calls at once over one byte stream.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::LiveSender;
use super::transfers::Transfers;
use crate::transport::ContentSource;
use crate::wire::{Hello, Message, Need, Offer, OnFailure, Reply, Request, VERSION, Welcome, frame, read_message_async};

/// Frames that are written in one go at most.
const BATCH: usize = 256;

/// A conversation with one runner. Dropping it ends the runner, for its input ends.
pub(super) struct Link {
    outgoing: Outgoing,
    shared: Arc<Shared>,
    next: AtomicU32,
    ended: CancellationToken,
}

/// The queue to the runner. Its length is bounded by the credit of transfers and by the calls in progress.
#[derive(Clone)]
pub(super) struct Outgoing(mpsc::UnboundedSender<Vec<u8>>);

impl Outgoing {
    /// Queues a message that is known to be small enough. A runner that is gone is noticed elsewhere.
    pub(super) fn send(&self, message: &Message) {
        if let Ok(frame) = frame(message) {
            let _ = self.0.send(frame);
        }
    }
}

/// Why a link ended.
pub(super) struct Reason(Arc<Shared>);

impl Reason {
    /// `None` while it has not.
    pub(super) fn get(&self) -> Option<String> {
        self.0.lock().lost.clone()
    }
}

/// What the runner says about one call.
pub(super) enum Incoming {
    Reply(Reply),
    Need(Need),
    Offer(Offer),
    Data { transfer: u32, bytes: Vec<u8> },
    End { transfer: u32, error: Option<String> },
    Credit { transfer: u32, bytes: u32 },
}

struct Call {
    events: mpsc::UnboundedSender<Incoming>,
    live: LiveSender,
}

#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    calls: HashMap<u32, Call>,
    /// The call that a transfer belongs to.
    transfers: HashMap<u32, u32>,
    /// Why there can be no more calls.
    lost: Option<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// Starts the conversation: says hello and takes what comes from then on.
    pub(super) fn start(
        stdout: impl AsyncRead + Send + Unpin + 'static,
        mut stdin: impl AsyncWrite + Send + Unpin + 'static,
        hello: Hello,
    ) -> Self {
        let (sender, mut queue) = mpsc::unbounded_channel::<Vec<u8>>();
        let outgoing = Outgoing(sender);
        outgoing.send(&Message::Hello(hello));
        tokio::spawn(async move {
            let mut frames = Vec::new();
            while queue.recv_many(&mut frames, BATCH).await > 0 {
                let bytes = frames.concat();
                frames.clear();
                if stdin.write_all(&bytes).await.is_err() || stdin.flush().await.is_err() {
                    // Why is seen at the other stream.
                    return;
                }
            }
            let _ = stdin.shutdown().await;
        });
        let shared = Arc::new(Shared::default());
        let ended = CancellationToken::new();
        let (state, guard) = (Arc::clone(&shared), ended.clone().drop_guard());
        tokio::spawn(async move {
            let why = listen(BufReader::with_capacity(1 << 16, stdout), &state).await;
            let mut state = state.lock();
            state.lost = Some(why);
            state.calls.clear();
            drop(guard);
        });
        Self { outgoing, shared, next: AtomicU32::new(1), ended }
    }

    /// Why there can be no more calls, once that is so.
    pub(super) fn lost(&self) -> Option<String> {
        self.reason().get()
    }

    /// Where that will stand, also when the link is no more.
    pub(super) fn reason(&self) -> Reason {
        Reason(Arc::clone(&self.shared))
    }

    /// Ends when the runner is gone.
    pub(super) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    /// Says good-bye: the runner ends everything and removes what it made. Waits until it has.
    pub(super) async fn bye(&self) {
        self.outgoing.send(&Message::Bye(String::new()));
        self.ended.cancelled().await;
    }

    /// Sends `before` and then the request, all at once, and hands every reply to `each`. Dropping the future cancels the request.
    ///
    /// # Errors
    /// [`CallError::TooLarge`] before anything was sent; [`CallError::Lost`] when the runner is gone.
    pub(super) async fn call(
        &self,
        before: &[Message],
        mut request: Request,
        content: &dyn ContentSource,
        live: LiveSender,
        each: &mut (dyn FnMut(Reply) + Send),
    ) -> Result<(), CallError> {
        request.id = self.next.fetch_add(1, Ordering::Relaxed);
        request.live = live.wanted();
        let (id, mut expected) = (request.id, request.tasks.len());
        let stops = request.on_failure == OnFailure::Stop;
        let mut frames = Vec::new();
        for message in before.iter().chain([&Message::Request(request)]) {
            frames.extend(frame(message).map_err(|error| CallError::TooLarge(error.to_string()))?);
        }
        let (events, mut incoming) = mpsc::unbounded_channel();
        {
            let mut state = self.shared.lock();
            if state.lost.is_some() {
                return Err(CallError::Lost);
            }
            state.calls.insert(id, Call { events, live });
        }
        let mut ticket = Ticket { id, link: self, answered: false };
        let _ = self.outgoing.0.send(frames);
        let mut transfers = Transfers::new(self.outgoing.clone(), content);
        while expected > 0 {
            match incoming.recv().await.ok_or(CallError::Lost)? {
                Incoming::Reply(reply) => {
                    expected = if stops && reply.reply.failed() { 0 } else { expected - 1 };
                    each(reply);
                }
                other => transfers.take(other),
            }
        }
        ticket.answered = true;
        Ok(())
    }
}

/// Why a call came to nothing.
pub(super) enum CallError {
    /// The request does not fit into a frame.
    TooLarge(String),
    /// The runner is gone.
    Lost,
}

/// A call in progress: when it is dropped before all answers are there, the runner is told.
struct Ticket<'a> {
    id: u32,
    link: &'a Link,
    answered: bool,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.link.shared.lock();
        state.calls.remove(&self.id);
        state.transfers.retain(|_, call| *call != self.id);
        if !self.answered {
            self.link.outgoing.send(&Message::Cancel(self.id));
        }
    }
}

/// Takes messages until there are no more; why that is.
async fn listen(mut stdout: impl AsyncRead + Unpin, shared: &Shared) -> String {
    match read_message_async(&mut stdout).await {
        Ok(Some(Message::Welcome(Welcome { version: VERSION, .. }))) => {}
        Ok(Some(Message::Welcome(welcome))) => {
            return format!("the runner speaks version {} of the protocol, the controller version {VERSION}", welcome.version);
        }
        Ok(Some(_)) => return "the first message of the runner was no welcome".to_owned(),
        Ok(None) => return "the runner ended before it said anything".to_owned(),
        Err(error) => return error.to_string(),
    }
    loop {
        let (id, event) = match read_message_async(&mut stdout).await {
            Ok(Some(Message::Live { id, stream, bytes })) => {
                let live = shared.lock().calls.get(&id).map(|call| call.live.clone());
                if let Some(live) = live {
                    live.send(stream, &bytes);
                }
                continue;
            }
            Ok(Some(Message::Reply(reply))) => (Some(reply.id), Incoming::Reply(reply)),
            Ok(Some(Message::Need(need))) => {
                shared.lock().transfers.insert(need.transfer, need.id);
                (Some(need.id), Incoming::Need(need))
            }
            Ok(Some(Message::Offer(offer))) => {
                shared.lock().transfers.insert(offer.transfer, offer.id);
                (Some(offer.id), Incoming::Offer(offer))
            }
            Ok(Some(Message::Data { transfer, bytes })) => (shared.owner(transfer), Incoming::Data { transfer, bytes }),
            Ok(Some(Message::End { transfer, error })) => (shared.owner(transfer), Incoming::End { transfer, error }),
            Ok(Some(Message::Credit { transfer, bytes })) => (shared.owner(transfer), Incoming::Credit { transfer, bytes }),
            Ok(Some(Message::Bye(why))) => return why,
            Ok(Some(_)) => return "the runner sent a message that only goes the other way".to_owned(),
            Ok(None) => return "the runner ended".to_owned(),
            Err(error) => return error.to_string(),
        };
        // A call that was dropped has no more use for what belongs to it.
        if let Some(call) = id.and_then(|id| shared.lock().calls.get(&id).map(|call| call.events.clone())) {
            let _ = call.send(event);
        }
    }
}

impl Shared {
    fn owner(&self, transfer: u32) -> Option<u32> {
        self.lock().transfers.get(&transfer).copied()
    }
}
