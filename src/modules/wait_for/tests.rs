use serde_json::json;

use super::super::testing::{apply, apply_once, predict, refused};
use super::*;
use crate::system::fake::{Fake, Fault};

#[test]
fn a_port_that_answers_is_waited_for() {
    let machine = Fake::new().port("127.0.0.1", 8551, "").port("db", 5432, "");
    let applied = apply(&MODULE, machine, json!({"port": 8551, "timeout": 5}));
    assert!(!applied.changed);
    assert_eq!((applied.get("elapsed"), applied.get("port"), applied.get("state")), (&json!(0), &json!(8551), &json!("started")));
    assert_eq!((applied.get("match_groups"), applied.get("match_groupdict"), applied.get("path")), (&json!([]), &json!({}), &Value::Null));
    apply(&MODULE, applied.machine, json!({"host": "db", "port": "5432", "state": "present"}));
}

#[test]
fn looks_are_as_far_apart_as_asked_and_end_with_the_timeout() {
    let applied = apply_once(&MODULE, Fake::new(), json!({"port": 1, "timeout": 7, "sleep": 3, "delay": 2}));
    let failure = applied.failure();
    assert_eq!(failure.message, "timeout when waiting for port 1 of `127.0.0.1` to be started: after 7 seconds Connection refused");
    assert_eq!(failure.result["elapsed"], 7);
    let applied = apply_once(&MODULE, Fake::new(), json!({"port": 1, "timeout": 0, "sleep": 0, "msg": "it is down"}));
    assert_eq!(applied.failure().message, "it is down");
}

#[test]
fn without_a_condition_time_passes() {
    let applied = apply_once(&MODULE, Fake::new(), json!({"timeout": 4, "delay": 1}));
    assert_eq!(applied.get("elapsed"), 5);
}

#[test]
fn a_port_that_no_longer_answers() {
    for state in ["stopped", "absent"] {
        apply(&MODULE, Fake::new(), json!({"port": 22, "state": state}));
        let applied = apply_once(&MODULE, Fake::new().port("127.0.0.1", 22, ""), json!({"port": 22, "state": state, "timeout": 3}));
        assert!(applied.failure().message.ends_with(&format!("to be {state}: after 3 seconds it still answers")), "{}", applied.failure());
    }
}

#[test]
fn what_a_port_sends() {
    let machine = || Fake::new().port("127.0.0.1", 22, "hello\r\nSSH-2.0-OpenSSH_9.2\r\n");
    let applied = apply(&MODULE, machine(), json!({"port": 22, "search_regex": "^SSH-(?P<version>[\\d.]+)-(\\w+?)_(x)?"}));
    assert_eq!(applied.get("match_groups"), &json!(["2.0", "OpenSSH", null]));
    assert_eq!(applied.get("match_groupdict"), &json!({"version": "2.0"}));
    let applied = apply_once(&MODULE, machine(), json!({"port": 22, "search_regex": "^SMTP", "timeout": 2}));
    assert!(applied.failure().message.ends_with("what it sends does not match `^SMTP`"), "{}", applied.failure());
}

#[test]
fn files() {
    let machine = || Fake::new().file("/var/log/app.log", "start\nready on 80\n").link("/log", "/var/log/app.log").link("/void", "nothing");
    let cases = [
        (json!({"path": "/log"}), None),
        (json!({"path": "/log", "state": "present", "search_regex": "^ready on (\\d+)$"}), None),
        (json!({"path": "/log", "search_regex": "^on", "timeout": 1}), Some("after 1 second it does not contain what matches `^on`")),
        (json!({"path": "/void", "timeout": 1}), Some("timeout when waiting for `/void` to be started: after 1 second it is not there")),
        (json!({"path": "/void", "state": "absent"}), None),
        (json!({"path": "/log", "state": "absent", "timeout": 1}), Some("to be absent: after 1 second it is still there")),
    ];
    for (args, wrong) in cases {
        match wrong {
            None => assert!(!apply(&MODULE, machine(), args).changed),
            Some(wrong) => {
                let applied = apply_once(&MODULE, machine(), args.clone());
                assert!(applied.failure().message.ends_with(wrong), "{args}: {}", applied.failure());
            }
        }
    }
    let applied = apply(&MODULE, machine(), json!({"path": "/var/log/app.log", "search_regex": "(\\d+)"}));
    assert_eq!((applied.get("state"), applied.get("mode"), applied.get("match_groups")), (&json!("file"), &json!("0644"), &json!(["80"])));
    let applied =
        apply_once(&MODULE, machine().fault(Fault::Denied, "/var"), json!({"path": "/var/log/app.log", "search_regex": "x", "timeout": 1}));
    assert!(applied.failure().message.ends_with("Permission denied"), "{}", applied.failure());
}

