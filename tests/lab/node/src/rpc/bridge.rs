//! `mainbridge` and `subbridge`.

use serde_json::{Value, json};

use super::admin::node_info;
use super::answer::{Answer, Failure};
use crate::bridge::CAPABILITY;
use crate::node::Node;
use crate::p2p::peers::Peers;

fn peers(peers: &Peers) -> Value {
    Value::Array(peers.all().iter().map(|peer| peer.info(CAPABILITY)).collect())
}

/// Not there at all unless the node runs with `--mainbridge`.
pub fn main(node: &Node, name: &str) -> Option<Answer> {
    let bridge = node.main_bridge.as_ref()?;
    Some(Ok(match name {
        "peers" => peers(&bridge.peers),
        "nodeInfo" => node_info(&node.id, &node.options.version.client(), bridge.port, ""),
        _ => return None,
    }))
}

/// Not there at all unless the node runs with `--subbridge`.
pub fn sub(node: &Node, name: &str, params: &[Value]) -> Option<Answer> {
    let bridge = node.sub_bridge.as_ref()?;
    let account = || bridge.parent_account().ok_or_else(|| Failure::server("there is no connection to a main bridge"));
    let want = |kind: &str| Failure::parameter(format!("invalid argument 0: want a {kind}"));
    Some(match name {
        "peers" => Ok(peers(&bridge.peers)),
        "nodeInfo" => Ok(node_info(&node.id, &node.options.version.client(), 0, "")),
        "addPeer" => match params.first().and_then(Value::as_str) {
            Some(url) => bridge.add_peer(url).map(|()| json!(true)).map_err(Failure::server),
            None => Err(want("string")),
        },
        "getParentOperatorAddr" => Ok(json!(bridge.parent_operator)),
        "getChildOperatorAddr" => Ok(json!(bridge.child_operator)),
        "getParentOperatorBalance" => account().map(|(balance, _)| json!(balance)),
        "getParentOperatorNonce" => account().map(|(_, nonce)| json!(nonce)),
        "anchoring" => match params.first().and_then(Value::as_bool) {
            Some(on) => Ok(json!(bridge.set_anchoring(on))),
            None => Err(want("boolean")),
        },
        "getAnchoring" => Ok(json!(bridge.anchoring())),
        "getAnchoringPeriod" => Ok(json!(bridge.period)),
        "getLatestAnchoredBlockNumber" => Ok(json!(bridge.latest())),
        "getAnchoringTxHashByBlockNumber" => match params.first().and_then(Value::as_u64) {
            Some(number) => Ok(json!(bridge.transaction(number))),
            None => Err(want("number")),
        },
        "txPendingCount" => Ok(json!(bridge.pending())),
        // Value transfer does not exist here, so there is never a bridge contract.
        "listBridge" => Ok(json!([])),
        _ => return None,
    })
}
