use serde_json::json;

use super::*;
use crate::modules::testing::{apply_on, apply_once, predict, refused};
use crate::system::fake::{Fake, Turn};
use crate::system::{Cancel, ErrorKind, Os};
use Turn::{Hears, Says};

const PASSWD: &[Turn] =
    &[Says("New pass"), Says("word: "), Hears("hunter2\n"), Says("\r\nRetype password: "), Hears("hunter2\n"), Says("\r\nok\r\n")];

fn passwd() -> Fake {
    Fake::new().dir("/srv").talk(&["passwd", "ada"], PASSWD, 0)
}

#[test]
fn questions_are_answered() {
    let args = json!({"command": "passwd ada", "responses": {"(?i)password": "hunter2"}, "chdir": "/srv"});
    let applied = apply_once(&MODULE, passwd(), args);
    assert!(applied.changed);
    let got = ["cmd", "rc", "stdout"].map(|key| applied.get(key).clone());
    assert_eq!(got, [json!("passwd ada"), json!(0), json!("New password: \r\nRetype password: \r\nok")]);
    for key in ["start", "end", "delta"] {
        assert!(applied.get(key).is_string(), "{key}");
    }
    let runs = applied.machine.runs();
    assert_eq!(runs.first().map(|run| run.cwd.clone()), Some(Some("/srv".into())));
    assert!(!format!("{runs:?} {:?}", applied.result()).contains("hunter2"));
}

#[test]
fn answers_in_turn_come_to_an_end() {
    let asking = || Fake::new().talk(&["ask"], &[Says("a? "), Hears("1\n"), Says("b? "), Hears("None\n"), Says("c? "), Hears("x\n")], 0);
    let applied = apply_once(&MODULE, asking(), json!({"command": "ask", "responses": {"[abc]\\?": [1, null, "x\n\n"]}}));
    assert_eq!(applied.get("stdout"), "a? b? c? ");
    let failed = apply_once(&MODULE, asking(), json!({"command": "ask", "responses": {"[abc]\\?": ["1"]}}));
    let failure = failed.failure();
    assert_eq!(failure.message, "failed to answer `[abc]\\?`: it was asked more often than `responses` has answers");
    assert_eq!(failure.result.get("stdout"), Some(&json!("a? b? ")));
}

#[test]
fn the_first_match_counts_and_is_read_once() {
    for (said, responses, heard) in [
        ("AB", json!({"B": "two", "AB": "one"}), "one\n"),
        ("AB", json!({"A": "first", "AB": "second"}), "first\n"),
        ("one\r\ntwo", json!({"one.*two": "dot"}), "dot\n"),
        ("one\r\ntwo", json!({"^two": "no", "(?m)^two": "yes"}), "yes\n"),
    ] {
        let turns = [Says(said), Hears(heard), Says("end")];
        assert_eq!(
            apply_once(&MODULE, Fake::new().talk(&["ask"], &turns, 0), json!({"command": "ask", "responses": responses})).get("rc"),
            0
        );
    }
    let ask = |said: &'static str, responses: Value| {
        apply_once(&MODULE, Fake::new().talk(&["ask"], &[Says(said), Hears("x\n")], 0), json!({"command": "ask", "responses": responses}))
    };
    let endless = ask("?", json!({"x*": "x"}));
    assert_eq!(endless.failure().message, "failed to answer `x*`: it matches where nothing is written, and would be answered without end");
    let silent = ask("name: ", json!({"colour": "red"}));
    assert!(silent.failure().message.ends_with("nothing that `responses` knows for 30 seconds, and did not end"));
    let result = &silent.failure().result;
    let got = ["rc", "changed", "stdout"].map(|key| result.get(key).cloned());
    assert_eq!(got, [Some(json!(null)), Some(json!(true)), Some(json!("name: "))]);
}

#[test]
fn an_exit_code_other_than_zero_fails_and_counts_as_a_change() {
    let failed = apply_once(&MODULE, Fake::new().talk(&["ask"], &[Says("no\r\n")], 3), json!({"command": "ask", "responses": {}}));
    assert_eq!(failed.failure().message, "non-zero return code");
    let got = ["rc", "stdout", "changed"].map(|key| failed.failure().result.get(key).cloned());
    assert_eq!(got, [Some(json!(3)), Some(json!("no")), Some(json!(true))]);
}

