//! A block. There are no transactions: what matters here is who proposed it, in which round, and who agreed.

use serde::{Deserialize, Serialize};

use crate::crypto::keccak;
use crate::crypto::rlp::{self, Item};
use crate::crypto::types::{Address, Hash};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub number: u64,
    pub hash: Hash,
    pub parent: Hash,
    pub proposer: Address,
    /// Unix seconds.
    pub timestamp: u64,
    /// The round in which it was decided; like the committers, not part of the hash.
    pub round: u64,
    pub committers: Vec<Address>,
}

impl Block {
    /// A proposal on `parent`; round and committers are filled in when it is decided.
    pub fn new(number: u64, parent: Hash, proposer: Address, timestamp: u64) -> Block {
        let hash = hash(number, &parent, &proposer, timestamp);
        Block { number, hash, parent, proposer, timestamp, round: 0, committers: Vec::new() }
    }

    /// Block 0.
    pub fn genesis(hash: Hash, timestamp: u64) -> Block {
        Block { number: 0, hash, parent: Hash::ZERO, proposer: Address::ZERO, timestamp, round: 0, committers: Vec::new() }
    }

    /// Whether the hash belongs to the content.
    pub fn is_sealed_right(&self) -> bool {
        self.hash == hash(self.number, &self.parent, &self.proposer, self.timestamp)
    }
}

fn hash(number: u64, parent: &Hash, proposer: &Address, timestamp: u64) -> Hash {
    let fields = vec![Item::uint(number), Item::bytes(parent.0), Item::bytes(proposer.0), Item::uint(timestamp)];
    Hash(keccak(&rlp::encode(&Item::List(fields))))
}
