//! Content on its way between controller and target, as a task sees it.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::output::Output;
use crate::modules::{ContentRef, Transfer};
use crate::system::{self, Cancel, Error, ErrorKind};
use crate::wire::{CHUNK, Message, Need, Offer, WINDOW};

/// What the controller says about a transfer.
pub(super) enum Event {
    Data(Vec<u8>),
    End(Option<String>),
    Credit(u32),
}

/// All transfers of a runner, so that what the reader thread receives finds the task that waits for it.
#[derive(Default)]
pub(super) struct Transfers {
    next: AtomicU32,
    open: Mutex<HashMap<u32, (u32, Sender<Event>)>>,
}

impl Transfers {
    fn open(&self, request: u32) -> (u32, Receiver<Event>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = channel();
        self.lock().insert(number, (request, sender));
        (number, receiver)
    }

    /// Hands `event` to the task that waits for it. One that no longer does is none of the controller's faults.
    pub(super) fn deliver(&self, transfer: u32, event: Event) {
        if let Some((_, sender)) = self.lock().get(&transfer) {
            let _ = sender.send(event);
        }
    }

    /// Wakes the task of a request that waits for content: it will not come.
    pub(super) fn cancel(&self, request: u32) {
        self.lock().retain(|_, (owner, _)| *owner != request);
    }

    /// Wakes all tasks that wait for content: it will not come.
    pub(super) fn cancel_all(&self) {
        self.lock().clear();
    }

