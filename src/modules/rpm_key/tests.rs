use serde_json::json;

use super::*;
use crate::modules::shared::openpgp::sample::{FINGERPRINT as ONE, KEY};
use crate::modules::testing::{Applied, apply, apply_once, predict_after, refused};
use crate::system::fake::Fake;

const TWO: &str = "DEF7E84A0B349C8E8670FF7E30A882EE92A8602A";

const ASK: [&str; 5] = ["/usr/bin/rpm", "-q", "gpg-pubkey", "--qf", "== %{version}\\n%{description}\\n"];

/// A machine that lists these keys each time it is asked.
fn machine(lists: &[&str]) -> Fake {
    let fake = Fake::new().program("/usr/bin/rpm").file("/k.asc", KEY);
    lists.iter().fold(fake, |fake, list| {
        let rc = i32::from(list.is_empty());
        fake.answer(&ASK, rc, if list.is_empty() { "package gpg-pubkey is not installed\n" } else { list }, "")
    })
}

/// As rpm lists the key.
fn listed() -> String {
    format!("== 7ba4fe9a\n{KEY}\n")
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/", "")).collect()
}

#[test]
fn a_key_is_imported_once() {
    let there = listed();
    for args in [json!({"key": "/k.asc"}), json!({"key": "/k.asc", "fingerprint": format!("{} {}", &ONE[..8], &ONE[8..].to_lowercase())})] {
        let applied = apply(&MODULE, machine(&["", "", &there]), args);
        assert_eq!(ran(&applied), ["rpm --import /k.asc"]);
    }
    let url = || machine(&["", "", &there]).http("GET", "https://h/k", 200, &[], KEY);
    let applied = apply(&MODULE, url(), json!({"key": "https://h/k"}));
    let ran = ran(&applied);
    assert!(ran.len() == 1 && ran[0].starts_with("rpm --import /"), "{ran:?}");
    assert!(!apply(&MODULE, machine(&["== 7ba4fe9a\n(none)\n"]), json!({"key": "/k.asc"})).changed, "the version tells as well");
}

#[test]
fn a_key_is_removed() {
    let there = listed();
    for key in ["/k.asc", &ONE[32..], &format!("0x{}", ONE[24..].to_lowercase()), ONE] {
        let applied = apply(&MODULE, machine(&[&there, &there, ""]), json!({"key": key, "state": "absent"}));
        assert_eq!(ran(&applied), ["rpm --erase --allmatches gpg-pubkey-7ba4fe9a"], "{key}");
        assert!(!apply(&MODULE, machine(&[""]), json!({"key": key, "state": "absent"})).changed);
    }
    let other = format!("== 92a8602a\n(none)\n{there}");
    let left = "== 92a8602a\n(none)\n".to_owned();
    assert!(!apply(&MODULE, machine(&[&left]), json!({"key": ONE, "state": "absent"})).changed);
    assert_eq!(ran(&apply(&MODULE, machine(&[&other, &other, &left]), json!({"key": ONE, "state": "absent"}))).len(), 1);
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let after = |earlier: serde_json::Value, now: serde_json::Value, list: &str| {
        predict_after(&MODULE, machine(&[list]), now, |system| {
            assert!(crate::modules::testing::apply_on(&MODULE, system, &earlier).0);
        })
    };
    let (add, gone) = (json!({"key": "/k.asc"}), json!({"key": ONE, "state": "absent"}));
    assert!(!after(add.clone(), add.clone(), "").changed);
    assert!(after(add.clone(), gone.clone(), "").changed);
    assert!(after(gone, add, &listed()).changed);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, json!({})).contains("key"));
    let fetch = || machine(&[""]).http("GET", "https://h/k", 404, &[], "");
    for (fake, args, message) in [
        (machine(&[""]), json!({"key": "/none"}), "failed to read `/none`: it does not exist".to_owned()),
        (machine(&[""]), json!({"key": "nonsense"}), "failed to read `key`: `nonsense` is no URL, file or key".to_owned()),
        (machine(&[""]).file("/x", "x"), json!({"key": "/x"}), "failed to read the key in `/x`: it holds no OpenPGP key".to_owned()),
        (
            machine(&[""]),
            json!({"key": ONE}),
            format!("failed to import the key {ONE}: it is not there, and only a file or URL holds a key"),
        ),
        (machine(&[""]), json!({"key": "/k.asc", "fingerprint": "x"}), "failed to read `fingerprint`: `x` is no fingerprint".to_owned()),
        (
            machine(&[""]),
            json!({"key": "/k.asc", "fingerprint": [ONE, TWO]}),
            format!("failed to import the key in `/k.asc`: it is {ONE}, not {TWO}"),
        ),
        (fetch(), json!({"key": "https://h/k"}), "failed to fetch the key `https://h/k`: the server answers 404 Error".to_owned()),
        (Fake::new(), json!({"key": ONE}), "failed to manage keys of rpm: the machine has no `rpm`".to_owned()),
        (
            machine(&["", ""]).answer(&["/usr/bin/rpm", "--import"], 1, "", "error: /k.asc: import failed.\n"),
            json!({"key": "/k.asc"}),
            "failed to import the key in `/k.asc`: error: /k.asc: import failed.".to_owned(),
        ),
    ] {
        assert_eq!(apply_once(&MODULE, fake, args).failure().message, message);
    }
}
