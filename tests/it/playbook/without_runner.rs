//! The same playbook on a host that runs the runner and on one that does not.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use kconf::event::{Event, Status};
use kconf::transport::{Hub, HubOptions, Runners};
use serde_json::{Map, Value};

use super::{project, run};
use crate::transport::identity::Nobody;
use crate::transport::server::Sshd;
use crate::transport::tasks::hub;

const PLAYBOOK: &str = include_str!("without_runner.yml");
const FILES: &[(&str, &str)] = &[
    ("files/hello.txt", "hello\n"),
    ("files/tree/one", "1\n"),
    ("files/tree/deep/two", "2\n"),
    ("files/hi.sh", "#!/bin/sh\necho \"hi $1\"\n"),
    ("templates/page.j2", "{% for item in items %}\n- {{ item }} on {{ inventory_hostname }}\n{% endfor %}\n{{ ansible_facts.system }}\n"),
];

/// What no two runs have in common, wherever it stands.
const PASSING: &[&str] = &[
    "start",
    "end",
    "delta",
    "elapsed",
    "atime",
    "mtime",
    "ctime",
    "inode",
    "dev",
    "version",
    // Facts that change while one looks, or that say how one looks.
    "ansible_date_time",
    "ansible_env",
    "ansible_loadavg",
    "ansible_memfree_mb",
    "ansible_memory_mb",
    "ansible_mounts",
    "ansible_swapfree_mb",
    "ansible_uptime_seconds",
];

fn lasting(value: &Value, folder: &str) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(key, _)| !PASSING.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), lasting(value, folder)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => items.iter().map(|item| lasting(item, folder)).collect(),
        Value::String(text) => without_scratch(&text.replace(folder, "FOLDER")).into(),
        other => other.clone(),
    }
}

/// The text with the same name for every scratch file.
fn without_scratch(text: &str) -> String {
    let text = text.replace("/tmp/.kconf-", "/tmp/kconf-");
    let mut pieces = text.split("/tmp/kconf-");
    let mut clean = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        clean.push_str("SCRATCH");
        clean.push_str(piece.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "./-".contains(c)));
    }
    clean
}

/// Task, status and result, one after another.
fn results(events: &[Event], folder: &Path) -> Vec<(String, Status, Value)> {
    let folder = folder.display().to_string();
    let mut names: HashMap<u64, String> = HashMap::new();
    let mut found = Vec::new();
    for event in events {
        match event {
            Event::TaskStarted { task, .. } => {
                names.insert(task.id, task.name.clone());
            }
            Event::HostDone { task, status, result, .. } | Event::Item { task, status, result, .. } => {
                let name = names.get(task).cloned().unwrap_or_default();
                found.push((name, *status, lasting(&Value::Object(result.clone()), &folder)));
            }
            _ => {}
        }
    }
    found
}

fn warnings(events: &[Event]) -> Vec<&str> {
    let mut texts = Vec::new();
    for event in events {
        if let Event::Warning { text, .. } = event {
            texts.push(text.as_str());
        }
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playbook_gives_the_same_results() {
    let _nobody = Nobody::alone();
    let sshd = Sshd::start();
    let mut runs = Vec::new();
    for name in ["runner", "shell"] {
        let folder = project(&sshd, name, PLAYBOOK, FILES);
        // Twice: the second time, what is there already is left alone.
        let mut mine = Vec::new();
        for round in 1..=2 {
            let hub = if name == "runner" { hub() } else { Hub::new(HubOptions { runners: Runners::none(), ..HubOptions::default() }) };
            let (events, summary) = run(&folder, &hub).await;
            assert!(summary.error.is_none() && summary.unreachable.is_empty(), "{:?}", summary.error);
            let expected: &[&str] = if name == "runner" {
                &[]
            } else {
                &["`web` is worked on through its shell, which is slower than the runner: this kconf carries no runner"]
            };
            assert_eq!(warnings(&events), expected, "round {round} by {name}");
            let recap = summary.recap.first().expect("a host");
            assert_eq!((recap.failed, recap.unreachable), (0, 0), "round {round} by {name}: {:?}", results(&events, &folder).last());
            assert_eq!(hub.counters().connections, 1);
            mine.extend(results(&events, &folder));
            // The login and `nobody`, each with a channel of its own, and one for `raw`.
            assert_eq!(hub.counters().channels, 3, "round {round} by {name}");
        }
        runs.push((mine, fs::read_to_string(folder.join("host/page")).expect("reads")));
    }
    let (by_shell, by_runner) = (runs.pop().expect("a run"), runs.pop().expect("a run"));
    for (runner, shell) in by_runner.0.iter().zip(&by_shell.0) {
        assert_eq!(runner, shell, "left: by the runner, right: by the shell");
    }
    assert_eq!(by_runner.0.len(), by_shell.0.len());
    assert_eq!(by_runner.1, by_shell.1);
    assert!(by_runner.0.iter().filter(|(_, status, _)| *status == Status::Changed).count() > 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_is_told_once_why() {
    if !nix::unistd::getuid().is_root() {
        eprintln!("not tried: mounting needs root");
        return;
    }
    let _nobody = Nobody::alone();
    let sshd = Sshd::without_execution();
    let playbook = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ping:\n    - ping:\n    - command: id -un\n      become: true\n      become_user: nobody\n";
    let folder = project(&sshd, "project", playbook, &[]);
    let (events, summary) = run(&folder, &hub()).await;
    assert_eq!(summary.recap.first().map(|recap| recap.ok), Some(3));
    assert_eq!(
        warnings(&events),
        ["`web` is worked on through its shell, which is slower than the runner: no directory there can be written to and executed from"]
    );
}
