use serde_json::json;

use super::MODULE;
use crate::modules::testing::{apply, apply_once, predict, refused};
use crate::modules::{Outcome, shell};
use crate::system::ErrorKind;
use crate::system::fake::Fake;

fn machine() -> Fake {
    Fake::new().answer(&["echo"], 0, "hi\n\n", "").answer(&["/bin/sh", "-c", "exit 3"], 3, "out\n", "err\n").dir("/srv/x")
}

#[test]
fn a_command_runs_and_tells_what_came_of_it() {
    let applied = apply_once(&MODULE, machine(), json!({"cmd": "echo 'a b' $HOME ~/x $NONE", "chdir": "/srv/x", "stdin": "in"}));
    assert!(applied.changed);
    assert_eq!(applied.get("cmd"), &json!(["echo", "a b", "$HOME", "~/x", "$NONE"]));
    assert_eq!((applied.get("rc"), applied.get("stdout"), applied.get("stderr")), (&json!(0), &json!("hi"), &json!("")));
    let runs = applied.machine.runs();
    let [run] = runs.as_slice() else { panic!("{runs:?}") };
    assert_eq!(run.argv, ["echo", "a b", "/root", "/root/x", "$NONE"]);
    assert_eq!((run.cwd.as_deref(), run.stdin.as_deref()), (Some("/srv/x".as_ref()), Some(b"in\n".as_slice())));
    for key in ["start", "end", "delta"] {
        assert!(applied.get(key).is_string(), "{key}");
    }
}

#[test]
fn options_change_how_it_runs() {
    let args = json!({"argv": ["echo", "$HOME", "a b"], "expand_argument_vars": false, "stdin": "x", "stdin_add_newline": false, "strip_empty_ends": false});
    let applied = apply_once(&MODULE, machine(), args);
    assert_eq!(applied.get("stdout"), "hi\n\n");
    assert_eq!(applied.machine.runs().first().map(|run| run.argv.clone()), Some(vec!["echo".into(), "$HOME".into(), "a b".into()]));
    assert_eq!(applied.machine.runs().first().and_then(|run| run.stdin.clone()).as_deref(), Some(b"x".as_slice()));
}

#[test]
fn a_shell_gets_its_line_as_it_is() {
    let machine = Fake::new().answer(&["/bin/bash", "-c", "echo $HOME | cat"], 0, "x", "");
    let applied = apply_once(&shell::MODULE, machine, json!({"cmd": "echo $HOME | cat", "executable": "/bin/bash"}));
    assert_eq!((applied.get("cmd"), applied.get("stdout")), (&json!("echo $HOME | cat"), &json!("x")));
}

#[test]
fn an_exit_code_other_than_zero_fails_and_counts_as_a_change() {
    let failed = apply_once(&shell::MODULE, machine(), json!({"cmd": "exit 3"}));
    let result = &failed.failure().result;
    assert_eq!((result.get("rc"), result.get("stdout"), result.get("stderr")), (Some(&json!(3)), Some(&json!("out")), Some(&json!("err"))));
    assert_eq!((failed.failure().message.as_str(), result.get("changed")), ("non-zero return code", Some(&json!(true))));
}

#[test]
fn what_cannot_be_started_is_told() {
    for (kind, rc) in [(ErrorKind::NotFound, 2), (ErrorKind::PermissionDenied, 13)] {
        let machine = Fake::new().answer_error(&["tool"], kind, "no");
        let failed = apply_once(&MODULE, machine, json!({"cmd": "tool x"}));
        assert_eq!(failed.failure().result.get("rc"), Some(&json!(rc)));
    }
    assert!(apply_once(&MODULE, machine(), json!({"cmd": "echo", "chdir": "/none"})).failure().message.contains("`/none`"));
    assert!(apply_once(&MODULE, machine(), json!({"cmd": "echo 'x"})).failure().message.contains("not closed"));
    assert!(apply_once(&MODULE, machine(), json!({"cmd": ""})).failure().message.contains("no command"));
    assert!(refused(&MODULE, json!({})).contains("needs one of"));
    assert!(refused(&MODULE, json!({"cmd": "a", "argv": ["a"]})).contains("only one of"));
}

#[test]
fn conditions_decide_whether_it_runs() {
    for (args, runs) in [
        (json!({"cmd": "echo", "creates": "/srv/x"}), false),
        (json!({"cmd": "echo", "creates": "/srv/*"}), false),
        (json!({"cmd": "echo", "creates": "x", "chdir": "/srv"}), false),
        (json!({"cmd": "echo", "creates": "/srv/none*"}), true),
        (json!({"cmd": "echo", "removes": "/srv/none"}), false),
        (json!({"cmd": "echo", "removes": "/srv/?"}), true),
    ] {
        let applied = apply_once(&MODULE, machine(), args.clone());
        assert_eq!((applied.changed, !applied.machine.runs().is_empty()), (runs, runs), "{args}");
        if !runs {
            assert!(applied.get("stdout").as_str().is_some_and(|text| text.starts_with("skipped, since ")), "{args}");
            assert_eq!(applied.get("rc"), 0);
        }
    }
}

#[test]
fn check_mode_runs_nothing() {
    let outcome = |args| match predict(&MODULE, machine(), args).answer {
        Ok(outcome) => outcome,
        Err(failure) => panic!("{failure}"),
    };
    let told = |outcome: &Outcome| (outcome.changed, outcome.skipped);
    assert_eq!(told(&outcome(json!({"cmd": "echo"}))), (Some(false), true));
    assert_eq!(told(&outcome(json!({"cmd": "echo", "creates": "/srv/none"}))), (Some(true), false));
    assert_eq!(told(&outcome(json!({"cmd": "echo", "creates": "/srv/x"}))), (Some(false), false));
}

#[test]
fn a_condition_needs_no_second_run() {
    let machine = Fake::new().answer_with(&["make"], |_| Ok(crate::system::Output::default())).dir("/srv/made");
    assert!(!apply(&MODULE, machine, json!({"cmd": "make", "creates": "/srv/made"})).changed);
}
