//! `klaytn_node_info`: what a node says of itself.

use std::cell::RefCell;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Args, Context, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::klaytn::{Block, Snapshot};
use crate::system::{self, ErrorKind, HttpBody, HttpRequest, System};

/// The declaration of `klaytn_node_info`.
pub static MODULE: Spec = Spec {
    name: "klaytn_node_info",
    collections: &[],
    summary: "Ask a Klaytn or Kaia node how it is",
    description: &[
        "Asks the node's JSON-RPC interface on its own machine for height, peers, newest blocks, identity and bridges. Changes nothing. \
         A node that does not answer is no failure: `answers` is false then, and `error` says why.",
    ],
    options: &[
        Opt::new("url", Kind::Str, "The node's HTTP interface as seen from its machine.").default("\"http://127.0.0.1:8551\""),
        Opt::new("blocks", Kind::Int, "How many of the newest blocks to return.").default("16"),
        Opt::new("timeout", Kind::Int, "Seconds to wait for each answer.").default("5"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "answers", kind: "bool", when: "always", doc: "Whether it answered." },
        Return { name: "error", kind: "str", when: "when it did not", doc: "Why." },
        Return { name: "height", kind: "int", when: "when it answered", doc: "Number of the newest block." },
        Return { name: "syncing", kind: "bool", when: "when it answered", doc: "It is fetching blocks. Also false without peers." },
        Return { name: "peers", kind: "int", when: "when it answered", doc: "Peers, those of bridges not counted." },
        Return { name: "chain_id", kind: "int", when: "when it answered", doc: "Chain id." },
        Return { name: "network_id", kind: "int", when: "when it answered", doc: "Network id." },
        Return { name: "address", kind: "str", when: "with governance in RPC_API", doc: "Address of the key it runs with." },
        Return { name: "version", kind: "str", when: "when it answered", doc: "Program and version." },
        Return { name: "blocks", kind: "list", when: "always", doc: "The newest blocks, oldest first: number, hash, proposer, round." },
        Return { name: "sub_bridge_peers", kind: "int", when: "with subbridge in RPC_API", doc: "Peers of its sub bridge." },
        Return { name: "main_bridge_peers", kind: "int", when: "with mainbridge in RPC_API", doc: "Peers of its main bridge." },
        Return { name: "anchoring", kind: "bool", when: "with subbridge in RPC_API", doc: "Whether it anchors." },
        Return { name: "anchored", kind: "int", when: "with subbridge in RPC_API", doc: "The newest anchored block." },
    ],
    examples: "
- name: Ask the node
  klaytn_node_info:
  register: node
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    url: String,
    blocks: u64,
    timeout: u64,
}

/// The most blocks that are asked for at once: a node refuses long ranges.
const MOST_BLOCKS: u64 = 64;

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let node = Rpc { system: &*ctx.system, url: &args.url, timeout: Duration::from_secs(args.timeout.max(1)), unknown: RefCell::new(None) };
    let snapshot = match snapshot(&node, args.blocks.clamp(1, MOST_BLOCKS)) {
        Ok(snapshot) => snapshot,
        Err(error) => Snapshot { error: Some(error), ..Snapshot::default() },
    };
    if let Some(unknown) = node.unknown.take() {
        return Err(unknown.into());
    }
    let mut outcome = Outcome::new().changed(false);
    if let Ok(Value::Object(map)) = serde_json::to_value(&snapshot) {
        outcome.result = map;
    }
    Ok(outcome)
}

struct Rpc<'a> {
    system: &'a dyn System,
    url: &'a str,
    timeout: Duration,
    /// Check mode: why only the real run tells what it answers.
    unknown: RefCell<Option<system::Error>>,
}

