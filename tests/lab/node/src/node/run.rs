//! The main loop of a node: the one place where network, consensus and time meet, and the only writer of the chain.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::catch_up::{BATCH, CatchUp};
use super::{Node, Progress};
use crate::chain::block::Block;
use crate::chain::ledger::{AppendError, Decided};
use crate::consensus::core::{Action, Core};
use crate::p2p::link::Event;
use crate::p2p::peers::Peer;
use crate::p2p::wire::Message;
use crate::sync::lock;
use crate::version::Mode;
use crate::{clock, consensus, log};

/// The loop wakes up at least this often.
const LONGEST_SLEEP_MS: u64 = 200;

/// Runs until [`Event::Stop`].
pub fn run(node: &Arc<Node>, events: &Receiver<Event>) {
    match node.ledger.decided() {
        Some(chain) => Loop::new(node, chain).run(events),
        // An endpoint node's chain needs no work: just wait for the end.
        None => while !matches!(events.recv(), Ok(Event::Stop) | Err(_)) {},
    }
}

struct Loop<'a> {
    node: &'a Arc<Node>,
    chain: &'a Decided,
    /// None in a node that is no validator.
    core: Option<Core>,
    catch_up: CatchUp,
}

impl<'a> Loop<'a> {
    fn new(node: &'a Arc<Node>, chain: &'a Decided) -> Loop<'a> {
        let votes = chain.validators().contains(&node.address);
        if !votes {
            log::warn("This node is no validator of its chain", &[("address", &node.address)]);
        }
        let start = || {
            let validators = chain.validators().clone();
            Core::new(node.address, validators, node.timeout_ms, chain.head(), clock::now_ms())
        };
        let core = (votes && node.options.mode != Mode::Deaf).then(start);
        Loop { node, chain, core, catch_up: CatchUp::default() }
    }

    fn run(mut self, events: &Receiver<Event>) {
        loop {
            let now = clock::now_ms();
            let wake = self.core.as_ref().map_or(u64::MAX, Core::wake_at_ms).saturating_sub(now);
            match events.recv_timeout(Duration::from_millis(wake.min(LONGEST_SLEEP_MS))) {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Event::Up(peer)) => peer.send(self.head_message()),
                Ok(Event::Down(peer)) => {
                    log::info("Lost a peer", &[("peerID", &peer.address), ("addr", &peer.remote)]);
                    self.catch_up.forget(&peer.id);
                }
                Ok(Event::Message(peer, message)) => self.handle(&peer, *message),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let actions = self.core.as_mut().map(|core| core.tick(clock::now_ms()));
            self.apply(actions.unwrap_or_default());
            let head = self.chain.head().number;
            self.catch_up.tick(head, clock::now_ms(), &self.node.peers);
            self.show_progress(head);
        }
    }

    fn head_message(&self) -> Message {
        let head = self.chain.head();
        Message::Head { number: head.number, hash: head.hash }
    }

    fn handle(&mut self, peer: &Arc<Peer>, message: Message) {
        match message {
            Message::Head { number, .. } => self.catch_up.told(peer.id, number),
            Message::GetBlocks { from } => peer.send(Message::Blocks(self.chain.range(from, BATCH))),
            Message::Blocks(blocks) => self.import(peer, blocks),
            Message::Consensus(message) => self.vote(peer, message),
            _ => peer.close(),
        }
    }

    fn vote(&mut self, peer: &Arc<Peer>, message: consensus::message::Message) {
        if message.number <= self.chain.head().number {
            // The sender is behind: tell it, so that it fetches the block.
            return peer.send(self.head_message());
        }
        let actions = self.core.as_mut().map(|core| core.message(peer.address, message, clock::now_ms()));
        self.apply(actions.unwrap_or_default());
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Broadcast(message) => {
                    let validators = self.chain.validators();
                    for peer in self.node.peers.all().iter().filter(|peer| validators.contains(&peer.address)) {
                        peer.send(Message::Consensus(message.clone()));
                    }
                }
                Action::Round(from, to, agreed) => {
                    let number = self.chain.head().number + 1;
                    let what = if agreed { "[RC] Start new round" } else { "[RC] Ask for the next round" };
                    log::warn(what, &[("number", &number), ("from", &from), ("to", &to)]);
                }
                Action::Commit(block) => {
                    let mine = block.proposer == self.node.address;
                    let what = if mine { "Successfully wrote mined block" } else { "Inserted a new block" };
                    if self.append(block, what) {
                        for peer in self.node.peers.all() {
                            peer.send(self.head_message());
                        }
                    }
                    self.next_height();
                }
            }
        }
    }

    fn next_height(&mut self) {
        self.catch_up.grew();
        let head = self.chain.head();
        let actions = self.core.as_mut().map(|core| core.new_height(head, clock::now_ms()));
        self.apply(actions.unwrap_or_default());
    }

    /// Appends a block; false if it broke a rule. A disk that cannot take it ends the node, as in the original.
    fn append(&self, block: Block, what: &str) -> bool {
        let (number, hash, round) = (block.number, block.hash, block.round);
        match self.chain.append(block) {
            Ok(()) => {
                log::info(what, &[("number", &number), ("hash", &hash), ("round", &round)]);
                true
            }
            Err(AppendError::Bad(reason)) => {
                log::error("########## BAD BLOCK #########", &[("number", &number), ("hash", &hash), ("err", &reason)]);
                false
            }
            Err(AppendError::Disk(reason)) => log::crit("Failed to write a block", &[("err", &reason)]),
        }
    }

    fn import(&mut self, peer: &Arc<Peer>, blocks: Vec<Block>) {
        self.catch_up.answered();
        let before = self.chain.head().number;
        for block in blocks {
            // Decided in the meantime by votes.
            if block.number <= self.chain.head().number {
                continue;
            }
            if !self.append(block, "Imported new chain segment") {
                self.catch_up.forget(&peer.id);
                break;
            }
        }
        if self.chain.head().number > before {
            self.next_height();
        }
    }

    fn show_progress(&self, head: u64) {
        let highest = self.catch_up.highest();
        let mut progress = lock(&self.node.progress);
        *progress = (highest > head + 1).then(|| Progress { start: progress.map_or(head, |old| old.start), highest });
    }
}
