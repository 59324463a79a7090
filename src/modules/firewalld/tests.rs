use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply_on, apply_once, predict_after, refused};
use crate::system::fake::Fake;

const CMD: &str = "/usr/bin/firewall-cmd";
const OFFLINE: &str = "/usr/bin/firewall-offline-cmd";

/// With the answers that firewalld 1.3 of Debian 12 gave: nothing is in the zones.
fn machine() -> Fake {
    Fake::new()
        .program(CMD)
        .answer(&[CMD, "--state"], 0, "running\n", "")
        .answer(&[CMD, "--get-default-zone"], 0, "public\n", "")
        .answer(&[CMD, "--permanent", "--get-zones"], 0, "block dmz public\n", "")
        .answer(&[CMD, "--permanent", "--zone=public", "--get-target"], 0, "default\n", "")
}

fn with(fake: Fake, words: &[&str], yes: bool) -> Fake {
    let words: Vec<&str> = [CMD].into_iter().chain(words.iter().copied()).collect();
    if yes { fake.answer(&words, 0, "yes\n", "") } else { fake.answer(&words, 1, "no\n", "") }
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv[1..].join(" ")).collect()
}

#[test]
fn things_of_zones_in_the_words_of_the_program() {
    for (args, query, call) in [
        (json!({"service": "http"}), "--query-service=http", "--add-service=http"),
        (json!({"service": "http", "timeout": 60}), "--query-service=http", "--add-service=http --timeout=60"),
        (json!({"port": "161-162/udp"}), "--query-port=161-162/udp", "--add-port=161-162/udp"),
        (json!({"protocol": "ospf"}), "--query-protocol=ospf", "--add-protocol=ospf"),
        (
            json!({"rich_rule": "rule service name=\"ftp\" accept"}),
            "--query-rich-rule=rule service name=\"ftp\" accept",
            "--add-rich-rule=rule service name=\"ftp\" accept",
        ),
        (json!({"interface": "eth1", "zone": "public"}), "--query-interface=eth1", "--change-interface=eth1"),
        (json!({"icmp_block": "echo-request"}), "--query-icmp-block=echo-request", "--add-icmp-block=echo-request"),
        (json!({"icmp_block_inversion": true}), "--query-icmp-block-inversion", "--add-icmp-block-inversion"),
        (json!({"masquerade": true}), "--query-masquerade", "--add-masquerade"),
        (json!({"masquerade": false, "state": "disabled"}), "--query-masquerade", "--add-masquerade"),
        (json!({"forward": "yes"}), "--query-forward", "--add-forward"),
        (
            json!({"port_forward": [{"port": 80, "proto": "tcp", "toport": 8080}]}),
            "--query-forward-port=port=80:proto=tcp:toport=8080:toaddr=",
            "--add-forward-port=port=80:proto=tcp:toport=8080:toaddr=",
        ),
    ] {
        let mut args = args;
        let map = args.as_object_mut().expect("a mapping");
        map.entry("state").or_insert_with(|| json!("enabled"));
        let applied = apply_once(&MODULE, with(machine(), &["--zone=public", query], false), args.clone());
        assert_eq!((ran(&applied), applied.changed), (vec![format!("--zone=public {call}")], true), "{args}");
        let there = apply_once(&MODULE, with(machine(), &["--zone=public", query], true), args.clone());
        assert_eq!((ran(&there), there.changed), (vec![], false), "{args}");
    }
}

#[test]
fn both_layers_are_set() {
    let query = "--query-source=192.0.2.0/24";
    let args = |state: &str| json!({"source": "192.0.2.0/24", "zone": "dmz", "permanent": true, "immediate": true, "state": state});
    for (permanent, now, state, calls) in [
        (false, false, "enabled", vec!["--permanent --zone=dmz --add-source=192.0.2.0/24", "--zone=dmz --add-source=192.0.2.0/24"]),
        (true, false, "enabled", vec!["--zone=dmz --add-source=192.0.2.0/24"]),
        (true, true, "enabled", vec![]),
        (true, false, "disabled", vec!["--permanent --zone=dmz --remove-source=192.0.2.0/24"]),
    ] {
        let fake = with(with(machine(), &["--permanent", "--zone=dmz", query], permanent), &["--zone=dmz", query], now);
        assert_eq!(ran(&apply_once(&MODULE, fake, args(state))), calls, "{permanent} {now} {state}");
    }
}

