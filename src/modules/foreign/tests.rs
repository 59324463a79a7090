#![expect(clippy::disallowed_methods, reason = "a test looks at the real machine")]

use serde_json::{Value, json};

use super::*;
use crate::modules::Transfer;
use crate::modules::testing::{apply_once, content, predict, predict_after};
use crate::system::contract::LocalShell;
use crate::system::fake::Fake;
use crate::system::{self, ShellSystem};

fn args(format: &str, extra: Value) -> Value {
    let mut args = json!({
        "_name": "a.b.c", "_payload": content("#!/usr/bin/python\n"), "_format": format, "_entry": "x.y", "_interpreter": ["/usr/bin/perl"],
        "_python": false, "_arguments": {"secret": "hunter2", "_ansible_check_mode": false},
    });
    if let (Some(args), Some(extra)) = (args.as_object_mut(), extra.as_object()) {
        args.extend(extra.clone());
    }
    args
}

/// A machine on which every module prints this.
fn printing(rc: i32, stdout: &'static str, stderr: &'static str) -> Fake {
    Fake::new().answer(&["/bin/sh", "-c"], rc, stdout, stderr)
}

#[test]
fn arguments_go_to_standard_input_only() {
    let machine = Fake::new().answer_with(&["/bin/sh", "-c"], |command| {
        assert!(command.argv.iter().all(|word| !word.contains("hunter2")), "{:?}", command.argv);
        let input = String::from_utf8_lossy(command.stdin.as_deref().unwrap_or_default()).into_owned();
        let words = &command.argv[6..];
        let stdout = json!({"changed": true, "input": input, "words": words}).to_string();
        Ok(Output { rc: 0, stdout: stdout.into_bytes(), stderr: Vec::new() })
    });
    let applied = apply_once(&MODULE, machine, args("json", json!({})));
    assert!(applied.changed);
    assert_eq!(applied.get("words"), &json!(["file", "", "/usr/bin/perl"]));
    let input: Value = serde_json::from_str(applied.get("input").as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"secret": "hunter2", "_ansible_check_mode": false, "_ansible_tmpdir": "/tmp"}));
    let archive = apply_once(&MODULE, applied.machine, args("archive", json!({"_python": true, "_interpreter": []})));
    let input: Value = serde_json::from_str(archive.get("input").as_str().unwrap()).unwrap();
    assert_eq!((&input["module"], &input["arguments"]["secret"]), (&json!("x.y"), &json!("hunter2")));
    let words = archive.get("words").as_array().unwrap();
    assert_eq!((&words[0], &words[1], words.last()), (&json!("stdin"), &json!("python"), Some(&json!("--"))));
}

#[test]
fn what_is_missing_on_the_host_is_named() {
    let refused = apply_once(&MODULE, printing(90, "", "kconf:no-python\n"), args("archive", json!({"_python": true})));
    let failure = refused.failure();
    assert_eq!(failure.message, "the module `a.b.c` needs Python, and there is none on the host");
    assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("ansible_python_interpreter")));
    let refused = apply_once(&MODULE, printing(90, "", "kconf:no-interpreter\n"), args("pairs", json!({})));
    assert_eq!(refused.failure().message, "the program `/usr/bin/perl`, which runs the module `a.b.c`, is not on the host");
    assert!(refused.failure().hint.as_deref().is_some_and(|hint| hint.contains("ansible_perl_interpreter")));
    // A module may end with that code itself.
    let own = apply_once(&MODULE, printing(90, "{\"x\": 1}", "kconf\n"), args("pairs", json!({})));
    assert_eq!(own.get("x"), 1);
}

#[test]
fn in_check_mode_it_runs_and_what_it_would_change_is_unknown_behind_it() {
    let predicted = predict(&MODULE, printing(0, "{\"changed\": true}", ""), args("archive", json!({})));
    assert!(predicted.changed);
    let skipped = predict(&MODULE, printing(0, "{\"skipped\": true, \"msg\": \"no check mode\"}", ""), args("archive", json!({})));
    assert!(!skipped.changed && skipped.answer.is_ok_and(|outcome| outcome.skipped));
    let fails = || printing(1, "{\"failed\": true, \"msg\": \"no such file\"}", "");
    assert!(!predict(&MODULE, fails(), args("archive", json!({}))).failure().unpredictable);
    let behind = predict_after(&MODULE, fails(), args("archive", json!({})), |machine| {
        machine.execute(&Command::new(["make"]), &mut |_, _| {}).map(drop).unwrap_or_default();
    });
    assert!(behind.failure().unpredictable);
}

#[test]
fn only_a_directory_of_its_own_keeps_modules() {
    let reference = ContentRef { sha256: "ab".repeat(32), sha1: String::new(), size: 1 };
    assert_eq!(place(Path::new("/tmp"), &reference), None);
    assert_eq!(place(Path::new("/tmp/kconf-1"), &reference), Some(format!("/tmp/kconf-1/module-{}", "ab".repeat(16)).into()));
}

/// Content of the controller, and how often it was asked for.
struct Counted(&'static str, usize);

impl Transfer for Counted {
    fn open<'s>(&'s mut self, _: &ContentRef) -> system::Result<Box<dyn std::io::Read + 's>> {
        self.1 += 1;
        Ok(Box::new(self.0.as_bytes()))
    }

    fn send(&mut self, _: &str, _: &mut dyn std::io::Read) -> system::Result<()> {
        Ok(())
    }
}

#[test]
fn a_module_is_sent_once_and_takes_one_round_trip_when_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let temp_dir = dir.path().join("kconf-of-a-test");
    std::fs::create_dir(&temp_dir).unwrap();
    let mut machine = ShellSystem::new(LocalShell::start(&["sh"], None)).unwrap();
    let mut transfer =
        Counted("printf '{\"changed\": true, \"read\": \"%s\", \"how\": \"%s\"}' \"$(cat \"$1\")\" \"$(stat -c %a \"$1\")\"", 0);
    let mut trips = Vec::new();
    for number in 0..3 {
        let before = machine.round_trips();
        let given = args("pairs", json!({"_interpreter": ["sh"], "_arguments": {"number": number}}));
        let mut context = Context {
            system: &mut machine,
            transfer: &mut transfer,
            live: &mut |_, _| {},
            temp_dir: temp_dir.clone(),
            environment: Default::default(),
        };
        let outcome = run(&mut context, Args(given.as_object().cloned().unwrap())).unwrap();
        let read = outcome.result["read"].as_str().unwrap().to_owned();
        assert!(read.starts_with(&format!("number={number} _ansible_tmpdir=")), "{read}");
        assert_eq!(outcome.result["how"], "600");
        trips.push(machine.round_trips() - before);
    }
    assert_eq!((transfer.1, trips.get(1..)), (1, Some([1, 1].as_slice())), "{trips:?}");
    let left: Vec<_> = std::fs::read_dir(&temp_dir).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "the module stays for the run, its arguments do not: {left:?}");
}
