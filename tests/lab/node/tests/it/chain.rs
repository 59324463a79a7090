//! Consensus among real processes.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::lab::{Lab, Running, two_ports, wait_for};

fn four() -> (Lab, Vec<Option<Running>>) {
    let lab = Lab::new(4);
    let hashes: Vec<String> = (0..4).map(|index| lab.init(index).rsplit("hash=").next().unwrap().trim().to_owned()).collect();
    assert!(hashes.iter().all(|hash| *hash == hashes[0] && hash.len() == 66), "{hashes:?}");
    let nodes = (0..4).map(|index| Some(lab.start(index, &[]))).collect();
    (lab, nodes)
}

fn same_chain(a: &Running, b: &Running) {
    let height = a.height().min(b.height());
    for number in 0..=height {
        assert_eq!(a.block(number)["hash"], b.block(number)["hash"], "block {number}");
    }
}

#[test]
fn blocks_rise_stall_halt_and_recover() {
    let (lab, mut nodes) = four();
    let first = nodes[0].take().unwrap();
    for node in nodes.iter().flatten().chain([&first]) {
        node.wait_peers(3);
    }
    first.wait_height(6);
    assert_eq!(first.call("governance_nodeAddress", json!([])), json!(lab.address(0)));
    assert_eq!(first.call("net_peerCount", json!([])), "0x3");
    assert_eq!(first.call("net_peerCountByType", json!([])), json!({"cn": 3, "total": 3}));
    assert_eq!(first.call("klay_getCouncilSize", json!(["latest"])), 4);
    assert_eq!(first.call("istanbul_getTimeout", json!([])), 1000);
    assert_eq!(first.call("klay_syncing", json!([])), false);
    let with_consensus = first.block(5);
    assert!(with_consensus["committers"].as_array().unwrap().len() >= 3, "{with_consensus}");
    assert_eq!(with_consensus["committee"].as_array().unwrap().len(), 4);

    // One down: blocks go on, with a round change whenever it is its turn.
    nodes[3].take().unwrap().kill();
    first.wait_peers(2);
    let before = first.height();
    first.wait_height(before + 9);
    let rounds: Vec<u64> = (before + 2..=before + 9).map(|number| first.block(number)["round"].as_u64().unwrap()).collect();
    assert!(rounds.iter().any(|round| *round > 0), "{rounds:?}");
    let gone = lab.address(3);
    assert!((before + 2..=before + 9).all(|number| first.block(number)["proposer"] != json!(gone)));

    // Two down: no blocks at all.
    nodes[2].take().unwrap().kill();
    first.wait_peers(1);
    thread::sleep(Duration::from_secs(1));
    let halted = first.height();
    wait_for("rising rounds", || first.log().contains(" to=3\n").then_some(()));
    assert_eq!(first.height(), halted);

    // One back, which lost what was not flushed: it fetches that from the others, and blocks rise again.
    let back = lab.start(3, &[]);
    wait_for("the rewind", || back.log().contains("Head state missing").then_some(()));
    first.wait_height(halted + 4);
    back.wait_height(halted + 4);
    same_chain(&first, &back);
    wait_for("its turn as proposer", || {
        let height = first.height();
        (halted + 1..=height).any(|number| first.block(number)["proposer"] == json!(gone)).then_some(())
    });
    assert!(first.stop() && back.stop());
}

#[test]
fn a_clean_stop_keeps_the_chain() {
    let lab = Lab::new(1);
    lab.init(0);
    let node = lab.start(0, &[]);
    node.wait_height(3);
    let block = node.block(2);
    assert!(node.stop(), "SIGTERM ends with status 0");
    let node = lab.start(0, &[]);
    assert_eq!(node.block(2), block);
    assert!(!node.log().contains("Head state missing"));
    assert!(!lab.data(0).join("klay.ipc").with_extension("old").exists());
}

#[test]
fn a_second_process_on_the_same_data_is_refused() {
    let lab = Lab::new(1);
    lab.init(0);
    let node = lab.start(0, &[]);
    node.wait_height(1);
    let second = Running::start("kscn", &lab.data(0), &["--networkid", "3000", "--ntp.disable"]);
    assert!(!second.wait_end());
    assert!(node.log().contains("datadir already used by another process"));
    let (ok, stderr) = lab.init_with(0, &lab.genesis());
    assert!(!ok && stderr.contains("Failed to open database"), "{stderr}");
    node.wait_height(2);
}

/// Two validators of one chain; the second is made different before it starts.
fn mismatch(change: impl Fn(&mut Value), network: &str, message: &str) {
    let lab = Lab::new(2);
    lab.init(0);
    let mut genesis: Value = serde_json::from_slice(&fs::read(lab.genesis()).unwrap()).unwrap();
    change(&mut genesis);
    let other = lab.path().join("other.json");
    fs::write(&other, genesis.to_string()).unwrap();
    assert!(lab.init_with(1, &other).0);
    let first = lab.start(0, &[]);
    let second = lab.start(1, &["--networkid", network]);
    for node in [&first, &second] {
        wait_for(message, || node.log().contains(message).then_some(()));
        assert_eq!((node.peers(), node.height()), (0, 0));
    }
}

#[test]
fn a_wrong_genesis_is_refused() {
    mismatch(|genesis| genesis["timestamp"] = json!("0x1"), "3000", "Genesis block mismatch");
}

#[test]
fn a_wrong_chain_id_is_refused() {
    mismatch(|genesis| genesis["config"]["chainId"] = json!(77), "3000", "ChainID mismatch");
}

#[test]
fn a_wrong_network_id_is_refused() {
    mismatch(|_| {}, "3001", "NetworkId mismatch");
}

#[test]
fn a_damaged_node_key_is_replaced_and_the_node_decides_nothing() {
    let lab = Lab::new(2);
    (0..2).for_each(|index| drop(lab.init(index)));
    let path = lab.data(1).join("klay/nodekey");
    let key = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("0x{key}")).unwrap();
    let first = lab.start(0, &[]);
    let second = lab.start(1, &[]);
    wait_for("the log line", || second.log().contains("Generated nodekey").then_some(()));
    let address = second.call("governance_nodeAddress", json!([]));
    assert_ne!(address, json!(lab.address(1)));
    assert_ne!(fs::read_to_string(&path).unwrap(), key);
    wait_for("the refusal", || first.log().contains("unexpected identity").then_some(()));
    assert_eq!(first.height(), 0, "two validators need both");
}

#[test]
fn one_key_on_two_nodes_is_one_peer() {
    let lab = Lab::new(2);
    (0..2).for_each(|index| drop(lab.init(index)));
    let first = lab.start(0, &[]);
    let second = lab.start(1, &[]);
    first.wait_height(1);
    let copy = lab.path().join("copy");
    let status = std::process::Command::new("cp").arg("-r").arg(lab.data(1)).arg(&copy).status().unwrap();
    assert!(status.success());
    let port = two_ports().to_string();
    let third = Running::start("kscn", &copy, &["--port", &port, "--networkid", "3000", "--multichannel", "--ntp.disable"]);
    wait_for("the refusal", || third.log().contains("already connected").then_some(()));
    assert_eq!((first.peers(), third.peers()), (1, 0));
    let height = first.height();
    first.wait_height(height + 2);
    drop(second);
}
