//! Messages on the wire: a length in 4 bytes, then JSON.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde::{Deserialize, Serialize};

use crate::chain::block::Block;
use crate::consensus;
use crate::crypto::types::{Address, Hash, PublicId};

/// Longest message accepted, in bytes.
const LONGEST: u32 = 8 << 20;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// First on each connection.
    Hello(Hello),
    /// Signature over the other side's nonce.
    Proof(String),
    /// What both sides must agree on.
    Status(Status),
    /// A place is offered, and taken.
    Welcome,
    /// The connection ends, and why.
    Disconnect(String),
    /// Keeps an idle connection alive.
    Ping,
    /// Height and hash of the sender's chain.
    Head {
        number: u64,
        hash: Hash,
    },
    /// Asks for blocks from this number on.
    GetBlocks {
        from: u64,
    },
    Blocks(Vec<Block>),
    Consensus(consensus::message::Message),
    /// First on a bridge connection.
    BridgeStatus {
        main: bool,
        chain_id: u64,
    },
    /// Sub bridge to main bridge: what does the parent chain know of this operator?
    ParentInfoRequest {
        operator: Address,
    },
    /// Its coins in peb and its nonce.
    ParentInfo {
        balance: u64,
        nonce: u64,
    },
    /// Sub bridge to main bridge: put this block of the child chain on the parent chain.
    Anchor {
        chain_id: u64,
        operator: Address,
        number: u64,
        hash: Hash,
    },
    /// It is in a block of the parent chain, or why not.
    Anchored {
        number: u64,
        error: Option<String>,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    /// `klay` or `servicechain`.
    pub protocol: String,
    pub id: PublicId,
    /// To be signed by the other side.
    pub nonce: Hash,
    /// Differs between two processes with the same key.
    pub instance: u64,
    /// 0 main, 1 second.
    pub channel: u8,
    /// Listening ports by channel; more than one with `--multichannel`.
    pub ports: Vec<u16>,
    pub node_type: String,
    pub client: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub network_id: u64,
    pub genesis: Hash,
    pub chain_id: u64,
}

impl Status {
    /// Whether a peer with `theirs` is on the same chain; the error is what both logs show.
    pub fn check(&self, theirs: &Status) -> Result<(), String> {
        if self.network_id != theirs.network_id {
            return Err(format!("NetworkId mismatch - {} (!= {})", theirs.network_id, self.network_id));
        }
        if self.genesis != theirs.genesis {
            return Err(format!("Genesis block mismatch - {} (!= {})", theirs.genesis, self.genesis));
        }
        if self.chain_id != theirs.chain_id {
            return Err(format!("ChainID mismatch - {} (!= {})", theirs.chain_id, self.chain_id));
        }
        Ok(())
    }
}

pub fn send(mut stream: &TcpStream, message: &Message) -> Result<(), String> {
    let body = serde_json::to_vec(message).map_err(|e| e.to_string())?;
    let length = u32::try_from(body.len()).map_err(|e| e.to_string())?;
    let frame = [&length.to_be_bytes()[..], &body].concat();
    stream.write_all(&frame).map_err(|e| format!("write: {e}"))
}

pub fn receive(mut stream: &TcpStream) -> Result<Message, String> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(|e| format!("read: {e}"))?;
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(format!("message of {length} bytes is too long"));
    }
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).map_err(|e| format!("read: {e}"))?;
    serde_json::from_slice(&body).map_err(|e| format!("unreadable message: {e}"))
}
