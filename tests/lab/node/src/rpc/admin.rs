//! `admin`: the node and its peers in detail.

use serde_json::{Value, json};

use super::answer::Answer;
use crate::crypto::types::PublicId;
use crate::node::Node;

pub fn call(node: &Node, name: &str, _params: &[Value]) -> Option<Answer> {
    let port = node.options.ports.first().copied().unwrap_or_default();
    Some(Ok(match name {
        "peers" => Value::Array(node.peers.all().iter().map(|peer| peer.info("klay/65")).collect()),
        "nodeInfo" => node_info(&node.id, &node.options.version.client(), port, node.options.app.node_type()),
        "datadir" => json!(node.options.data_dir),
        _ => return None,
    }))
}

/// Address of this node with a placeholder for the host, which it does not know.
pub fn kni(node: &Node) -> String {
    let port = node.options.ports.first().copied().unwrap_or_default();
    format!("kni://{}@[::]:{port}?discport=0&ntype={}", node.id, node.options.app.node_type())
}

/// The shape of `admin_nodeInfo`, `mainbridge_nodeInfo` and `subbridge_nodeInfo`.
pub fn node_info(id: &PublicId, client: &str, port: u16, node_type: &str) -> Value {
    let suffix = if node_type.is_empty() { String::new() } else { format!("&ntype={node_type}") };
    json!({
        "id": id,
        "name": client,
        "kni": format!("kni://{id}@[::]:{port}?discport=0{suffix}"),
        "ip": "::",
        "ports": { "discovery": 0, "listener": port },
        "listenAddr": format!("[::]:{port}"),
        "protocols": {},
    })
}
