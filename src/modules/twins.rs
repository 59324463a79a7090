//! Holds a module to the same result wherever it runs: what it does on the fake machine of a test it does again on a copy of that machine
//! by system calls, as a runner does, and on another copy through a shell, as on hosts without a runner.
//!
//! Possible for machines that can be copied (see [`Likeness`]), by root. Commands are played by programs with the answers of the test.
//! A test whose commands change the fake machine compares only the two copies with each other.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::Spec;
use super::tally::{self, What};
use super::testing::{Run, contents, know, run};
use crate::system::System;
use crate::system::fake::{Fake, Likeness, Picture};

/// Modules that are not compared, and why.
const APART: &[(&str, &str)] = &[
    ("setup", "it describes the machine, and the copies stand on another one than the test describes"),
    ("gather_facts", "as `setup`"),
    ("git", "its commands change what the next ones see, and the programs of the copies only answer"),
    ("klaytn_genesis", "its keys are random"),
    ("archive", "its archives hold times of files, which the machines do not have in common"),
    ("tempfile", "its names are random"),
    ("get_url", "its requests go to servers that there are only on the fake machine"),
    ("uri", "as `get_url`"),
    ("ec2_metadata_facts", "as `get_url`"),
    ("mount_facts", "as `setup`"),
    ("wait_for", "it looks at connections of the kernel"),
];

/// What two machines never have in common.
const PASSING: &[&str] = &["start", "end", "delta", "elapsed", "atime", "mtime", "ctime", "inode", "dev", "version", "backup_file"];

/// Copies of a machine before a module runs on it.
pub(super) struct Twins {
    likeness: Likeness,
    /// Its clock, and the number of its commands.
    before: (f64, usize),
}

impl Twins {
    /// Of the machine as it is now.
    pub(super) fn of(spec: &Spec, machine: &Fake) -> Option<Self> {
        if APART.iter().any(|(name, _)| *name == spec.name) {
            return None;
        }
        Some(Self { likeness: machine.likeness()?, before: (machine.seconds(), machine.commands().len()) })
    }

    /// Runs the module on both, and compares them with each other and with what it did on the fake machine, which was `fake` and
    /// made it `machine`.
    pub(super) fn compare(self, spec: &Spec, args: &Value, fake: &Run, machine: &Fake) {
        let (clock, commands) = self.before;
        if machine.seconds() != clock {
            // Nobody wants to wait for as long in earnest.
            return;
        }
        let contents = contents();
        let act = |system: &mut dyn System| {
            know(contents.clone());
            run(spec, system, args)
        };
        let (Some(os), Some(shell)) = (self.likeness.on_os(act), self.likeness.on_shell(act)) else {
            eprintln!("not compared with real machines: that needs root");
            return;
        };
        let title = format!("{} {args}", spec.name);
        assert_eq!(result(&os.value), result(&shell.value), "{title}: results by system calls (left) and through a shell (right)");
        assert_eq!(
            lasting(&json!(os.value.diff)),
            lasting(&json!(shell.value.diff)),
            "{title}: differences by system calls (left) and through a shell (right)"
        );
        assert_eq!(os.value.sent, shell.value.sent, "{title}: content by system calls (left) and through a shell (right)");
        assert_eq!(asked(&os.asked), asked(&shell.asked), "{title}: commands by system calls (left) and through a shell (right)");
        assert_eq!(clean(os.picture.clone()), clean(shell.picture), "{title}: files by system calls (left) and through a shell (right)");
        tally::count(spec.name, What::Twins);
        if !self.likeness.is_whole() || machine.commands().iter().skip(commands).any(|command| command.starts_with("run ")) {
            return;
        }
        let said = |run: &Run| (run.answer.is_ok(), run.changed);
        assert_eq!(
            said(fake),
            said(&os.value),
            "{title}: the fake machine (left) and a real one (right): {} {}",
            result(fake),
            result(&os.value)
        );
        if let Some(picture) = machine.picture() {
            assert_eq!(clean(picture), clean(os.picture), "{title}: files of the fake machine (left) and of a real one (right)");
        }
    }
}

/// What the user sees, without what passes.
fn result(run: &Run) -> Value {
    match &run.answer {
        Ok(outcome) => json!({
            "changed": run.changed, "skipped": outcome.skipped, "warnings": outcome.warnings.iter().map(|text| plain(text)).collect::<Vec<_>>(),
            "result": lasting(&Value::Object(outcome.result.clone())),
        }),
        Err(failure) => json!({
            "changed": run.changed, "failed": plain(&failure.message), "hint": failure.hint,
            "result": lasting(&Value::Object(failure.result.clone())),
        }),
    }
}

fn lasting(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !PASSING.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), lasting(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(lasting).collect(),
        Value::String(text) => plain(text).into(),
        other => other.clone(),
    }
}

/// What is random or tells the time has one name: scratch files, backups, hashed names of hosts.
fn plain(text: &str) -> String {
    static NAMES: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
        let expression = |text| Regex::new(text).expect("an expression");
        [
            (expression(r"/tmp/(\.?kconf-|crontab)[0-9A-Za-z./-]*"), "SCRATCH"),
            (expression(r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~"), ".BACKUP~"),
            (expression(r"\|1\|[^|]+\|[^ ]+"), "HASHED"),
        ]
    });
    NAMES.iter().fold(text.to_owned(), |text, (expression, name)| expression.replace_all(&text, *name).into_owned())
}

/// Without what the shell is asked to learn what the host has, which other machines tell by themselves.
fn asked(log: &str) -> String {
    log.lines().filter(|line| !matches!(*line, "true" | "date +%s %z %Z")).map(|line| plain(line) + "\n").collect()
}

fn clean(picture: Picture) -> Vec<(String, String)> {
    picture.into_iter().map(|(path, line)| (plain(&path.to_string_lossy()), plain(&line))).collect()
}