#[test]
fn conditions_decide_whether_it_runs() {
    for (more, runs) in [
        (json!({"creates": "/srv"}), false),
        (json!({"creates": "x", "chdir": "/srv"}), true),
        (json!({"creates": "/sr*"}), true),
        (json!({"removes": "/none"}), false),
        (json!({"removes": "/srv"}), true),
    ] {
        let mut args = json!({"command": "passwd ada", "responses": {"password": "hunter2"}});
        args.as_object_mut().expect("a mapping").extend(more.as_object().cloned().unwrap_or_default());
        let applied = apply_once(&MODULE, passwd(), args.clone());
        assert_eq!((applied.changed, applied.machine.runs().len()), (runs, usize::from(runs)), "{more}");
        let predicted = predict(&MODULE, passwd(), args);
        assert_eq!((predicted.changed, predicted.machine.runs().len()), (runs, 0), "{more}");
    }
    let predicted = predict(&MODULE, passwd(), json!({"command": "passwd ada", "responses": {}}));
    assert!(predicted.answer.is_ok_and(|outcome| outcome.skipped && outcome.changed == Some(false)));
}

#[test]
fn what_cannot_be_is_told() {
    let message = |args: Value| apply_once(&MODULE, passwd(), args).failure().message.clone();
    for (args, said) in [
        (json!({"command": " ", "responses": {}}), "failed to run the command: no command was given"),
        (json!({"command": "x", "responses": {"(": "hunter2"}}), "failed to read `responses`: `(` is no regular expression"),
        (json!({"command": "x", "responses": {}, "timeout": "soon"}), "`timeout` must be a whole number of seconds or null, not 'soon'"),
        (json!({"command": "x", "responses": {}, "chdir": "/none"}), "the directory `/none` of `chdir` does not exist"),
        (json!({"command": "none", "responses": {}}), "failed to run `none`"),
    ] {
        let told = message(args);
        assert!(told.contains(said) && !told.contains("hunter2"), "{told}");
    }
    let unsupported = Fake::new().answer_error(&["ask"], ErrorKind::Unsupported, "no terminal");
    assert_eq!(
        apply_once(&MODULE, unsupported, json!({"command": "ask", "responses": {}})).failure().message,
        "failed to run `ask`: no terminal"
    );
    assert!(refused(&MODULE, json!({"command": "x", "responses": "hunter2"})).contains("responses"));
    assert!(!refused(&MODULE, json!({"command": "x", "responses": "hunter2"})).contains("hunter2"));
}

#[test]
fn times_to_wait() {
    let seconds = |timeout: Value| patience(&timeout).ok().flatten().map(|time| time.as_secs());
    for (timeout, expected) in
        [(json!(5), Some(5)), (json!("7"), Some(7)), (json!(-1), Some(30)), (json!(-5), Some(0)), (json!(null), None)]
    {
        assert_eq!(seconds(timeout.clone()), expected, "{timeout}");
    }
    assert!(patience(&json!(null)).is_ok() && patience(&json!(1.5)).is_err() && patience(&json!([1])).is_err());
}

/// As pexpect 4.9 cuts them.
#[test]
fn words_of_a_command_line() {
    for (line, expected) in [
        ("a  b\tc\n", vec!["a", "b", "c"]),
        (r#"sh -c "echo 'a  b'""#, vec!["sh", "-c", "echo 'a  b'"]),
        (r#""a\"b" c"#, vec![r"a\b c"]),
        (r"a\ b \'c", vec!["a b", "'c"]),
        (r"'' a", vec!["", "a"]),
        (r"x'y z'w", vec!["xy zw"]),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
}

#[test]
fn a_real_program_is_answered_on_a_real_terminal() {
    let command = "/bin/sh -c 'printf Name:; read a; printf \"%s\" Again:; read b; echo \"[$a] [$b]\"; exit 4'";
    let args = json!({"command": command, "responses": {"Name": "Ada", "Again": ["b c"]}});
    let (_, answer) = apply_on(&MODULE, &mut Os::new(Cancel::new()), &args);
    let failure = answer.expect_err("the exit code is 4");
    assert_eq!(failure.result.get("stdout"), Some(&json!("Name:Again:[Ada] [b c]")));
    assert_eq!(failure.result.get("rc"), Some(&json!(4)));
}
