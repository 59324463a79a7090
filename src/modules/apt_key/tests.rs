use serde_json::{Value, json};

use super::*;
use crate::modules::shared::openpgp::sample::{FINGERPRINT as ONE, KEY};
use crate::modules::testing::{Applied, apply, apply_once, predict_after, refused};
use crate::system::fake::Fake;

const TWO: &str = "DEF7E84A0B349C8E8670FF7E30A882EE92A8602A";

/// The key is [`KEY`]'s only with this part of it.
const SUB: &str = "E1ABD776E02A56C1532003CBAE25EEB2306C5625";

fn colons(keys: &[&str]) -> String {
    let line = |kind: &str, key: &str| format!("{kind}:-:2048:1:{}:1:::-:::scSC:::\nfpr:::::::::{key}:\n", &key[24..]);
    let of = |key: &&str| line("pub", key) + &if *key == ONE { line("sub", SUB) } else { String::new() };
    keys.iter().map(of).collect()
}

/// A machine whose ring holds these keys each time it is asked, and whose ring can be changed.
fn machine(rings: &[&[&str]]) -> Fake {
    let fake = Fake::new().program("/usr/bin/apt-key");
    let fake = ["add", "del"].iter().fold(fake, |fake, verb| fake.answer(&["/usr/bin/apt-key", verb], 0, "OK\n", ""));
    rings.iter().fold(fake, |fake, keys| fake.answer(&["/usr/bin/apt-key", "adv", "--list-public-keys"], 0, colons(keys), ""))
}

fn ran(applied: &Applied) -> Vec<String> {
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace("/usr/bin/", "")).collect()
}

#[test]
fn a_key_is_added_once() {
    // Check mode looks once, the real run before and after, the second run finds it.
    let fake = || machine(&[&[TWO], &[TWO], &[TWO, ONE]]).file("/k.asc", KEY).http("GET", "https://h/k", 200, &[], KEY);
    for args in [json!({"data": KEY}), json!({"file": "/k.asc"}), json!({"url": "https://h/k"}), json!({"url": "https://h/k", "id": ONE})] {
        let applied = apply(&MODULE, fake(), args.clone());
        assert_eq!(ran(&applied), ["apt-key add -"], "{args}");
        assert_eq!(applied.machine.runs()[0].stdin.as_deref(), Some(KEY.as_bytes()));
        let id = args.get("id").map_or("E893BB3E7BA4FE9A", |_| ONE);
        let said = ["id", "key_id", "fp", "short_id", "before", "after"].map(|key| applied.get(key).clone());
        let expected = json!([
            id,
            id,
            "E893BB3E7BA4FE9A",
            "7BA4FE9A",
            ["30A882EE92A8602A"],
            ["30A882EE92A8602A", "E893BB3E7BA4FE9A", "AE25EEB2306C5625"]
        ]);
        assert_eq!(json!(said), expected, "{args}");
    }
    let there = apply(&MODULE, machine(&[&[ONE]]), json!({"url": "https://nowhere/k", "id": format!("0x{}", &ONE[32..])}));
    assert!(!there.changed, "nothing is fetched");
    assert_eq!((there.get("before"), there.get("after")), (&json!(["7BA4FE9A", "306C5625"]), &Value::Null));
}

#[test]
fn a_ring_of_its_own() {
    let ring = "/etc/apt/trusted.gpg.d/own.gpg";
    let list = ["/usr/bin/apt-key", "--keyring", ring, "adv"];
    let fake = machine(&[]).answer(&list, 0, "", "").answer(&list, 0, "", "").answer(&list, 0, colons(&[ONE]), "");
    let applied = apply(&MODULE, fake.dir("/etc/apt/trusted.gpg.d"), json!({"data": KEY, "keyring": ring}));
    assert_eq!(ran(&applied), [format!("apt-key --keyring {ring} add -")]);
    assert!(applied.machine.has(ring));
}

#[test]
fn a_key_is_removed() {
    for (id, end) in [(ONE, ONE), ("0x7ba4fe9a", "7BA4FE9A"), (&ONE[24..], &ONE[24..])] {
        let applied = apply(&MODULE, machine(&[&[ONE, TWO], &[ONE, TWO], &[TWO]]), json!({"id": id, "state": "absent"}));
        assert_eq!(ran(&applied), [format!("apt-key del {end}")]);
    }
    assert!(!apply(&MODULE, machine(&[&[TWO]]), json!({"id": ONE, "state": "absent"})).changed);
}

#[test]
fn a_key_of_a_server() {
    let recv = ["/usr/bin/apt-key", "adv", "--no-tty", "--keyserver", "keys.example.com", "--recv", TWO];
    let args = || json!({"keyserver": "keys.example.com", "id": TWO});
    let fake = machine(&[&[], &[], &[TWO]]).answer(&recv, 2, "", "gpg: keyserver receive failed: busy\n").answer(&recv, 0, "", "");
    let applied = apply(&MODULE, fake, args());
    assert_eq!(applied.machine.runs().len(), 2, "it is asked again");
    let down = machine(&[&[]]).answer(&recv, 2, "", "gpg: keyserver receive failed: No route to host\n");
    let down = apply_once(&MODULE, down, args());
    assert_eq!(
        down.failure().message,
        format!("failed to get the key {TWO} from `keys.example.com`: gpg: keyserver receive failed: No route to host")
    );
    assert_eq!(down.machine.runs().len(), 5);
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let after = |earlier: &Value, now: &Value| {
        predict_after(&MODULE, machine(&[&[]]), now.clone(), |system| {
            assert!(crate::modules::testing::apply_on(&MODULE, system, earlier).0);
        })
    };
    let add = json!({"data": KEY, "keyring": "/etc/apt/own.gpg"});
    assert!(!after(&add, &add).changed);
    assert!(after(&add, &json!({"id": ONE, "keyring": "/etc/apt/own.gpg", "state": "absent"})).changed);
    assert!(after(&add, &json!({"data": KEY})).changed, "another ring");
}

#[test]
fn what_does_not_fit_is_refused() {
    for (args, word) in [
        (json!({"state": "absent"}), "id"),
        (json!({"data": "a", "url": "b"}), "data"),
        (json!({"keyserver": "a"}), "id"),
        (json!({}), "needs one of"),
    ] {
        assert!(refused(&MODULE, args.clone()).contains(word), "{args}");
    }
    let other = machine(&[&[]]).http("GET", "https://h/k", 200, &[], KEY);
    let other = apply_once(&MODULE, other, json!({"url": "https://h/k", "id": TWO}));
    assert_eq!(other.failure().message, format!("failed to add the key {TWO}: `https://h/k` holds {ONE}"));
    assert!(other.machine.runs().is_empty());
    for (fake, args, message) in [
        (machine(&[&[]]), json!({"id": "xyz", "state": "absent"}), "failed to read `id`: `xyz` is no key".to_owned()),
        (machine(&[&[]]), json!({"id": ONE}), "failed to add the key: it is not there, and nothing says where it is from".to_owned()),
        (Fake::new(), json!({"data": "x"}), "failed to manage keys of apt: the machine has no `apt-key`".to_owned()),
        (machine(&[]), json!({"data": "x"}), "failed to read the key in `data`: it holds no OpenPGP key".to_owned()),
        (
            machine(&[&[], &[]]),
            json!({"data": KEY}),
            "failed to add the key E893BB3E7BA4FE9A: `apt-key` says that it did, but the list of keys is the same".to_owned(),
        ),
    ] {
        assert_eq!(apply_once(&MODULE, fake, args).failure().message, message);
    }
}
