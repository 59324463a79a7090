//! `istanbul`, and the calls about validators that the original puts into `klay`.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Failure, block, block_number};
use super::output;
use crate::chain::block::Block;
use crate::crypto::types::Address;
use crate::node::Node;

/// Most blocks in one range.
const RANGE: u64 = 50;

pub fn call(node: &Node, name: &str, params: &[Value]) -> Option<Answer> {
    Some(match name {
        "getTimeout" => Ok(json!(node.timeout_ms)),
        "getValidators" => block(node, params, 0).map(|_| json!(council(node))),
        _ => return None,
    })
}

/// `klay_getCouncil` and its like.
pub fn extension(node: &Node, name: &str, params: &[Value]) -> Option<Answer> {
    Some(match name {
        "getCouncil" => block(node, params, 0).map(|_| json!(council(node))),
        "getCouncilSize" => block(node, params, 0).map(|_| json!(council(node).len())),
        "getCommittee" => block(node, params, 0).map(|block| json!(committee(node, &block))),
        "getCommitteeSize" => block(node, params, 0).map(|block| json!(committee(node, &block).len())),
        "getBlockWithConsensusInfoByNumber" => one(node, params),
        "getBlockWithConsensusInfoByNumberRange" => range(node, params),
        _ => return None,
    })
}

fn council(node: &Node) -> Vec<Address> {
    node.ledger.decided().map(|chain| chain.validators().all().to_vec()).unwrap_or_default()
}

/// Block 0 was decided by nobody: its committee is everyone.
fn committee(node: &Node, block: &Block) -> Vec<Address> {
    let parent = block.number.checked_sub(1).and_then(|number| node.ledger.block(number));
    match (node.ledger.decided(), parent) {
        (Some(chain), Some(parent)) => chain.validators().committee(&parent.hash, chain.proposer_of(&parent), block.round),
        _ => council(node),
    }
}

fn one(node: &Node, params: &[Value]) -> Answer {
    match params.first() {
        None | Some(Value::Null) => Err(Failure::server("block number is not assigned")),
        Some(Value::String(tag)) if tag == "pending" => Err(Failure::server("pending is not allowed")),
        Some(_) => block(node, params, 0).map(|block| output::with_consensus(node, &block)),
    }
}

/// An object from hex number to block.
fn range(node: &Node, params: &[Value]) -> Answer {
    if params.len() < 2 {
        return Err(Failure::server("range values should not be nil"));
    }
    let (start, end) = (block_number(node, params, 0)?, block_number(node, params, 1)?);
    if end > node.ledger.head().number {
        return Err(Failure::server("end block number should be smaller than the latest block number"));
    }
    if start > end {
        return Err(Failure::server("start should be smaller than end"));
    }
    if end - start > RANGE {
        return Err(Failure::server("number of requested blocks should be smaller than 50"));
    }
    let blocks = (start..=end).map(|number| {
        let block = node.ledger.block(number).map(|block| output::with_consensus(node, &block));
        (format!("{number:#x}"), block.unwrap_or(Value::Null))
    });
    Ok(Value::Object(blocks.collect::<Map<String, Value>>()))
}
