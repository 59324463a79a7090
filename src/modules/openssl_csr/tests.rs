use serde_json::{Value, json};

use super::*;
use crate::modules::shared::pki::made::{PROTECTED1, RSA_INFO, RSA1, X_INFO};
use crate::modules::testing::{apply, apply_once, predict, refused};
use crate::system::fake::{Fake, Fault};

const PATH: &str = "/etc/ssl/www.csr";
const OPENSSL: &str = "/usr/bin/openssl";

fn bare() -> Fake {
    Fake::new().dir("/etc/ssl").file("/etc/ssl/key", *RSA1).file("/etc/ssl/secret", *PROTECTED1).program(OPENSSL)
}

/// Whose `openssl` knows the key, signs with it, and finds all signatures right.
fn machine() -> Fake {
    bare()
        .answer(&[OPENSSL, "pkey", "-pubout"], 0, *RSA_INFO, "")
        .answer(&[OPENSSL, "dgst", "-sha256", "-sign"], 0, [1, 2, 3], "")
        .answer(&[OPENSSL, "dgst", "-sha512", "-sign"], 0, [4, 5, 6], "")
        .answer(&[OPENSSL, "dgst", "-sha256", "-verify"], 0, "Verified OK\n", "")
}

fn args(more: Value) -> Value {
    let mut args = more;
    args["path"] = json!(PATH);
    if args["privatekey_path"].is_null() && args["privatekey_content"].is_null() {
        args["privatekey_path"] = json!("/etc/ssl/key");
    }
    args
}

/// The request that these options make.
fn made(more: Value) -> String {
    let made = apply(&MODULE, machine(), args(more));
    assert!(made.changed, "{:?}", made.answer.err());
    made.machine.text(PATH)
}

