use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict_after, refused};
use crate::system::System;
use crate::system::fake::Fake;

const IPTABLES: &str = "/usr/sbin/iptables";

/// A machine on which looking for a rule ends with each of these exit codes in turn.
fn machine(codes: &[i32]) -> Fake {
    let fake = Fake::new().program(IPTABLES).program("/usr/sbin/ip6tables");
    let looks = ["filter", "mangle", "nat"].map(|table| [IPTABLES, "-t", table, "-C"]);
    looks.iter().fold(fake, |fake, argv| codes.iter().fold(fake, |fake, rc| fake.answer(argv, *rc, "", "")))
}

/// A machine that does not have the rule at first, and has it afterwards.
fn without() -> Fake {
    machine(&[1, 1, 0])
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/sbin/", "")).collect()
}

/// The words that Ansible 2.19 hands to iptables.
#[test]
fn rules_in_the_words_of_iptables() {
    for (args, rule) in [
        (json!({"jump": "DROP", "source": "8.8.8.8"}), "-s 8.8.8.8 -j DROP"),
        (json!({"protocol": "tcp", "destination_port": 8080, "jump": "ACCEPT"}), "-p tcp -j ACCEPT --destination-port 8080"),
        (
            json!({"protocol": "!tcp", "destination": "! 10.0.0.0/8", "source": "!1.2.3.4", "in_interface": "!eth0", "out_interface": "eth1",
                "jump": "LOG", "log_prefix": "pre fix", "log_level": "info"}),
            "! -p tcp ! -s 1.2.3.4 ! -d 10.0.0.0/8 -j LOG --log-prefix pre fix --log-level info ! -i eth0 -o eth1",
        ),
        (
            json!({"protocol": "tcp", "match": ["a", "b"], "tcp_flags": {"flags": ["ALL"], "flags_set": ["ACK", "RST"]}, "goto": "X",
                "to_destination": "1.1.1.1", "to_source": "2.2.2.2", "set_counters": "1 2", "source_port": "1:2", "destination_port": "3",
                "to_ports": "4", "gateway": "9.9.9.9"}),
            "-p tcp -m a -m b --tcp-flags ALL ACK,RST --to-destination 1.1.1.1 --to-source 2.2.2.2 -g X -c 1 2 --source-port 1:2 \
             --destination-port 3 --to-ports 4",
        ),
        (json!({"protocol": "tcp", "destination_ports": ["80", "8081:8083"]}), "-p tcp -m multiport --dports 80,8081:8083"),
        (json!({"syn": "negate", "protocol": "tcp", "reject_with": "tcp-reset"}), "-p tcp ! --syn -j REJECT --reject-with tcp-reset"),
        (
            json!({"comment": "hi there", "ctstate": ["NEW", "ESTABLISHED"], "src_range": "1-2", "dst_range": "3-4", "limit": "5/s",
                "limit_burst": 10, "uid_owner": "!root", "gid_owner": "!wheel", "match_set": "!s", "match_set_flags": "src",
                "icmp_type": 8, "protocol": "icmp"}),
            "-p icmp -m conntrack --ctstate NEW,ESTABLISHED -m iprange --src-range 1-2 --dst-range 3-4 -m set ! --match-set s src \
             -m limit --limit 5/s --limit-burst 10 -m owner ! --uid-owner root -m owner ! --gid-owner wheel --icmp-type 8 -m comment \
             --comment hi there",
        ),
        (json!({"match": ["state"], "ctstate": ["NEW"]}), "-m state --state NEW"),
        (json!({"match": ["conntrack"], "ctstate": ["NEW"], "limit_burst": 10}), "-m conntrack --ctstate NEW -m limit --limit-burst 10"),
        (
            json!({"match": ["set", "iprange"], "match_set": "s", "match_set_flags": "dst,src", "src_range": "1-2"}),
            "-m set -m iprange --src-range 1-2 --match-set s dst,src",
        ),
        (json!({"jump": "TEE", "gateway": "1"}), "-j TEE --gateway 1"),
        (json!({"jump": "DSCP", "set_dscp_mark": 8, "syn": "match", "comment": "z"}), "-j DSCP --set-dscp 8 --syn -m comment --comment z"),
        (json!({"jump": "DSCP", "set_dscp_mark_class": "CS1"}), "-j DSCP --set-dscp-class CS1"),
        (json!({"log_prefix": "x"}), "-j LOG --log-prefix x"),
        (json!({"fragment": "yes", "jump": "DROP"}), "-j DROP -f"),
        (json!({"fragment": "!", "jump": "DROP"}), "-j DROP ! -f"),
        (json!({"jump": "REJECT", "reject_with": "x"}), "-j REJECT --reject-with x"),
    ] {
        let mut args = args;
        args["chain"] = json!("INPUT");
        let applied = apply(&MODULE, without(), args.clone());
        assert_eq!(applied.get("rule"), rule, "{args}");
        assert_eq!(ran(&applied), [format!("iptables -t filter -A INPUT {rule}")], "{args}");
    }
}

