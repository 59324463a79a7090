//! Tarballs, and the daemon scripts inside them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::{Lab, run, two_ports, wait_for};

/// Packages a release and returns what the script printed.
fn package(out: &Path, version: &str, more: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("package");
    let (ok, stdout, stderr) = run(Command::new(script).arg(env!("CARGO_BIN_EXE_lab-node")).arg(out).arg(version).args(more));
    assert!(ok, "{stderr}");
    stdout
}

fn unpack(out: &Path, file: &str) {
    let (ok, _, stderr) = run(Command::new("tar").arg("-xzf").arg(out.join(file)).arg("-C").arg(out));
    assert!(ok, "{stderr}");
}

#[test]
fn releases_differ_and_are_reproducible() {
    let dir = tempfile::tempdir().unwrap();
    let [one, two, next, broken] = ["one", "two", "next", "broken"].map(|name| dir.path().join(name));
    let sums = package(&one, "v1.12.0", &[]);
    assert_eq!(sums.lines().count(), 4);
    assert_eq!(sums, package(&two, "v1.12.0", &[]), "the same input gives the same bytes");
    let later = package(&next, "v2.2.1", &[]);
    assert!(later.contains("ken-kairos-v2.2.1-0-linux-"), "{later}");
    let sum = |text: &str| text.split_whitespace().next().unwrap().to_owned();
    assert_ne!(sum(&sums), sum(&later));
    assert_ne!(sum(&package(&broken, "v1.12.0", &["--broken", "exit"])), sum(&sums));

    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    unpack(&next, &format!("ken-kairos-v2.2.1-0-linux-{arch}.tar.gz"));
    let top = next.join(format!("ken-linux-{arch}"));
    let (_, stdout, _) = run(Command::new(top.join("bin/ken")).arg("version"));
    assert!(stdout.starts_with("Kaia v2.2.1\n"), "{stdout}");
    assert!(fs::read_to_string(top.join("conf/kend_kairos.conf")).unwrap().contains("NETWORK=\"kairos\"\n"));

    unpack(&broken, &format!("kscn-v1.12.0-0-linux-{arch}.tar.gz"));
    let kscn = broken.join(format!("kscn-linux-{arch}/bin/kscn"));
    let (ok, _, stderr) = run(Command::new(kscn).arg("--datadir").arg(dir.path()));
    assert!(!ok && stderr.contains("broken on purpose"), "{stderr}");
}

/// An unpacked kscn whose settings fit the first node of `lab`.
fn installed(lab: &Lab, more: &[&str], settings: &str) -> PathBuf {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    package(lab.path(), "v1.12.1", more);
    unpack(lab.path(), &format!("kscn-v1.12.1-0-linux-{arch}.tar.gz"));
    let top = lab.path().join(format!("kscn-linux-{arch}"));
    let data = lab.data(0);
    let conf = top.join("conf/kscnd.conf");
    let text = fs::read_to_string(&conf).unwrap().replace("DATA_DIR=\n", &format!("DATA_DIR={}\n{settings}\n", data.display()));
    let text = text.replace("PORT=22323", &format!("PORT={}", lab.ports[0]));
    fs::write(conf, text).unwrap();
    top
}

