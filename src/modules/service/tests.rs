use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, refused};
use crate::system::fake::Fake;

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ")).collect()
}

fn machine(active: bool) -> Fake {
    ["/etc/init.d/ntp", "/usr/sbin/update-rc.d", "/usr/sbin/rc-service", "/usr/sbin/rc-update"]
        .iter()
        .fold(Fake::new().service("ntp", active, false), |fake, program| fake.program(program))
}

fn args(manager: &str, more: Value) -> Value {
    let mut args = more;
    args["name"] = json!("ntp");
    args["use"] = json!(manager);
    args
}

#[test]
fn with_systemd_it_is_a_unit() {
    for manager in ["auto", "service", "systemd", "ansible.builtin.systemd_service"] {
        let applied = apply(&MODULE, machine(true), args(manager, json!({"state": "started", "enabled": true, "sleep": 5})));
        assert_eq!(ran(&applied), ["/usr/bin/systemctl enable ntp.service"]);
        assert_eq!(applied.get("status")["ActiveState"], "active");
        let warnings = applied.answer.as_ref().map(|outcome| outcome.warnings.clone()).unwrap_or_default();
        assert_eq!(warnings, ["`sleep` has no meaning with systemd and was ignored"]);
    }
    let missing = apply(&MODULE, machine(true), json!({"name": "none", "state": "started"}));
    assert_eq!(missing.failure().message, "failed to find the unit `none.service`: systemd knows no such unit");
}

#[test]
fn scripts_are_called() {
    for (state, active, script, openrc) in [
        ("started", false, "/etc/init.d/ntp start", "/usr/sbin/rc-service ntp start"),
        ("stopped", true, "/etc/init.d/ntp stop", "/usr/sbin/rc-service ntp stop"),
        ("restarted", true, "/etc/init.d/ntp restart", "/usr/sbin/rc-service ntp restart"),
        ("restarted", false, "/etc/init.d/ntp start", "/usr/sbin/rc-service ntp start"),
        ("reloaded", true, "/etc/init.d/ntp reload", "/usr/sbin/rc-service ntp reload"),
    ] {
        for (manager, call) in [("sysvinit", script), ("openrc", openrc)] {
            let applied = apply_once(&MODULE, machine(active), args(manager, json!({"state": state})));
            assert_eq!(ran(&applied), [call], "{state} {active}");
            assert!(applied.changed);
        }
    }
    assert!(!apply(&MODULE, machine(true), args("sysvinit", json!({"state": "started", "enabled": false}))).changed);
    assert!(!apply(&MODULE, machine(false), args("openrc", json!({"state": "stopped"}))).changed);
    let slow = args("sysvinit", json!({"state": "restarted", "sleep": 7, "arguments": "-x 'a b'"}));
    let slow = apply_once(&MODULE, machine(true), slow);
    assert_eq!(ran(&slow), ["/etc/init.d/ntp stop -x a b", "/etc/init.d/ntp start -x a b"]);
    assert!((slow.machine.seconds() - 1_700_000_007.0).abs() < 1e-6);
    let missing = apply(&MODULE, machine(true), json!({"name": "none", "use": "sysvinit", "state": "started"}));
    assert_eq!(missing.failure().message, "failed to find the service `none`: there is no `/etc/init.d/none`");
}

#[test]
fn the_list_of_processes_stands_in_for_a_script_that_cannot_tell() {
    let machine = |processes: &str| machine(true).answer(&["ps", "auxww"], 0, processes, "");
    let args = || args("sysvinit", json!({"state": "started", "pattern": "ntpd -g"}));
    assert!(!apply(&MODULE, machine("root 1 /usr/sbin/ntpd -g\n"), args()).changed);
    assert_eq!(ran(&apply_once(&MODULE, machine("root 1 init\n"), args())), ["/etc/init.d/ntp start"]);
}

#[test]
fn runlevels() {
    let enabled = apply(&MODULE, machine(true), args("sysvinit", json!({"enabled": true})));
    assert_eq!(ran(&enabled), ["/bin/sh -c $1 $2 defaults && $1 $2 enable sh /usr/sbin/update-rc.d ntp"]);
    let enabled = apply(&MODULE, machine(true), args("openrc", json!({"enabled": true, "runlevel": "boot"})));
    assert_eq!(ran(&enabled), ["/usr/sbin/rc-update add ntp boot"]);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, json!({"name": "ntp"})).contains("needs one of"));
    let other = apply(&MODULE, machine(true), args("upstart", json!({"enabled": true})));
    assert_eq!(other.failure().message, "failed to manage the service `ntp`: what `use` names, `upstart`, is not supported");
}