#[test]
fn a_request_is_made_once() {
    let made = apply(&MODULE, machine(), args(json!({"common_name": "www.example.com", "return_content": true})));
    let text = made.machine.text(PATH);
    assert!(text.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n") && made.get("csr") == &json!(text));
    assert_eq!(made.machine.stat_of(PATH).mode, 0o644);
    let request = Request::read(text.as_bytes()).unwrap();
    assert_eq!(request.key.info, *RSA_INFO);
    let value = hex::decode("3011820f7777772e6578616d706c652e636f6d").unwrap();
    assert_eq!(request.extensions, [super::super::shared::pki::extensions::Extension::new("2.5.29.17", false, value)]);
    for (name, value) in [
        ("filename", json!(PATH)),
        ("privatekey", json!("/etc/ssl/key")),
        ("subject", json!([["CN", "www.example.com"]])),
        ("subjectAltName", json!(["DNS:www.example.com"])),
        ("keyUsage", Value::Null),
        ("ocspMustStaple", json!(false)),
        ("name_constraints_permitted", json!([])),
    ] {
        assert_eq!(made.get(name), &value, "{name}");
    }
    let foreseen = predict(&MODULE, machine(), args(json!({"common_name": "x"})));
    assert!(foreseen.changed && !foreseen.machine.has(PATH));
}

#[test]
fn what_differs_makes_a_new_one() {
    let old = json!({"common_name": "a", "organization_name": "b", "subject_alt_name": ["DNS:a", "DNS:b"], "key_usage": ["keyCertSign"]});
    let text = made(old.clone());
    for (name, value, is_new) in [
        ("organization_name", json!("c"), true),
        ("country_name", json!("DE"), true),
        ("subject", json!({"CN": "b"}), true),
        ("subject_alt_name", json!(["DNS:b", "DNS:a"]), false),
        ("subject_alt_name", json!(["DNS:a"]), true),
        ("subject_alt_name_critical", json!(true), true),
        ("key_usage", json!(["Certificate Sign"]), false),
        ("key_usage", json!([]), true),
        ("extended_key_usage", json!(["serverAuth"]), true),
        ("basic_constraints", json!(["CA:TRUE"]), true),
        ("ocsp_must_staple", json!(true), true),
        ("name_constraints_excluded", json!(["DNS:x"]), true),
        ("create_subject_key_identifier", json!(true), true),
        ("subject_key_identifier", json!("00:11"), true),
        ("authority_key_identifier", json!("00:11"), true),
        ("crl_distribution_points", json!([{"full_name": ["URI:x"]}]), true),
        ("digest", json!("sha512"), false),
        ("force", json!(true), true),
    ] {
        let mut new = args(old.clone());
        new[name] = value.clone();
        let applied = apply_once(&MODULE, machine().file(PATH, &text), new);
        let is_made = applied.machine.commands().iter().any(|command| command.contains("-sign "));
        assert_eq!((applied.answer.is_ok(), is_made), (true, is_new), "{name} {value}");
    }
    let order = json!({"subject_ordered": [{"O": "b"}, {"CN": "a"}], "subject_alt_name": ["DNS:a", "DNS:b"], "key_usage": ["keyCertSign"]});
    assert!(!apply(&MODULE, machine().file(PATH, &text), args(order.clone())).changed);
    let mut other = order;
    other["subject_ordered"] = json!([{"CN": "a"}, {"O": "b"}]);
    assert!(apply(&MODULE, machine().file(PATH, &text), args(other)).changed);
}

#[test]
fn a_request_of_another_key_or_with_a_wrong_signature_is_made_anew() {
    let text = made(json!({"common_name": "a"}));
    let other = bare().answer(&[OPENSSL, "pkey", "-pubout"], 0, *X_INFO, "").file(PATH, &text);
    let failed = apply_once(&MODULE, other, args(json!({"common_name": "a"})));
    assert_eq!(failed.failure().message, "failed to sign: keys of the type X25519 cannot sign");
    let wrong = bare()
        .answer(&[OPENSSL, "pkey", "-pubout"], 0, *RSA_INFO, "")
        .answer(&[OPENSSL, "dgst", "-sha256", "-sign"], 0, [9], "")
        .answer(&[OPENSSL, "dgst", "-sha256", "-verify"], 1, "Verification failure\n", "")
        .file(PATH, &text);
    let again = apply_once(&MODULE, wrong, args(json!({"common_name": "a", "backup": true})));
    assert!(again.changed);
    assert_eq!(again.machine.text(again.get("backup_file").as_str().unwrap()), text);
    for broken in ["x\n", *RSA1, "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"] {
        assert!(apply(&MODULE, machine().file(PATH, broken), args(json!({"common_name": "a"}))).changed, "{broken}");
    }
}

#[test]
fn keys_and_passphrases_are_seen_by_nobody() {
    let given = args(json!({"privatekey_content": *PROTECTED1, "privatekey_passphrase": "sesame"}));
    let made = apply(&MODULE, machine(), given);
    assert!(made.changed && made.get("privatekey").is_null());
    let asked = made.machine.commands().join("\n");
    assert!(!asked.contains("sesame") && !asked.contains("BEGIN"), "{asked}");
    assert!(asked.contains("-passin env:KCONF_PASSPHRASE"), "{asked}");
    for (given, why) in [
        (json!({"privatekey_path": "/etc/ssl/secret"}), "it is protected by a passphrase"),
        (json!({"privatekey_passphrase": "x"}), "no passphrase protects it, and there is one in the arguments"),
        (json!({"privatekey_content": "x"}), "it is no private key in PEM"),
    ] {
        assert_eq!(apply(&MODULE, machine(), args(given)).failure().message, format!("failed to read the private key: {why}"));
    }
}

#[test]
fn requests_go() {
    let text = made(json!({"common_name": "a"}));
    let gone =
        apply(&MODULE, machine().file(PATH, &text), json!({"path": PATH, "state": "absent", "backup": true, "return_content": true}));
    assert!(gone.changed && !gone.machine.has(PATH) && gone.get("csr").is_null());
    assert_eq!((gone.get("subject"), gone.get("subjectAltName")), (&json!([]), &Value::Null));
    assert!(!apply(&MODULE, gone.machine, json!({"path": PATH, "state": "absent"})).changed);
}

#[test]
fn what_cannot_be_is_said() {
    for (given, why) in [
        (
            json!({"digest": "foo"}),
            "failed to sign: the digest `foo` is not known; these are: `md5`, `sha1`, `sha224`, `sha256`, `sha384`, `sha512`",
        ),
        (json!({"country_name": "DEU"}), "failed to put the request together: `DEU` is no code of a country, which has two letters"),
        (json!({"subject": {"foo": "x"}}), "failed to put the request together: no attribute of names is called `foo`"),
        (json!({"subject": {"O": 1}}), "failed to put the request together: the value of `O` is neither a text nor a list of texts"),
        (
            json!({"subject_ordered": [{"O": "a", "C": "DE"}]}),
            "failed to put the request together: the entry 1 of `subject_ordered` has not exactly one key",
        ),
        (
            json!({"subject_key_identifier": "00", "create_subject_key_identifier": true}),
            "failed to put the request together: `subject_key_identifier` has no place beside `create_subject_key_identifier`",
        ),
        (
            json!({"crl_distribution_points": [{"full_name": ["URI:x"], "relative_name": ["CN=x"]}]}),
            "failed to put the request together: a distribution point has `full_name` or `relative_name`, not both",
        ),
        (json!({"privatekey_path": "/etc/no"}), "failed to read the private key: `/etc/no` is not there"),
    ] {
        assert_eq!(apply(&MODULE, machine(), args(given)).failure().message, why);
    }
    for (given, word) in [
        (json!({"path": PATH}), "privatekey_path"),
        (json!({"path": PATH, "privatekey_path": "/x", "privatekey_content": "y"}), "privatekey_content"),
        (json!({"path": PATH, "privatekey_path": "/x", "subject": {}, "subject_ordered": []}), "subject_ordered"),
        (json!({"path": PATH, "privatekey_path": "/x", "authority_cert_issuer": ["DNS:x"]}), "authority_cert_serial_number"),
        (json!({"path": PATH, "privatekey_path": "/x", "version": 3}), "version"),
    ] {
        assert!(refused(&MODULE, given).contains(word), "{word}");
    }
    let full = apply_once(&MODULE, machine().fault(Fault::NoSpace, PATH), args(json!({})));
    assert_eq!(full.failure().message, format!("failed to write `{PATH}`: No space left on device"));
}