#[test]
fn zones_and_their_targets() {
    for (args, call) in [
        (json!({"zone": "mine", "state": "present"}), Some("--permanent --new-zone=mine")),
        (json!({"zone": "dmz", "state": "present"}), None),
        (json!({"zone": "dmz", "state": "absent"}), Some("--permanent --delete-zone=dmz")),
        (json!({"zone": "mine", "state": "absent"}), None),
        (json!({"zone": "public", "state": "present", "target": "DROP"}), Some("--permanent --zone=public --set-target=DROP")),
        (json!({"zone": "public", "state": "absent", "target": "DROP"}), None),
    ] {
        let mut args = args;
        args["permanent"] = json!(true);
        let applied = apply_once(&MODULE, machine(), args.clone());
        assert_eq!((ran(&applied), applied.changed), (call.into_iter().map(str::to_owned).collect(), call.is_some()), "{args}");
    }
}

#[test]
fn without_firewalld_only_what_is_permanent_is_set() {
    let stopped = || {
        Fake::new()
            .program(CMD)
            .program(OFFLINE)
            .answer(&[CMD, "--state"], 252, "", "not running\n")
            .answer(&[OFFLINE, "--get-default-zone"], 0, "public\n", "")
            .answer(&[OFFLINE, "--zone=public", "--query-service=http"], 0, "yes\n", "")
            .answer(&[OFFLINE, "--zone=public", "--query-port=1/tcp"], 1, "no\n", "")
    };
    for (args, call) in [
        (json!({"service": "http", "state": "disabled"}), "--zone=public --remove-service-from-zone=http"),
        (json!({"port": "1/tcp", "state": "enabled", "immediate": true, "offline": true}), "--zone=public --add-port=1/tcp"),
    ] {
        let mut args = args;
        args["permanent"] = json!(true);
        assert_eq!(ran(&apply_once(&MODULE, stopped(), args)), [call]);
    }
    let failed = apply_once(&MODULE, stopped(), json!({"service": "http", "state": "enabled", "permanent": true, "immediate": true}));
    assert_eq!(failed.failure().message, "failed to set up the firewall: firewalld does not run, so nothing can hold at once");
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let fake = || with(machine(), &["--permanent", "--zone=public", "--query-service=http"], false);
    let after = |now: &Value, earlier: &Value| {
        predict_after(&MODULE, fake(), now.clone(), |system| assert!(apply_on(&MODULE, system, earlier).0)).changed
    };
    let service = |zone: &str, state: &str| json!({"service": "http", "zone": zone, "state": state, "permanent": true});
    let zone = json!({"zone": "mine", "state": "present", "permanent": true});
    assert!(!after(&service("public", "enabled"), &service("public", "enabled")));
    assert!(after(&service("public", "disabled"), &service("public", "enabled")));
    assert!(!after(&zone, &zone) && after(&service("mine", "enabled"), &zone) && !after(&service("mine", "disabled"), &zone));
}

#[test]
fn what_does_not_fit_is_refused() {
    for (args, word) in [
        (json!({"service": "a", "port": "1/tcp", "state": "enabled"}), "service"),
        (json!({"interface": "eth0", "state": "enabled"}), "zone"),
        (json!({"target": "DROP", "state": "enabled"}), "zone"),
        (json!({"target": "drop", "zone": "dmz", "state": "enabled"}), "must be one of"),
        (json!({"service": "a"}), "state"),
    ] {
        assert!(refused(&MODULE, args.clone()).contains(word), "{args}");
    }
    let message = |args: Value| apply_once(&MODULE, machine(), args).failure().message.clone();
    for (args, said) in [
        (json!({"service": "a", "state": "present"}), "`enabled` or `disabled`"),
        (json!({"zone": "a", "state": "enabled"}), "`present` or `absent`"),
        (json!({"zone": "a", "state": "present"}), "`permanent` operations only"),
        (json!({"zone": "a", "target": "DROP", "state": "present"}), "`permanent` operations only"),
        (json!({"state": "present", "permanent": true}), "neither a zone"),
        (json!({"zone": "-a", "state": "present", "permanent": true}), "no name of a zone"),
        (json!({"port": "80", "state": "enabled"}), "no port with a protocol"),
        (json!({"service": "", "state": "enabled"}), "is no service"),
        (json!({"port_forward": [], "state": "enabled"}), "exactly one element"),
    ] {
        let told = message(args);
        assert!(told.contains(said), "{told}");
    }
    let invalid = machine().answer(&[CMD, "--zone=public", "--query-icmp-block=x"], 107, "", "Error: INVALID_ICMPTYPE: x\n");
    let failed = apply_once(&MODULE, invalid, json!({"icmp_block": "x", "state": "enabled"}));
    assert_eq!(failed.failure().message, "failed to look at the firewall: Error: INVALID_ICMPTYPE: x");
    let none = apply_once(&MODULE, Fake::new(), json!({"service": "a", "state": "enabled"}));
    assert_eq!(none.failure().message, "failed to set up the firewall: the machine has no `firewall-cmd`");
}
