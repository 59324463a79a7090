//! `klay` (and `kaia`), `eth` and `web3`: the chain itself.

use serde_json::{Value, json};

use super::answer::{Answer, Failure, block, quantity};
use super::output;
use crate::crypto::keccak;
use crate::node::Node;

pub fn klay(node: &Node, name: &str, params: &[Value]) -> Option<Answer> {
    Some(match name {
        "chainID" | "chainId" => Ok(quantity(chain_id(node))),
        "clientVersion" => Ok(json!(node.options.version.client())),
        "nodeAddress" if node.options.version.since(1, 10, 0) => Ok(json!(node.address)),
        "getBlockByNumber" => block(node, params, 0).map(|block| output::block(node, &block)),
        _ => return both(node, name),
    })
}

pub fn eth(node: &Node, name: &str, params: &[Value]) -> Option<Answer> {
    Some(match name {
        "chainId" => Ok(quantity(chain_id(node))),
        // Unlike klay, eth answers null for a block that does not exist.
        "getBlockByNumber" => match super::answer::block_number(node, params, 0) {
            Ok(number) => Ok(node.ledger.block(number).map_or(Value::Null, |block| output::block(node, &block))),
            Err(failure) => Err(failure),
        },
        _ => return both(node, name),
    })
}

fn both(node: &Node, name: &str) -> Option<Answer> {
    Some(match name {
        "blockNumber" => Ok(quantity(node.ledger.head().number)),
        "gasPrice" => Ok(quantity(node.record.genesis.config.unit_price())),
        "syncing" => Ok(node.progress().map_or(Value::Bool(false), |progress| {
            json!({
                "startingBlock": quantity(progress.start),
                "currentBlock": quantity(node.ledger.head().number),
                "highestBlock": quantity(progress.highest),
                "pulledStates": "0x0",
                "knownStates": "0x0",
            })
        })),
        _ => return None,
    })
}

pub fn web3(node: &Node, name: &str, params: &[Value]) -> Option<Answer> {
    Some(match name {
        "clientVersion" => Ok(json!(node.options.version.client())),
        "sha3" => {
            let text = params.first().and_then(Value::as_str).and_then(|text| text.strip_prefix("0x"));
            match text.and_then(|digits| hex::decode(digits).ok()) {
                Some(bytes) => Ok(json!(format!("0x{}", hex::encode(keccak(&bytes))))),
                None => Err(Failure::parameter("invalid argument 0: want a hex string")),
            }
        }
        _ => return None,
    })
}

fn chain_id(node: &Node) -> u64 {
    node.record.genesis.config.chain_id().unwrap_or_default()
}
