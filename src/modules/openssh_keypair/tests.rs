use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::modules::shared::pki::made::{ED_INFO, ED8, ssh};
use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict};
use crate::system::fake::{Fake, Fault};

const PATH: &str = "/root/.ssh/id";
/// Pairs of a private key and the line of the public one; the third has the passphrase `open sesame`.
static ED25519_PAIR: Pair = Pair::new(|| ssh("ed25519", "me@host", ""));
static ECDSA_PAIR: Pair = Pair::new(|| ssh("ecdsa", "", ""));
static PROTECTED_PAIR: Pair = Pair::new(|| ssh("ed25519", "me@host", "open sesame"));

type Pair = LazyLock<(&'static str, &'static str)>;

/// Where `ssh-keygen` makes the key `made`.
fn machine(made: &str) -> Fake {
    Fake::new().dir("/root/.ssh").program("/usr/bin/ssh-keygen").answer(&["sh", "-c", generate::SCRIPT], 0, made, "")
}

/// Where a key is.
fn with(key: &str, line: &str) -> Fake {
    machine(ECDSA_PAIR.0).file(PATH, key).mode(PATH, 0o600).file("/root/.ssh/id.pub", line)
}

fn ed25519(more: Value) -> Value {
    let mut args = more;
    args["path"] = json!(PATH);
    if args["type"].is_null() {
        args["type"] = json!("ed25519");
    }
    args
}

fn public(applied: &Applied) -> String {
    applied.machine.text("/root/.ssh/id.pub")
}

#[test]
fn a_key_is_made_once() {
    let made = apply(&MODULE, machine(ED25519_PAIR.0), ed25519(json!({"comment": "me@host"})));
    assert!(made.changed);
    assert_eq!((made.machine.text(PATH).as_str(), made.machine.stat_of(PATH).mode), (ED25519_PAIR.0, 0o600));
    assert_eq!((public(&made).as_str(), made.machine.stat_of("/root/.ssh/id.pub").mode), (ED25519_PAIR.1, 0o644));
    let key = ED25519_PAIR.1.trim().strip_suffix(" me@host").unwrap();
    for (name, value) in [
        ("filename", json!(PATH)),
        ("type", json!("ed25519")),
        ("size", json!(256)),
        ("comment", json!("me@host")),
        ("public_key", json!(key)),
    ] {
        assert_eq!(made.get(name), &value, "{name}");
    }
    assert!(made.get("fingerprint").as_str().unwrap().starts_with("SHA256:"));
    let shown = made.get("diff").to_string();
    assert!(shown.contains(key) && !shown.contains("PRIVATE KEY"), "{shown}");
    let asked = made.machine.commands().join("\n");
    assert!(asked.contains("sh -q -N  -t ed25519 -C me@host"), "{asked}");
    let open = apply(&MODULE, made.machine, ed25519(json!({"mode": "0640"})));
    assert!(open.changed && open.machine.stat_of(PATH).mode == 0o640 && open.machine.stat_of("/root/.ssh/id.pub").mode == 0o640);
}

#[test]
fn check_mode_makes_a_key_that_nobody_gets() {
    let predicted = predict(&MODULE, machine(ED25519_PAIR.0), ed25519(json!({})));
    assert!(predicted.changed && !predicted.machine.has(PATH) && !predicted.machine.has("/root/.ssh/id.pub"));
}

#[test]
fn another_key_is_replaced_where_that_is_allowed() {
    let ecdsa = |regenerate: &str| ed25519(json!({"type": "ecdsa", "regenerate": regenerate}));
    for regenerate in ["partial_idempotence", "full_idempotence"] {
        let replaced = apply(&MODULE, with(ED25519_PAIR.0, ED25519_PAIR.1), ecdsa(regenerate));
        assert_eq!((replaced.machine.text(PATH).as_str(), public(&replaced).as_str()), (ECDSA_PAIR.0, ECDSA_PAIR.1), "{regenerate}");
    }
    let never = apply(&MODULE, with(ED25519_PAIR.0, ED25519_PAIR.1), ecdsa("never"));
    assert_eq!((never.changed, never.get("type"), never.machine.text(PATH).as_str()), (false, &json!("ecdsa"), ED25519_PAIR.0));
    let fail = apply(&MODULE, with(ED25519_PAIR.0, ED25519_PAIR.1), ecdsa("fail"));
    assert_eq!(
        fail.failure().message,
        "failed to keep the key `/root/.ssh/id`: it is of the type ed25519 with 256 bits, not ecdsa with 256"
    );
    for args in [json!({"type": "ecdsa", "force": true}), json!({"type": "ecdsa", "regenerate": "always"})] {
        let again = apply_once(&MODULE, with(ED25519_PAIR.0, ED25519_PAIR.1), ed25519(args));
        assert_eq!(again.machine.text(PATH), ECDSA_PAIR.0);
    }
    let larger =
        apply_once(&MODULE, with(ECDSA_PAIR.0, ECDSA_PAIR.1), ed25519(json!({"type": "ecdsa", "size": 521, "regenerate": "fail"})));
    assert!(larger.failure().message.ends_with("it is of the type ecdsa with 256 bits, not ecdsa with 521"));
}

