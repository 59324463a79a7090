use serde_json::{Value, json};

use super::MODULE;
use crate::modules::testing::{apply, content, predict, refused};
use crate::system::FileKind;
use crate::system::fake::{Fake, Fault};

fn with(text: &str, args: Value) -> Value {
    let mut args = args;
    if let Some(map) = args.as_object_mut() {
        map.insert("_content".into(), content(text));
        map.entry("content").or_insert_with(|| text.into());
        if map.contains_key("src") {
            map.remove("content");
        }
    }
    args
}

#[test]
fn a_text_is_written_once() {
    let applied = apply(&MODULE, Fake::new().user("app", 1000), with("hi\n", json!({"dest": "/etc/motd", "mode": "0600", "owner": "app"})));
    assert!(applied.changed);
    assert_eq!(applied.machine.text("/etc/motd"), "hi\n");
    assert_eq!(applied.get("checksum"), "55ca6286e3e4f4fba5d0448333fa99fc5a404a73");
    assert_eq!(applied.get("md5sum"), "764efa883dda1e11db47671c4a3bbd9e");
    assert_eq!((applied.get("mode"), applied.get("owner"), applied.get("size")), (&json!("0600"), &json!("app"), &json!(3)));
    let again = apply(&MODULE, applied.machine, with("hi\n", json!({"dest": "/etc/motd"})));
    assert!(!again.changed);
    assert_eq!(again.get("mode"), "0600", "an existing file keeps its attributes");
    let mode_only = apply(&MODULE, again.machine, with("hi\n", json!({"dest": "/etc/motd", "mode": "0644"})));
    assert_eq!((mode_only.changed, mode_only.get("mode")), (true, &json!("0644")));
}

#[test]
fn a_directory_takes_the_file_under_its_name() {
    let args = |dest: &str| with("x", json!({"src": "files/app.conf", "_name": "app.conf", "dest": dest}));
    assert_eq!(apply(&MODULE, Fake::new().dir("/etc/app"), args("/etc/app")).get("dest"), "/etc/app/app.conf");
    let made = apply(&MODULE, Fake::new(), with("x", json!({"src": "a", "_name": "a", "dest": "/etc/n1/n2/", "directory_mode": "0711"})));
    assert_eq!((made.get("dest"), made.machine.stat_of("/etc/n1").mode), (&json!("/etc/n1/n2/a"), 0o711));
    assert!(apply(&MODULE, Fake::new(), args("/etc/none/x")).failure().message.contains("`/etc/none` does not exist"));
    assert!(apply(&MODULE, Fake::new().dir("/etc/app"), with("x", json!({"dest": "/etc/app"}))).answer.is_err());
}

#[test]
fn links_are_replaced_or_followed() {
    let machine = || Fake::new().file("/etc/real", "old").link("/etc/l", "real");
    let replaced = apply(&MODULE, machine(), with("new", json!({"dest": "/etc/l"}))).machine;
    assert_eq!((replaced.stat_of("/etc/l").kind, replaced.text("/etc/real").as_str()), (FileKind::File, "old"));
    let followed = apply(&MODULE, machine(), with("new", json!({"dest": "/etc/l", "follow": true})));
    assert_eq!((followed.get("dest"), followed.machine.text("/etc/real").as_str()), (&json!("/etc/real"), "new"));
    assert_eq!(followed.machine.stat_of("/etc/l").kind, FileKind::Link);
    let nowhere = apply(&MODULE, Fake::new().link("/etc/l", "gone"), with("new", json!({"dest": "/etc/l", "follow": true}))).machine;
    assert_eq!((nowhere.stat_of("/etc/l").kind, nowhere.has("/etc/gone")), (FileKind::File, false));
}

#[test]
fn without_force_what_is_there_stays() {
    let applied = apply(&MODULE, Fake::new().file("/etc/x", "mine"), with("theirs", json!({"dest": "/etc/x", "force": false})));
    assert!(!applied.changed && applied.machine.text("/etc/x") == "mine");
    assert!(apply(&MODULE, Fake::new(), with("theirs", json!({"dest": "/etc/x", "force": false}))).changed);
}

#[test]
fn a_backup_keeps_the_old_content() {
    let applied =
        apply(&MODULE, Fake::new().file("/etc/x", "old").mode("/etc/x", 0o640), with("new", json!({"dest": "/etc/x", "backup": true})));
    let kept = applied.get("backup_file").as_str().unwrap_or_default().to_owned();
    assert!(kept.starts_with("/etc/x.") && kept.ends_with("@22:13:20~"), "{kept}");
    assert_eq!((applied.machine.text(&kept).as_str(), applied.machine.stat_of(&kept).mode), ("old", 0o640));
}

