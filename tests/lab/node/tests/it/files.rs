//! Command line, `init`, RPC over HTTP, console.

use std::fs;

use serde_json::{Value, json};

use crate::lab::{Lab, Running, program, run, two_ports, wait_for};

#[test]
fn init_over_another_genesis_is_refused() {
    let lab = Lab::new(1);
    let output = lab.init(0);
    assert!(output.contains("Successfully wrote genesis state"), "{output}");
    assert!(lab.data(0).join("klay/chaindata/statetrie/3").is_dir());
    let again = lab.init(0);
    assert!(again.contains("Skip writing governance index") && again.contains("Successfully wrote genesis state"), "{again}");

    let mut genesis: Value = serde_json::from_slice(&fs::read(lab.genesis()).unwrap()).unwrap();
    genesis["timestamp"] = json!("0x1");
    let other = lab.path().join("other.json");
    fs::write(&other, genesis.to_string()).unwrap();
    let (ok, stderr) = lab.init_with(0, &other);
    assert!(!ok && stderr.contains("database already contains an incompatible genesis block"), "{stderr}");
    fs::write(&other, "{").unwrap();
    let (ok, stderr) = lab.init_with(0, &other);
    assert!(!ok && stderr.contains("Invalid genesis file"), "{stderr}");
    let (ok, stderr) = lab.init_with(0, &lab.path().join("none.json"));
    assert!(!ok && stderr.contains("Failed to read genesis file"), "{stderr}");
}

#[test]
fn a_node_without_init_does_not_start() {
    let lab = Lab::new(1);
    let node = lab.start(0, &[]);
    let data = lab.data(0);
    assert!(!node.wait_end());
    assert!(fs::read_to_string(data.with_extension("log")).unwrap().contains("No genesis is provided"));
}

#[test]
fn command_line() {
    let (ok, stdout, _) = run(program("kscn").arg("version"));
    assert!(ok && stdout.starts_with("Klaytn v1.12.1\n") && stdout.contains("stand-in"), "{stdout}");
    let (ok, _, stderr) = run(program("kscn").args(["--datdir", "/nowhere"]));
    assert!(!ok && stderr.contains("flag provided but not defined: -datdir"), "{stderr}");
    let (ok, _, stderr) = run(program("kscn").arg("frobnicate"));
    assert!(!ok && stderr.contains("invalid command"), "{stderr}");
    let (ok, _, stderr) = run(program("kscn").args(["attach", "--exec", "klay.blockNumber", "/nowhere/klay.ipc"]));
    assert!(!ok && stderr.contains("Unable to attach to remote node"), "{stderr}");
}

#[test]
fn rpc_and_console() {
    let lab = Lab::new(1);
    lab.init(0);
    let (http, metrics) = (two_ports().to_string(), two_ports().to_string());
    let node = lab.start(
        0,
        &[
            "--rpc",
            "--rpcaddr",
            "127.0.0.1",
            "--rpcport",
            &http,
            "--rpcapi",
            "klay,net",
            "--metrics",
            "--prometheus",
            "--prometheusport",
            &metrics,
        ],
    );
    node.wait_height(2);
    assert!(node.try_call("klay_getBlockByNumber", json!(["0xffffff", false])).unwrap().is_err());
    assert_eq!(node.call("eth_getBlockByNumber", json!(["0xffffff", false])), Value::Null);
    let range = node.call("klay_getBlockWithConsensusInfoByNumberRange", json!([0, 2]));
    assert_eq!(range["0x2"]["number"], "0x2");

    let endpoint = format!("http://127.0.0.1:{http}");
    let exec = |expression: &str, endpoint: &str| run(program("kscn").args(["attach", "--exec", expression, endpoint])).1;
    let ipc = lab.data(0).join("klay.ipc").to_string_lossy().into_owned();
    assert!(exec("klay.blockNumber", &endpoint).trim().parse::<u64>().unwrap() >= 2);
    assert_eq!(exec("admin.peers.length", &ipc), "0\n");
    assert_eq!(exec("admin.peers.length", &endpoint), "undefined\n", "not in --rpcapi");
    assert_eq!(exec("governance.nodeAddress", &ipc), format!("\"{}\"\n", lab.address(0)));
    assert_eq!(exec("klay.getBlock(1).number", &ipc), "\"0x1\"\n");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&ipc).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    let page = get(&metrics, "/metrics");
    assert!(page.contains("klaytn_blockchain_head_blocknumber "), "{page}");
    assert!(node.stop());
    assert!(!fs::exists(&ipc).unwrap());
}

fn get(port: &str, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_restart_script_is_run_when_no_block_comes() {
    let lab = Lab::new(2);
    lab.init(0);
    let (script, proof) = (lab.path().join("restart"), lab.path().join("proof"));
    fs::write(&script, format!("#!/bin/sh\necho $1 > {}\n", proof.display())).unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let _node: Running =
        lab.start(0, &["--autorestart.enable", "--autorestart.timeout", "1s", "--autorestart.daemon.path", script.to_str().unwrap()]);
    wait_for("the script", || fs::read_to_string(&proof).ok().filter(|text| text == "restart\n"));
}
