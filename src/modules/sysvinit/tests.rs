use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict_after, refused};
use crate::system::fake::Fake;

const SCRIPT: &str = "/etc/init.d/svc";

/// A machine on which the script says each of these when it is asked.
fn machine(codes: &[i32]) -> Fake {
    let fake = Fake::new().program(SCRIPT).program("/usr/sbin/update-rc.d").program("/usr/bin/setsid").program("/usr/bin/ps");
    let fake = fake.answer(&[SCRIPT], 0, "", "");
    codes.iter().fold(fake, |fake, rc| fake.answer(&[SCRIPT, "status"], *rc, "", ""))
}

fn args(more: Value) -> Value {
    let mut args = more;
    args["name"] = json!("svc");
    args
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/etc/init.d/", "").replace("/usr/sbin/", "")).collect()
}

#[test]
fn the_script_is_called() {
    for (state, codes, call) in [("started", vec![3, 3, 0], "svc start"), ("stopped", vec![0, 0, 3], "svc stop")] {
        let applied = apply(&MODULE, machine(&codes), args(json!({"state": state})));
        assert_eq!(ran(&applied), [call]);
        let nothing = json!({"changed": false, "rc": null, "stdout": null, "stderr": null});
        let done = json!({"changed": true, "rc": 0, "stdout": "", "stderr": ""});
        assert_eq!(*applied.get("status"), json!({"enabled": nothing, state: done}));
    }
    assert!(!apply(&MODULE, machine(&[0]), args(json!({"state": "started"}))).changed);
    assert!(!apply(&MODULE, machine(&[3]), args(json!({"state": "stopped"}))).changed);
    for (state, rc, calls) in [
        ("restarted", 0, vec!["svc stop", "svc start"]),
        ("restarted", 3, vec!["svc start"]),
        ("reloaded", 0, vec!["svc reload"]),
        ("reloaded", 3, vec!["svc start"]),
    ] {
        let applied = apply_once(&MODULE, machine(&[rc]), args(json!({"state": state, "sleep": 0})));
        assert_eq!(ran(&applied), calls, "{state} {rc}");
    }
    let slow = apply_once(&MODULE, machine(&[0]), args(json!({"state": "restarted", "arguments": "-x 'a b'"})));
    assert_eq!(ran(&slow), ["svc stop -x a b", "svc start -x a b"]);
    assert!((slow.machine.seconds() - 1_700_000_001.0).abs() < 1e-6);
    let apart = machine(&[3]).answer(&["setsid"], 0, "", "");
    let apart = apply_once(&MODULE, apart, args(json!({"state": "started", "daemonize": true})));
    assert_eq!(ran(&apart), ["setsid --wait svc start"]);
}

#[test]
fn scripts_that_cannot_tell() {
    let words = || Fake::new().program(SCRIPT).answer(&[SCRIPT], 0, "", "").answer(&[SCRIPT, "status"], 0, "svc is not running\n", "");
    assert_eq!(ran(&apply_once(&MODULE, words(), args(json!({"state": "started"})))), ["svc start"]);
    let listed = |text: &str| machine(&[]).answer(&["ps", "auxww"], 0, text, "");
    let pattern = || args(json!({"state": "started", "pattern": "svcd -g"}));
    assert!(!apply(&MODULE, listed("root 1 /usr/sbin/svcd -g\n"), pattern()).changed);
    assert_eq!(ran(&apply_once(&MODULE, listed("root 1 init\n"), pattern())), ["svc start"]);
}

#[test]
fn runlevels() {
    let linked = |links: &[&str]| links.iter().fold(machine(&[]), |fake, link| fake.link(&format!("/etc/rc{link}svc"), "../init.d/svc"));
    for (links, more, call) in [
        (vec![], json!({"enabled": true}), Some("update-rc.d svc defaults, update-rc.d svc enable")),
        (vec!["2.d/K01", "0.d/K01"], json!({"enabled": true}), Some("update-rc.d svc enable")),
        (vec!["2.d/S01", "0.d/K01"], json!({"enabled": true}), None),
        (vec!["2.d/S01"], json!({"enabled": false}), Some("update-rc.d svc disable")),
        (vec!["2.d/K01"], json!({"enabled": false}), None),
        (vec![], json!({"enabled": false}), None),
        (vec!["2.d/S01", "3.d/K01"], json!({"enabled": true, "runlevels": ["2", "3"]}), Some("update-rc.d svc enable 2 3")),
        (vec!["2.d/S01", "3.d/S99"], json!({"enabled": true, "runlevels": [2, 3]}), None),
        (vec!["2.d/S01", "3.d/S01"], json!({"enabled": false, "runlevels": ["3"]}), Some("update-rc.d svc disable 3")),
        (vec!["2.d/S01", "3.d/K01"], json!({"enabled": false, "runlevels": ["3"]}), None),
    ] {
        let applied = apply_once(&MODULE, linked(&links), args(more.clone()));
        assert_eq!(ran(&applied).join(", "), call.unwrap_or_default(), "{links:?} {more}");
        assert_eq!(applied.changed, call.is_some());
        assert_eq!(applied.get("status")["enabled"]["changed"], call.is_some());
        let earlier =
            |system: &mut dyn crate::system::System| drop(crate::modules::testing::apply_on(&MODULE, system, &args(more.clone())));
        assert!(!predict_after(&MODULE, linked(&links), args(more.clone()), earlier).changed, "check mode remembers");
    }
    let redhat = Fake::new().program(SCRIPT).program("/sbin/chkconfig");
    let redhat = apply_once(&MODULE, redhat, args(json!({"enabled": true, "runlevels": ["3", "5"]})));
    assert_eq!(ran(&redhat), ["chkconfig --level 35 svc on"]);
    assert_eq!(redhat.get("status")["enabled"]["runlevels"], json!(["3", "5"]));
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let started = args(json!({"state": "started"}));
    let earlier = |system: &mut dyn crate::system::System| drop(crate::modules::testing::apply_on(&MODULE, system, &started));
    assert!(!predict_after(&MODULE, machine(&[3]), started.clone(), earlier).changed);
    assert!(predict_after(&MODULE, machine(&[3]), args(json!({"state": "stopped"})), earlier).changed);
    assert!(predict_after(&MODULE, machine(&[0]), args(json!({"state": "restarted"})), |_| {}).changed);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, json!({"name": "svc"})).contains("needs one of"));
    let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
    assert_eq!(
        message(machine(&[]), json!({"name": "none", "state": "started"})),
        "failed to find the service `none`: there is no `/etc/init.d/none`"
    );
    assert_eq!(
        message(machine(&[]), json!({"name": "../x", "state": "started"})),
        "failed to find the service `../x`: a service cannot be called so"
    );
    assert_eq!(
        message(machine(&[]), args(json!({"enabled": true, "runlevels": ["9"]}))),
        "failed to read `runlevels`: `9` is none, but 0, 1, 2, 3, 4, 5, 6, S are"
    );
    let broken = Fake::new().program(SCRIPT).answer(&[SCRIPT, "status"], 3, "", "").answer(&[SCRIPT, "start"], 1, "", "no port\n");
    assert_eq!(message(broken, args(json!({"state": "started"}))), "failed to start the service `svc`: no port");
}
