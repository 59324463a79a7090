use std::sync::mpsc;

use serde_json::{Value, json};

use super::keytool::{SCRIPT, entries};
use super::*;
use crate::modules::shared::pki::der::{tag, tlv};
use crate::modules::shared::pki::pem;
use crate::modules::testing::{Applied, apply, apply_on, apply_once, predict, predict_after, refused};
use crate::system::fake::{Fake, Fault};
use crate::system::{Attributes, Content, Output, System};

const KEYTOOL: &str = "/usr/bin/keytool";
const STORE: &str = "/etc/app/keystore";
/// What keystores begin with is no text.
const OLD: &[u8] = b"\xfe\xed\xfe\xed old";
const LESS: &[u8] = b"\xfe\xed\xfe\xed less";
const NEW: &[u8] = b"\xfe\xed\xfe\xed new";
/// Said by keytool of OpenJDK 17.
const MISSING: &str = "keytool error: java.lang.Exception: Alias <a> does not exist\n";
const WRONG: &str = "keytool error: java.io.IOException: keystore password was incorrect\n";
const TOO_SHORT: &str = "Enter keystore password:  Keystore password is too short - must be at least 6 characters\nEnter keystore password:  \
                         Too many failures - try later\n";

fn der(name: &str) -> Vec<u8> {
    let part = |text: &str| tlv(tag::SEQUENCE, &[text.as_bytes()]);
    tlv(tag::SEQUENCE, &[&part(name), &part("how"), &tlv(tag::BIT_STRING, &[b"\0signed"])])
}

/// A text with a certificate, as far as it is looked at here.
fn certificate(name: &str) -> String {
    pem::encode("CERTIFICATE", &der(name))
}

fn listed(alias: &str, name: &str) -> String {
    let about = "Creation date: Nov 29, 2026\nEntry type: PrivateKeyEntry\nCertificate chain length: 2\nCertificate[1]:";
    format!("Alias name: {alias}\n{about}\n{}Certificate[2]:\n{}", certificate(name), certificate("issuer"))
}

/// A machine without a keystore.
fn bare() -> Fake {
    Fake::new().program(KEYTOOL).file("/srv/one.pem", certificate("one")).file("/srv/two.der", der("two")).dir("/etc/app")
}

/// One with a keystore, which `keytool -list` shows like this, one after another.
fn machine(lists: &[(i32, &str)]) -> Fake {
    let machine = bare().file(STORE, OLD).mode(STORE, 0o640);
    lists.iter().fold(machine, |machine, (rc, list)| machine.answer(&[KEYTOOL, "-list", "-keystore"], *rc, list, ""))
}

/// Where the keystore becomes these, one after another.
fn becomes(machine: Fake, contents: &[&[u8]]) -> Fake {
    let said = "Enter keystore password:  Certificate was added to keystore\n";
    contents.iter().fold(machine, |machine, content| machine.answer(&["sh", "-c", SCRIPT], 0, content, said))
}

fn args(more: Value) -> Value {
    let mut args = more;
    args["keystore_path"] = json!(STORE);
    args["keystore_pass"] = json!("changeit");
    args
}

