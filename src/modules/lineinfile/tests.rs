use serde_json::{Value, json};

use super::super::shared::edit_cases;
use super::super::testing::{Applied, apply, apply_once, predict, predict_after, refused};
use super::*;
use crate::system::Command;
use crate::system::fake::{Fake, Fault};

fn edited(before: &str, args: Value) -> Applied {
    let mut all = json!({"path": "/etc/app.conf"});
    all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
    apply(&MODULE, Fake::new().file("/etc/app.conf", before), all)
}

#[test]
fn cases() {
    edit_cases::check(&MODULE, include_str!("cases.json"));
}

#[test]
fn several_lines_are_added_once() {
    for (before, args, after) in [
        ("a\n", json!({"line": "x\ny"}), "a\nx\ny\n"),
        ("x\ny", json!({"line": "x\ny"}), "x\ny"),
        ("x\nz\n", json!({"line": "x\ny\n"}), "x\nz\nx\ny\n"),
        ("x=1\nz\n", json!({"line": "x=2\ny", "regexp": "^x="}), "x=2\ny\nz\n"),
    ] {
        let applied = edited(before, args.clone());
        assert_eq!(applied.machine.text("/etc/app.conf"), after, "{args}");
        assert_eq!(applied.changed, before != after);
    }
}

#[test]
fn a_line_behind_the_last_one_does_not_run_into_it() {
    assert_eq!(edited("a\nb", json!({"line": "q", "insertafter": "^b"})).machine.text("/etc/app.conf"), "a\nb\nq\n");
}

#[test]
fn a_line_that_is_elsewhere_is_added_beside_the_first_match_only_once() {
    for (option, after) in [("insertafter", "a\nend\nb\nend\n"), ("insertbefore", "end\na\nb\nend\n")] {
        let applied = edited("a\nb\nend\n", json!({"line": "end", option: "^a", "firstmatch": true}));
        assert_eq!(applied.machine.text("/etc/app.conf"), after);
    }
}

#[test]
fn attributes_are_set_with_or_without_a_change() {
    let applied = edited("a\n", json!({"line": "a", "mode": "0600"}));
    assert!(applied.changed && applied.machine.stat_of("/etc/app.conf").mode == 0o600);
    assert_eq!(applied.get("msg"), "ownership or permissions changed");
    let applied = edited("a\n", json!({"line": "b", "mode": "0600", "backup": true}));
    assert_eq!(applied.get("msg"), "line added and ownership or permissions changed");
    assert_eq!(applied.machine.text(applied.get("backup").as_str().unwrap()), "a\n");
    let machine =
        Fake::new().user("ada", 1000).file("/etc/app.conf", "a\n").mode("/etc/app.conf", 0o640).owner("/etc/app.conf", 1000, 1000);
    let applied = apply(&MODULE, machine, json!({"path": "/etc/app.conf", "line": "b"}));
    let stat = applied.machine.stat_of("/etc/app.conf");
    assert_eq!((stat.mode, stat.uid, stat.gid, applied.get("msg")), (0o640, 1000, 1000, &json!("line added")));
}

#[test]
fn the_difference_is_shown() {
    let applied = edited("a\nb\n", json!({"line": "c", "regexp": "^b"}));
    let shown = Value::from(applied.diff).to_string();
    assert!(shown.contains("a\\nb\\n") && shown.contains("a\\nc\\n"), "{shown}");
}

#[test]
fn links_are_followed_and_directories_made() {
    let machine = Fake::new().file("/etc/real", "a\n").link("/etc/link", "real");
    let applied = apply(&MODULE, machine, json!({"dest": "/etc/link", "value": "b"}));
    assert_eq!((applied.machine.text("/etc/real").as_str(), applied.machine.stat_of("/etc/link").is_link()), ("a\nb\n", true));
    let applied = apply(&MODULE, Fake::new(), json!({"path": "/etc/app/conf.d/x", "line": "b", "create": true, "mode": "0600"}));
    assert_eq!(applied.machine.text("/etc/app/conf.d/x"), "b\n");
    assert_eq!((applied.machine.stat_of("/etc/app").mode, applied.machine.stat_of("/etc/app/conf.d/x").mode), (0o755, 0o600));
}

#[test]
fn what_is_refused_leaves_the_file() {
    let machine = || Fake::new().file("/etc/app.conf", "a\n").answer(&["check"], 3, "", "line 2: bad\n");
    for (args, message, rc) in [
        (json!({"path": "/etc", "line": "b"}), "failed to edit `/etc`: it is a directory", json!(256)),
        (json!({"path": "/none", "line": "b"}), "failed to edit `/none`: nothing is there", json!(257)),
        (
            json!({"path": "/etc/app.conf", "line": "b", "regexp": "("}),
            "failed to edit `/etc/app.conf`: `(` is no regular expression: the `(` is not closed (at position 0)",
            Value::Null,
        ),
        (
            json!({"path": "/etc/app.conf", "line": "\\2", "regexp": "(a)", "backrefs": true}),
            "failed to edit `/etc/app.conf`: `\\2` is no replacement: the pattern has no group 2",
            Value::Null,
        ),
        (json!({"path": "/etc/app.conf", "line": "b", "validate": "check %s"}), "failed to validate", json!(3)),
        (
            json!({"path": "/etc/app.conf", "line": "b", "validate": "check"}),
            "failed to validate: the command `check` has no `%s`",
            Value::Null,
        ),
    ] {
        let applied = apply_once(&MODULE, machine(), args);
        let failure = applied.failure();
        assert!(failure.message.starts_with(message), "{failure}");
        assert_eq!(failure.result.get("rc").unwrap_or(&Value::Null), &rc);
        assert!(!applied.changed && applied.machine.text("/etc/app.conf") == "a\n");
    }
    let applied = apply_once(&MODULE, machine().fault(Fault::NoSpace, "/etc"), json!({"path": "/etc/app.conf", "line": "b"}));
    assert_eq!(applied.failure().message, "failed to write `/etc/app.conf`: No space left on device");
}

#[test]
fn arguments_that_do_not_go_together() {
    for (args, message) in [
        (json!({"path": "/f"}), "`lineinfile` with `state: present` needs `line`"),
        (json!({"path": "/f", "state": "absent"}), "`lineinfile` with `state: absent` needs one of `line`, `regexp` and `search_string`"),
        (json!({"path": "/f", "line": "x", "backrefs": true}), "`lineinfile` with `backrefs: true` needs `regexp`"),
        (json!({"path": "/f", "line": "x", "insertafter": "a", "insertbefore": "b"}), "only one of the options"),
    ] {
        assert!(refused(&MODULE, args).contains(message), "{message}");
    }
    let applied = apply_once(&MODULE, Fake::new().file("/f", "a\n"), json!({"path": "/f", "line": "x", "regexp": ""}));
    assert_eq!(applied.answer.unwrap().warnings, ["an empty `regexp` matches every line"]);
}

#[test]
fn a_file_that_an_earlier_command_may_make_is_not_known_to_be_missing() {
    let args = json!({"path": "/etc/app.conf", "line": "x"});
    assert!(!predict(&MODULE, Fake::new(), args.clone()).failure().unpredictable);
    let behind = predict_after(&MODULE, Fake::new(), args, |machine| {
        machine.execute(&Command::new(["make", "install"]), &mut |_, _| {}).expect("is recorded");
    });
    assert!(behind.failure().unpredictable, "{}", behind.failure());
}
