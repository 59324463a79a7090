//! A made-up run for tests of documents: every status, loops, ignored and rescued failures, and a host that tries to get out of its text.

use serde_json::{Map, Value, json};

use super::{Collector, Record};
use crate::event::{Event, HostRecap, Sink, Status, TaskInfo};

/// What a host may send to get into a document.
pub const HOSTILE: &str = "<script>alert('x')</script> & \"quoted\" ]]> \u{1b}[31mred\u{0}\u{8} {{ 7 * 7 }} ``` | <!--";

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// A task that starts on hosts.
pub fn task(id: u64, name: &str, module: &str) -> Event {
    let task = TaskInfo {
        id,
        name: name.to_owned(),
        role: (id == 2).then(|| "base".to_owned()),
        module: module.to_owned(),
        place: format!("site.yml:{id}:7"),
        excerpt: format!("   |\n{id:>2} |   - {module}: x\n   |     ^^^^"),
        handler: false,
        no_log: false,
        args: Map::new(),
    };
    Event::TaskStarted { task, hosts: vec!["a".to_owned(), "b".to_owned()] }
}

/// What came of it.
pub fn done(task: u64, host: &str, status: Status, result: Value) -> Event {
    Event::HostDone {
        host: host.to_owned(),
        delegated_to: None,
        task,
        status,
        ignored: false,
        looped: false,
        result: map(result),
        diagnostic: None,
        took_ms: 1500,
    }
}

/// An item of a loop.
pub fn item(task: u64, host: &str, label: &str, status: Status, result: Value) -> Event {
    Event::Item { host: host.to_owned(), delegated_to: None, task, status, label: label.to_owned(), result: map(result), diagnostic: None }
}

/// The events of the run.
pub fn events() -> Vec<Event> {
    let hosts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut events = vec![
        Event::RunStarted { playbooks: hosts(&["site.yml"]), check: false },
        Event::Warning { host: Some("a".to_owned()), text: format!("careful {HOSTILE}") },
        Event::NoHostsMatched { play: "Nobody".to_owned() },
        Event::PlayStarted { name: "Web <servers>".to_owned(), hosts: hosts(&["a", "b", "c", "d"]) },
        task(1, "Ping", "ping"),
        done(1, "a", Status::Ok, json!({"ping": "pong"})),
        done(1, "b", Status::Ok, json!({"ping": "pong"})),
        done(1, "c", Status::Unreachable, json!({"msg": "no route to host", "unreachable": true})),
        task(2, "Write the page", "copy"),
        done(2, "a", Status::Changed, json!({"diff": [{"before": "old\n", "after": format!("{HOSTILE}\n"), "before_header": "/f"}]})),
        done(2, "b", Status::Skipped, json!({"msg": "would run", "skip_reason": "x"})),
        task(3, "Say it", "debug"),
        done(3, "a", Status::Ok, json!({"msg": HOSTILE})),
        task(4, "Try each", "command"),
        item(4, "a", HOSTILE, Status::Changed, json!({"rc": 0, "stdout": HOSTILE, "cmd": "x"})),
        item(4, "a", "two", Status::Ok, json!({"rc": 0})),
    ];
    let mut looped = done(4, "a", Status::Changed, json!({"msg": "All items completed"}));
    let mut ignored = done(5, "a", Status::Failed, json!({"msg": "never mind", "rc": 1}));
    if let (Event::HostDone { looped, .. }, Event::HostDone { ignored, .. }) = (&mut looped, &mut ignored) {
        (*looped, *ignored) = (true, true);
    }
    events.extend([
        looped,
        task(5, "May fail", "command"),
        ignored,
        task(6, "Is rescued", "fail"),
        done(6, "a", Status::Failed, json!({"msg": "caught"})),
        task(7, "Hidden", "command"),
        done(7, "a", Status::Ok, json!({"censored": "the result is hidden because `no_log: true` holds for this task"})),
        task(8, "Break", "shell"),
        done(8, "a", Status::Failed, json!({"msg": "non-zero return code", "rc": 7, "stdout": HOSTILE, "stderr": "no such disk"})),
        done(8, "b", Status::Failed, json!({"msg": "non-zero return code", "rc": 7, "stdout": HOSTILE, "stderr": "no such disk"})),
        Event::RunEnded {
            recap: vec![
                HostRecap { host: "a".to_owned(), ok: 5, changed: 2, failed: 1, rescued: 1, ignored: 1, ..HostRecap::default() },
                HostRecap { host: "b".to_owned(), ok: 1, failed: 1, skipped: 1, ..HostRecap::default() },
                HostRecap { host: "c".to_owned(), unreachable: 1, ..HostRecap::default() },
            ],
            took_ms: 12_345,
            custom: Map::new(),
        },
    ]);
    events
}

/// The record of `events`.
pub fn record(events: &[Event]) -> Record {
    let mut collector = Collector::default();
    events.iter().for_each(|event| collector.event(event));
    collector.finish()
}
