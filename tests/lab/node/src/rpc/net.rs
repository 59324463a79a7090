//! `net`: how many peers. Bridge peers do not count here.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::answer::{Answer, quantity};
use crate::node::Node;

pub fn call(node: &Node, name: &str) -> Option<Answer> {
    let network = node.options.network.id();
    Some(Ok(match name {
        "peerCount" => quantity(node.peers.count() as u64),
        "peerCountByType" => {
            let peers = node.peers.all();
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for peer in &peers {
                *counts.entry(&peer.node_type).or_default() += 1;
            }
            counts.insert("total", peers.len());
            json!(counts.into_iter().map(|(kind, count)| (kind.to_owned(), json!(count))).collect::<Map<_, _>>())
        }
        "networkID" => json!(network),
        "version" => json!(network.to_string()),
        "listening" => json!(true),
        _ => return None,
    }))
}