#[test]
fn daemon_script() {
    let lab = Lab::new(1);
    lab.init(0);
    let (http, metrics) = (two_ports(), two_ports());
    let settings = format!("RPC_PORT={http}\nRPC_ADDR=127.0.0.1\nADDITIONAL=\"--ntp.disable --prometheusport {metrics}\"");
    let top = installed(&lab, &[], &settings);
    let kscnd = |command: &str| run(Command::new(top.join("bin/kscnd")).arg(command));
    assert_eq!(kscnd("status"), (true, "kscnd is down\n".to_owned(), String::new()));
    assert_eq!(kscnd("stop").1, "kscnd is not running\n");
    assert_eq!(kscnd("start").1, "Starting kscnd: Success to start node.\n");
    let pid = fs::read_to_string(lab.data(0).join("kscnd.pid")).unwrap();
    assert_eq!(kscnd("start").1, format!("kscnd already running...[{}]\n", pid.trim()));
    assert_eq!(kscnd("status").1, "kscnd is running\n");
    let ipc = lab.data(0).join("klay.ipc");
    wait_for("a block", || {
        let (_, stdout, _) = run(Command::new(top.join("bin/kscn")).args(["attach", "--exec", "klay.blockNumber"]).arg(&ipc));
        stdout.trim().parse::<u64>().ok().filter(|height| *height > 0)
    });
    let log = fs::read_to_string(lab.data(0).join("logs/kscnd.out")).unwrap();
    assert!(log.contains("Successfully wrote mined block"), "{log}");
    assert_eq!(kscnd("stop").1, "Shutting down kscnd: OK\n");
    assert!(!lab.data(0).join("kscnd.pid").exists());
    assert!(!kscnd("bounce").0);
}

#[test]
fn daemon_script_without_data() {
    let lab = Lab::new(1);
    let top = installed(&lab, &[], "DATA_DIR=");
    let (ok, stdout, _) = run(Command::new(top.join("bin/kscnd")).arg("status"));
    assert!(!ok && stdout.contains("DATA_DIR in conf/kscnd.conf is not defined"), "{stdout}");
}

#[test]
fn a_deaf_release_answers_and_never_votes() {
    let lab = Lab::new(4);
    (0..4).for_each(|index| drop(lab.init(index)));
    let (http, metrics) = (two_ports(), two_ports());
    let settings = format!("RPC_PORT={http}\nADDITIONAL=\"--ntp.disable --prometheusport {metrics}\"");
    let top = installed(&lab, &["--broken", "deaf"], &settings);
    let kscnd = |command: &str| run(Command::new(top.join("bin/kscnd")).arg(command));
    kscnd("start");
    let others: Vec<_> = (1..4).map(|index| lab.start(index, &[])).collect();
    others[0].wait_peers(3);
    others[0].wait_height(6);
    let deaf = lab.address(0);
    let blocks: Vec<_> = (1..=6).map(|number| others[0].block(number)).collect();
    assert!(blocks.iter().all(|block| block["proposer"] != deaf.as_str()));
    assert!(blocks.iter().all(|block| !block["committers"].as_array().unwrap().contains(&deaf.as_str().into())));
    assert_eq!(kscnd("stop").1, "Shutting down kscnd: OK\n");
}

#[test]
fn the_endpoint_daemon_needs_a_network() {
    let dir = tempfile::tempdir().unwrap();
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    package(dir.path(), "v1.12.1", &[]);
    unpack(dir.path(), &format!("ken-baobab-v1.12.1-0-linux-{arch}.tar.gz"));
    let top = dir.path().join(format!("ken-linux-{arch}"));
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    let (http, metrics, p2p) = (two_ports(), two_ports(), two_ports());
    let text = fs::read_to_string(top.join("conf/kend_baobab.conf")).unwrap();
    let text = text
        .replace("DATA_DIR=\n", &format!("DATA_DIR={}\nADDITIONAL=\"--prometheusport {metrics}\"\n", data.display()))
        .replace("RPC_PORT=8551", &format!("RPC_PORT={http}"))
        .replace("PORT=32323", &format!("PORT={p2p}"));
    let kend = |text: &str, command: &str| {
        fs::write(top.join("conf/kend.conf"), text).unwrap();
        run(Command::new(top.join("bin/kend")).arg(command))
    };
    let (ok, stdout, _) = kend(&text.replace("NETWORK=\"baobab\"", "NETWORK="), "start");
    assert!(!ok && stdout.contains("network is not available"), "{stdout}");
    assert_eq!(kend(&text, "start").1, "Starting kend: OK\n");
    wait_for("the socket", || data.join("klay.ipc").exists().then_some(()));
    assert_eq!(kend(&text, "status").1, "kend is running\n");
    assert_eq!(kend(&text, "stop").1, "Shutting down kend: OK\n");
    assert_eq!(kend(&text, "status").1, "kend is down\n");
}
