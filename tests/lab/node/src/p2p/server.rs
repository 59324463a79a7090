//! Listening, and what both sides of a new connection do until the peer counts.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::greet::{Conn, Identity, STEP_TIMEOUT, greet};
use super::link::{self, Event};
use super::peers::Peers;
use super::wire::{Message, Status};
use crate::crypto::kni::Kni;
use crate::crypto::types::PublicId;
use crate::log;
use crate::sync::lock;

/// How long to wait until the second channel of a peer that dialed in shows up.
const SECOND_CHANNEL_WAIT: Duration = Duration::from_secs(15);

/// The network side of a node.
pub struct Server {
    pub me: Identity,
    /// What peers must agree with; none on a bridge, which has its own first message.
    pub status: Option<Status>,
    pub peers: Arc<Peers>,
    events: Sender<Event>,
    /// Second channels expected from nodes that dialed in, by identity and process.
    expected: Mutex<HashMap<(PublicId, u64), Sender<Conn>>>,
}

impl Server {
    pub fn new(me: Identity, status: Option<Status>, peers: Arc<Peers>, events: Sender<Event>) -> Arc<Server> {
        Arc::new(Server { me, status, peers, events, expected: Mutex::new(HashMap::new()) })
    }

    /// Listens on the port of every channel.
    pub fn listen(self: &Arc<Self>) -> Result<(), String> {
        for port in &self.me.ports {
            let socket = TcpListener::bind(("0.0.0.0", *port)).map_err(|e| format!("listen tcp :{port}: bind: {e}"))?;
            let server = self.clone();
            thread::spawn(move || {
                for stream in socket.incoming().flatten() {
                    let server = server.clone();
                    thread::spawn(move || server.accept(stream));
                }
            });
        }
        Ok(())
    }

    fn accept(self: &Arc<Self>, stream: TcpStream) {
        let conn = match greet(stream, &self.me, 0, None) {
            Ok(conn) => conn,
            Err(reason) => return log::debug("Incoming connection failed", &[("err", &reason)]),
        };
        if conn.hello.channel > 0 {
            let key = (conn.hello.id, conn.hello.instance);
            let waiting = lock(&self.expected).remove(&key);
            match waiting {
                // If nobody waits any more the connection is dropped, which is what the other side must see.
                Some(waiting) => drop(waiting.send(conn)),
                None => drop(conn.refuse("subprotocol error: no main channel".to_owned())),
            }
            return;
        }
        let (id, remote) = (conn.hello.id, conn.remote);
        if let Err(reason) = self.establish(conn) {
            self.complain(&id, remote, &reason);
        }
    }

    /// Dials one address once and stays out of the way after that.
    pub fn dial(self: &Arc<Self>, kni: &Kni, place: SocketAddr, timeout: Duration) -> Result<(), String> {
        let stream = TcpStream::connect_timeout(&place, timeout).map_err(|e| format!("dial tcp {place}: {e}"))?;
        let conn = greet(stream, &self.me, 0, Some(&kni.id))?;
        self.establish(conn)
    }

    pub fn complain(&self, id: &PublicId, remote: SocketAddr, reason: &str) {
        let short = id.to_string().chars().take(16).collect::<String>();
        let fields: log::Fields = &[("id", &short), ("addr", &remote), ("err", &reason)];
        // Two nodes that dial each other at once: one connection stands, the other is dropped.
        if reason.starts_with("already connected") && self.peers.contains(id) {
            log::debug("Peer handshake failed", fields);
        } else {
            log::error("Peer handshake failed", fields);
        }
    }

    fn establish(self: &Arc<Self>, main: Conn) -> Result<(), String> {
        let second = self.expect_second(&main);
        self.check_status(&main)?;
        let mut conns = vec![main];
        if let Some(conn) = self.second_channel(&conns[0], second)? {
            conns.push(conn);
        }
        let main = &conns[0];
        let (peer, queues) = link::assemble(&conns)?;
        if self.me.id > peer.id {
            self.peers.reserve(&peer).map_err(|reason| main.refuse(reason))?;
            let answer = main.send(&Message::Welcome).and_then(|()| expect_welcome(main));
            answer.inspect_err(|_| self.peers.release(&peer))?;
            self.peers.admit(peer.clone());
        } else {
            expect_welcome(main)?;
            self.peers.follow(peer.clone()).map_err(|reason| main.refuse(reason))?;
            if let Err(e) = main.send(&Message::Welcome) {
                self.peers.remove(&peer);
                return Err(e);
            }
        }
        let how = if conns.len() > 1 { "Added a multichannel P2P Peer" } else { "Added a single channel P2P Peer" };
        log::info(how, &[("peerID", &peer.address), ("addr", &peer.remote), ("inbound", &peer.inbound)]);
        link::run(&peer, conns, queues, &self.peers, &self.events);
        Ok(())
    }

    fn check_status(&self, main: &Conn) -> Result<(), String> {
        let Some(mine) = &self.status else { return Ok(()) };
        main.send(&Message::Status(mine.clone()))?;
        match main.receive()? {
            Message::Status(theirs) => mine.check(&theirs).map_err(|reason| main.refuse(reason)),
            _ => Err(main.refuse("no status message".to_owned())),
        }
    }

    /// Whether both sides use two channels.
    fn two_channels(&self, main: &Conn) -> bool {
        self.me.ports.len() > 1 && main.hello.ports.len() > 1
    }

    /// Must happen before the other side can open its second channel, that is before the status is sent.
    fn expect_second(&self, main: &Conn) -> Option<Receiver<Conn>> {
        if !main.inbound || !self.two_channels(main) {
            return None;
        }
        let (sender, receiver) = mpsc::channel();
        lock(&self.expected).insert((main.hello.id, main.hello.instance), sender);
        Some(receiver)
    }

    fn second_channel(&self, main: &Conn, expected: Option<Receiver<Conn>>) -> Result<Option<Conn>, String> {
        if let Some(expected) = expected {
            let conn = expected.recv_timeout(SECOND_CHANNEL_WAIT);
            return conn.map(Some).map_err(|_| main.refuse("second channel did not come up".to_owned()));
        }
        if main.inbound || !self.two_channels(main) {
            return Ok(None);
        }
        let port = main.hello.ports.get(1).copied().unwrap_or_default();
        let place = SocketAddr::new(main.remote.ip(), port);
        let open = || {
            let stream = TcpStream::connect_timeout(&place, STEP_TIMEOUT).map_err(|e| format!("dial tcp {place}: {e}"))?;
            greet(stream, &self.me, 1, Some(&main.hello.id))
        };
        open().map(Some).map_err(|e| main.refuse(format!("failed to open the second channel: {e}")))
    }
}

fn expect_welcome(main: &Conn) -> Result<(), String> {
    match main.receive()? {
        Message::Welcome => Ok(()),
        _ => Err(main.refuse("subprotocol error".to_owned())),
    }
}
