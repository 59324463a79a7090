use serde_json::{Value, json};

use super::*;
use crate::modules::shared::pki::made::{EC_INFO, EC1, EC8, PROTECTED1, PROTECTED8, RSA_INFO, RSA1, RSA8, X_INFO, X8, X8_DER};
use crate::modules::testing::{apply, apply_on, apply_once, predict, refused};
use crate::system::fake::{Fake, Fault};
use crate::system::{Command, Output};

const PATH: &str = "/etc/ssl/key";
const OPENSSL: &str = "/usr/bin/openssl";

/// Whose `openssl` makes and knows one RSA key.
fn machine() -> Fake {
    Fake::new()
        .dir("/etc/ssl")
        .program(OPENSSL)
        .answer(&[OPENSSL, "genpkey", "-algorithm", "RSA"], 0, *RSA8, "....+++")
        .answer(&[OPENSSL, "pkey", "-pubout", "-outform", "DER"], 0, *RSA_INFO, "")
        .answer(&[OPENSSL, "pkey", "-traditional"], 0, *RSA1, "")
        .answer(&[OPENSSL, "pkey", "-traditional", "-aes256"], 0, *PROTECTED1, "")
        .answer(&[OPENSSL, "pkey"], 0, *RSA8, "")
}

fn with(content: &str) -> Fake {
    machine().file(PATH, content).mode(PATH, 0o600)
}

/// Whose `openssl` makes an RSA key, and knows what other keys are.
fn knowing(content: &str) -> Fake {
    let known = |command: &Command| {
        let input = command.secret_stdin.as_ref().map_or("", |input| input.expose());
        let is_right = command.env.get("KCONF_PASSPHRASE").is_none_or(|passphrase| passphrase == "sesame");
        let info = if [*EC1, *EC8].contains(&input) {
            *EC_INFO
        } else if [*RSA1, *RSA8].contains(&input) || is_right && [*PROTECTED1, *PROTECTED8].contains(&input) {
            *RSA_INFO
        } else {
            return Ok(Output { rc: 1, ..Output::default() });
        };
        Ok(Output { stdout: info.to_vec(), ..Output::default() })
    };
    Fake::new()
        .dir("/etc/ssl")
        .program(OPENSSL)
        .answer(&[OPENSSL, "genpkey"], 0, *RSA8, "")
        .answer(&[OPENSSL, "pkey", "-traditional"], 0, *RSA1, "")
        .answer(&[OPENSSL, "pkey", "-traditional", "-passin"], 0, *PROTECTED1, "")
        .answer_with(&[OPENSSL, "pkey", "-pubout"], known)
        .file(PATH, content)
        .mode(PATH, 0o600)
}

fn rsa(more: Value) -> Value {
    let mut args = more;
    args["path"] = json!(PATH);
    if args["size"].is_null() {
        args["size"] = json!(1024);
    }
    args
}

#[test]
fn a_key_is_made_once() {
    let made = apply(&MODULE, machine(), rsa(json!({"return_content": true})));
    assert_eq!((made.changed, made.machine.text(PATH).as_str(), made.machine.stat_of(PATH).mode), (true, *RSA1, 0o600));
    assert_eq!((made.get("filename"), made.get("type"), made.get("size")), (&json!(PATH), &json!("RSA"), &json!(1024)));
    assert_eq!(made.get("privatekey"), *RSA1);
    assert_eq!(made.get("fingerprint").as_object().map(serde_json::Map::len), Some(14));
    let shown = made.get("diff").to_string();
    assert!(shown.contains("RSA") && !shown.contains("PRIVATE KEY"), "{shown}");
    let open = apply(&MODULE, machine().file(PATH, *RSA1).mode(PATH, 0o644), rsa(json!({})));
    assert!(open.changed && open.machine.stat_of(PATH).mode == 0o600, "a key is not for everyone");
    let mode = apply(&MODULE, with(*RSA8), rsa(json!({"mode": "0640"})));
    assert!(mode.changed && mode.machine.text(PATH) == *RSA8);
    let foreseen = predict(&MODULE, machine(), rsa(json!({})));
    assert!(foreseen.changed && !foreseen.machine.has(PATH));
}

