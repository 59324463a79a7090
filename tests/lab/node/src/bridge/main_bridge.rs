//! The endpoint node's side: listens, answers, puts anchored blocks "on the parent chain".

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::OPERATOR_BALANCE;
use crate::chain::store::Record;
use crate::log;
use crate::p2p::greet::Identity;
use crate::p2p::link::Event;
use crate::p2p::peers::{Peer, Peers};
use crate::p2p::server::Server;
use crate::p2p::wire::Message;

/// Sub bridges one main bridge serves.
const MAX_PEERS: usize = 1;
/// Until the next block of the parent chain.
const PARENT_BLOCK: Duration = Duration::from_secs(1);

pub struct MainBridge {
    pub peers: Arc<Peers>,
    pub port: u16,
    chain_id: u64,
}

impl MainBridge {
    pub fn start(identity: Identity, record: &Record) -> Result<Arc<MainBridge>, String> {
        let peers = Arc::new(Peers::new(MAX_PEERS));
        let (events, inbox) = mpsc::channel();
        let port = identity.ports.first().copied().unwrap_or_default();
        let server = Server::new(identity, None, peers.clone(), events);
        server.listen()?;
        let chain_id = record.genesis.config.chain_id().unwrap_or_default();
        let bridge = Arc::new(MainBridge { peers, port, chain_id });
        let serving = bridge.clone();
        thread::spawn(move || serving.serve(&inbox));
        log::info("Started the main bridge", &[("port", &port)]);
        Ok(bridge)
    }

    fn serve(&self, inbox: &Receiver<Event>) {
        while let Ok(event) = inbox.recv() {
            match event {
                Event::Up(peer) => peer.send(Message::BridgeStatus { main: true, chain_id: self.chain_id }),
                Event::Down(peer) => log::info("Lost the sub bridge", &[("addr", &peer.remote)]),
                Event::Message(peer, message) => self.handle(&peer, *message),
                Event::Stop => return,
            }
        }
    }

    fn handle(&self, peer: &Arc<Peer>, message: Message) {
        match message {
            Message::BridgeStatus { main: false, .. } => {}
            Message::BridgeStatus { main: true, .. } => {
                log::error("Bridge handshake failed", &[("addr", &peer.remote), ("err", &"InvalidPeerHierarchy")]);
                peer.close();
            }
            Message::ParentInfoRequest { .. } => peer.send(Message::ParentInfo { balance: OPERATOR_BALANCE, nonce: 0 }),
            Message::Anchor { chain_id, number, hash, .. } => {
                let error = (chain_id != self.chain_id)
                    .then(|| format!("invalid sender: invalid chain id for signer, have {chain_id} want {}", self.chain_id));
                log::info(
                    "Received an anchoring transaction",
                    &[("blockNumber", &number), ("blockHash", &hash), ("err", &format!("{error:?}"))],
                );
                let peer = peer.clone();
                thread::spawn(move || {
                    thread::sleep(PARENT_BLOCK);
                    peer.send(Message::Anchored { number, error });
                });
            }
            _ => peer.close(),
        }
    }
}
