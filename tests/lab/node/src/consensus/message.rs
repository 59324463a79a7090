//! What validators tell each other.

use serde::{Deserialize, Serialize};

use crate::chain::block::Block;
use crate::crypto::types::Hash;

/// A message about block `number` in `round`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub number: u64,
    pub round: u64,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The proposer's block.
    Preprepare(Block),
    /// "I have seen this proposal."
    Prepare(Hash),
    /// "A quorum has seen this proposal."
    Commit(Hash),
    /// "Let us move to this round"; with the block the sender is bound to, if any.
    RoundChange(Option<Prepared>),
}

/// A block for which a quorum of prepares was seen, and in which round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    pub round: u64,
    pub block: Block,
}
