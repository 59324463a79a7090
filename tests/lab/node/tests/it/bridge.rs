//! Main and sub bridge between an endpoint node and a chain.

use std::fs;

use serde_json::{Value, json};

use crate::lab::{Lab, Running, two_ports, wait_for};

/// An endpoint node with a main bridge; the node, its bridge address and its data directory's name.
fn endpoint(lab: &Lab, name: &str) -> (Running, String) {
    let (p2p, bridge) = (two_ports().to_string(), two_ports().to_string());
    let data = lab.path().join(name);
    let node = Running::start("ken", &data, &["--baobab", "--port", &p2p, "--ntp.disable", "--mainbridge", "--mainbridgeport", &bridge]);
    let info = node.call("mainbridge_nodeInfo", json!([]));
    let kni = info["kni"].as_str().unwrap().replace("[::]", "127.0.0.1");
    assert!(kni.ends_with(&format!(":{bridge}?discport=0")), "{kni}");
    (node, kni)
}

const SUB: [&str; 5] = ["--subbridge", "--anchoring", "--chaintxperiod", "3", "--parentchainid"];

#[test]
fn anchoring_and_one_peer_only() {
    let lab = Lab::new(1);
    lab.init(0);
    let (parent, kni) = endpoint(&lab, "en");
    assert!(parent.height() > 1_000_000);
    assert_eq!(parent.call("klay_syncing", json!([])), false);
    fs::write(lab.data(0).join("main-bridges.json"), json!([kni]).to_string()).unwrap();
    let node = lab.start(0, &[&SUB[..], &["1001"]].concat());
    wait_for("the bridge", || (node.call("subbridge_peers", json!([])).as_array()?.len() == 1).then_some(()));
    assert_eq!(parent.call("mainbridge_peers", json!([])).as_array().unwrap().len(), 1);
    assert_eq!(node.peers(), 0, "bridge peers do not count as peers");
    let anchored = wait_for("an anchored block", || {
        node.call("subbridge_getLatestAnchoredBlockNumber", json!([])).as_u64().filter(|number| *number > 0)
    });
    assert_eq!(anchored % 3, 0);
    assert_ne!(node.call("subbridge_getAnchoringTxHashByBlockNumber", json!([anchored])), json!(format!("0x{}", "0".repeat(64))));
    assert!(node.call("subbridge_getParentOperatorBalance", json!([])).as_u64().unwrap() > 0);
    let operator = node.call("subbridge_getParentOperatorAddr", json!([]));
    assert_eq!(node.call("subbridge_anchoring", json!([false])), false);
    assert_eq!(node.call("subbridge_getAnchoring", json!([])), false);

    // A second chain finds the place taken.
    let other = Lab::new(1);
    other.init(0);
    fs::write(other.data(0).join("main-bridges.json"), json!([kni]).to_string()).unwrap();
    let second = other.start(0, &[&SUB[..], &["1001"]].concat());
    wait_for("the refusal", || second.log().contains("too many peers").then_some(()));
    drop(second);

    // Restarted, it keeps operator and anchored number, and anchors again.
    assert!(node.stop());
    let node = lab.start(0, &[&SUB[..], &["1001"]].concat());
    assert_eq!(node.call("subbridge_getParentOperatorAddr", json!([])), operator);
    wait_for("the next anchored block", || {
        node.call("subbridge_getLatestAnchoredBlockNumber", json!([])).as_u64().filter(|number| *number > anchored)
    });
}

#[test]
fn a_wrong_parent_chain_id_anchors_nothing() {
    let lab = Lab::new(1);
    lab.init(0);
    let (_parent, kni) = endpoint(&lab, "en");
    let node = lab.start(0, &[&SUB[..], &["8217"]].concat());
    assert_eq!(node.call("subbridge_peers", json!([])), json!([]));
    assert!(node.try_call("subbridge_addPeer", json!(["http://x"])).unwrap().is_err());
    assert_eq!(node.call("subbridge_addPeer", json!([kni])), Value::Bool(true));
    wait_for("the refusal", || node.log().contains("invalid chain id for signer").then_some(()));
    assert_eq!(node.call("subbridge_getLatestAnchoredBlockNumber", json!([])), 0);
}