#[test]
fn rules_come_and_go() {
    let rule = |more: Value| {
        let mut args = json!({"chain": "INPUT", "jump": "DROP", "table": "mangle", "wait": 3});
        for (name, value) in more.as_object().into_iter().flatten() {
            args[name] = value.clone();
        }
        args
    };
    let inserted = apply(&MODULE, without(), rule(json!({"action": "insert", "rule_num": 5})));
    assert_eq!(ran(&inserted), ["iptables -t mangle -I INPUT 5 -w 3 -j DROP"]);
    let appended = apply(&MODULE, without(), rule(json!({"rule_num": 5})));
    assert_eq!(ran(&appended), ["iptables -t mangle -A INPUT -w 3 -j DROP"]);
    let all = ["ip_version", "table", "chain", "flush", "rule", "state", "chain_management", "wait"].map(|key| appended.get(key).clone());
    assert_eq!(json!(all), json!(["ipv4", "mangle", "INPUT", false, "-j DROP", "present", false, "3"]));
    assert!(!apply(&MODULE, machine(&[0]), rule(json!({}))).changed);
    let gone = apply(&MODULE, machine(&[0, 0, 1]), rule(json!({"state": "absent"})));
    assert_eq!(ran(&gone), ["iptables -t mangle -D INPUT -w 3 -j DROP"]);
    assert!(!apply(&MODULE, machine(&[1]), rule(json!({"state": "absent"}))).changed);
}

#[test]
fn both_versions_of_ip() {
    let args = json!({"chain": "INPUT", "jump": "DROP", "ip_version": "both", "icmp_type": "echo-request"});
    let fake = without().answer(&["/usr/sbin/ip6tables", "-t", "filter", "-C"], 0, "", "");
    let applied = apply(&MODULE, fake, args);
    assert_eq!(ran(&applied), ["iptables -t filter -A INPUT -j DROP --icmp-type echo-request"]);
    assert_eq!(applied.get("rule"), "-j DROP --icmpv6-type echo-request");
    let six = machine(&[]).answer(&["/usr/sbin/ip6tables", "-t", "filter", "-C"], 1, "", "");
    let six = apply_once(&MODULE, six, json!({"chain": "INPUT", "jump": "DROP", "ip_version": "ipv6"}));
    assert_eq!(ran(&six), ["ip6tables -t filter -A INPUT -j DROP"]);
}

#[test]
fn policies() {
    let input = |policies: &[&str]| {
        policies.iter().fold(machine(&[]), |fake, policy| {
            fake.answer(&[IPTABLES, "-t", "filter", "-S", "INPUT"], 0, format!("-P INPUT {policy}\n-A INPUT -j ACCEPT\n"), "")
        })
    };
    let args = json!({"chain": "INPUT", "policy": "DROP"});
    let applied = apply(&MODULE, input(&["ACCEPT", "ACCEPT", "DROP"]), args.clone());
    assert_eq!(ran(&applied), ["iptables -t filter -P INPUT DROP"]);
    assert!(!apply(&MODULE, input(&["DROP"]), args).changed);
    let own = machine(&[]).answer(&[IPTABLES, "-t", "filter", "-S", "OWN"], 0, "-N OWN\n", "");
    let own = apply(&MODULE, own, json!({"chain": "OWN", "policy": "DROP"}));
    assert_eq!(own.failure().message, "failed to set the policy of the chain `OWN`: only chains of the kernel have one");
    let none = machine(&[]).answer(&[IPTABLES, "-t", "filter", "-S", "NO"], 1, "", "iptables: No chain/target/match by that name.");
    let none = apply(&MODULE, none, json!({"chain": "NO", "policy": "DROP"}));
    assert_eq!(none.failure().message, "failed to set the policy of the chain `NO`: there is no such chain");
}

