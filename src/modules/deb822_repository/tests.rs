use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{apply, refused};
use crate::system::fake::{Fake, Fault};

const FILE: &str = "/etc/apt/sources.list.d/my-repo.sources";

fn machine() -> Fake {
    Fake::new().dir("/etc/apt/sources.list.d")
}

fn args(more: Value) -> Value {
    let mut args = json!({"name": "my repo", "uris": "https://example.com/debian", "suites": ["stable"]});
    for (name, value) in more.as_object().into_iter().flatten() {
        args[name] = value.clone();
    }
    args
}

/// As Ansible 2.19 writes it.
#[test]
fn all_fields() {
    let more = json!({"components": "main,contrib", "architectures": ["amd64"], "enabled": true, "trusted": false, "date_max_future": 5,
        "allow_insecure": true, "by_hash": false, "types": ["deb", "deb-src"], "signed_by": "/usr/share/keyrings/x.gpg", "languages": "none",
        "inrelease_path": "a/b", "pdiffs": true, "check_date": false, "check_valid_until": true, "targets": ["Packages"], "allow_weak": false,
        "allow_downgrade_to_insecure": false, "mode": "0600"});
    let applied = apply(&MODULE, machine(), args(more));
    let text = "Allow-Downgrade-To-Insecure: no\nAllow-Insecure: yes\nAllow-Weak: no\nArchitectures: amd64\nBy-Hash: no\nCheck-Date: no\n\
        Check-Valid-Until: yes\nComponents: main contrib\nDate-Max-Future: 5\nEnabled: yes\nInrelease-Path: a/b\nLanguages: none\n\
        X-Repolib-Name: my repo\nPdiffs: yes\nSigned-By: /usr/share/keyrings/x.gpg\nSuites: stable\nTargets: Packages\nTrusted: no\n\
        Types: deb deb-src\nURIs: https://example.com/debian\n";
    assert_eq!(applied.machine.text(FILE), text);
    assert_eq!((applied.get("repo"), applied.get("mode"), applied.get("key_filename")), (&json!(text), &json!("0600"), &Value::Null));
    assert_eq!((applied.get("dest"), applied.get("state")), (&json!(FILE), &json!("file")));
}

#[test]
fn a_key_may_stand_in_the_file() {
    let key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n=x\n-----END PGP PUBLIC KEY BLOCK-----\n";
    let applied = apply(&MODULE, machine(), args(json!({"name": "x_A.b-c+d@e", "signed_by": key})));
    assert_eq!(
        applied.machine.text("/etc/apt/sources.list.d/x-ab-cde.sources"),
        "X-Repolib-Name: x_A.b-c+d@e\nSigned-By:\n    -----BEGIN PGP PUBLIC KEY BLOCK-----\n    .\n    abc\n    =x\n    -----END PGP PUBLIC KEY BLOCK-----\n\
         Suites: stable\nTypes: deb\nURIs: https://example.com/debian\n"
    );
}

#[test]
fn a_key_is_fetched_and_goes_with_its_source() {
    let (asc, gpg) = ("-----BEGIN PGP PUBLIC KEY BLOCK-----\nabc\n", [0x99, 0, 1]);
    for (content, end) in [(asc.as_bytes(), "asc"), (&gpg, "gpg")] {
        let fake = machine().http("GET", "https://k/key", 200, &[], content);
        let applied = apply(&MODULE, fake, args(json!({"signed_by": "https://k/key"})));
        let key = format!("/etc/apt/keyrings/my-repo.{end}");
        assert_eq!((applied.machine.bytes(&key).as_slice(), applied.machine.stat_of(&key).mode), (content, 0o644));
        assert!(applied.machine.text(FILE).contains(&format!("Signed-By: {key}\n")));
        assert_eq!(*applied.get("key_filename"), json!(key));
        let gone = apply(&MODULE, applied.machine, json!({"name": "my repo", "state": "absent"}));
        assert!(gone.changed && !gone.machine.has(&key) && !gone.machine.has(FILE));
        assert_eq!((gone.get("repo"), gone.get("key_filename")), (&Value::Null, &json!("/etc/apt/keyrings/my-repo.gpg")));
    }
    let missing = apply(&MODULE, machine().http("GET", "https://k/key", 404, &[], ""), args(json!({"signed_by": "https://k/key"})));
    assert_eq!(missing.failure().message, "failed to fetch the key `https://k/key`: the server answers 404 Error");
    assert!(!missing.machine.has(FILE));
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, args(json!({"types": "rpm"}))).contains("must be one of"));
    let message = |machine: Fake, more: Value| apply(&MODULE, machine, args(more)).failure().message.clone();
    assert_eq!(message(machine(), json!({"name": "../"})), "failed to manage the source `../`: its name has neither letters nor digits");
    assert_eq!(message(machine(), json!({"suites": "a\nb"})), "failed to manage the source `my repo`: the field `Suites` has a line break");
    assert_eq!(message(machine().fault(Fault::ReadOnly, "/etc"), json!({})), format!("failed to write `{FILE}`: Read-only file system"));
}
