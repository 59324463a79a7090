use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply_on, apply_once, predict, predict_after};
use crate::system::fake::Fake;

const SVN: &str = "/usr/bin/svn";
const REPO: &str = "https://svn.example.com/r";
const FLAGS: [&str; 4] = [SVN, "--non-interactive", "--no-auth-cache", "--trust-server-cert"];

fn info(url: &str, revision: u64, last: u64) -> String {
    format!("Path: w\nURL: {url}\nRelative URL: ^/\nRevision: {revision}\nLast Changed Author: a\nLast Changed Rev: {last}\n")
}

/// A machine with `svn`, which answers to these words.
fn machine(answers: &[(&[&str], i32, &str)]) -> Fake {
    answers.iter().fold(Fake::new().program(SVN), |fake, (words, rc, text)| {
        let argv: Vec<&str> = FLAGS.iter().chain(words.iter()).copied().collect();
        if *rc == 0 { fake.answer(&argv, 0, text, "") } else { fake.answer(&argv, *rc, "", text) }
    })
}

fn ran(applied: &Applied) -> Vec<String> {
    let flags = FLAGS.join(" ") + " ";
    applied.machine.runs().iter().map(|command| command.argv.join(" ").replace(&flags, "")).collect()
}

fn args(more: Value) -> Value {
    let mut args = json!({"repo": REPO, "dest": "/opt/w"});
    for (name, value) in more.as_object().into_iter().flatten() {
        args[name] = value.clone();
    }
    args
}

fn both(fake: impl Fn() -> Fake, more: Value) -> Applied {
    let predicted = predict(&MODULE, fake(), args(more.clone()));
    let applied = apply_once(&MODULE, fake(), args(more.clone()));
    assert_eq!(predicted.changed, applied.changed, "{more}");
    assert_eq!(predicted.result(), applied.result(), "{more}");
    applied
}

#[test]
fn a_working_copy_is_made() {
    let after = info(REPO, 10, 9);
    let fake = || {
        machine(&[
            (&["info", "/opt/w"], 0, &after),
            (&["info", "-r"], 0, &after),
            (&["checkout"], 0, "A    /opt/w/f\nChecked out revision 10.\n"),
        ])
    };
    let applied = both(fake, json!({}));
    assert_eq!(ran(&applied), [format!("checkout -r HEAD {REPO} /opt/w")]);
    assert!(applied.changed);
    assert_eq!((applied.get("before"), applied.get("after")), (&Value::Null, &json!(["Revision: 10", format!("URL: {REPO}")])));
    assert_eq!(ran(&both(fake, json!({"revision": 5}))), [format!("checkout -r 5 {REPO} /opt/w")]);
    assert!(!both(fake, json!({"checkout": false})).changed);
    let only = apply_once(&MODULE, machine(&[(&["info"], 0, &after)]), json!({"repo": REPO, "checkout": false, "update": false}));
    assert_eq!((only.changed, only.get("after")), (false, &json!("Revision: 10")));
    let over = || {
        machine(&[(&["info", "/opt/w"], 1, "svn: E155007: '/opt/w' is not a working copy\n"), (&["info", "-r"], 0, &after)])
            .dir("/opt/w")
            .answer(&FLAGS, 0, "", "")
    };
    let odd = apply_once(&MODULE, over(), args(json!({})));
    assert_eq!(odd.failure().message, "failed to check out to `/opt/w`: it is there already, and no working copy");
    assert!(predict(&MODULE, over(), args(json!({"in_place": true}))).changed);
    let in_place = over().answer(&[&FLAGS[..], &["info", "/opt/w"]].concat(), 0, &after, "");
    let in_place = apply_once(&MODULE, in_place, args(json!({"in_place": true, "force": true})));
    assert_eq!(ran(&in_place), [format!("checkout --force -r HEAD {REPO} /opt/w")]);
}

