//! The first exchange on a connection: each side proves that it holds the key of its identity.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::wire::{self, Hello, Message};
use crate::crypto::keys::{self, NodeKey};
use crate::crypto::types::{Hash, PublicId};
use crate::crypto::{keccak, random};

/// How long one step of the handshake may take.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(5);

/// Who this node is to others.
pub struct Identity {
    pub key: NodeKey,
    pub id: PublicId,
    pub instance: u64,
    pub protocol: &'static str,
    pub ports: Vec<u16>,
    pub node_type: &'static str,
    pub client: String,
}

/// A connection whose other side has proved its identity.
pub struct Conn {
    pub stream: TcpStream,
    pub hello: Hello,
    pub remote: SocketAddr,
    pub inbound: bool,
}

impl Conn {
    pub fn send(&self, message: &Message) -> Result<(), String> {
        wire::send(&self.stream, message)
    }

    /// The next message; a disconnect is an error with its reason.
    pub fn receive(&self) -> Result<Message, String> {
        match wire::receive(&self.stream)? {
            Message::Disconnect(reason) => Err(reason),
            message => Ok(message),
        }
    }

    /// Tells the other side why, and hands the reason back.
    pub fn refuse(&self, reason: String) -> String {
        // It may be gone already; then there is nobody to tell.
        let _ = self.send(&Message::Disconnect(reason.clone()));
        reason
    }
}

/// Exchanges hello and proof. `expect` is the identity that was dialed.
pub fn greet(stream: TcpStream, me: &Identity, channel: u8, expect: Option<&PublicId>) -> Result<Conn, String> {
    let set = || -> std::io::Result<SocketAddr> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(STEP_TIMEOUT))?;
        stream.set_write_timeout(Some(STEP_TIMEOUT))?;
        stream.peer_addr()
    };
    let remote = set().map_err(|e| e.to_string())?;
    let nonce = Hash(random::<32>()?);
    let hello = Hello {
        protocol: me.protocol.to_owned(),
        id: me.id,
        nonce,
        instance: me.instance,
        channel,
        ports: me.ports.clone(),
        node_type: me.node_type.to_owned(),
        client: me.client.clone(),
    };
    wire::send(&stream, &Message::Hello(hello))?;
    let Message::Hello(hello) = wire::receive(&stream)? else { return Err("no hello".to_owned()) };
    let conn = Conn { stream, hello, remote, inbound: expect.is_none() };
    if conn.hello.protocol != me.protocol {
        return Err(conn.refuse("useless peer".to_owned()));
    }
    if conn.hello.id == me.id {
        return Err(conn.refuse("connected to self".to_owned()));
    }
    conn.send(&Message::Proof(hex::encode(me.key.sign(&to_sign(&conn.hello.nonce, &me.id, &conn.hello.id)))))?;
    let Message::Proof(signature) = conn.receive()? else { return Err("no proof of identity".to_owned()) };
    let signature = hex::decode(signature).unwrap_or_default();
    if !keys::verify(&conn.hello.id, &to_sign(&nonce, &conn.hello.id, &me.id), &signature) {
        return Err(conn.refuse("invalid signature".to_owned()));
    }
    if expect.is_some_and(|expect| *expect != conn.hello.id) {
        return Err(conn.refuse("unexpected identity".to_owned()));
    }
    Ok(conn)
}

fn to_sign(nonce: &Hash, signer: &PublicId, reader: &PublicId) -> [u8; 32] {
    keccak(&[&nonce.0[..], &signer.0[..], &reader.0[..]].concat())
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    pub fn identity(key: &NodeKey) -> Identity {
        Identity {
            key: key.clone(),
            id: key.id(),
            instance: 1,
            protocol: "klay",
            ports: vec![1],
            node_type: "cn",
            client: "test".to_owned(),
        }
    }

    /// Both ends of a greeting: what the dialer gets, what the listener gets.
    fn meet(dialer: Identity, listener: Identity, expect: PublicId) -> (Result<Conn, String>, Result<Conn, String>) {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let other = thread::spawn(move || greet(socket.accept().unwrap().0, &listener, 0, None));
        let dialed = greet(TcpStream::connect(address).unwrap(), &dialer, 0, Some(&expect));
        (dialed, other.join().unwrap())
    }

    #[test]
    fn both_learn_who_the_other_is() {
        let (a, b) = (NodeKey::generate().unwrap(), NodeKey::generate().unwrap());
        let (dialed, accepted) = meet(identity(&a), identity(&b), b.id());
        assert_eq!(dialed.ok().unwrap().hello.id, b.id());
        assert_eq!(accepted.ok().unwrap().hello.id, a.id());
    }

    #[test]
    fn a_node_with_another_key_is_not_the_one_dialed() {
        let (a, b, c) = (NodeKey::generate().unwrap(), NodeKey::generate().unwrap(), NodeKey::generate().unwrap());
        let (dialed, _) = meet(identity(&a), identity(&b), c.id());
        assert_eq!(dialed.err().unwrap(), "unexpected identity");
    }

    #[test]
    fn a_claimed_identity_without_its_key_is_refused() {
        let (a, b) = (NodeKey::generate().unwrap(), NodeKey::generate().unwrap());
        let mut liar = identity(&a);
        liar.id = NodeKey::generate().unwrap().id();
        let (_, accepted) = meet(liar, identity(&b), b.id());
        assert_eq!(accepted.err().unwrap(), "invalid signature");
    }

    #[test]
    fn oneself_is_no_peer() {
        let key = NodeKey::generate().unwrap();
        let (dialed, _) = meet(identity(&key), identity(&key), key.id());
        assert_eq!(dialed.err().unwrap(), "connected to self");
    }
}
