use serde_json::{Value, json};

use super::*;
use crate::modules::shared::pki::made::{CA, EC_INFO, EC1, REQUEST, RSA_INFO, RSA1, SKI_REQUEST};
use crate::modules::testing::{Applied, apply_once, predict, refused};
use crate::system::fake::{Fake, Fault};
use crate::system::{Command, Output};

const PATH: &str = "/etc/ssl/www.crt";
const OPENSSL: &str = "/usr/bin/openssl";

/// Whose `openssl` knows both keys, signs with them and finds all signatures right.
fn machine() -> Fake {
    let known = |command: &Command| {
        let input = command.secret_stdin.as_ref().map_or("", |input| input.expose());
        let info = if input == *RSA1 { *RSA_INFO } else { *EC_INFO };
        Ok(Output { stdout: info.to_vec(), ..Output::default() })
    };
    Fake::new()
        .dir("/etc/ssl")
        .file("/etc/ssl/key", *RSA1)
        .file("/etc/ssl/csr", *REQUEST)
        .file("/etc/ssl/other", *SKI_REQUEST)
        .file("/etc/ca/key", *EC1)
        .file("/etc/ca/crt", *CA)
        .program(OPENSSL)
        .answer_with(&[OPENSSL, "pkey"], known)
        .answer(&[OPENSSL, "dgst"], 0, [1, 2, 3], "")
}

fn selfsigned(more: Value) -> Value {
    let mut args = json!({"path": PATH, "provider": "selfsigned", "privatekey_path": "/etc/ssl/key", "csr_path": "/etc/ssl/csr"});
    merge(&mut args, more);
    args
}

fn ownca(more: Value) -> Value {
    let mut args = json!({"path": PATH, "provider": "ownca", "csr_path": "/etc/ssl/csr", "ownca_path": "/etc/ca/crt", "ownca_privatekey_path": "/etc/ca/key"});
    merge(&mut args, more);
    args
}

fn merge(args: &mut Value, more: Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        args[name] = value.clone();
    }
    if let Some(args) = args.as_object_mut() {
        args.retain(|_, value| !value.is_null());
    }
}

fn made(applied: &Applied) -> Certificate {
    assert!(applied.changed, "{:?}", applied.answer.as_ref().err());
    Certificate::read(applied.machine.text(PATH).as_bytes()).unwrap()
}

/// Whether the certificate of `first` is made anew for `second`.
fn is_new(first: Value, second: Value) -> bool {
    let text = apply_once(&MODULE, machine(), first).machine.text(PATH);
    let again = apply_once(&MODULE, machine().file(PATH, &text), second.clone());
    assert!(again.answer.is_ok(), "{second}: {}", again.failure());
    let foreseen = predict(&MODULE, machine().file(PATH, &text), second);
    assert_eq!(foreseen.changed, again.changed);
    assert_eq!(again.machine.text(PATH) != text, again.changed);
    again.changed
}

#[test]
fn a_certificate_that_signs_itself() {
    let applied = apply_once(&MODULE, machine(), selfsigned(json!({"return_content": true})));
    let certificate = made(&applied);
    let request = Request::read(REQUEST.as_bytes()).unwrap();
    assert_eq!((&certificate.subject, &certificate.issuer, &certificate.key.info), (&request.subject, &request.subject, &request.key.info));
    assert_eq!(certificate.extensions[..2], request.extensions[..]);
    assert_eq!(certificate.extensions[2].oid, id::SUBJECT_KEY);
    assert_eq!((applied.get("notBefore"), applied.get("notAfter")), (&json!("20231114221320Z"), &json!("20331111221320Z")));
    assert_eq!(applied.get("serial_number").as_str().map(str::len), Some(48));
    assert_eq!(applied.get("certificate"), &json!(applied.machine.text(PATH)));
    assert_eq!((applied.get("csr"), applied.get("privatekey")), (&json!("/etc/ssl/csr"), &json!("/etc/ssl/key")));
    let bare = apply_once(&MODULE, machine(), selfsigned(json!({"csr_path": null})));
    assert_eq!(made(&bare).extensions.len(), 1);
    let asked = applied.machine.commands().join("\n");
    assert!(asked.contains("dgst -sha256 -sign /dev/stdin"), "{asked}");
    let foreseen = predict(&MODULE, machine(), selfsigned(json!({})));
    assert!(foreseen.changed && !foreseen.machine.has(PATH));
}

#[test]
fn a_certificate_by_an_authority() {
    let certificate = made(&apply_once(&MODULE, machine(), ownca(json!({"ownca_digest": "sha512"}))));
    let authority = Certificate::read(CA.as_bytes()).unwrap();
    assert_eq!((&certificate.issuer, certificate.key.info.as_slice()), (&authority.subject, *RSA_INFO));
    let identifier = &authority.extension(id::SUBJECT_KEY).unwrap().value[2..];
    assert_eq!(certificate.extension(id::AUTHORITY_KEY).unwrap().value[4..], *identifier);
    let without = made(&apply_once(&MODULE, machine(), ownca(json!({"ownca_create_authority_key_identifier": false}))));
    assert_eq!(without.extension(id::AUTHORITY_KEY), None);
}

