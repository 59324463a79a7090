//! The threads of one connected peer: a reader and a writer for each channel.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use super::greet::Conn;
use super::peers::{Peer, Peers};
use super::wire::{self, Message};

/// An idle connection carries a ping this often.
const PING: Duration = Duration::from_secs(15);
/// A connection without any message for this long is dead.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// What the network tells the node.
#[derive(Debug)]
pub enum Event {
    Up(Arc<Peer>),
    Down(Arc<Peer>),
    Message(Arc<Peer>, Box<Message>),
    /// Not from the network: the process was told to end.
    Stop,
}

/// A peer made of its greeted connections, main channel first, with the ends of its queues.
pub fn assemble(conns: &[Conn]) -> Result<(Arc<Peer>, Vec<Receiver<Message>>), String> {
    let main = conns.first().ok_or("no connection")?;
    let (queues, receivers) = conns.iter().map(|_| mpsc::channel()).unzip();
    let streams: Result<Vec<TcpStream>, _> = conns.iter().map(|conn| conn.stream.try_clone()).collect();
    let peer = Peer {
        id: main.hello.id,
        address: main.hello.id.address(),
        instance: main.hello.instance,
        client: main.hello.client.clone(),
        node_type: main.hello.node_type.clone(),
        inbound: main.inbound,
        local: main.stream.local_addr().map_err(|e| e.to_string())?,
        remote: main.remote,
        queues,
        streams: streams.map_err(|e| e.to_string())?,
    };
    Ok((Arc::new(peer), receivers))
}

/// Starts the threads; from here on the peer lives until a connection fails.
pub fn run(peer: &Arc<Peer>, conns: Vec<Conn>, queues: Vec<Receiver<Message>>, peers: &Arc<Peers>, events: &Sender<Event>) {
    // The node's queue closes only when the process ends.
    let _ = events.send(Event::Up(peer.clone()));
    for (conn, queue) in conns.into_iter().zip(queues) {
        if let Ok(stream) = conn.stream.try_clone() {
            let peer = peer.clone();
            thread::spawn(move || write_all(&stream, &queue, &peer));
        }
        let (peer, peers, events) = (peer.clone(), peers.clone(), events.clone());
        thread::spawn(move || read_all(&conn.stream, &peer, &peers, &events));
    }
}

fn write_all(stream: &TcpStream, queue: &Receiver<Message>, peer: &Peer) {
    loop {
        let message = match queue.recv_timeout(PING) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => Message::Ping,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if wire::send(stream, &message).is_err() {
            break;
        }
    }
    peer.close();
}

fn read_all(stream: &TcpStream, peer: &Arc<Peer>, peers: &Peers, events: &Sender<Event>) {
    let _ = stream.set_read_timeout(Some(READ_TIMEOUT));
    loop {
        match wire::receive(stream) {
            Ok(Message::Ping) => {}
            Ok(Message::Disconnect(_)) | Err(_) => break,
            Ok(message) => {
                let _ = events.send(Event::Message(peer.clone(), Box::new(message)));
            }
        }
    }
    peer.close();
    if peers.remove(peer) {
        let _ = events.send(Event::Down(peer.clone()));
    }
}
