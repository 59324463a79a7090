use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{apply, refused};
use crate::system::fake::{Fake, Fault};

const FILE: &str = "/etc/yum.repos.d/own.repo";

fn machine(text: &str) -> Fake {
    let fake = Fake::new().dir("/etc/yum.repos.d");
    if text.is_empty() { fake } else { fake.file(FILE, text) }
}

/// The file that Ansible 2.19 writes of the same options.
#[test]
fn every_setting() {
    let mut args = json!({"name": "full", "description": "Full", "file": "own"});
    let mut expected = vec![("name".to_owned(), "Full".to_owned())];
    for opt in OWN.iter().filter(|opt| !["name", "state", "description", "file", "reposdir"].contains(&opt.name)) {
        let (value, text) = match (opt.kind, opt.choices.first()) {
            (_, Some(choice)) => (json!(choice), (*choice).to_owned()),
            (Kind::Bool, _) => (json!(true), "1".to_owned()),
            (Kind::List(_), _) if ["baseurl", "gpgkey"].contains(&opt.name) => (json!(["a", "b"]), "a\n\tb".to_owned()),
            (Kind::List(_), _) => (json!(["a", "b"]), "a b".to_owned()),
            _ => (json!(format!("v_{}", opt.name)), format!("v_{}", opt.name)),
        };
        args[opt.name] = value;
        expected.push((opt.name.to_owned(), text));
    }
    assert_eq!(expected.len(), 46);
    expected.sort();
    let lines: String = expected.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    let applied = apply(&MODULE, machine(""), args);
    assert_eq!(applied.machine.text(FILE), format!("[full]\n{lines}\n"));
    assert_eq!((applied.get("repo"), applied.get("state")), (&json!("full"), &json!("present")));
}

#[test]
fn files_become_what_they_are_to_be() {
    let old = "# top\n[old]\n# c\nname = Old thing\nbaseurl:http://z\n  http://z2\nenabled = 1\n\n[other]\nname=Other\n";
    for (before, args, after) in [
        ("", json!({"name": "own", "description": "Own", "baseurl": "https://x/"}), Some("[own]\nbaseurl = https://x/\nname = Own\n\n")),
        ("[own]\nname=Own\nbaseurl = https://x/\n", json!({"name": "own", "description": "Own", "baseurl": "https://x/"}), None),
        (
            old,
            json!({"name": "old", "description": "New", "baseurl": "http://n", "gpgcheck": false, "exclude": "p1 p2"}),
            Some("[other]\nname = Other\n\n[old]\nbaseurl = http://n\nexclude = p1 p2\ngpgcheck = 0\nname = New\n\n"),
        ),
        (
            old,
            json!({"name": "add", "description": "Add", "metalink": "http://n"}),
            Some(
                "[old]\nbaseurl = http://z\n\thttp://z2\nenabled = 1\nname = Old thing\n\n[other]\nname = Other\n\n[add]\nmetalink = http://n\nname = Add\n\n",
            ),
        ),
        (old, json!({"name": "old", "state": "absent"}), Some("[other]\nname = Other\n\n")),
        (old, json!({"name": "none", "state": "absent"}), None),
    ] {
        let mut args = args;
        args["file"] = json!("own");
        let applied = apply(&MODULE, machine(before), args.clone());
        assert_eq!(applied.changed, after.is_some(), "{args}");
        assert_eq!(applied.machine.text(FILE), after.unwrap_or(before), "{args}");
    }
    let gone = apply(&MODULE, machine("[own]\nname=Own\n"), json!({"name": "own", "state": "absent"}));
    assert!(gone.changed && !gone.machine.has(FILE));
    assert!(!apply(&MODULE, machine(""), json!({"name": "own", "state": "absent"})).changed);
}

#[test]
fn attributes_of_the_file() {
    let args = |more: Value| {
        let mut args = more;
        args["name"] = json!("own");
        args["description"] = json!("Own");
        args["baseurl"] = json!("u");
        args
    };
    let new = apply(&MODULE, machine(""), args(json!({"mode": "0600"})));
    assert_eq!(new.machine.stat_of(FILE).mode, 0o600);
    let other = apply(&MODULE, new.machine, args(json!({"mode": "0640"})));
    assert!(other.changed && other.machine.stat_of(FILE).mode == 0o640);
    let elsewhere = Fake::new().dir("/srv/repos").file("/srv/x", "").link("/srv/repos/own.repo", "../x");
    let elsewhere = apply(&MODULE, elsewhere, args(json!({"reposdir": "/srv/repos"})));
    assert_eq!(elsewhere.machine.text("/srv/x"), "[own]\nbaseurl = u\nname = Own\n\n");
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, json!({"name": "x", "baseurl": "u"})).contains("description"));
    assert!(refused(&MODULE, json!({"name": "x", "description": "d"})).contains("baseurl"));
    let message = |machine: Fake, name: &str, file: &str| {
        let args = json!({"name": name, "description": "d", "baseurl": "u", "file": file});
        apply(&MODULE, machine, args).failure().message.clone()
    };
    assert_eq!(message(Fake::new(), "x", "own"), "failed to manage the repository `x`: there is no directory `/etc/yum.repos.d`");
    assert_eq!(message(machine(""), "x]", "own"), "failed to manage the repository `x]`: a repository cannot be called so");
    assert_eq!(message(machine(""), "x", "../own"), "failed to manage the repository `x`: `file` is the name of a file without a path");
    for (text, line) in [("a=1\n", 1), ("[x]\nnonsense\n", 2), ("[x]\n[x]\n", 2)] {
        assert_eq!(
            message(machine(text), "x", "own"),
            format!("failed to manage the repository `x`: line {line} of `{FILE}` makes no sense")
        );
    }
    let full = machine("").fault(Fault::NoSpace, "/etc");
    assert_eq!(message(full, "x", "own"), format!("failed to write `{FILE}`: No space left on device"));
}