#[test]
fn a_passphrase_is_seen_by_nobody() {
    let made = apply(&MODULE, machine(), rsa(json!({"passphrase": "sesame"})));
    assert_eq!(made.machine.text(PATH), *PROTECTED1);
    assert!(made.machine.commands().iter().all(|command| !command.contains("sesame")), "{:?}", made.machine.commands());
    for kept in [*PROTECTED1, *PROTECTED8] {
        let same = apply_once(&MODULE, knowing(kept), rsa(json!({"passphrase": "sesame"})));
        assert!(!same.changed && same.answer.is_ok());
    }
    let other = apply_once(&MODULE, machine(), rsa(json!({"passphrase": "sesame", "cipher": "des"})));
    assert_eq!(other.failure().message, "failed to encrypt the key with `des`: only `cipher: auto` is possible");
    let bare = apply_once(&MODULE, machine(), rsa(json!({"passphrase": "sesame", "type": "X25519", "format": "raw"})));
    assert!(bare.failure().message.contains("failed to make a private key of the type X25519"));
}

#[test]
fn another_key_is_replaced_where_that_is_allowed() {
    for (key, args, what) in [
        (*EC1, json!({}), "its type is ECC, not RSA"),
        (*RSA1, json!({"size": 2048}), "it has 1024 bits, not 2048"),
        (*EC1, json!({"type": "ECC", "curve": "secp256r1"}), "its curve is brainpoolP256r1, not secp256r1"),
        (*RSA8, json!({"format": "auto"}), "it is written as `pkcs8`, not as `pkcs1`"),
    ] {
        let with = |regenerate: &str| {
            let mut args = rsa(args.clone());
            args["regenerate"] = json!(regenerate);
            args
        };
        let failed = apply_once(&MODULE, knowing(key), with("fail"));
        assert_eq!(failed.failure().message, format!("failed to keep the key `{PATH}`: {what}"));
        let never = apply_once(&MODULE, knowing(key), with("never"));
        assert!(!never.changed && never.machine.text(PATH) == key, "{what}");
        for regenerate in ["partial_idempotence", "full_idempotence"] {
            let replaced = apply_once(&MODULE, knowing(key), with(regenerate));
            let is_new = replaced.machine.commands().iter().any(|command| command.contains(" genpkey "));
            assert!(is_new && replaced.machine.text(PATH) == *RSA1, "{what}");
        }
    }
    let same = apply(&MODULE, knowing(*EC1), rsa(json!({"type": "ECC", "curve": "brainpoolP256r1", "format": "pkcs1"})));
    assert_eq!((same.changed, same.get("curve")), (false, &json!("brainpoolP256r1")));
    let again = apply_once(&MODULE, with(*RSA1), rsa(json!({"force": true, "backup": true})));
    let is_made = again.machine.commands().iter().any(|command| command.contains(" genpkey "));
    assert!(is_made && again.get("backup_file").as_str().is_some(), "the machine makes the same key again");
    assert!(refused(&MODULE, json!({"path": PATH, "type": "ECC"})).contains("curve"));
}