    fn close(&self, transfer: u32) {
        self.lock().remove(&transfer);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, (u32, Sender<Event>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Small contents that came with a request, by SHA-256 in hex.
pub(super) type Contents = HashMap<String, Arc<[u8]>>;

/// The transfers of one request.
pub(super) struct TaskTransfer {
    request: u32,
    contents: Contents,
    transfers: Arc<Transfers>,
    pub(super) output: Arc<Output>,
    cancel: Cancel,
    ahead: Ahead,
}

/// Content that was announced: asked for before it is opened, as far as that does not fill the memory.
#[derive(Default)]
struct Ahead {
    announced: VecDeque<ContentRef>,
    under_way: VecDeque<(ContentRef, u32, Receiver<Event>)>,
}

/// Bytes of announced content that may wait to be opened.
const AHEAD: u64 = WINDOW as u64;

impl TaskTransfer {
    pub(super) fn new(request: u32, contents: Contents, transfers: Arc<Transfers>, output: Arc<Output>, cancel: Cancel) -> Self {
        Self { request, contents, transfers, output, cancel, ahead: Ahead::default() }
    }

    /// Asks for announced content.
    fn ask_ahead(&mut self) {
        loop {
            let waiting: u64 = self.ahead.under_way.iter().map(|(content, ..)| content.size).sum();
            let fits = |content: &ContentRef| waiting == 0 || waiting + content.size <= AHEAD;
            let Some(content) = self.ahead.announced.pop_front_if(|content| fits(content)) else { return };
            let Ok((transfer, events)) = self.begin("receive content") else { return };
            let need = Message::Need(Need { id: self.request, transfer, content: content.clone() });
            if self.output.send(&need).is_err() {
                return;
            }
            self.ahead.under_way.push_back((content, transfer, events));
        }
    }

    /// The task is over: what was announced and not opened is not wanted any more.
    pub(super) fn forget_announced(&mut self) {
        for (_, transfer, _) in std::mem::take(&mut self.ahead).under_way {
            self.transfers.close(transfer);
            let _ = self.output.send(&Message::End { transfer, error: Some("not wanted".to_owned()) });
        }
    }

    /// A new transfer, unless nobody is there any more to answer it.
    fn begin(&self, attempt: &str) -> system::Result<(u32, Receiver<Event>)> {
        let (transfer, events) = self.transfers.open(self.request);
        // Looked at after it can be found, so that a cancellation cannot slip between.
        if self.cancel.is_cancelled() {
            self.transfers.close(transfer);
            return Err(Self::gone(attempt));
        }
        Ok((transfer, events))
    }

    fn gone(attempt: &str) -> Error {
        Error::new(ErrorKind::Cancelled, attempt, "the controller is gone or has cancelled the task")
    }
}

impl Transfer for TaskTransfer {
    fn open<'s>(&'s mut self, reference: &ContentRef) -> system::Result<Box<dyn Read + 's>> {
        if let Some(content) = self.contents.get(&reference.sha256) {
            return Ok(Box::new(Cursor::new(Arc::clone(content))));
        }
        let known = self.ahead.under_way.iter().position(|(content, ..)| content == reference);
        let (transfer, events) = match known.and_then(|index| self.ahead.under_way.remove(index)) {
            Some((_, transfer, events)) => (transfer, events),
            None => {
                let (transfer, events) = self.begin("receive content")?;
                let need = Message::Need(Need { id: self.request, transfer, content: reference.clone() });
                self.output.send(&need).map_err(|_| Self::gone("receive content"))?;
                (transfer, events)
            }
        };
        self.ask_ahead();
        Ok(Box::new(Incoming { transfer, events, pending: Cursor::new(Vec::new()), ended: false, unacknowledged: 0, task: self }))
    }

    fn expect(&mut self, references: &[ContentRef]) {
        let unknown = references.iter().filter(|reference| !self.contents.contains_key(&reference.sha256));
        self.ahead.announced.extend(unknown.cloned());
        self.ask_ahead();
    }

    fn send(&mut self, name: &str, content: &mut dyn Read) -> system::Result<()> {
        let attempt = format!("send `{name}` to the controller");
        let (transfer, events) = self.begin(&attempt)?;
        let sent = self.send_all(name, content, transfer, &events);
        self.transfers.close(transfer);
        sent.map_err(|error| match error {
            Stopped::Gone => Self::gone(&attempt),
            Stopped::Refused(why) => Error::new(ErrorKind::Other, attempt, why),
        })
    }
}

enum Stopped {
    Gone,
    Refused(String),
}

impl TaskTransfer {
    fn send_all(&self, name: &str, content: &mut dyn Read, transfer: u32, events: &Receiver<Event>) -> Result<(), Stopped> {
        let tell = |message: &Message| self.output.send(message).map_err(|_| Stopped::Gone);
        tell(&Message::Offer(Offer { id: self.request, transfer, name: name.to_owned() }))?;
        let mut credit = WINDOW;
        loop {
            // Without credit wait for it; with credit only take what is already there.
            while let Some(event) = if credit < CHUNK { Some(events.recv().map_err(|_| Stopped::Gone)?) } else { events.try_recv().ok() } {
                match event {
                    Event::Credit(more) => credit += more as usize,
                    Event::End(why) => return Err(Stopped::Refused(why.unwrap_or_else(|| "it wants no more".to_owned()))),
                    Event::Data(_) => {}
                }
            }
            let mut bytes = Vec::with_capacity(CHUNK);
            if let Err(error) = Read::take(&mut *content, CHUNK as u64).read_to_end(&mut bytes) {
                tell(&Message::End { transfer, error: Some(error.to_string()) })?;
                return Err(Stopped::Refused(error.to_string()));
            }
            if bytes.is_empty() {
                break;
            }
            credit -= bytes.len();
            tell(&Message::Data { transfer, bytes })?;
        }
        tell(&Message::End { transfer, error: None })?;
        // The controller answers when it has stored it.
        loop {
            match events.recv().map_err(|_| Stopped::Gone)? {
                Event::End(None) => return Ok(()),
                Event::End(Some(why)) => return Err(Stopped::Refused(why)),
                Event::Credit(_) | Event::Data(_) => {}
            }
        }
    }
}

/// Content that the controller is sending.
struct Incoming<'s> {
    transfer: u32,
    events: Receiver<Event>,
    pending: Cursor<Vec<u8>>,
    ended: bool,
    /// Bytes that were read and for which no credit was given back yet.
    unacknowledged: usize,
    task: &'s TaskTransfer,
}

impl Read for Incoming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let gone = || io::Error::new(io::ErrorKind::ConnectionAborted, "the controller is gone or has cancelled the task");
        loop {
            let n = self.pending.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            if self.ended {
                return Ok(0);
            }
            if self.unacknowledged >= WINDOW / 4 {
                let bytes = u32::try_from(self.unacknowledged).unwrap_or(u32::MAX);
                self.task.output.send(&Message::Credit { transfer: self.transfer, bytes }).map_err(|_| gone())?;
                self.unacknowledged = 0;
            }
            match self.events.recv().map_err(|_| gone())? {
                Event::Data(bytes) => {
                    self.unacknowledged += bytes.len();
                    self.pending = Cursor::new(bytes);
                }
                Event::End(None) => self.ended = true,
                Event::End(Some(why)) => {
                    self.ended = true;
                    return Err(io::Error::other(why));
                }
                Event::Credit(_) => {}
            }
        }
    }
}

impl Drop for Incoming<'_> {
    fn drop(&mut self) {
        self.task.transfers.close(self.transfer);
        if !self.ended {
            // Half of it was enough: the controller need not send the rest.
            let _ = self.task.output.send(&Message::End { transfer: self.transfer, error: Some("not wanted".to_owned()) });
        }
    }
}