#[test]
fn a_working_copy_is_brought_to_the_revision() {
    let there = |url: &str, now: (u64, u64), aim: (u64, u64), status: &str, update: &str| {
        let (now, aim) = (info(url, now.0, now.1), info(REPO, aim.0, aim.1));
        machine(&[
            (&["info", "/opt/w"], 0, &now),
            (&["info", "/opt/w"], 0, &aim),
            (&["info", "-r"], 0, &aim),
            (&["status"], 0, status),
            (&["update"], 0, update),
            (&["switch"], 0, ""),
            (&["revert"], 0, "Reverted 'f'\n"),
        ])
        .dir("/opt/w")
    };
    let news = "Updating '/opt/w':\nU    /opt/w/f\nUpdated to revision 12.\n";
    let none = "Updating '/opt/w':\nUpdated to revision 12.\n";
    for (fake, more, calls, changed) in [
        (there(REPO, (10, 9), (12, 11), "", news), json!({}), vec!["update -r HEAD /opt/w".to_owned()], true),
        (there(REPO, (10, 9), (12, 9), "", none), json!({}), vec!["update -r HEAD /opt/w".to_owned()], false),
        (there(REPO, (10, 9), (7, 5), "", news), json!({"revision": "7"}), vec!["update -r 7 /opt/w".to_owned()], true),
        (
            there("https://svn.example.com/old", (10, 9), (10, 9), "", none),
            json!({}),
            vec![format!("switch --revision HEAD {REPO} /opt/w"), "update -r HEAD /opt/w".to_owned()],
            true,
        ),
        (
            there(REPO, (10, 9), (10, 9), "M       /opt/w/f\n", none),
            json!({"force": true}),
            vec!["revert -R /opt/w".to_owned(), "update -r HEAD /opt/w".to_owned()],
            true,
        ),
        (there(REPO, (10, 9), (12, 11), "", news), json!({"update": false}), vec![], false),
        (there(REPO, (10, 9), (10, 9), "X       /opt/w/ext\n", none), json!({}), vec!["update -r HEAD /opt/w".to_owned()], false),
    ] {
        let applied = apply_once(&MODULE, fake, args(more.clone()));
        assert_eq!((ran(&applied), applied.changed), (calls, changed), "{more}");
    }
    for (now, aim, changed) in [((10, 9), (12, 11), true), ((10, 9), (12, 9), false), ((10, 9), (9, 9), false), ((10, 9), (7, 5), true)] {
        let predicted = predict(&MODULE, there(REPO, now, aim, "", ""), args(json!({"revision": aim.0})));
        assert_eq!(predicted.changed, changed, "{now:?} {aim:?}");
        assert_eq!(predicted.get("after"), &json!([format!("Revision: {}", aim.0), format!("URL: {REPO}")]));
        assert!(predicted.machine.runs().is_empty());
    }
    let changed = || there(REPO, (10, 9), (10, 9), "M       /opt/w/f\n", "");
    assert_eq!(apply_once(&MODULE, changed(), args(json!({}))).failure().message, "failed to update `/opt/w`: it has changed files");
    assert!(predict(&MODULE, changed(), args(json!({"force": true}))).changed);
    assert!(apply_once(&MODULE, changed(), args(json!({}))).machine.runs().is_empty(), "nothing is given up");
}

#[test]
fn check_mode_knows_what_earlier_tasks_would_do() {
    let (old, new) = (info(REPO, 10, 9), info(REPO, 12, 11));
    let fake = || machine(&[(&["info", "-r", "10"], 0, &old), (&["info", "-r", "HEAD"], 0, &new)]);
    let after = |earlier: &[Value], now: Value| {
        predict_after(&MODULE, fake(), args(now), |system| {
            for more in earlier {
                assert!(apply_on(&MODULE, system, &args(more.clone())).0, "{more}");
            }
        })
    };
    let ten = json!({"revision": 10});
    assert!(!after(std::slice::from_ref(&ten), ten.clone()).changed);
    let moved = after(std::slice::from_ref(&ten), json!({}));
    assert_eq!((moved.changed, moved.get("before")[0].as_str()), (true, Some("Revision: 10")));
    assert!(!after(&[ten, json!({})], json!({})).changed);
}

#[test]
fn files_are_exported() {
    let fake = || machine(&[(&["export"], 0, "A    /opt/w\n")]);
    assert_eq!(ran(&both(fake, json!({"export": true}))), [format!("export -r HEAD {REPO} /opt/w")]);
    let there = || fake().dir("/opt/w");
    assert_eq!(
        apply_once(&MODULE, there(), args(json!({"export": true}))).failure().message,
        "failed to export to `/opt/w`: it is there already"
    );
    assert_eq!(ran(&both(there, json!({"export": true, "force": true, "revision": 3}))), [format!("export --force -r 3 {REPO} /opt/w")]);
}

#[test]
fn a_password_is_not_seen() {
    let version = |text: &str| Fake::new().program(SVN).answer(&[SVN, "--version", "--quiet"], 0, text, "").answer(&[SVN], 0, "", "");
    let login = json!({"username": "u", "password": "pw", "export": true, "validate_certs": true});
    let applied = apply_once(&MODULE, version("1.14.2\n"), args(login.clone()));
    let command = &applied.machine.runs()[0];
    assert_eq!(
        command.argv.join(" "),
        format!("{SVN} --non-interactive --no-auth-cache --username u --password-from-stdin export -r HEAD {REPO} /opt/w")
    );
    assert!(command.secret_stdin.is_some());
    let old = apply_once(&MODULE, version("1.9.5\n"), args(login));
    assert!(old.failure().message.contains("takes a password only where every user of the host can read it"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let message = |fake: Fake, args: Value| apply_once(&MODULE, fake, args).failure().message.clone();
    assert_eq!(message(machine(&[]), json!({"repo": REPO})), "failed to read `dest`: it is needed to check out, update or export");
    assert_eq!(message(machine(&[]), args(json!({"revision": "-x"}))), "failed to read `revision`: it cannot be `-x`");
    assert_eq!(message(Fake::new(), args(json!({}))), format!("failed to check out `{REPO}`: the machine has no `svn`"));
    let down = machine(&[(&["checkout"], 1, "svn: E170013: Unable to connect\n")]);
    assert_eq!(message(down, args(json!({}))), format!("failed to check out `{REPO}`: svn: E170013: Unable to connect"));
    let down = || machine(&[(&["info"], 1, "svn: E170013: Unable to connect\n")]);
    assert_eq!(
        predict(&MODULE, down(), args(json!({}))).failure().message,
        format!("failed to look at `{REPO}`: svn: E170013: Unable to connect")
    );
    let own = Fake::new().program("/opt/bin/svn").answer(&["/opt/bin/svn"], 0, "", "");
    assert!(apply_once(&MODULE, own, args(json!({"executable": "/opt/bin/svn", "export": true}))).changed);
}
