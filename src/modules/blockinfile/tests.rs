use serde_json::{Value, json};

use super::super::shared::edit_cases;
use super::super::testing::{Applied, apply, apply_once, refused};
use super::*;
use crate::system::fake::Fake;

const BLOCK: &str = "# BEGIN ANSIBLE MANAGED BLOCK\nx\n# END ANSIBLE MANAGED BLOCK";

fn edited(before: &str, args: Value) -> Applied {
    let mut all = json!({"path": "/etc/hosts"});
    all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
    apply(&MODULE, Fake::new().file("/etc/hosts", before), all)
}

#[test]
fn cases() {
    edit_cases::check(&MODULE, include_str!("cases.json"));
}

#[test]
fn a_block_at_the_end_is_known_without_its_line_break() {
    let before = format!("a\n{BLOCK}");
    assert!(!edited(&format!("{before}\n"), json!({"block": "x"})).changed);
    let applied = edited(&before, json!({"block": "y"}));
    assert_eq!(applied.machine.text("/etc/hosts"), format!("a\n{}\n", BLOCK.replace('x', "y")));
    assert_eq!(edited(&before, json!({"state": "absent"})).machine.text("/etc/hosts"), "a\n");
}

#[test]
fn markers_of_several_lines_and_equal_ones_are_found_again() {
    let args = json!({"block": "y", "marker": "# {mark}\n# of ours\n"});
    assert_eq!(edited("a", args).machine.text("/etc/hosts"), "a\n# BEGIN\n# of ours\n\ny\n# END\n# of ours\n\n");
    let applied = edited("# no mark\nx\n# no mark\nz\n", json!({"block": "y", "marker": "# no mark"}));
    assert_eq!(applied.machine.text("/etc/hosts"), "# no mark\ny\n# no mark\nz\n");
    assert_eq!(applied.answer.unwrap().warnings, ["both marker lines are the same; `{mark}` in `marker` makes them differ"]);
}

#[test]
fn a_match_up_to_the_end_puts_the_block_there() {
    let applied = edited("a\nend\n", json!({"block": "x", "insertafter": "(?m)^end\n"}));
    assert_eq!(applied.machine.text("/etc/hosts"), format!("a\nend\n{BLOCK}\n"));
}

#[test]
fn attributes_backup_and_new_files() {
    let applied = edited("a\n", json!({"block": "x", "mode": "0600", "backup": true}));
    assert_eq!(applied.machine.text(applied.get("backup_file").as_str().unwrap()), "a\n");
    assert_eq!(applied.get("msg"), "Block inserted and ownership or permissions changed");
    let applied = apply(&MODULE, Fake::new(), json!({"path": "/etc/app/x", "content": "x", "create": true, "mode": "0640"}));
    assert_eq!((applied.machine.text("/etc/app/x"), applied.machine.stat_of("/etc/app/x").mode), (format!("{BLOCK}\n"), 0o640));
}

#[test]
fn what_is_refused_leaves_the_file() {
    for (args, message) in [
        (json!({"path": "/none", "block": "x"}), "failed to edit `/none`: nothing is there"),
        (json!({"path": "/f", "block": "x", "insertafter": "("}), "failed to edit `/f`: `(` is no regular expression"),
        (json!({"path": "/f", "block": "x", "validate": "check %s"}), "failed to validate"),
    ] {
        let applied = apply_once(&MODULE, Fake::new().file("/f", "a\n").answer(&["check"], 1, "", "no\n"), args);
        assert!(applied.failure().message.starts_with(message), "{}", applied.failure());
        assert_eq!(applied.machine.text("/f"), "a\n");
    }
    assert!(refused(&MODULE, json!({"path": "/f", "insertafter": "a", "insertbefore": "b"})).contains("only one of"));
}
