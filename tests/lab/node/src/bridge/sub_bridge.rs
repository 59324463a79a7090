//! The service chain's side: dials the endpoint node and anchors every n-th block.

use std::collections::BTreeSet;
use std::fs;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::operators;
use crate::chain::ledger::Ledger;
use crate::chain::store::{Record, Store};
use crate::cli::SubBridgeOptions;
use crate::crypto::keccak;
use crate::crypto::kni::Kni;
use crate::crypto::types::{Address, Hash};
use crate::log;
use crate::node::files;
use crate::p2p::dial::{keep_dialing, read_list};
use crate::p2p::greet::Identity;
use crate::p2p::link::Event;
use crate::p2p::peers::{Peer, Peers};
use crate::p2p::server::Server;
use crate::p2p::wire::Message;
use crate::sync::lock;

/// How often to look for a block to anchor.
const LOOK: Duration = Duration::from_millis(250);
/// Anchoring transactions under way at once.
const UNDER_WAY: usize = 10;
const LATEST: &str = "bridgeservice/anchored";

pub struct SubBridge {
    pub peers: Arc<Peers>,
    pub parent_operator: Address,
    pub child_operator: Address,
    pub period: u64,
    parent_chain_id: u64,
    server: Arc<Server>,
    ledger: Arc<Ledger>,
    store: Arc<Store>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    anchoring: bool,
    /// 0: none yet.
    latest: u64,
    pending: BTreeSet<u64>,
    /// Coins and nonce of the parent operator, known since the endpoint node told them.
    parent: Option<(u64, u64)>,
}

impl SubBridge {
    pub fn start(
        identity: Identity,
        options: &SubBridgeOptions,
        record: &Record,
        store: Arc<Store>,
        ledger: Arc<Ledger>,
    ) -> Result<Arc<SubBridge>, String> {
        let peers = Arc::new(Peers::new(0));
        let (events, inbox) = mpsc::channel();
        let server = Server::new(identity, None, peers.clone(), events);
        let latest = fs::read_to_string(store.chaindata(LATEST)).ok().and_then(|text| text.trim().parse().ok());
        let bridge = Arc::new(SubBridge {
            peers,
            parent_operator: operators::load_or_make(&store.root().join("parent_bridge_account"))?,
            child_operator: operators::load_or_make(&store.root().join("child_bridge_account"))?,
            period: options.period,
            parent_chain_id: options.parent_chain_id,
            server,
            ledger,
            state: Mutex::new(State { anchoring: options.anchoring, latest: latest.unwrap_or(0), ..State::default() }),
            store,
        });
        let chain_id = record.genesis.config.chain_id().unwrap_or_default();
        let serving = bridge.clone();
        thread::spawn(move || serving.serve(&inbox, chain_id));
        let list = read_list(&files::resolve(bridge.store.root(), "main-bridges.json"));
        log::info("Started the sub bridge", &[("parentOperator", &bridge.parent_operator), ("mainBridges", &list.len())]);
        keep_dialing(&bridge.server, &list);
        Ok(bridge)
    }

    /// `subbridge_addPeer`: dials this main bridge from now on.
    pub fn add_peer(&self, url: &str) -> Result<(), String> {
        let kni = Kni::parse(url).map_err(|e| format!("invalid kni: {e}"))?;
        keep_dialing(&self.server, &[kni]);
        Ok(())
    }

    /// Turns anchoring on or off until the next start; returns the new state.
    pub fn set_anchoring(&self, on: bool) -> bool {
        lock(&self.state).anchoring = on;
        on
    }

    pub fn anchoring(&self) -> bool {
        lock(&self.state).anchoring
    }

    pub fn latest(&self) -> u64 {
        lock(&self.state).latest
    }

    pub fn pending(&self) -> usize {
        lock(&self.state).pending.len()
    }

    /// Coins in peb and nonce of the parent operator; none without a main bridge.
    pub fn parent_account(&self) -> Option<(u64, u64)> {
        lock(&self.state).parent
    }

    /// The transaction that anchored a block; zero if none did.
    pub fn transaction(&self, number: u64) -> Hash {
        let block = self.ledger.block(number).filter(|_| number <= self.latest() && number.is_multiple_of(self.period));
        block.map_or(Hash::ZERO, |block| Hash(keccak(&[&block.hash.0[..], &self.parent_operator.0[..]].concat())))
    }

    fn serve(&self, inbox: &Receiver<Event>, chain_id: u64) {
        loop {
            match inbox.recv_timeout(LOOK) {
                Ok(Event::Up(peer)) => {
                    peer.send(Message::BridgeStatus { main: false, chain_id });
                    peer.send(Message::ParentInfoRequest { operator: self.parent_operator });
                }
                Ok(Event::Down(peer)) => {
                    log::warn("Lost the main bridge", &[("addr", &peer.remote)]);
                    let mut state = lock(&self.state);
                    state.pending.clear();
                    state.parent = None;
                }
                Ok(Event::Message(peer, message)) => self.handle(&peer, *message),
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.anchor();
        }
    }

    fn handle(&self, peer: &Arc<Peer>, message: Message) {
        match message {
            Message::BridgeStatus { main: true, .. } => {}
            Message::BridgeStatus { main: false, .. } => {
                log::error("Bridge handshake failed", &[("addr", &peer.remote), ("err", &"InvalidPeerHierarchy")]);
                peer.close();
            }
            Message::ParentInfo { balance, nonce } => lock(&self.state).parent = Some((balance, nonce)),
            Message::Anchored { number, error: None } => self.anchored(number),
            Message::Anchored { number, error: Some(error) } => {
                lock(&self.state).pending.remove(&number);
                log::error("Failed to anchor a block", &[("blockNumber", &number), ("err", &error)]);
            }
            _ => peer.close(),
        }
    }

    fn anchored(&self, number: u64) {
        let mut state = lock(&self.state);
        state.pending.remove(&number);
        if number > state.latest {
            state.latest = number;
            if let Err(e) = self.store.replace(LATEST, number.to_string().as_bytes()) {
                log::crit("Failed to write the anchored block number", &[("err", &e)]);
            }
        }
        log::info("Anchored a block", &[("blockNumber", &number)]);
    }

    /// Sends what is due: from the block after the last anchored one, or from the head if there is none yet.
    fn anchor(&self) {
        let peers = self.peers.all();
        let Some(peer) = peers.first() else { return };
        let head = self.ledger.head().number;
        let mut state = lock(&self.state);
        if !state.anchoring || state.parent.is_none() {
            return;
        }
        let last = state.pending.last().copied().unwrap_or(state.latest);
        let first = if last == 0 { head.max(1) } else { last + 1 };
        let due = (first..=head).filter(|number| number.is_multiple_of(self.period));
        let room = UNDER_WAY.saturating_sub(state.pending.len());
        for block in due.take(room).filter_map(|number| self.ledger.block(number)) {
            state.pending.insert(block.number);
            peer.send(Message::Anchor {
                chain_id: self.parent_chain_id,
                operator: self.parent_operator,
                number: block.number,
                hash: block.hash,
            });
        }
    }
}
