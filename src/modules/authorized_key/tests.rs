use serde_json::{Value, json};

use super::*;
use crate::modules::testing::apply;
use crate::system::fake::Fake;

const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2GI3Mh4mqNJ4hyGTJmnmZYwnWrlAmUK0XsRqXB0w6R";
const TWO: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGnVJYyW1Z1r9PjTcbX8Q6Yx9Xzv8S1Q0WbX5dN2mC3k";
const FILE: &str = "/home/ada/.ssh/authorized_keys";

fn machine() -> Fake {
    Fake::new().user("ada", 1000).dir("/home/ada").owner("/home/ada", 1000, 1000)
}

fn after(old: &str, args: Value) -> (bool, String) {
    let mut args = args;
    args["user"] = json!("ada");
    let applied = apply(&MODULE, machine().file(FILE, old), args);
    assert!(applied.answer.is_ok(), "{}", applied.failure());
    (applied.changed, applied.machine.text(FILE))
}

#[test]
fn keys_options_and_comments_follow_the_task() {
    let command = "no-pty,command=\"ls -l, x\"";
    for (old, args, new) in [
        (String::new(), json!({"key": format!("{ONE} me@x")}), Some(format!("{ONE} me@x\n"))),
        (format!("{ONE} me@x\n"), json!({"key": format!("{ONE} me@x")}), None),
        (format!("{ONE} me@x\n"), json!({"key": format!("{ONE} two words")}), Some(format!("{ONE} two words\n"))),
        (format!("{ONE} me@x\n"), json!({"key": ONE}), Some(format!("{ONE}\n"))),
        (format!("{ONE} \n"), json!({"key": ONE}), None),
        (format!("{ONE} x\n"), json!({"key": format!("{ONE} x"), "comment": "new c"}), Some(format!("{ONE} new c\n"))),
        (
            format!("{ONE} x\n{TWO}\n"),
            json!({"key": format!("{ONE} x"), "key_options": command}),
            Some(format!("{command} {ONE} x\n{TWO}\n")),
        ),
        (format!("{command} {ONE} x\n"), json!({"key": format!("{ONE} x"), "key_options": command}), None),
        (format!("{TWO} y\n"), json!({"key": format!("no-pty {TWO} y")}), Some(format!("no-pty {TWO} y\n"))),
        (format!("# c\n\n{TWO}\n"), json!({"key": format!("# d\n\n{TWO}\n{ONE} a\n")}), Some(format!("# c\n\n{TWO}\n{ONE} a\n"))),
        (format!("# c\n{ONE}\n{TWO} z\n"), json!({"key": format!("{TWO} z"), "exclusive": true}), Some(format!("{TWO} z\n"))),
        (format!("{TWO} z\n"), json!({"key": format!("{TWO} z"), "exclusive": true}), None),
        (format!("# c\n{ONE} a\n{TWO}\n"), json!({"key": ONE, "state": "absent"}), Some(format!("# c\n{TWO}\n"))),
        (format!("{TWO}\n"), json!({"key": ONE, "state": "absent"}), None),
    ] {
        let (changed, text) = after(&old, args.clone());
        assert_eq!(changed, new.is_some(), "{old:?} {args}");
        assert_eq!(text, new.unwrap_or(old), "{args}");
    }
}

#[test]
fn the_file_is_the_users_own() {
    let applied = apply(&MODULE, machine(), json!({"user": "ada", "key": ONE}));
    for (path, mode) in [("/home/ada/.ssh", 0o700), (FILE, 0o600)] {
        let stat = applied.machine.stat_of(path);
        assert_eq!((stat.uid, stat.gid, stat.mode), (1000, 1000, mode), "{path}");
    }
    assert_eq!((applied.get("keyfile"), applied.get("path")), (&json!(FILE), &Value::Null));
    let elsewhere = apply(&MODULE, machine(), json!({"user": "ada", "key": ONE, "path": "/etc/keys/ada", "manage_dir": false}));
    let (dir, file) = (elsewhere.machine.stat_of("/etc/keys"), elsewhere.machine.stat_of("/etc/keys/ada"));
    assert_eq!((dir.uid, dir.mode, file.uid, file.mode), (0, 0o755, 1000, 0o600));
    let linked = || machine().file("/srv/keys", "").link(FILE, "/srv/keys");
    assert_eq!(apply(&MODULE, linked(), json!({"user": "ada", "key": ONE, "follow": true})).machine.text("/srv/keys"), format!("{ONE}\n"));
    assert!(!apply(&MODULE, linked(), json!({"user": "ada", "key": ONE})).machine.stat_of(FILE).is_link());
}

#[test]
fn keys_come_from_elsewhere() {
    let url = "https://example.com/ada.keys";
    let fetched = apply(&MODULE, machine().http("GET", url, 200, &[], format!("{ONE}\n{TWO}\n")), json!({"user": "ada", "key": url}));
    assert_eq!(fetched.machine.text(FILE), format!("{ONE}\n{TWO}\n"));
    let missing = apply(&MODULE, machine().http("GET", url, 404, &[], ""), json!({"user": "ada", "key": url}));
    assert_eq!(missing.failure().message, format!("failed to fetch the keys from `{url}`: the server answers 404 Error"));
    let read = apply(&MODULE, machine().file("/srv/ada.pub", ONE), json!({"user": "ada", "key": "file:///srv/ada.pub"}));
    assert_eq!(read.machine.text(FILE), format!("{ONE}\n"));
}

#[test]
fn what_is_no_key_is_refused() {
    for (key, user, message) in [
        ("garbage", "ada", "failed to read a key for the user `ada`: `garbage` is none"),
        ("ssh-foo AAAA", "ada", "failed to read a key for the user `ada`: `ssh-foo AAAA` is none"),
        (ONE, "eve", "failed to find the user `eve`: the machine knows no such user"),
    ] {
        assert_eq!(apply(&MODULE, machine(), json!({"user": user, "key": key})).failure().message, message);
    }
}