#[test]
fn what_differs_makes_a_new_one() {
    for (first, second, expected) in [
        (selfsigned(json!({})), selfsigned(json!({})), false),
        (ownca(json!({})), ownca(json!({})), false),
        (selfsigned(json!({})), ownca(json!({})), true),
        (selfsigned(json!({})), selfsigned(json!({"csr_path": "/etc/ssl/other"})), true),
        (selfsigned(json!({})), selfsigned(json!({"csr_path": null})), false),
        (selfsigned(json!({})), selfsigned(json!({"selfsigned_not_after": "20300101000000Z", "selfsigned_digest": "sha512"})), false),
        (selfsigned(json!({})), selfsigned(json!({"selfsigned_not_after": "20300101000000Z", "ignore_timestamps": false})), true),
        (selfsigned(json!({})), selfsigned(json!({"ignore_timestamps": false})), false),
        (selfsigned(json!({})), selfsigned(json!({"force": true})), true),
        (selfsigned(json!({})), selfsigned(json!({"selfsigned_create_subject_key_identifier": "never_create"})), true),
        (selfsigned(json!({})), selfsigned(json!({"selfsigned_create_subject_key_identifier": "always_create"})), false),
        (
            selfsigned(json!({"csr_path": "/etc/ssl/other"})),
            selfsigned(json!({"csr_path": "/etc/ssl/other", "selfsigned_create_subject_key_identifier": "always_create"})),
            true,
        ),
        (ownca(json!({})), ownca(json!({"ownca_create_authority_key_identifier": false})), true),
        (ownca(json!({})), ownca(json!({"privatekey_path": "/etc/ssl/key"})), false),
        (ownca(json!({})), ownca(json!({"privatekey_path": "/etc/ca/key"})), true),
    ] {
        assert_eq!(is_new(first, second.clone()), expected, "{second}");
    }
}

#[test]
fn what_is_broken_or_wrongly_signed_is_replaced() {
    let broken = apply_once(&MODULE, machine().file(PATH, "x\n"), selfsigned(json!({"backup": true, "mode": "0600"})));
    assert_eq!(broken.machine.text(broken.get("backup_file").as_str().unwrap()), "x\n");
    assert_eq!(broken.machine.stat_of(PATH).mode, 0o600);
    let text = broken.machine.text(PATH);
    let wrong = machine().file(PATH, &text).answer(&[OPENSSL, "dgst", "-sha256", "-verify"], 1, "Verification failure\n", "");
    let refused = apply_once(&MODULE, wrong, selfsigned(json!({})));
    assert_eq!(refused.failure().message, "failed to read the request: its signature is wrong");
    let wrong = machine().file(PATH, &text).answer(&[OPENSSL, "dgst", "-sha256", "-verify"], 1, "Verification failure\n", "");
    assert!(apply_once(&MODULE, wrong, selfsigned(json!({"csr_path": null}))).changed);
}

#[test]
fn an_openssl_that_was_killed_has_not_judged() {
    let text = apply_once(&MODULE, machine(), selfsigned(json!({}))).machine.text(PATH);
    for csr in [json!("/etc/ssl/csr"), json!(null)] {
        let killed = machine().file(PATH, &text).answer(&[OPENSSL, "dgst", "-sha256", "-verify"], -9, "", "");
        let failed = apply_once(&MODULE, killed, selfsigned(json!({"csr_path": csr})));
        assert_eq!(failed.failure().message, "failed to check a signature: the command was ended by the signal 9 (SIGKILL)");
        assert_eq!(failed.machine.text(PATH), text);
    }
}

#[test]
fn certificates_go() {
    let gone = apply_once(&MODULE, machine().file(PATH, *CA), json!({"path": PATH, "state": "absent", "backup": true}));
    assert!(gone.changed && !gone.machine.has(PATH) && gone.get("notAfter").is_null());
    assert_eq!(gone.machine.text(gone.get("backup_file").as_str().unwrap()), *CA);
    assert!(!apply_once(&MODULE, gone.machine, json!({"path": PATH, "state": "absent"})).changed);
}

#[test]
fn what_cannot_be_is_said() {
    for (args, message) in [
        (
            selfsigned(json!({"privatekey_path": null})),
            "failed to make the certificate: it needs `privatekey_path` or `privatekey_content`",
        ),
        (ownca(json!({"ownca_path": null})), "failed to make the certificate: it needs `ownca_path` or `ownca_content`"),
        (
            ownca(json!({"ownca_privatekey_path": null})),
            "failed to make the certificate: it needs `ownca_privatekey_path` or `ownca_privatekey_content`",
        ),
        (ownca(json!({"csr_path": null})), "failed to make the certificate: `ownca` needs `csr_path` or `csr_content`"),
        (
            ownca(json!({"ownca_privatekey_path": "/etc/ssl/key"})),
            "failed to make the certificate: the private key of the authority is not that of its certificate",
        ),
        (ownca(json!({"ownca_path": "/etc/none"})), "failed to read the certificate of the authority: `/etc/none` is not there"),
        (
            selfsigned(json!({"csr_content": "x", "csr_path": null})),
            "failed to read the request: it is no certificate signing request in PEM, or its key is of a kind that is not known",
        ),
        (selfsigned(json!({"selfsigned_not_after": "-1d"})), "failed to make the certificate: it would end before it begins"),
        (
            selfsigned(json!({"selfsigned_not_after": "foo"})),
            "failed to read a time of the certificate: `foo` is no time: `+` or `-` and numbers with `w`, `d`, `h`, `m` or `s`, or `YYYYMMDDHHMMSSZ`",
        ),
    ] {
        assert_eq!(apply_once(&MODULE, machine(), args).failure().message, message);
    }
    for (args, word) in [
        (json!({"path": PATH}), "provider"),
        (json!({"path": PATH, "provider": "acme"}), "acme"),
        (json!({"path": PATH, "provider": "selfsigned", "csr_path": "/a", "csr_content": "b"}), "csr_content"),
    ] {
        assert!(refused(&MODULE, args).contains(word), "{word}");
    }
    let full = apply_once(&MODULE, machine().fault(Fault::NoSpace, PATH), selfsigned(json!({})));
    assert_eq!(full.failure().message, format!("failed to write `{PATH}`: No space left on device"));
    assert_eq!(decimal(&[1, 0, 0]), "65536");
}
