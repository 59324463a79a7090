use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict_after, refused};
use crate::system::fake::Fake;

const UFW: &str = "/usr/sbin/ufw";
const SSH4: &str = "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n";
const SSH6: &str = "### tuple ### allow tcp 22 ::/0 any ::/0 in\n";
/// Said by ufw 0.36.2 of a rule that is there.
const THERE: &str = "Skipping adding existing rule\nSkipping adding existing rule (v6)\n";

/// The files that ufw 0.36.2 would write.
fn files(v4: &str, v6: &str) -> String {
    format!("*filter\n:ufw-user-input - [0:0]\n### RULES ###\n\n{v4}COMMIT\n*filter\n:ufw6-user-input - [0:0]\n{v6}COMMIT\nRules updated\n")
}

/// A machine with a rule for SSH, on which `ufw --dry-run` says each of these.
fn machine(dry: &[&str]) -> Fake {
    let fake = Fake::new()
        .program(UFW)
        .answer(&[UFW], 0, "Done\n", "")
        .answer(&[UFW, "status"], 0, "Status: inactive\n", "")
        .file("/etc/ufw/user.rules", format!("*filter\n{SSH4}-A ufw-user-input -p tcp --dport 22 -j ACCEPT\nCOMMIT\n"))
        .file("/etc/ufw/user6.rules", SSH6)
        .file("/etc/ufw/ufw.conf", "# x\nENABLED=no\nLOGLEVEL=low\n")
        .file(DEFAULTS, "DEFAULT_INPUT_POLICY=\"DROP\"\nDEFAULT_OUTPUT_POLICY=\"ACCEPT\"\nDEFAULT_FORWARD_POLICY=\"DROP\"\n");
    dry.iter().fold(fake, |fake, text| fake.answer(&[UFW, "--dry-run"], 0, text, ""))
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv[1..].join(" ")).collect()
}

/// The words that community.general 12 hands to ufw.
#[test]
fn rules_in_the_words_of_ufw() {
    let new = files("### tuple ### new\n", "");
    for (args, call) in [
        (json!({"rule": "allow", "port": "22", "proto": "tcp"}), "allow from any to any port 22 proto tcp"),
        (
            json!({"rule": "deny", "direction": "in", "interface": "eth0", "from_ip": "10.0.0.0/8", "from_port": "1000", "to_ip": "10.1.1.1",
                   "to_port": "53", "proto": "udp", "log": true, "comment": "a b"}),
            "deny in on eth0 log from 10.0.0.0/8 port 1000 to 10.1.1.1 port 53 proto udp comment a b",
        ),
        (
            json!({"rule": "allow", "route": true, "if_in": "eth0", "if_out": "eth1", "src": "192.0.2.0/24", "dest": "198.51.100.0/24"}),
            "route allow in on eth0 out on eth1 from 192.0.2.0/24 to 198.51.100.0/24",
        ),
        (json!({"rule": "reject", "direction": "out", "port": 25}), "reject out from any to any port 25"),
        (json!({"rule": "allow", "app": "OpenSSH"}), "allow from any to any app OpenSSH"),
        (json!({"rule": "limit", "port": "ssh", "insert": 1}), "insert 1 limit from any to any port ssh"),
        (json!({"rule": "limit", "port": "23", "delete": true, "insert": 1, "comment": "x"}), "delete limit from any to any port 23"),
        (json!({"rule": "deny", "route": true, "delete": true}), "route delete deny from any to any"),
    ] {
        let applied = apply_once(&MODULE, machine(&[&new]), args.clone());
        assert_eq!(ran(&applied), [call], "{args}");
        assert_eq!(*applied.get("commands"), json!([format!("{UFW} {call}")]));
        assert!(applied.machine.commands().contains(&format!("probe {UFW} --dry-run {call}")));
    }
}

#[test]
fn a_rule_that_is_there_is_no_change() {
    let ssh = || json!({"rule": "allow", "port": "22", "proto": "tcp"});
    let there = apply(&MODULE, machine(&[THERE]), ssh());
    assert_eq!((there.changed, there.get("msg"), there.get("commands")), (false, &json!("Status: inactive"), &json!([])));
    let none = json!({"rule": "allow", "port": "23", "delete": true});
    assert!(!apply(&MODULE, machine(&[&files(SSH4, SSH6)]), none.clone()).changed, "what is deleted is not there");
    assert!(apply(&MODULE, machine(&[&files(SSH4, ""), &files(SSH4, ""), &files(SSH4, SSH6)]), none).changed);
    let only_v4 = format!("*filter\n:ufw-user-input - [0:0]\n{SSH4}COMMIT\nRules updated\n");
    assert!(!apply(&MODULE, machine(&[&only_v4]), ssh()).changed);
    let with_comment = files(&SSH4.replace(" in\n", " in comment=78\n"), SSH6);
    let mut commented = ssh();
    commented["comment"] = json!("x");
    assert_eq!(ran(&apply_once(&MODULE, machine(&[&with_comment]), commented)), ["allow from any to any port 22 proto tcp comment x"]);
}

