use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once, predict, refused};
use crate::system::fake::Fake;

fn machine() -> Fake {
    Fake::new().service("nginx", true, true).service("cron", false, false)
}

fn with_state(state: &str) -> Fake {
    let properties = [("UnitFileState", state), ("ActiveState", "inactive"), ("LoadState", "loaded")];
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    machine().service_with(crate::system::Service { name: "odd.service".into(), properties, ..crate::system::Service::default() })
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/", "")).collect()
}

#[test]
fn only_what_differs_is_done_in_the_right_order() {
    for (args, commands) in [
        (json!({"name": "nginx", "state": "started", "enabled": true}), vec![]),
        (json!({"name": "cron", "state": "stopped", "enabled": false, "masked": false}), vec![]),
        (json!({"name": "cron", "state": "started"}), vec!["systemctl start cron.service"]),
        (
            json!({"name": "cron.service", "state": "started", "enabled": true}),
            vec!["systemctl enable cron.service", "systemctl start cron.service"],
        ),
        (
            json!({"name": "nginx", "state": "stopped", "enabled": false}),
            vec!["systemctl disable nginx.service", "systemctl stop nginx.service"],
        ),
        (
            json!({"name": "nginx", "masked": true, "state": "stopped"}),
            vec!["systemctl mask nginx.service", "systemctl stop nginx.service"],
        ),
        (json!({"name": "later.timer", "masked": true}), vec!["systemctl mask later.timer"]),
        (
            json!({"name": "cron", "enabled": true, "force": true, "no_block": true, "state": "started"}),
            vec!["systemctl enable --force cron.service", "systemctl start --no-block cron.service"],
        ),
    ] {
        let applied = apply(&SYSTEMD, machine(), args.clone());
        assert_eq!(ran(&applied), commands, "{args}");
        assert_eq!(applied.changed, !commands.is_empty(), "{args}");
    }
}

#[test]
fn restarting_and_reloading_are_done_each_time() {
    for (name, state, command) in
        [("nginx", "restarted", "restart"), ("nginx", "reloaded", "reload"), ("cron", "restarted", "start"), ("cron", "reloaded", "start")]
    {
        let applied = apply_once(&SYSTEMD_SERVICE, machine(), json!({"name": name, "state": state}));
        assert_eq!(ran(&applied), [format!("systemctl {command} {name}.service")]);
        assert!(applied.changed);
        assert_eq!(applied.get("state"), "started");
        assert!(predict(&SYSTEMD_SERVICE, machine(), json!({"name": name, "state": state})).changed);
    }
}

#[test]
fn the_manager_reads_its_files_without_a_change() {
    let applied = apply(&SYSTEMD, machine(), json!({"daemon_reload": true, "daemon_reexec": true}));
    assert!(!applied.changed);
    assert!(ran(&applied).starts_with(&["systemctl daemon-reexec".to_owned(), "systemctl daemon-reload".to_owned()]));
    assert!(predict(&SYSTEMD, machine(), json!({"daemon_reload": true})).machine.runs().is_empty(), "not in check mode");
    let both = apply(&SYSTEMD, machine(), json!({"name": "cron", "enabled": true, "daemon_reload": true}));
    assert_eq!(ran(&both)[..2], ["systemctl daemon-reload", "systemctl enable cron.service"]);
}

#[test]
fn a_unit_that_was_just_written_counts() {
    let machine =
        machine().file("/etc/systemd/system/kscn.service", "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n");
    let applied = apply(&SYSTEMD, machine, json!({"name": "kscn", "state": "started", "enabled": true, "daemon_reload": true}));
    assert!(applied.changed);
    assert_eq!(ran(&applied)[..3], ["systemctl daemon-reload", "systemctl enable kscn.service", "systemctl start kscn.service"]);
}

#[test]
fn the_status_is_told() {
    let applied = apply(&SYSTEMD, machine(), json!({"name": "nginx"}));
    assert_eq!(applied.get("status")["ActiveState"], "active");
    assert_eq!(applied.get("name"), "nginx");
    let unknown = apply(&SYSTEMD, machine(), json!({"name": "none"}));
    assert_eq!(unknown.get("status")["LoadState"], "not-found");
}