#[test]
fn connections_that_count() {
    let table = "  sl  local_address rem_address   st\n\
                 0: 00000000:01BB 00000000:0000 0A\n\
                 1: 0100007F:01BB 0100007F:C001 01\n\
                 2: 0501A8C0:01BB 0202A8C0:C002 06\n\
                 3: 0501A8C0:0016 0202A8C0:C003 01\n";
    let machine = || {
        Fake::new().file("/proc/net/tcp", table).answer(
            &["getent", "ahosts", "client"],
            0,
            "192.168.2.2 STREAM client\n192.168.2.2 DGRAM\n",
            "",
        )
    };
    let drained = |more: Value| {
        let mut args = json!({"port": 443, "state": "drained", "timeout": 1});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        apply_once(&MODULE, machine(), args).answer.map(drop).map_err(|failure| failure.message)
    };
    let still =
        |what: &str, host: &str| Err(format!("timeout when waiting for port 443 of `{host}` to be drained: after 1 second there {what}"));
    assert_eq!(drained(json!({})), still("is still 1 connection", "127.0.0.1"));
    assert_eq!(drained(json!({"host": "0.0.0.0"})), still("are still 2 connections", "0.0.0.0"));
    assert_eq!(drained(json!({"host": "192.168.1.5", "exclude_hosts": ["client"]})), Ok(()));
    assert_eq!(drained(json!({"host": "192.168.1.5", "active_connection_states": "ESTABLISHED,SYN_SENT"})), Ok(()));
    assert_eq!(drained(json!({"host": "10.0.0.1"})), Ok(()));
    let failure = apply_once(&MODULE, Fake::new(), json!({"port": 443, "state": "drained"}));
    assert!(failure.failure().message.contains("no table"), "{}", failure.failure());
}

#[test]
fn what_does_not_go_together() {
    assert!(refused(&MODULE, json!({"port": 1, "path": "/x"})).contains("only one of"));
    assert!(refused(&MODULE, json!({"port": 1, "state": "drained", "active_connection_states": "OPEN"})).contains("must be one of"));
    let cases = [
        (json!({"path": "/x", "state": "stopped"}), "failed to wait: `state: stopped` is for ports, not for a `path`"),
        (json!({"state": "drained"}), "failed to wait: `state: drained` needs a `port`"),
        (json!({"port": 1, "exclude_hosts": "a"}), "failed to wait: `exclude_hosts` needs `state: drained`"),
        (json!({"port": 70000}), "failed to wait: `port` must be a number from 0 to 65535"),
        (json!({"path": "/x", "search_regex": "("}), "failed to wait: `(` is no regular expression: the `(` is not closed (at position 0)"),
    ];
    for (args, message) in cases {
        assert_eq!(apply_once(&MODULE, Fake::new(), args).failure().message, message);
    }
}

#[test]
fn check_mode_does_not_wait() {
    for args in [json!({"port": 1}), json!({"path": "/x"}), json!({"timeout": 5})] {
        let predicted = predict(&MODULE, Fake::new(), args);
        assert!(predicted.failure().unpredictable, "{}", predicted.failure());
        assert!(predicted.machine.seconds() < 1_700_000_001.0);
    }
}