#[test]
fn what_cannot_be_read_is_replaced_only_when_said_so() {
    let secret = json!({"passphrase": "open sesame"});
    for (key, args, why) in [
        ("x\n", json!({}), "it is no private key in PEM"),
        (PROTECTED_PAIR.0, json!({}), "it is protected by a passphrase"),
        (PROTECTED_PAIR.0, json!({"passphrase": "open"}), "it is protected by another passphrase"),
        (ED25519_PAIR.0, secret.clone(), "no passphrase protects it, and there is one in the arguments"),
    ] {
        for regenerate in ["never", "fail", "partial_idempotence"] {
            let mut args = ed25519(args.clone());
            args["regenerate"] = json!(regenerate);
            let failed = apply(&MODULE, with(key, ED25519_PAIR.1), args);
            assert_eq!(failed.failure().message, format!("failed to read the key `{PATH}`: {why}"), "{regenerate}");
            assert_eq!(failed.machine.text(PATH), key);
        }
    }
    let replaced = apply(&MODULE, with("x\n", ""), ed25519(json!({"type": "ecdsa", "regenerate": "full_idempotence"})));
    assert_eq!(replaced.machine.text(PATH), ECDSA_PAIR.0);
    let same = apply(&MODULE, with(PROTECTED_PAIR.0, PROTECTED_PAIR.1), ed25519(secret));
    assert!(!same.changed && same.get("comment") == "me@host");
}

#[test]
fn a_new_key_is_protected() {
    // A key that is encrypted is random, so the copies of the machine would not have the same.
    let mut machine = Fake::new()
        .dir("/root/.ssh")
        .program("/usr/bin/ssh-keygen")
        .answer_with(&["sh"], |_| Ok(crate::system::Output { stdout: ED25519_PAIR.0.as_bytes().to_vec(), ..Default::default() }));
    let args = ed25519(json!({"passphrase": "open sesame", "comment": "mine"}));
    assert!(apply_on(&MODULE, &mut machine, &args).0);
    let text = machine.text(PATH);
    assert!(key::SshKey::read_openssh(&text, None).is_err());
    assert_eq!(key::SshKey::read_openssh(&text, Some("open sesame")).map(|key| key.comment), Ok("mine".to_owned()));
    assert!(!apply_on(&MODULE, &mut machine, &args).0);
    let comment = ed25519(json!({"passphrase": "open sesame", "comment": "ours"}));
    assert!(apply_on(&MODULE, &mut machine, &comment).0);
    assert_eq!(key::SshKey::read_openssh(&machine.text(PATH), Some("open sesame")).map(|key| key.comment), Ok("ours".to_owned()));
    assert!(machine.commands().iter().all(|command| !command.contains("sesame")), "{:?}", machine.commands());
}

#[test]
fn comments_and_the_public_key_are_kept_in_step() {
    let own = ED25519_PAIR.1.replace("me@host", "a b");
    for (line, args, expected) in [
        (ED25519_PAIR.1, json!({"comment": "a b"}), own.as_str()),
        (own.as_str(), json!({}), own.as_str()),
        (own.as_str(), json!({"comment": "a b", "regenerate": "never"}), own.as_str()),
        ("", json!({"regenerate": "fail"}), ED25519_PAIR.1),
        (ECDSA_PAIR.1, json!({}), ED25519_PAIR.1),
    ] {
        let applied = apply(&MODULE, with(ED25519_PAIR.0, line), ed25519(args.clone()));
        assert_eq!((applied.changed, public(&applied).as_str()), (line != expected, expected), "{args}");
        if args["comment"] == "a b" && applied.changed {
            assert_eq!(key::SshKey::read_openssh(&applied.machine.text(PATH), None).map(|key| key.comment), Ok("a b".to_owned()));
        }
    }
    let wrong = apply(&MODULE, with(ED25519_PAIR.0, ED25519_PAIR.1), ed25519(json!({"comment": "a\nb"})));
    assert_eq!(wrong.failure().message, "failed to write the public key: a line break in `comment` would end its line");
}

