//! How a block looks in answers.

use serde_json::{Value, json};

use super::answer::quantity;
use crate::chain::block::Block;
use crate::crypto::types::{Address, Hash};
use crate::node::Node;

/// Fields of a block without transactions.
pub fn block(node: &Node, block: &Block) -> Value {
    let extra = if block.number == 0 { node.record.genesis.extra_data.clone() } else { "0x".to_owned() };
    json!({
        "blockscore": "0x1",
        "totalBlockScore": quantity(block.number + 1),
        "extraData": extra,
        "gasUsed": "0x0",
        "governanceData": "0x",
        "hash": block.hash,
        "logsBloom": format!("0x{}", "00".repeat(256)),
        "number": quantity(block.number),
        "parentHash": block.parent,
        "receiptsRoot": Hash::ZERO,
        "reward": Address::ZERO,
        "size": "0x0",
        "stateRoot": Hash::ZERO,
        "timestamp": quantity(block.timestamp),
        "timestampFoS": "0x0",
        "transactions": [],
        "transactionsRoot": Hash::ZERO,
        "voteData": "0x",
    })
}

/// The same with who proposed, sat in the committee and signed. `committers` came with v1.12.1.
pub fn with_consensus(node: &Node, subject: &Block) -> Value {
    let mut out = block(node, subject);
    let parent = subject.number.checked_sub(1).and_then(|number| node.ledger.block(number));
    let (committee, origin) = match (node.ledger.decided(), parent) {
        (Some(chain), Some(parent)) => {
            let last = chain.proposer_of(&parent);
            let committee = chain.validators().committee(&parent.hash, last, subject.round);
            (committee, chain.validators().proposer(last, 0))
        }
        _ => (Vec::new(), None),
    };
    out["committee"] = json!(committee);
    out["proposer"] = json!(subject.proposer);
    out["originProposer"] = json!(origin.unwrap_or(Address::ZERO));
    out["round"] = json!(subject.round);
    out["sigHash"] = json!(subject.hash);
    if node.options.version.since(1, 12, 1) {
        out["committers"] = json!(subject.committers);
    }
    out
}
