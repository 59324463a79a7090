use serde_json::json;

use super::super::shared::edit_cases;
use super::super::testing::{apply, apply_once};
use super::*;
use crate::system::fake::Fake;

#[test]
fn cases() {
    edit_cases::check(&MODULE, include_str!("cases.json"));
}

#[test]
fn the_old_file_is_kept_and_the_new_one_has_its_attributes() {
    let machine = Fake::new().file("/etc/app.conf", "port 1\n").mode("/etc/app.conf", 0o640);
    let applied = apply(&MODULE, machine, json!({"path": "/etc/app.conf", "regexp": "port \\d+", "replace": "port 2", "backup": true}));
    assert_eq!(applied.machine.text(applied.get("backup_file").as_str().unwrap()), "port 1\n");
    assert_eq!((applied.machine.text("/etc/app.conf").as_str(), applied.machine.stat_of("/etc/app.conf").mode), ("port 2\n", 0o640));
    let applied = apply(&MODULE, applied.machine, json!({"path": "/etc/app.conf", "regexp": "none", "mode": "0600"}));
    assert!(applied.changed && applied.get("msg") == "ownership or permissions changed");
}

#[test]
fn stray_bytes_and_odd_characters_stay_as_they_are() {
    let odd = b"a\xff\xf4\x8f\xbe\xab \xe9\xc3\xa9 b\n".as_slice();
    let applied = apply(&MODULE, Fake::new().file("/f", odd), json!({"path": "/f", "regexp": "b$", "replace": "c"}));
    assert_eq!(applied.machine.bytes("/f"), b"a\xff\xf4\x8f\xbe\xab \xe9\xc3\xa9 c\n");
}

#[test]
fn a_character_that_the_encoding_lacks_is_an_error() {
    let args = json!({"path": "/f", "regexp": "a", "replace": "€", "encoding": "latin-1"});
    let applied = apply_once(&MODULE, Fake::new().file("/f", "a\n"), args);
    assert_eq!(applied.failure().message, "failed to edit `/f`: ISO 8859-1 has no character `€`");
    let machine = Fake::new().file("/f", "a\n").answer(&["iconv"], 1, "", "conversion from `BOGUS' is not supported\n");
    let applied = apply_once(&MODULE, machine, json!({"path": "/f", "regexp": "a", "encoding": "bogus"}));
    assert!(applied.failure().message.contains("is not supported"), "{}", applied.failure());
}

#[test]
fn what_is_refused_leaves_the_file() {
    for (args, message) in [
        (json!({"path": "/none", "regexp": "a"}), "failed to edit `/none`: nothing is there"),
        (json!({"path": "/etc", "regexp": "a"}), "failed to edit `/etc`: it is a directory"),
        (json!({"path": "/f", "regexp": "a", "replace": "b", "validate": "check %s"}), "failed to validate"),
    ] {
        let applied = apply_once(&MODULE, Fake::new().file("/f", "a\n").answer(&["check"], 1, "", "no\n"), args);
        assert!(applied.failure().message.starts_with(message), "{}", applied.failure());
        assert_eq!(applied.machine.text("/f"), "a\n");
    }
}