fn asked(applied: &Applied) -> String {
    let commands = applied.machine.commands();
    let of_keytool = commands.iter().filter_map(|command| command.split_once(" /usr/bin/keytool ").map(|(_, words)| words));
    of_keytool.map(|words| words.split(' ').next().unwrap_or_default()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_keystore_is_made_once() {
    let shown = listed("a", "one");
    let new = becomes(bare(), &[NEW]).answer(&[KEYTOOL, "-list", "-keystore"], 0, &shown, "");
    let one = args(json!({"cert_path": "/srv/one.pem", "cert_alias": "a", "keystore_create": true, "mode": "0600"}));
    let made = apply(&MODULE, new, one);
    assert!(made.changed);
    assert_eq!((made.machine.bytes(STORE).as_slice(), made.machine.stat_of(STORE).mode), (NEW, 0o600));
    let cmd = json!(["keytool", "-importcert", "-noprompt", "-keystore", STORE, "-file", "/srv/one.pem", "-alias", "a"]);
    for (key, value) in [("cmd", cmd), ("rc", json!(0)), ("msg", json!("")), ("stdout", json!(""))] {
        assert_eq!(made.get(key), &value, "{key}");
    }
    assert_eq!(made.get("error"), "Enter keystore password:  Certificate was added to keystore\n");
    let diff = made.get("diff")[0].clone();
    assert_eq!(diff["before"], json!({}));
    assert!(diff["after"]["a"].as_str().is_some_and(|text| text.starts_with("SHA-256 ")), "{diff}");
    let open = args(json!({"cert_path": "/srv/one.pem", "cert_alias": "a", "mode": "0644"}));
    let open = apply(&MODULE, made.machine, open);
    assert!(open.changed && open.machine.stat_of(STORE).mode == 0o644 && open.result().is_empty());
}

#[test]
fn a_certificate_is_compared_with_that_of_the_entry() {
    let (one, two) = (listed("a", "one"), listed("a", "two"));
    for given in [
        json!({"cert_path": "/srv/one.pem", "cert_alias": "a"}),
        json!({"cert_content": certificate("one"), "cert_alias": "a"}),
        json!({"cert_content": format!("a key\n-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n{}", certificate("one")), "cert_alias": "a"}),
    ] {
        let same = apply(&MODULE, machine(&[(0, &one)]), args(given.clone()));
        assert!(!same.changed && asked(&same) == "-list -list -list", "{given} {}", asked(&same));
    }
    let other = becomes(machine(&[(0, &one), (0, &one), (0, &two)]), &[LESS, NEW, LESS, NEW]);
    let other = apply(&MODULE, other, args(json!({"cert_path": "/srv/two.der", "cert_alias": "a"})));
    assert_eq!((other.changed, other.machine.bytes(STORE).as_slice(), other.machine.stat_of(STORE).mode), (true, NEW, 0o640));
    assert_eq!(asked(&other), "-list -delete -importcert -list -delete -importcert -list");
    assert_eq!(other.get("cmd")[1], "-importcert");
    let secret_key = "Alias name: a\nCreation date: Nov 29, 2026\nEntry type: SecretKeyEntry\n";
    let replaced = becomes(machine(&[(0, secret_key)]), &[LESS, NEW]);
    let replaced = apply_once(&MODULE, replaced, args(json!({"cert_path": "/srv/one.pem", "cert_alias": "a"})));
    assert_eq!(replaced.get("diff")[0]["before"], json!({"a": "no certificate"}));
}

#[test]
fn options_become_words() {
    let new = || becomes(machine(&[(1, MISSING)]), &[NEW]);
    let given = json!({"cert_path": "/srv/one.pem", "cert_alias": "a", "keystore_type": "JKS", "trust_cacert": true});
    let typed = apply_once(&MODULE, new(), args(given));
    let words = json!(["-alias", "a", "-storetype", "JKS", "-trustcacerts"]);
    assert_eq!(typed.get("cmd").as_array().map(|cmd| json!(cmd[7..])), Some(words));
    assert!(typed.machine.commands().iter().any(|command| command.contains("-alias a -rfc -storetype JKS")));
    let own = new().program("/opt/java/keytool").answer(&["/opt/java/keytool", "-list"], 1, MISSING, "");
    let own = apply_once(&MODULE, own, args(json!({"cert_path": "/srv/one.pem", "cert_alias": "a", "executable": "/opt/java/keytool"})));
    assert_eq!(own.get("cmd")[0], "/opt/java/keytool");
}

#[test]
fn a_link_is_followed() {
    let linked = Fake::new().program(KEYTOOL).file("/etc/ssl/store", OLD).link("/opt/store", "/etc/ssl/store");
    let linked = becomes(linked.file("/srv/one.pem", certificate("one")), &[NEW]);
    let shown = listed("a", "one");
    let linked = [(1, MISSING), (1, MISSING), (0, &shown)]
        .iter()
        .fold(linked, |machine, (rc, list)| machine.answer(&[KEYTOOL, "-list"], *rc, list, ""));
    let mut given = args(json!({"cert_path": "/srv/one.pem", "cert_alias": "a"}));
    given["keystore_path"] = json!("/opt/store");
    let applied = apply(&MODULE, linked, given);
    assert!(applied.machine.stat_of("/opt/store").is_link() && applied.machine.bytes("/etc/ssl/store") == NEW);
    assert_eq!(applied.get("cmd")[4], "/opt/store");
}

#[test]
fn entries_go() {
    let one = listed("a", "one");
    for given in [json!({"cert_alias": "a", "state": "absent"}), json!({"cert_url": "a", "state": "absent"})] {
        let gone = becomes(machine(&[(0, &one), (0, &one), (1, MISSING)]), &[LESS]);
        let gone = apply(&MODULE, gone, args(given));
        assert_eq!((gone.changed, gone.machine.bytes(STORE).as_slice()), (true, LESS));
        assert_eq!(gone.get("cmd"), &json!(["keytool", "-delete", "-noprompt", "-keystore", STORE, "-alias", "a"]));
        assert_eq!(gone.get("diff")[0]["after"], json!({}));
    }
    let none = apply(&MODULE, bare(), args(json!({"cert_alias": "a", "state": "absent", "keystore_create": true, "mode": "0600"})));
    assert!(!none.changed && !none.machine.has(STORE));
}

#[test]
fn keys_of_another_keystore() {
    let both = format!("Your keystore contains 2 entries\n\n{}\n{}", listed("k", "one"), listed("l", "two"));
    let (k, missing) = (listed("k", "one"), "keytool error: java.lang.Exception: Alias <k> does not exist\n");
    let source = |list: &str| {
        let machine = becomes(machine(&[]).file("/srv/keys.p12", b"\x30\x82"), &[NEW]);
        machine.answer(&[KEYTOOL, "-list", "-noprompt"], 0, list, "")
    };
    let import = |rest: &[&str]| {
        let start =
            ["keytool", "-importkeystore", "-noprompt", "-srcstoretype", "pkcs12", "-srckeystore", "/srv/keys.p12", "-destkeystore"];
        json!([start.as_slice(), &[STORE], rest].concat())
    };
    for (list, more, words) in [
        (&k, json!({"pkcs12_alias": "k", "cert_alias": "x"}), ["-destalias", "x", "-srcalias", "k"].as_slice()),
        (&k, json!({"cert_alias": "x"}), &["-destalias", "x", "-srcalias", "k"]),
        (&k, json!({"pkcs12_alias": "k"}), &["-srcalias", "k"]),
        (&k, json!({}), &[]),
        (&both, json!({}), &[]),
    ] {
        let machine = source(list);
        let (one, two) = (listed("k", "one"), listed("l", "two"));
        let (one, two) = (one.as_str(), two.as_str());
        // Each entry is asked for: in check mode, for real, and again.
        let answers = match list == &both {
            false => vec![(1, missing), (1, missing), (0, one)],
            true => vec![(0, one), (1, missing), (0, one), (1, missing), (0, one), (0, two)],
        };
        let answer = |machine: Fake, (rc, list): &(i32, &str)| machine.answer(&[KEYTOOL, "-list", "-keystore"], *rc, list, "");
        let machine = answers.iter().fold(machine, answer);
        let mut given = args(more);
        (given["pkcs12_path"], given["pkcs12_password"]) = (json!("/srv/keys.p12"), json!("sesame"));
        let applied = apply(&MODULE, machine, given.clone());
        assert_eq!((applied.changed, applied.get("cmd")), (true, &import(words)), "{given}");
        assert_eq!(applied.machine.bytes(STORE), NEW);
    }
    let hidden = "Alias name: k\nEntry type: PrivateKeyEntry\n";
    for (list, more, message) in [
        (both.as_str(), json!({"cert_alias": "x"}), "it has several entries"),
        ("Your keystore contains 0 entries\n", json!({}), "it has no entry"),
        (hidden, json!({"pkcs12_alias": "k"}), "the entry shows no certificate"),
    ] {
        let mut given = args(more);
        given["pkcs12_path"] = json!("/srv/keys.p12");
        let failed = apply_once(&MODULE, source(list), given);
        assert_eq!(failed.failure().message, format!("failed to read the keystore `/srv/keys.p12`: {message}"));
    }
    assert_eq!(entries(&both).iter().map(|(alias, _)| alias.as_str()).collect::<Vec<_>>(), ["k", "l"]);
}

#[test]
fn servers_show_their_certificates() {
    let from = |variables: &[(&str, &str)]| {
        let (shown, said) = mpsc::channel();
        let show = move |command: &crate::system::Command| {
            shown.send(command.argv[3..].join(" ").replace(" -J-XX:-UsePerfData", "")).unwrap();
            Ok(Output { stdout: certificate("one").into_bytes(), ..Output::default() })
        };
        let machine = becomes(machine(&[(1, MISSING)]), &[NEW]).answer_with(&[KEYTOOL, "-printcert", "-rfc"], show);
        let machine = variables.iter().fold(machine, |machine, (name, value)| machine.variable(name, value));
        let applied = apply_once(&MODULE, machine, args(json!({"cert_url": "www", "cert_port": 8443})));
        (said.try_iter().collect::<String>(), applied)
    };
    let (asked, applied) = from(&[]);
    assert_eq!((asked.as_str(), applied.get("cmd")[8].as_str()), ("-sslserver www:8443", Some("www")));
    let (asked, _) = from(&[("https_proxy", "http://proxy:3128"), ("no_proxy", "a.b, .c")]);
    let proxy = "-J-Dhttps.proxyHost=proxy -J-Dhttps.proxyPort=3128 -J-Dhttp.nonProxyHosts=a.b|*.c";
    assert_eq!(asked, format!("-sslserver {proxy} www:8443"));
    let (asked, _) = from(&[("HTTPS_PROXY", "proxy")]);
    assert_eq!(asked, "-sslserver -J-Dhttps.proxyHost=proxy -J-Dhttps.proxyPort=80 www:8443");
    let (_, applied) = from(&[("https_proxy", "http://me:secret@proxy:1")]);
    assert_eq!(applied.failure().message, "failed to go through the proxy that `https_proxy` names: `keytool` cannot log in there");
    let down =
        machine(&[]).answer(&[KEYTOOL, "-printcert"], 1, "keytool error: java.lang.Exception: No certificate from the SSL server\n", "");
    let down = apply_once(&MODULE, down, args(json!({"cert_url": "www"})));
    assert_eq!(down.failure().message, "failed to fetch the certificate of `www:443`: No certificate from the SSL server");
}

#[test]
fn passwords_are_on_no_command_line() {
    let (shown, said) = mpsc::channel();
    let note = move |output: (i32, &'static [u8])| {
        let shown = shown.clone();
        move |command: &crate::system::Command| {
            let words = command.argv.join(" ");
            shown.send((words, command.secret_stdin.as_ref().map(|text| text.expose().to_owned()).unwrap_or_default())).unwrap();
            Ok(Output { rc: output.0, stdout: output.1.to_vec(), ..Output::default() })
        }
    };
    let inputs = |machine: Fake| {
        let machine = machine
            .file("/srv/keys.p12", "x")
            .answer(&[KEYTOOL, "-list", "-noprompt"], 0, listed("k", "one"), "")
            .answer_with(&[KEYTOOL, "-list", "-keystore"], note((1, MISSING.as_bytes())))
            .answer_with(&["sh"], note((0, NEW)));
        let mut given = args(json!({"pkcs12_path": "/srv/keys.p12", "pkcs12_password": "sesame", "keystore_create": true}));
        given["pkcs12_alias"] = json!("k");
        assert!(apply_once(&MODULE, machine, given).changed);
        let said: Vec<(String, String)> = said.try_iter().collect();
        assert!(said.iter().all(|(words, _)| !words.contains("changeit") && !words.contains("sesame")), "{said:?}");
        said.into_iter().map(|(_, input)| input).collect::<Vec<_>>()
    };
    assert_eq!(inputs(bare()), ["changeit\nchangeit\nsesame\n"]);
    assert_eq!(inputs(machine(&[])), ["changeit\n", "changeit\nsesame\n"]);
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let (one, two) = (listed("a", "one"), listed("b", "two"));
    let create = args(json!({"cert_path": "/srv/one.pem", "cert_alias": "a", "keystore_create": true}));
    let lists = |lists: &[(i32, &str)]| {
        let machine = becomes(bare(), &[OLD, NEW]);
        lists.iter().fold(machine, |machine, (rc, list)| machine.answer(&[KEYTOOL, "-list"], *rc, list, ""))
    };
    let made = |system: &mut dyn System| assert!(apply_on(&MODULE, system, &create).0);
    assert!(!predict_after(&MODULE, lists(&[(0, &one)]), create.clone(), made).changed);
    let more = args(json!({"cert_path": "/srv/two.der", "cert_alias": "b"}));
    let predicted = predict_after(&MODULE, lists(&[(1, MISSING)]), more.clone(), made);
    assert!(predicted.changed && predicted.get("rc") == 0 && !predicted.machine.has(STORE));
    let written = |system: &mut dyn System| {
        let content = certificate("two");
        system.write(Path::new("/srv/later.pem"), Content::Bytes(content.as_bytes()), &Attributes::default()).unwrap();
    };
    let later = args(json!({"cert_path": "/srv/later.pem", "cert_alias": "b"}));
    let same = predict_after(&MODULE, machine(&[(0, &two)]), later, written);
    assert!(!same.changed && same.answer.is_ok());
    let gone = |system: &mut dyn System| system.remove(Path::new(STORE)).unwrap();
    let predicted = predict_after(&MODULE, machine(&[]), more, gone);
    assert_eq!(predicted.failure().message, format!("failed to read the keystore `{STORE}`: it is not there"));
    let nothing = predict(&MODULE, becomes(bare(), &[NEW]), create);
    assert!(nothing.changed && !nothing.machine.has(STORE));
}

#[test]
fn what_does_not_fit_is_refused() {
    for (given, word) in [
        (json!({"cert_path": "/x", "cert_alias": "a"}), "keystore_pass"),
        (json!({"cert_path": "/x", "keystore_pass": "x"}), "keystore_path"),
        (args(json!({"cert_alias": "a"})), "cert_content"),
        (args(json!({"state": "absent"})), "cert_alias"),
        (args(json!({"cert_path": "/x", "cert_url": "x"})), "only one"),
        (args(json!({"cert_path": "/x", "state": "there"})), "must be one of"),
    ] {
        assert!(refused(&MODULE, given.clone()).contains(word), "{given}");
    }
    let one = json!({"cert_path": "/srv/one.pem", "cert_alias": "a"});
    let create = json!({"cert_path": "/srv/one.pem", "cert_alias": "a", "keystore_create": true});
    let message = |machine: Fake, more: &Value| apply_once(&MODULE, machine, args(more.clone())).failure().message.clone();
    let none = Fake::new();
    assert_eq!(message(none, &one), "failed to manage a keystore: the machine has no `keytool`");
    let killed = machine(&[]).answer_with(&[KEYTOOL, "-list"], |_| Ok(Output { rc: -9, ..Output::default() }));
    let why = "the command was ended by the signal 9 (SIGKILL)";
    assert_eq!(message(killed, &one), format!("failed to look for `a` in the keystore `{STORE}`: {why}"));
    assert_eq!(message(bare(), &one), format!("failed to read the keystore `{STORE}`: it is not there"));
    let no_folder = Fake::new().program(KEYTOOL).file("/srv/one.pem", certificate("one"));
    assert_eq!(message(no_folder, &create), format!("failed to write `{STORE}`: the directory `/etc/app` does not exist"));
    assert_eq!(message(bare().dir(STORE), &one), format!("failed to read `{STORE}`: it is a directory"));
    let short = bare().answer(&["sh", "-c", SCRIPT], 1, "", TOO_SHORT);
    let why = "Keystore password is too short - must be at least 6 characters";
    assert_eq!(message(short, &create), format!("failed to take `a` into the keystore `{STORE}`: {why}"));
    let silent = bare().answer(&["sh", "-c", SCRIPT], 3, "", "");
    assert_eq!(message(silent, &create), format!("failed to take `a` into the keystore `{STORE}`: the exit code is 3"));
    for state in ["present", "absent"] {
        let mut given = one.clone();
        given["state"] = json!(state);
        let locked = machine(&[(1, WRONG)]);
        assert_eq!(
            message(locked, &given),
            format!("failed to look for `a` in the keystore `{STORE}`: keystore password was incorrect"),
            "{state}"
        );
    }
    for (given, why) in [
        (json!({"cert_path": "/srv/none", "cert_alias": "a"}), "failed to read the certificate: `/srv/none` is not there"),
        (json!({"cert_content": "x", "cert_alias": "a"}), "failed to read the certificate: `cert_content` is none in PEM or DER"),
        (
            json!({"cert_path": "/srv/one.pem", "cert_alias": ""}),
            "failed to take in the certificate: `cert_alias` is missing, which says what it is called in the keystore",
        ),
        (json!({"cert_alias": "", "state": "absent"}), "failed to remove a certificate: `cert_alias` is empty"),
    ] {
        assert_eq!(message(machine(&[(1, MISSING)]), &given), why);
    }
    let mut broken = args(one);
    broken["keystore_pass"] = json!("two\nlines");
    let broken = apply_once(&MODULE, machine(&[]), broken);
    assert_eq!(broken.failure().message, "failed to hand a password to `keytool`: it has a line break");
    let full = becomes(bare(), &[NEW]).fault(Fault::NoSpace, "/etc/app");
    assert_eq!(message(full, &create), format!("failed to write `{STORE}`: No space left on device"));
}