#[test]
fn places_of_rules() {
    for (number, relative, counts, place) in [
        (0, "first-ipv4", (2, 1), Some(1)),
        (0, "last-ipv4", (2, 1), Some(2)),
        (-1, "last-ipv4", (2, 1), Some(1)),
        (-5, "last-ipv4", (2, 1), Some(1)),
        (0, "first-ipv6", (2, 1), Some(3)),
        (1, "first-ipv6", (2, 1), None),
        (0, "last-ipv6", (2, 2), Some(4)),
        (0, "first-ipv6", (2, 0), None),
        (0, "first-ipv4", (0, 0), None),
    ] {
        assert_eq!(rule::position(number, relative, counts), place, "{number} {relative} {counts:?}");
    }
    let shown = "Status: active\n\n     To   Action\n[ 1] 22/tcp  ALLOW IN  Anywhere\n[10] 22/tcp (v6) ALLOW IN Anywhere (v6)\n";
    assert_eq!(rule::numbered(shown), (1, 1));
    let args = |relative: &str| json!({"rule": "deny", "port": "1", "insert": 0, "insert_relative_to": relative});
    let inserted = |fake: Fake, relative: &str| ran(&apply_once(&MODULE, fake, args(relative))).join("");
    let new = files("### tuple ### new\n", "");
    assert_eq!(inserted(machine(&[&new]), "first-ipv6"), "insert 2 deny from any to any port 1");
    let active = machine(&[&new]).answer(&[UFW, "status", "numbered"], 0, shown.replace("[10]", "[ 2] 9 ALLOW IN x\n[ 3]"), "");
    assert_eq!(inserted(active, "first-ipv6"), "insert 3 deny from any to any port 1");
}

#[test]
fn the_firewall_itself() {
    let active = || Fake::new().program(UFW).answer(&[UFW], 0, "", "").answer(&[UFW, "status"], 0, "Status: active\nTo Action\n", "");
    for (fake, args, calls) in [
        (machine(&[]), json!({"state": "enabled"}), vec!["-f enable"]),
        (active(), json!({"state": "enabled"}), vec![]),
        (machine(&[]), json!({"state": "disabled"}), vec![]),
        (machine(&[]), json!({"state": "reloaded"}), vec!["-f reload"]),
        (machine(&[]), json!({"state": "reset"}), vec!["-f reset"]),
        (machine(&[]), json!({"logging": "full"}), vec!["logging full"]),
        (machine(&[]), json!({"logging": "on"}), vec![]),
        (machine(&[]), json!({"logging": "off"}), vec!["logging off"]),
        (machine(&[]).file(SETTINGS, "LOGLEVEL=off\n"), json!({"logging": true}), vec!["logging on"]),
        (machine(&[]), json!({"default": "deny"}), vec![]),
        (machine(&[]), json!({"policy": "reject", "direction": "incoming"}), vec!["default reject incoming"]),
        (machine(&[]), json!({"policy": "deny", "direction": "outgoing"}), vec!["default deny outgoing"]),
        (machine(&[]), json!({"policy": "allow", "direction": "routed"}), vec!["default allow routed"]),
        (
            machine(&[&files("### tuple ### new\n", "")]),
            json!({"state": "enabled", "default": "allow", "rule": "deny", "port": "1"}),
            vec!["-f enable", "default allow", "deny from any to any port 1"],
        ),
    ] {
        let applied = apply_once(&MODULE, fake, args.clone());
        assert_eq!((ran(&applied), applied.changed), (calls.iter().map(|call| (*call).to_owned()).collect(), !calls.is_empty()), "{args}");
    }
    assert_eq!(ran(&apply_once(&MODULE, active(), json!({"state": "disabled"}))), ["-f disable"]);
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let new = files("### tuple ### new\n", "");
    let after = |now: &Value, earlier: &Value| {
        predict_after(&MODULE, machine(&[&new]), now.clone(), |system| assert!(apply_on(&MODULE, system, earlier).0)).changed
    };
    let rule = json!({"rule": "deny", "port": "1"});
    let gone = json!({"rule": "deny", "port": "1", "delete": true});
    let (enable, reset) = (json!({"state": "enabled"}), json!({"state": "reset"}));
    assert!(!after(&rule, &rule) && after(&gone, &rule) && after(&rule, &gone) && !after(&gone, &gone));
    assert!(!after(&enable, &enable) && after(&json!({"state": "disabled"}), &enable));
    assert!(!after(&gone, &reset) && after(&rule, &reset));
    for same in [json!({"logging": "full"}), json!({"default": "allow"})] {
        assert!(!after(&same, &same));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for (args, word) in [
        (json!({}), "needs one of"),
        (json!({"rule": "allow", "interface": "eth0"}), "direction"),
        (json!({"rule": "allow", "direction": "in", "interface_in": "eth0"}), "interface_in"),
        (json!({"rule": "allow", "direction": "in", "interface_out": "eth0"}), "interface_out"),
        (json!({"rule": "allow", "name": "x", "proto": "tcp"}), "proto"),
        (json!({"rule": "drop"}), "must be one of"),
        (json!({"rule": "allow", "proto": "icmp"}), "must be one of"),
    ] {
        assert!(refused(&MODULE, args.clone()).contains(word), "{args}");
    }
    let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
    for (args, why) in [
        (json!({"default": "deny", "direction": "in"}), "`direction` of `default` is `incoming`, `outgoing` or `routed`"),
        (json!({"rule": "deny", "direction": "incoming"}), "`direction` of a rule is `in` or `out`"),
        (json!({"rule": "deny", "if_in": "a", "if_out": "b"}), "only a rule with `route` has `interface_in` and `interface_out`"),
        (json!({"rule": "deny", "src": "--force"}), "`--force` is no part of a rule"),
        (json!({"rule": "deny", "port": ""}), "`` is no part of a rule"),
        (json!({"rule": "deny", "comment": "it's"}), "a comment has neither line breaks nor `'`"),
    ] {
        assert_eq!(message(machine(&[]), args), format!("failed to set up the firewall: {why}"));
    }
    assert_eq!(message(Fake::new(), json!({"state": "enabled"})), "failed to set up the firewall: the machine has no `ufw`");
    let wrong = machine(&[]).answer(&[UFW, "--dry-run"], 1, "", "ERROR: Bad source address\n");
    assert_eq!(
        message(wrong, json!({"rule": "allow", "src": "nonsense"})),
        "failed to set a rule of the firewall: ERROR: Bad source address"
    );
}