#[test]
fn units_that_cannot_be_enabled_stay_as_they_are() {
    for (state, enabled, command) in [
        ("static", true, None),
        ("static", false, None),
        ("indirect", false, None),
        ("generated", true, None),
        ("disabled", true, Some("systemctl enable odd.service")),
        ("enabled-runtime", true, None),
        ("linked", true, Some("systemctl enable odd.service")),
    ] {
        let applied = apply(&SYSTEMD, with_state(state), json!({"name": "odd", "enabled": enabled}));
        assert_eq!(ran(&applied).first().map(String::as_str), command, "{state}");
    }
    let script = with_state("generated").file("/etc/init.d/odd", "").answer(&["/usr/bin/systemctl", "is-enabled"], 1, "disabled\n", "");
    let applied = apply(&SYSTEMD, script, json!({"name": "odd", "enabled": true}));
    assert_eq!(ran(&applied), ["systemctl enable odd.service"]);
}

#[test]
fn what_goes_wrong_is_explained() {
    let missing = apply(&SYSTEMD, machine(), json!({"name": "none", "state": "started"}));
    assert_eq!(missing.failure().message, "failed to find the unit `none.service`: systemd knows no such unit");
    let pattern = apply(&SYSTEMD, machine(), json!({"name": "ngin*", "state": "started"}));
    assert_eq!(pattern.failure().message, "failed to manage the unit `ngin*`: this is not the name of one unit");
    let own = machine().file("/etc/systemd/system/cron.service", "");
    let masked = apply(&SYSTEMD, own, json!({"name": "cron", "masked": true}));
    assert_eq!(masked.failure().message, "failed to mask the unit `cron.service`: its own file is where the mask would be");
    let failing = machine()
        .answer(&["/usr/bin/systemctl", "start"], 1, "", "Job for cron.service failed.\n")
        .program("/usr/bin/journalctl")
        .answer(&["/usr/bin/journalctl"], 0, "no such port\n", "");
    let failed = apply_once(&SYSTEMD, failing, json!({"name": "cron", "state": "started"}));
    assert_eq!(
        failed.failure().message,
        "failed to start the unit `cron.service`: Job for cron.service failed.\nthe end of its journal:\nno such port"
    );
    let none = apply(&SYSTEMD, Fake::new(), json!({"name": "cron", "state": "started"}));
    assert_eq!(none.failure().message, "failed to manage units of systemd: the machine has no `systemctl`");
    assert!(refused(&SYSTEMD, json!({"state": "started"})).contains("name"));
}

#[test]
fn where_systemd_does_not_run_only_files_are_managed() {
    let chroot = || Fake::new().program("/usr/bin/systemctl").answer(&["/usr/bin/systemctl", "is-enabled"], 1, "disabled\n", "");
    let applied = apply_once(&SYSTEMD, chroot(), json!({"name": "cron", "enabled": true, "state": "started"}));
    assert_eq!(ran(&applied), ["systemctl enable cron.service"]);
    assert!(applied.answer.is_ok_and(|outcome| outcome.warnings[0].contains("systemd does not run here")));
}

#[test]
fn units_of_users_are_asked_of_their_own_manager() {
    let machine = machine().answer(
        &["/usr/bin/systemctl", "--user", "show"],
        0,
        "LoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n",
        "",
    );
    let applied = apply_once(&SYSTEMD, machine, json!({"name": "sync", "scope": "user", "state": "started"}));
    assert_eq!(ran(&applied), ["systemctl --user start sync.service"]);
    assert_eq!(applied.machine.runs()[0].env.get("XDG_RUNTIME_DIR").map(String::as_str), Some("/run/user/0"));
    let offline = self::machine().answer(&["/usr/bin/systemctl", "--user", "show"], 1, "", "Failed to connect to bus: No medium found\n");
    let failed = apply_once(&SYSTEMD, offline, json!({"name": "sync", "scope": "user", "state": "started"}));
    assert!(failed.failure().message.ends_with("Failed to connect to bus: No medium found"));
    let global = self::machine().answer(&["/usr/bin/systemctl", "--global", "is-enabled"], 1, "disabled\n", "");
    let applied = apply_once(&SYSTEMD, global, json!({"name": "sync", "scope": "global", "enabled": true}));
    assert_eq!(ran(&applied), ["systemctl --global enable sync.service"]);
    assert_eq!(applied.get("enabled"), &Value::Bool(true));
}
