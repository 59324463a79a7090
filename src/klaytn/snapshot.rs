//! What a node says of itself at one moment: the result of the module `klaytn_node_info`.

use serde::{Deserialize, Serialize};

/// A node at one moment. What it did not answer is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// It answered at all.
    pub answers: bool,
    /// Why it did not.
    pub error: Option<String>,
    /// Number of its newest block.
    pub height: Option<u64>,
    /// It is fetching blocks. Also false while it has no peers, so it says nothing alone.
    pub syncing: Option<bool>,
    /// Peers on the chain's own network; bridge peers are not among them.
    pub peers: Option<u64>,
    /// Chain id.
    pub chain_id: Option<u64>,
    /// Network id.
    pub network_id: Option<u64>,
    /// The address of the key that it really runs with, with `0x`, lower case.
    pub address: Option<String>,
    /// Its program and version.
    pub version: Option<String>,
    /// The newest blocks, oldest first.
    pub blocks: Vec<Block>,
    /// Peers of its sub bridge.
    pub sub_bridge_peers: Option<u64>,
    /// Peers of its main bridge.
    pub main_bridge_peers: Option<u64>,
    /// Whether its sub bridge anchors.
    pub anchoring: Option<bool>,
    /// The newest block it anchored on the parent chain.
    pub anchored: Option<u64>,
}

/// A block as far as the gates need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: String,
    /// Who proposed it, with `0x`, lower case.
    pub proposer: String,
    /// 0 unless a proposer failed.
    pub round: u64,
}

impl Snapshot {
    /// The block with this number, if it is among the newest.
    pub fn block(&self, number: u64) -> Option<&Block> {
        self.blocks.iter().find(|block| block.number == number)
    }
}