#[test]
fn what_cannot_be_read_is_replaced_only_when_said_so() {
    for (key, passphrase, why) in [
        ("x\n", Value::Null, "it is no private key in PEM"),
        (*PROTECTED1, Value::Null, "it is protected by a passphrase"),
        (*PROTECTED8, json!("open"), "it is broken or protected by another passphrase"),
        (*RSA1, json!("sesame"), "no passphrase protects it, and there is one in the arguments"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", Value::Null, "it is no private key but `certificate`"),
    ] {
        for regenerate in ["never", "fail", "partial_idempotence"] {
            let mut args = rsa(json!({"regenerate": regenerate}));
            if !passphrase.is_null() {
                args["passphrase"] = passphrase.clone();
            }
            let failed = apply_once(&MODULE, knowing(key), args);
            assert_eq!(failed.failure().message, format!("failed to read the key `{PATH}`: {why}"), "{regenerate}");
        }
    }
    let replaced = apply(&MODULE, with("x\n"), rsa(json!({"backup": true})));
    let copy = replaced.get("backup_file").as_str().unwrap().to_owned();
    assert_eq!((replaced.machine.text(PATH).as_str(), replaced.machine.text(&copy).as_str()), (*RSA1, "x\n"));
}

#[test]
fn a_key_is_written_in_another_form() {
    for regenerate in ["never", "fail", "full_idempotence"] {
        let args = rsa(json!({"format": "pkcs8", "format_mismatch": "convert", "regenerate": regenerate}));
        let converted = apply(&MODULE, with(*RSA1), args);
        assert_eq!((converted.changed, converted.machine.text(PATH).as_str()), (true, *RSA8));
        assert!(!converted.machine.commands().iter().any(|command| command.contains("genpkey")));
    }
}

#[test]
fn bare_keys() {
    let machine = || {
        Fake::new()
            .dir("/etc/ssl")
            .program(OPENSSL)
            .answer(&[OPENSSL, "genpkey", "-algorithm", "X25519"], 0, *X8, "")
            .answer(&[OPENSSL, "pkey", "-outform", "DER"], 0, *X8_DER, "")
            .answer(&[OPENSSL, "pkey", "-pubout"], 0, *X_INFO, "")
    };
    let args = rsa(json!({"type": "X25519", "format": "raw", "return_content": true}));
    let made = apply(&MODULE, machine(), args.clone());
    let bytes = made.machine.bytes(PATH);
    assert_eq!((bytes.len(), bytes.as_slice()), (32, &X8_DER[X8_DER.len() - 32..]));
    assert_eq!(made.get("privatekey").as_str().map(str::len), Some(44));
    let mut fresh = machine().file(PATH, &bytes).mode(PATH, 0o600);
    assert!(!apply_on(&MODULE, &mut fresh, &args).0);
    let short = apply_once(&MODULE, machine().file(PATH, "abc"), rsa(json!({"type": "Ed448", "regenerate": "fail"})));
    assert!(short.failure().message.ends_with("it is neither PEM nor the 57 bytes of a key of the type Ed448"));
    let old = apply_once(&MODULE, machine(), rsa(json!({"type": "X25519", "format": "pkcs1"})));
    assert_eq!(old.failure().message, "failed to write the private key in the format `pkcs1`: keys of the type X25519 do not have it");
}

#[test]
fn curves_that_are_out_of_date_give_a_warning() {
    let machine = Fake::new()
        .dir("/etc/ssl")
        .program(OPENSSL)
        .answer(&[OPENSSL, "genpkey", "-algorithm", "EC"], 0, *EC8, "")
        .answer(&[OPENSSL, "pkey", "-traditional"], 0, *EC1, "")
        .answer(&[OPENSSL, "pkey", "-pubout"], 0, *EC_INFO, "");
    let made = apply(&MODULE, machine, rsa(json!({"type": "ECC", "curve": "brainpoolP256r1"})));
    assert_eq!(made.machine.text(PATH), *EC1);
    assert_eq!(made.answer.unwrap().warnings, ["the curve `brainpoolP256r1` should not be used for new keys"]);
}

#[test]
fn keys_go() {
    let gone = apply(&MODULE, with(*RSA1), rsa(json!({"state": "absent", "backup": true, "return_content": true})));
    assert!(gone.changed && !gone.machine.has(PATH));
    assert_eq!((gone.get("fingerprint"), gone.get("privatekey")), (&Value::Null, &Value::Null));
    assert_eq!(gone.machine.text(gone.get("backup_file").as_str().unwrap()), *RSA1);
    assert!(!gone.get("diff").to_string().contains("PRIVATE KEY"));
    assert!(!apply(&MODULE, gone.machine, rsa(json!({"state": "absent"}))).changed);
}

#[test]
fn what_cannot_be_is_said() {
    for (machine, args, message) in [
        (Fake::new().dir("/etc/ssl"), json!({}), "failed to make a private key of the type RSA: the machine has no `openssl`"),
        (Fake::new().program(OPENSSL), json!({}), "failed to write `/etc/ssl/key`: the directory `/etc/ssl` does not exist"),
        (machine().dir(PATH), json!({}), "failed to read `/etc/ssl/key`: it is a directory"),
        (machine(), json!({"size": 512}), "failed to make a key of 512 bits: an RSA key has at least 1024 bits"),
        (machine(), json!({"type": "DSA", "size": 1500}), "failed to make a key of 1500 bits: a DSA key has 1024, 2048, 3072 or 4096 bits"),
        (machine(), json!({"format": "raw"}), "failed to write the private key in the format `raw`: keys of the type RSA do not have it"),
    ] {
        assert_eq!(apply(&MODULE, machine, rsa(args)).failure().message, message);
    }
    let full = apply_once(&MODULE, machine().fault(Fault::NoSpace, "/etc/ssl"), rsa(json!({})));
    assert_eq!(full.failure().message, "failed to write `/etc/ssl/key`: No space left on device");
}

#[test]
fn an_openssl_that_was_killed_has_not_found_a_broken_key() {
    // Programs of the copies that other tests are held against can exit only.
    let killed = Fake::new().dir("/etc/ssl").program(OPENSSL).file(PATH, *RSA8).answer(&[OPENSSL, "pkey", "-pubout"], -9, "", "");
    let failed = predict(&MODULE, killed, rsa(json!({})));
    assert_eq!(failed.failure().message, "failed to read a private key: the command was ended by the signal 9 (SIGKILL)");
}