#[test]
fn a_refused_file_is_not_put_in_place() {
    let machine = || Fake::new().file("/etc/sudoers", "old").answer(&["visudo"], 1, "", "syntax error");
    let failed = apply(&MODULE, machine(), with("new", json!({"dest": "/etc/sudoers", "validate": "visudo -cf %s"})));
    assert!(failed.failure().message.contains("syntax error"), "{}", failed.failure());
    assert_eq!((failed.failure().result.get("exit_status"), failed.machine.text("/etc/sudoers").as_str()), (Some(&json!(1)), "old"));
    let passed = Fake::new().answer(&["visudo"], 0, "", "");
    let passed = apply(&MODULE, passed, with("new", json!({"dest": "/etc/sudoers", "validate": "visudo -cf %s"})));
    assert!(passed.changed);
    assert!(apply(&MODULE, machine(), with("new", json!({"dest": "/etc/x", "validate": "true"}))).failure().message.contains("%s"));
}

#[test]
fn the_checksum_is_verified() {
    let failed = apply(&MODULE, Fake::new(), with("x", json!({"dest": "/etc/x", "checksum": "aaa"})));
    assert_eq!(failed.failure().result.get("expected_checksum"), Some(&json!("aaa")));
    assert!(!failed.machine.has("/etc/x"));
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let machine = Fake::new().file("/etc/x", "old").fault(Fault::NoSpace, "/etc");
    let failed = apply(&MODULE, machine, with("new", json!({"dest": "/etc/x"})));
    assert!(failed.failure().message.contains("No space left on device"), "{}", failed.failure());
    assert_eq!(failed.machine.text("/etc/x"), "old");
}

fn tree(mode: Option<&str>) -> Value {
    json!([
        {"path": "d", "kind": "directory"},
        {"path": "d/a", "kind": {"file": content("a")}, "mode": mode},
        {"path": "d/empty", "kind": "directory"},
        {"path": "d/l", "kind": {"link": "../x"}},
    ])
}

#[test]
fn a_tree_is_copied_with_directories_and_links() {
    let args = json!({"src": "d", "dest": "/srv/t", "_tree": tree(None), "mode": "0640", "directory_mode": "0750"});
    let applied = apply(&MODULE, Fake::new(), args.clone());
    assert_eq!((applied.changed, applied.get("dest")), (true, &json!("/srv/t/")));
    let machine = applied.machine;
    assert_eq!(["/srv/t", "/srv/t/d", "/srv/t/d/a", "/srv/t/d/empty"].map(|path| machine.stat_of(path).mode), [0o750, 0o750, 0o640, 0o750]);
    assert_eq!(machine.stat_of("/srv/t/d/l").kind, FileKind::Link);
    let preserved = apply(&MODULE, Fake::new(), json!({"src": "d", "dest": "/srv/t", "_tree": tree(Some("0600"))})).machine;
    assert_eq!(preserved.stat_of("/srv/t/d/a").mode, 0o600);
}

#[test]
fn a_tree_stays_in_its_directory() {
    let args = json!({"src": "d", "dest": "/srv/t", "_tree": [{"path": "../evil", "kind": {"file": content("a")}}]});
    let failed = apply(&MODULE, Fake::new(), args);
    assert!(failed.failure().message.contains("leads out"), "{}", failed.failure());
    assert!(!failed.machine.has("/srv/evil"));
}

#[test]
fn files_of_the_host_are_copied_on_the_host() {
    let machine = || Fake::new().file("/src/d/b", "b").mode("/src/d/b", 0o600).file("/src/a", "a").link("/src/d/l", "../a").dir("/src/d/e");
    let one = apply(&MODULE, machine(), json!({"src": "/src/a", "dest": "/dst", "remote_src": true}));
    assert_eq!((one.machine.text("/dst").as_str(), one.get("src")), ("a", &json!("/src/a")));
    let kept = apply(&MODULE, machine(), json!({"src": "/src/d/b", "dest": "/dst", "remote_src": true, "mode": "preserve"}));
    assert_eq!(kept.get("mode"), "0600");
    let all = apply(&MODULE, machine(), json!({"src": "/src", "dest": "/dst", "remote_src": true}));
    assert_eq!((all.machine.text("/dst/src/d/b").as_str(), all.machine.stat_of("/dst/src/d/l").kind), ("b", FileKind::Link));
    assert_eq!(all.machine.stat_of("/dst/src/d/b").mode, 0o600);
    let inside = apply(&MODULE, machine(), json!({"src": "/src/", "dest": "/dst", "remote_src": true, "local_follow": true})).machine;
    assert_eq!((inside.text("/dst/d/l").as_str(), inside.stat_of("/dst/d/l").kind), ("a", FileKind::File));
    assert!(apply(&MODULE, machine(), json!({"src": "/none", "dest": "/dst", "remote_src": true})).answer.is_err());
}

#[test]
fn check_mode_sees_what_was_predicted_before() {
    let predicted = predict(&MODULE, Fake::new(), with("hi\n", json!({"dest": "/etc/motd"})));
    assert!(predicted.changed && !predicted.machine.has("/etc/motd"));
    assert_eq!(predicted.get("checksum"), "55ca6286e3e4f4fba5d0448333fa99fc5a404a73");
}

#[test]
fn arguments_are_checked() {
    assert!(refused(&MODULE, json!({"dest": "/x"})).contains("`src`"));
    assert!(refused(&MODULE, json!({"dest": "/x", "src": "a", "content": "b"})).contains("only one of"));
    assert!(refused(&MODULE, json!({"dest": "/x", "src": "a", "_tree": []})).contains("no option `_tree`"));
}
