use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{apply_once, refused};
use crate::system::System;
use crate::system::fake::Fake;

const NODES: [&str; 4] = ["scn-1", "scn-2", "scn-3", "scn-master"];

fn asked(more: Value) -> Value {
    let nodes: Vec<Value> = NODES.iter().map(|name| json!({"name": name, "host": "10.0.0.1", "port": 22323})).collect();
    let mut args =
        json!({"dest": "/chain", "chain_id": 1002, "nodes": nodes, "endpoints": [{"name": "en-1", "host": "10.0.0.9", "port": 50505}]});
    for (name, value) in more.as_object().into_iter().flatten() {
        args[name.as_str()] = value.clone();
    }
    args
}

fn made() -> Fake {
    let applied = apply_once(&MODULE, Fake::new(), asked(json!({})));
    assert!(applied.changed && applied.answer.is_ok());
    applied.machine
}

#[test]
fn keys_and_files_are_made_once() {
    let machine = made();
    for name in NODES.iter().chain(&["en-1"]) {
        let path = format!("/chain/keys/{name}/nodekey");
        assert_eq!(machine.stat(Path::new(&path), Follow::Yes).unwrap().unwrap().mode & 0o7777, 0o600, "{path}");
        assert!(NodeKey::parse(&machine.text(&path)).is_ok());
    }
    let genesis: Value = serde_json::from_str(&machine.text("/chain/genesis.json")).unwrap();
    assert_eq!(genesis["config"]["chainId"], 1002);
    let knis: Vec<String> = serde_json::from_str(&machine.text("/chain/static-nodes.json")).unwrap();
    assert!(knis.len() == 4 && knis.iter().all(|kni| kni.contains("@10.0.0.1:22323?")), "{knis:?}");
    assert!(machine.text("/chain/keys/en-1/main-bridges.json").contains("@10.0.0.9:50505"));
    let again = apply_once(&MODULE, machine, asked(json!({})));
    assert!(!again.changed);
}

#[test]
fn a_chain_that_is_there_is_never_replaced() {
    for (more, said) in [
        (json!({"chain_id": 1003}), "has chain id 1002, not 1003"),
        (json!({"nodes": [{"name": "scn-1", "host": "h", "port": 1}]}), "was made for other validators than scn-1"),
    ] {
        let applied = apply_once(&MODULE, made(), asked(more));
        assert!(!applied.changed, "{said}");
        assert!(applied.failure().message.contains(said), "{}", applied.failure());
    }
}

#[test]
fn a_broken_key_is_named_and_left() {
    let machine = made().file("/chain/keys/scn-2/nodekey", "0xabc");
    let applied = apply_once(&MODULE, machine, asked(json!({})));
    assert!(applied.failure().message.contains("keys/scn-2/nodekey` is no node key"), "{}", applied.failure());
    assert_eq!(applied.machine.text("/chain/keys/scn-2/nodekey"), "0xabc");
}

#[test]
fn validators_are_the_same_in_any_order() {
    let mut addresses: Vec<Address> = (0..4).map(|_| NodeKey::generate().address()).collect();
    let extra = Genesis::extra_data(&addresses);
    addresses.reverse();
    assert!(same_validators(&extra, &addresses));
    addresses[0] = NodeKey::generate().address();
    assert!(!same_validators(&extra, &addresses));
}

#[test]
fn homi_decides_itself_and_makes_its_own_keys() {
    let both = refused(&MODULE, asked(json!({"homi": "/opt/homi", "epoch": 30})));
    assert!(both.contains("homi") && both.contains("epoch"), "{both}");
    let machine = Fake::new().file("/chain/keys/scn-3/nodekey", "x");
    let applied = apply_once(&MODULE, machine, asked(json!({"homi": "/opt/homi"})));
    assert!(applied.failure().message.contains("keys/scn-3/nodekey` is there already"), "{}", applied.failure());
}

#[test]
fn a_homi_that_fails_leaves_nothing() {
    let machine = Fake::new().program("/opt/homi").answer(&["/opt/homi"], 1, "", "no such flag\n");
    let applied = apply_once(&MODULE, machine, asked(json!({"homi": "/opt/homi"})));
    assert!(applied.failure().message.contains("`/opt/homi` failed: no such flag"), "{}", applied.failure());
    assert!(!applied.machine.has("/chain/genesis.json"));
    let left: Vec<String> =
        applied.machine.list(Path::new("/chain")).unwrap().iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect();
    assert_eq!(left, ["keys"]);
}

#[test]
fn public_networks_and_double_names_are_refused() {
    for (more, said) in [
        (json!({"chain_id": 8217}), "public network"),
        (json!({"endpoints": [{"name": "scn-1", "host": "h", "port": 1}]}), "two nodes with one key"),
        (json!({"forks": ["istanbul", "magma"]}), "needs"),
        (json!({"nodes": []}), "at least one validator"),
    ] {
        let applied = apply_once(&MODULE, Fake::new(), asked(more));
        assert!(applied.failure().message.contains(said), "{said}: {}", applied.failure());
    }
}