#[test]
fn forms_of_openssl() {
    let openssl = |machine: Fake| {
        machine
            .answer(&["/usr/bin/openssl", "genpkey", "-algorithm", "ED25519"], 0, *ED8, "")
            .answer(&["/usr/bin/openssl", "pkey"], 0, *ED8, "")
            .answer(&["/usr/bin/openssl", "pkey", "-pubout"], 0, *ED_INFO, "")
            .program("/usr/bin/openssl")
    };
    let made = apply(&MODULE, openssl(machine("")), ed25519(json!({"private_key_format": "pkcs8", "comment": "c"})));
    assert_eq!(made.machine.text(PATH), *ED8);
    assert!(public(&made).starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI") && public(&made).ends_with(" c\n"));
    let any = apply(&MODULE, made.machine, ed25519(json!({})));
    assert!(!any.changed);
    let other = apply(&MODULE, any.machine, ed25519(json!({"private_key_format": "ssh", "regenerate": "fail"})));
    assert!(other.failure().message.ends_with("it is written in another form than `private_key_format` says"));
    let old = apply_once(&MODULE, openssl(machine("")), ed25519(json!({"private_key_format": "pkcs1"})));
    assert_eq!(old.failure().message, "failed to write the private key in the format `pkcs1`: keys of the type Ed25519 do not have it");
    let missing = apply_once(&MODULE, machine(""), ed25519(json!({"private_key_format": "pkcs8"})));
    assert_eq!(missing.failure().message, "failed to make a private key of the type Ed25519: the machine has no `openssl`");
}

#[test]
fn keys_go() {
    let gone = apply(&MODULE, with(ED25519_PAIR.0, ED25519_PAIR.1), ed25519(json!({"state": "absent"})));
    assert!(gone.changed && !gone.machine.has(PATH) && !gone.machine.has("/root/.ssh/id.pub"));
    assert_eq!(gone.get("comment"), "me@host");
    let again = apply(&MODULE, gone.machine, ed25519(json!({"state": "absent"})));
    assert_eq!((again.changed, again.get("fingerprint"), again.get("comment")), (false, &json!(""), &json!("")));
}

#[test]
fn what_cannot_be_is_said() {
    for (machine, args, message) in [
        (Fake::new().dir("/root/.ssh"), json!({}), "failed to make a key of the type ed25519: the machine has no `ssh-keygen`"),
        (Fake::new(), json!({}), "failed to write `/root/.ssh/id`: the directory `/root/.ssh` does not exist"),
        (Fake::new().dir(PATH), json!({}), "failed to read `/root/.ssh/id`: it is a directory"),
        (machine(""), json!({"type": "ecdsa", "size": 300}), "failed to read `size`: an ECDSA key has 256, 384 or 521 bits"),
        (machine(""), json!({"type": "rsa", "size": 512}), "failed to read `size`: an RSA key has at least 1024 bits"),
        (machine(""), json!({"type": "dsa", "size": 2048}), "failed to read `size`: a DSA key has 1024 bits"),
        (
            Fake::new().dir("/root/.ssh").program("/usr/bin/ssh-keygen").answer(&["sh"], 1, "", "unknown key type rsa1\r\n"),
            json!({"type": "rsa1"}),
            "failed to make a key of the type rsa1: unknown key type rsa1",
        ),
        (
            Fake::new().dir("/root/.ssh").program("/usr/bin/ssh-keygen").answer(&["sh"], 137, "", "Killed\n"),
            json!({}),
            "failed to make a key of the type ed25519: the command was ended by the signal 9 (SIGKILL)",
        ),
    ] {
        assert_eq!(apply(&MODULE, machine, ed25519(args)).failure().message, message);
    }
    let full = apply_once(&MODULE, machine(ED25519_PAIR.0).fault(Fault::NoSpace, "/root/.ssh"), ed25519(json!({})));
    assert_eq!(full.failure().message, "failed to write `/root/.ssh/id`: No space left on device");
}