impl Rpc<'_> {
    /// The result of a call; the error as one line.
    fn call(&self, method: &str, params: Value) -> Result<Value, String> {
        let request = HttpRequest {
            url: self.url.to_owned(),
            method: "POST".to_owned(),
            headers: [("Content-Type".to_owned(), "application/json".to_owned())].into(),
            body: HttpBody::Bytes(json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string().into_bytes()),
            timeout: self.timeout,
            verify: true,
            ..HttpRequest::default()
        };
        let mut answer = Vec::new();
        let head = self.system.http_probe(&request, &mut answer).map_err(|error| {
            let reason = error.reason.clone();
            if error.kind == ErrorKind::Unpredictable {
                self.unknown.replace(Some(error));
            }
            reason
        })?;
        if head.status != 200 {
            return Err(format!("{} answers {} {}", self.url, head.status, head.reason));
        }
        let mut answer: Value = serde_json::from_slice(&answer).map_err(|_| format!("{} does not answer with JSON", self.url))?;
        match answer.get("error").and_then(|error| error.get("message")).and_then(Value::as_str) {
            Some(message) => Err(message.to_owned()),
            None => Ok(answer.get_mut("result").map(Value::take).unwrap_or_default()),
        }
    }

    /// A call that the node may not offer.
    fn try_call(&self, method: &str) -> Option<Value> {
        self.call(method, json!([])).ok()
    }
}

fn snapshot(node: &Rpc<'_>, blocks: u64) -> Result<Snapshot, String> {
    let height = number(&node.call("klay_blockNumber", json!([]))?).ok_or("the height is no number")?;
    let first = height.saturating_sub(blocks - 1);
    let range = json!([format!("{first:#x}"), format!("{height:#x}")]);
    let blocks = node.call("klay_getBlockWithConsensusInfoByNumberRange", range).ok().map(|range| block_list(&range)).unwrap_or_default();
    Ok(Snapshot {
        answers: true,
        error: None,
        height: Some(height),
        syncing: node.try_call("klay_syncing").map(|answer| answer != Value::Bool(false)),
        peers: node.try_call("net_peerCount").as_ref().and_then(number),
        chain_id: node.try_call("klay_chainID").as_ref().and_then(number),
        network_id: node.try_call("net_networkID").as_ref().and_then(number),
        address: node.try_call("governance_nodeAddress").as_ref().and_then(Value::as_str).map(str::to_lowercase),
        version: node.try_call("klay_clientVersion").as_ref().and_then(Value::as_str).map(str::to_owned),
        blocks,
        sub_bridge_peers: node.try_call("subbridge_peers").as_ref().and_then(Value::as_array).map(|peers| peers.len() as u64),
        main_bridge_peers: node.try_call("mainbridge_peers").as_ref().and_then(Value::as_array).map(|peers| peers.len() as u64),
        anchoring: node.try_call("subbridge_getAnchoring").as_ref().and_then(Value::as_bool),
        anchored: node.try_call("subbridge_getLatestAnchoredBlockNumber").as_ref().and_then(number),
    })
}

/// A number, written as such or as a hexadecimal quantity.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        },
        _ => None,
    }
}

/// The blocks of a range: an object by number, or a list, depending on the version of the node.
fn block_list(range: &Value) -> Vec<Block> {
    let mut blocks: Vec<Block> = match range {
        Value::Object(by_number) => by_number.values().filter_map(block).collect(),
        Value::Array(list) => list.iter().filter_map(block).collect(),
        _ => Vec::new(),
    };
    blocks.sort_by_key(|block| block.number);
    blocks
}

fn block(value: &Value) -> Option<Block> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    Some(Block {
        number: number(value.get("number")?)?,
        hash: text("hash"),
        proposer: text("proposer"),
        round: value.get("round").and_then(number).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_and_blocks_are_read() {
        assert_eq!(number(&json!("0x2d5")), Some(725));
        assert_eq!(number(&json!(3000)), Some(3000));
        let range = json!([
            {"number": "0x2", "hash": "0xB", "proposer": "0xAA", "round": 1},
            {"number": "0x1", "hash": "0xA", "proposer": "0xBB", "round": 0},
        ]);
        let blocks = block_list(&range);
        assert_eq!(blocks.iter().map(|b| (b.number, b.round)).collect::<Vec<_>>(), [(1, 0), (2, 1)]);
        assert_eq!(blocks[1].proposer, "0xaa");
        let by_number = json!({"0x2": {"number": "0x2", "hash": "0xB", "proposer": "0xAA", "round": 1}});
        assert_eq!(block_list(&by_number).len(), 1);
    }
}
