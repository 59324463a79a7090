//! Content on its way during one call, both ways, as the controller sees it.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};

use super::ContentSource;
use super::content::Incoming as Receiver;
use super::link::{Incoming, Outgoing};
use crate::wire::{CHUNK, Message, WINDOW};

/// The transfers of one call; all end when it is dropped.
pub(super) struct Transfers<'a> {
    outgoing: Outgoing,
    content: &'a dyn ContentSource,
    open: HashMap<u32, mpsc::UnboundedSender<Event>>,
    tasks: JoinSet<()>,
}

enum Event {
    Data(Vec<u8>),
    End(Option<String>),
    Credit(u32),
}

impl<'a> Transfers<'a> {
    pub(super) fn new(outgoing: Outgoing, content: &'a dyn ContentSource) -> Self {
        Self { outgoing, content, open: HashMap::new(), tasks: JoinSet::new() }
    }

    /// Takes what the runner says about a transfer.
    pub(super) fn take(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Need(need) => match self.content.open(&need.content) {
                Ok(reader) => {
                    let events = self.register(need.transfer);
                    self.tasks.spawn(upload(need.transfer, reader, events, self.outgoing.clone()));
                }
                Err(error) => self.refuse(need.transfer, &error),
            },
            Incoming::Offer(offer) => match self.content.receive(&offer.name) {
                Ok(receiver) => {
                    let events = self.register(offer.transfer);
                    self.tasks.spawn(download(offer.transfer, receiver, events, self.outgoing.clone()));
                }
                Err(error) => self.refuse(offer.transfer, &error),
            },
            Incoming::Data { transfer, bytes } => self.tell(transfer, Event::Data(bytes)),
            Incoming::End { transfer, error } => self.tell(transfer, Event::End(error)),
            Incoming::Credit { transfer, bytes } => self.tell(transfer, Event::Credit(bytes)),
            Incoming::Reply(_) => {}
        }
    }

    fn register(&mut self, transfer: u32) -> mpsc::UnboundedReceiver<Event> {
        let (sender, events) = mpsc::unbounded_channel();
        self.open.insert(transfer, sender);
        events
    }

    fn refuse(&self, transfer: u32, error: &io::Error) {
        self.outgoing.send(&Message::End { transfer, error: Some(error.to_string()) });
    }

    fn tell(&mut self, transfer: u32, event: Event) {
        let over = matches!(event, Event::End(_));
        if let Some(sender) = self.open.get(&transfer) {
            // A transfer that is over on this side does not listen any more.
            let _ = sender.send(event);
        }
        if over {
            self.open.remove(&transfer);
        }
    }
}

/// Sends all of `reader`, as far as the credit goes.
async fn upload(transfer: u32, reader: Box<dyn Read + Send>, mut events: mpsc::UnboundedReceiver<Event>, outgoing: Outgoing) {
    let mut reader = Some(reader);
    let mut credit = WINDOW;
    loop {
        while credit < CHUNK {
            match events.recv().await {
                Some(Event::Credit(more)) => credit += more as usize,
                Some(Event::Data(_)) => {}
                Some(Event::End(_)) | None => return,
            }
        }
        let Some(mut taken) = reader.take() else { return };
        let read = spawn_blocking(move || {
            let mut bytes = Vec::with_capacity(CHUNK);
            let result = taken.by_ref().take(CHUNK as u64).read_to_end(&mut bytes);
            (taken, result.map(|_| bytes))
        });
        let Ok((back, result)) = read.await else { return };
        reader = Some(back);
        let end = match result {
            Ok(bytes) if bytes.is_empty() => None,
            Ok(bytes) => {
                credit -= bytes.len();
                outgoing.send(&Message::Data { transfer, bytes });
                continue;
            }
            Err(error) => Some(error.to_string()),
        };
        outgoing.send(&Message::End { transfer, error: end });
        return;
    }
}

/// Stores all that comes, gives credit for what is stored, and says in the end whether all is.
async fn download(transfer: u32, receiver: Box<dyn Receiver>, mut events: mpsc::UnboundedReceiver<Event>, outgoing: Outgoing) {
    let mut receiver = Some(receiver);
    while let Some(event) = events.recv().await {
        let Some(mut taken) = receiver.take() else { return };
        match event {
            Event::Credit(_) => receiver = Some(taken),
            Event::Data(bytes) => {
                let credit = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                let Ok((back, result)) =
                    spawn_blocking(move || (taken.write_all(&bytes), taken)).await.map(|(result, back)| (back, result))
                else {
                    return;
                };
                match result {
                    Ok(()) => outgoing.send(&Message::Credit { transfer, bytes: credit }),
                    Err(error) => {
                        outgoing.send(&Message::End { transfer, error: Some(error.to_string()) });
                        return;
                    }
                }
                receiver = Some(back);
            }
            Event::End(None) => {
                let stored = spawn_blocking(move || taken.finish()).await;
                let error = match stored {
                    Ok(Ok(())) => None,
                    Ok(Err(error)) => Some(error.to_string()),
                    Err(_) => Some("storing it was cancelled".to_owned()),
                };
                outgoing.send(&Message::End { transfer, error });
                return;
            }
            // The task could not read it to its end: what came is dropped.
            Event::End(Some(_)) => return,
        }
    }
}
