//! Who is connected.

use std::collections::{HashMap, HashSet};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::wire::Message;
use crate::crypto::types::{Address, PublicId};
use crate::sync::lock;

/// A connected node.
#[derive(Debug)]
pub struct Peer {
    pub id: PublicId,
    pub address: Address,
    /// Which process of that identity it is.
    pub instance: u64,
    pub client: String,
    pub node_type: String,
    pub inbound: bool,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// Outgoing queues by channel: one or two.
    pub queues: Vec<Sender<Message>>,
    pub streams: Vec<TcpStream>,
}

impl Peer {
    /// Queues a message; consensus goes over the second channel where there is one.
    pub fn send(&self, message: Message) {
        let channel = usize::from(matches!(message, Message::Consensus(_)));
        if let Some(queue) = self.queues.get(channel).or(self.queues.first()) {
            // A closed queue means the connection just ended; the reader reports that.
            let _ = queue.send(message);
        }
    }

    /// Ends all its connections; the reader threads notice.
    pub fn close(&self) {
        for stream in &self.streams {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// One element of `admin_peers`, `subbridge_peers` or `mainbridge_peers`.
    pub fn info(&self, protocol: &str) -> Value {
        let networks: Vec<Value> = self
            .streams
            .iter()
            .map(|stream| {
                json!({
                    "localAddress": stream.local_addr().unwrap_or(self.local).to_string(),
                    "remoteAddress": stream.peer_addr().unwrap_or(self.remote).to_string(),
                    "inbound": self.inbound,
                    "trusted": false,
                    "static": !self.inbound,
                    "nodeType": self.node_type,
                })
            })
            .collect();
        json!({
            "id": self.id,
            "name": self.client,
            "caps": [protocol],
            "networks": networks,
            "protocols": {},
        })
    }
}

/// The connected nodes by identity.
#[derive(Debug)]
pub struct Peers {
    known: Mutex<Known>,
    /// How many may dial in.
    max_inbound: usize,
}

#[derive(Debug, Default)]
struct Known {
    connected: HashMap<PublicId, Arc<Peer>>,
    /// Offered a place, answer outstanding.
    reserved: HashSet<PublicId>,
}

impl Peers {
    pub fn new(max_inbound: usize) -> Peers {
        Peers { known: Mutex::default(), max_inbound }
    }

    pub fn all(&self) -> Vec<Arc<Peer>> {
        let mut peers: Vec<_> = lock(&self.known).connected.values().cloned().collect();
        peers.sort_by_key(|peer| peer.id);
        peers
    }

    pub fn count(&self) -> usize {
        lock(&self.known).connected.len()
    }

    pub fn get(&self, id: &PublicId) -> Option<Arc<Peer>> {
        lock(&self.known).connected.get(id).cloned()
    }

    pub fn contains(&self, id: &PublicId) -> bool {
        lock(&self.known).connected.contains_key(id)
    }

    /// The deciding side offers a place: an identity that has one already is refused. To be followed by
    /// [`Peers::admit`] or [`Peers::release`].
    pub fn reserve(&self, peer: &Peer) -> Result<(), String> {
        let mut known = lock(&self.known);
        if known.connected.contains_key(&peer.id) || known.reserved.contains(&peer.id) {
            return Err("already connected".to_owned());
        }
        if peer.inbound && known.connected.len() + known.reserved.len() >= self.max_inbound {
            return Err("too many peers".to_owned());
        }
        known.reserved.insert(peer.id);
        Ok(())
    }

    /// The other side took the place.
    pub fn admit(&self, peer: Arc<Peer>) {
        let mut known = lock(&self.known);
        known.reserved.remove(&peer.id);
        known.connected.insert(peer.id, peer);
    }

    /// The other side did not take it.
    pub fn release(&self, peer: &Peer) {
        lock(&self.known).reserved.remove(&peer.id);
    }

    /// Adds a peer that offered this node a place. An older connection of the same process is stale then;
    /// another process with the same key is refused.
    pub fn follow(&self, peer: Arc<Peer>) -> Result<(), String> {
        let mut known = lock(&self.known);
        let old = known.connected.get(&peer.id);
        if old.is_some_and(|old| old.instance != peer.instance) {
            return Err("already connected".to_owned());
        }
        if old.is_none() && peer.inbound && known.connected.len() >= self.max_inbound {
            return Err("too many peers".to_owned());
        }
        if let Some(old) = known.connected.insert(peer.id, peer) {
            old.close();
        }
        Ok(())
    }

    /// Forgets this connection; false if a newer one has taken its place.
    pub fn remove(&self, peer: &Arc<Peer>) -> bool {
        let mut known = lock(&self.known);
        let current = known.connected.get(&peer.id).is_some_and(|known| Arc::ptr_eq(known, peer));
        if current {
            known.connected.remove(&peer.id);
        }
        current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(id: u8, instance: u64, inbound: bool) -> Arc<Peer> {
        let place = SocketAddr::from(([127, 0, 0, 1], 1));
        Arc::new(Peer {
            id: PublicId([id; 64]),
            address: PublicId([id; 64]).address(),
            instance,
            client: String::new(),
            node_type: "cn".to_owned(),
            inbound,
            local: place,
            remote: place,
            queues: Vec::new(),
            streams: Vec::new(),
        })
    }

    fn admit(peers: &Peers, peer: Arc<Peer>) -> Result<(), String> {
        peers.reserve(&peer)?;
        peers.admit(peer);
        Ok(())
    }

    #[test]
    fn one_connection_per_identity() {
        let peers = Peers::new(10);
        admit(&peers, peer(1, 1, true)).unwrap();
        assert_eq!(admit(&peers, peer(1, 1, false)).unwrap_err(), "already connected");
        assert_eq!(peers.follow(peer(1, 2, false)).unwrap_err(), "already connected", "the same key on two nodes");
        let newer = peer(1, 1, false);
        peers.follow(newer.clone()).unwrap();
        assert!(!peers.remove(&peer(1, 1, true)), "the connection it replaced is no longer counted");
        assert!(peers.remove(&newer));
        assert_eq!(peers.count(), 0);
    }

    #[test]
    fn a_place_is_offered_once_at_a_time() {
        let peers = Peers::new(10);
        peers.reserve(&peer(1, 1, true)).unwrap();
        assert!(peers.reserve(&peer(1, 1, false)).is_err());
        peers.release(&peer(1, 1, true));
        peers.reserve(&peer(1, 1, false)).unwrap();
    }

    #[test]
    fn the_limit_is_for_those_who_dial_in() {
        let peers = Peers::new(1);
        admit(&peers, peer(1, 1, true)).unwrap();
        assert_eq!(admit(&peers, peer(2, 1, true)).unwrap_err(), "too many peers");
        admit(&peers, peer(3, 1, false)).unwrap();
    }
}
