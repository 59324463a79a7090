use serde_json::{Value, json};

use super::super::testing::{apply, apply_once, content};
use super::*;
use crate::system::fake::Fake;

fn machine() -> Fake {
    Fake::new()
        .file("/etc/app.d/1", "one\n")
        .file("/etc/app.d/2", "two")
        .file("/etc/app.d/3", "")
        .file("/etc/app.d/4", "four\n")
        .file("/etc/app.d/.h", "hid\n")
        .link("/etc/app.d/5l", "4")
        .file("/etc/app.d/sub/y", "x")
        .file("/etc/old", "old\n")
        .link("/etc/link", "old")
}

fn made(args: Value) -> String {
    let mut all = json!({"src": "/etc/app.d", "dest": "/etc/app.conf"});
    all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
    let applied = apply(&MODULE, machine(), all);
    assert!(applied.changed);
    applied.machine.text(applied.get("dest").as_str().unwrap())
}

#[test]
fn files_become_one() {
    for (args, expected) in [
        (json!({}), "hid\none\ntwo\n\nfour\nfour\n"),
        (json!({"ignore_hidden": true, "delimiter": "--"}), "one\n--\ntwo\n--\n\n--\nfour\n--\nfour\n"),
        (json!({"regexp": "^[124]$"}), "one\ntwo\nfour\n"),
        (json!({"regexp": "[12]", "delimiter": ""}), "one\ntwo"),
        (json!({"regexp": "[14]$", "delimiter": "#\\n\\x41\\t"}), "one\n#\nA\t\nfour\n"),
        (json!({"regexp": "[14]$", "delimiter": "a\n"}), "one\na\nfour\n"),
        (json!({"regexp": "none"}), ""),
        (json!({"regexp": "1", "dest": "/etc/link"}), "one\n"),
    ] {
        assert_eq!(made(args.clone()), expected, "{args}");
    }
}

#[test]
fn the_result_describes_the_file() {
    let applied =
        apply(&MODULE, machine(), json!({"src": "/etc/app.d", "dest": "/etc/old", "mode": "0600", "backup": true, "regexp": "1"}));
    for (key, value) in [
        ("checksum", json!("c7059bb19433cc3cabaa6236c83d56668a843dd2")),
        ("md5sum", json!("5bbf5a52328e7439ae6e719dfe712200")),
        ("mode", json!("0600")),
        ("size", json!(4)),
        ("src", json!("/etc/app.d")),
        ("msg", json!("OK")),
    ] {
        assert_eq!(applied.get(key), &value, "{key}");
    }
    assert_eq!(applied.machine.text(applied.get("backup_file").as_str().unwrap()), "old\n");
    let again = apply_once(&MODULE, applied.machine, json!({"src": "/etc/app.d", "dest": "/etc/old", "mode": "0644", "regexp": "1"}));
    assert!(again.changed && again.machine.stat_of("/etc/old").mode == 0o644);
}

#[test]
fn pieces_of_the_controller_arrive_joined() {
    let applied =
        apply(&MODULE, Fake::new(), json!({"src": "app.d", "dest": "/etc/app.conf", "remote_src": false, "_content": content("a\nb\n")}));
    assert_eq!(applied.machine.text("/etc/app.conf"), "a\nb\n");
}

#[test]
fn what_cannot_be_assembled() {
    for (args, message) in [
        (json!({"src": "/none"}), "failed to assemble the files of `/none`: nothing is there"),
        (json!({"src": "/etc/old"}), "failed to assemble the files of `/etc/old`: it is not a directory"),
        (
            json!({"regexp": "("}),
            "failed to assemble the files of `/etc/app.d`: `(` is no regular expression: the `(` is not closed (at position 0)",
        ),
        (json!({"dest": "/etc"}), "failed to write `/etc`: a directory is there"),
        (json!({"remote_src": false}), "failed to assemble: the content of the source has not arrived"),
        (json!({"validate": "grep two %s", "regexp": "1"}), "failed to validate: `grep two "),
    ] {
        let mut all = json!({"src": "/etc/app.d", "dest": "/etc/app.conf"});
        all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
        let applied = apply_once(&MODULE, machine().answer(&["grep"], 1, "", ""), all);
        assert!(applied.failure().message.starts_with(message), "{}", applied.failure());
        assert!(!applied.machine.has("/etc/app.conf"));
    }
}