#[test]
fn chains() {
    let with = |codes: &[i32]| {
        codes.iter().fold(machine(&[1, 1, 0]), |fake, rc| fake.answer(&[IPTABLES, "-t", "filter", "-S", "OWN"], *rc, "-N OWN\n", ""))
    };
    let args = |more: Value| {
        let mut args = more;
        args["chain"] = json!("OWN");
        args["chain_management"] = json!(true);
        args
    };
    assert_eq!(ran(&apply(&MODULE, with(&[1, 1, 0]), args(json!({})))), ["iptables -t filter -N OWN"]);
    assert_eq!(ran(&apply(&MODULE, with(&[0, 0, 1]), args(json!({"state": "absent"})))), ["iptables -t filter -X OWN"]);
    let filled = apply(&MODULE, with(&[1, 1, 0]), args(json!({"jump": "DROP"})));
    assert_eq!(ran(&filled), ["iptables -t filter -N OWN", "iptables -t filter -A OWN -j DROP"]);
    assert!(!apply(&MODULE, with(&[0]), args(json!({}))).changed);
    assert!(!apply(&MODULE, with(&[1]), args(json!({"state": "absent"}))).changed);
    assert!(!apply(&MODULE, with(&[1]), json!({"chain": "OWN"})).changed);
}

#[test]
fn flushing_is_a_change_each_time() {
    for (args, command) in [
        (json!({"flush": true}), "iptables -t filter -F"),
        (json!({"flush": true, "chain": "INPUT", "wait": 2}), "iptables -t filter -F INPUT -w 2"),
        (json!({"flush": true, "table": "nat"}), "iptables -t nat -F"),
    ] {
        let applied = apply_once(&MODULE, machine(&[]), args);
        assert!(applied.changed);
        assert_eq!(ran(&applied), [command]);
    }
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let drop = json!({"chain": "INPUT", "jump": "DROP"});
    let after = |earlier: Vec<Value>, codes: &[i32], args: &Value| {
        let run = |system: &mut dyn System| {
            for args in &earlier {
                let (changed, answer) = crate::modules::testing::apply_on(&MODULE, system, args);
                assert!(changed && answer.is_ok(), "{args}");
            }
        };
        let fake = machine(codes).answer(&[IPTABLES, "-t", "filter", "-S", "OWN"], 1, "", "");
        predict_after(&MODULE, fake, args.clone(), run).changed
    };
    assert!(!after(vec![drop.clone()], &[1], &drop), "it is there by then");
    assert!(after(vec![json!({"flush": true})], &[0], &drop), "it is gone by then");
    assert!(after(vec![json!({"flush": true, "chain": "INPUT"})], &[0], &drop));
    assert!(!after(vec![json!({"flush": true, "chain": "OUTPUT"})], &[0], &drop));
    assert!(!after(vec![json!({"flush": true}), drop.clone()], &[0], &drop));
    let own = json!({"chain": "OWN", "chain_management": true});
    assert!(!after(vec![own.clone()], &[2], &own));
    assert!(after(vec![own.clone()], &[2], &json!({"chain": "INPUT", "jump": "OWN"})), "the chain is there by then");
    assert!(after(vec![own], &[2], &json!({"chain": "OWN", "jump": "DROP"})));
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, json!({"jump": "DROP"})).contains("chain"));
    assert!(refused(&MODULE, json!({"chain": "INPUT", "jump": "TEE"})).contains("gateway"));
    assert!(refused(&MODULE, json!({"chain": "INPUT", "flush": true, "policy": "DROP"})).contains("policy"));
    assert!(refused(&MODULE, json!({"chain": "INPUT", "set_dscp_mark": 8})).contains("jump"));
    for (args, message) in [
        (
            json!({"jump": "ACCEPT", "log_prefix": "x"}),
            "failed to read the rule: `log_prefix` and `log_level` belong to the target `LOG` only",
        ),
        (json!({"tcp_flags": {"flags": ["SYN"]}}), "failed to read the rule: `tcp_flags` needs both `flags` and `flags_set`"),
    ] {
        let mut args = args;
        args["chain"] = json!("INPUT");
        assert_eq!(apply(&MODULE, machine(&[]), args).failure().message, message);
    }
    let odd = apply(&MODULE, machine(&[]), json!({"chain": "-X", "jump": "DROP"}));
    assert_eq!(odd.failure().message, "failed to look at the chain `-X`: a chain cannot be called so");
    let denied = machine(&[]).answer(&[IPTABLES, "-t", "filter", "-C"], 4, "", "iptables: Permission denied (you must be root).\n");
    let denied = apply(&MODULE, denied, json!({"chain": "INPUT", "jump": "DROP"}));
    assert_eq!(
        denied.failure().message,
        "failed to look for the rule in the chain `INPUT`: iptables: Permission denied (you must be root)."
    );
    let none = apply(&MODULE, Fake::new(), json!({"chain": "INPUT", "jump": "DROP"}));
    assert_eq!(none.failure().message, "failed to manage the packet filter: the machine has no `iptables`");
}
