//! `governance`: own address and chain settings.

use serde_json::json;

use super::answer::Answer;
use crate::node::Node;

pub fn call(node: &Node, name: &str) -> Option<Answer> {
    Some(Ok(match name {
        "nodeAddress" => json!(node.address),
        "chainConfig" => node.record.genesis.config.to_json(),
        _ => return None,
    }))
}
