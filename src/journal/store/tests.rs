#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::event::{Event, HostRecap, Sink};
use crate::journal::{Outcome, State};

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().join("state/runs"));
    (dir, store)
}

fn start(playbook: &str) -> Start {
    Start { playbooks: vec![playbook.to_owned()], ..Start::default() }
}

fn play(hosts: &[&str]) -> Event {
    Event::PlayStarted { name: "p".to_owned(), hosts: hosts.iter().map(|host| (*host).to_owned()).collect() }
}

fn only(store: &Store) -> Journal {
    store.list().unwrap().next().unwrap()
}

#[test]
fn a_run_is_running_then_ended_and_for_its_owner_alone() {
    let (_dir, store) = store();
    let mut writer = store.begin(start("site.yml"), 100).unwrap();
    writer.event(&play(&["a", "b"]));
    assert_eq!(only(&store).state, State::Running);
    let recap = vec![HostRecap { host: "a".to_owned(), changed: 2, failed: 1, ..HostRecap::default() }];
    writer.event(&Event::RunEnded { recap, took_ms: 1, custom: Default::default() });
    writer.finish(Outcome { code: 2, lost: vec!["a".to_owned()], ..Outcome::default() }).unwrap();

    let journal = only(&store);
    assert_eq!(journal.start.as_ref().unwrap().playbooks, ["site.yml"]);
    let end = journal.end().unwrap();
    assert_eq!((end.code, end.hosts, end.changed, end.failed, end.stopped), (2, 1, 2, 1, false));
    assert_eq!(end.lost, ["a"]);
    assert_eq!(journal.events().unwrap().count(), 2);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(store.dir()), mode(&journal.path)), (0o700, 0o600));
    assert!(Store::is_own(&journal).unwrap());
}

#[test]
fn a_run_that_lost_a_whole_batch_was_stopped() {
    let (_dir, store) = store();
    let mut writer = store.begin(start("a"), 100).unwrap();
    writer.event(&play(&["a", "b"]));
    writer.event(&play(&["c"]));
    writer.finish(Outcome { code: 2, lost: vec!["c".to_owned()], ..Outcome::default() }).unwrap();
    assert!(only(&store).end().unwrap().stopped);

    let mut writer = store.begin(start("a"), 100).unwrap();
    writer.event(&Event::NoHostsLeft);
    writer.finish(Outcome::default()).unwrap();
    assert!(only(&store).end().unwrap().stopped);
}

#[test]
fn a_run_that_died_has_no_end_and_keeps_what_it_wrote() {
    let (_dir, store) = store();
    let mut writer = store.begin(start("a"), 100).unwrap();
    writer.event(&play(&["a"]));
    drop(writer);
    let path = only(&store).path;
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"at_ms\":5,\"event\":\"host_do").unwrap();
    let journal = only(&store);
    assert_eq!(journal.state, State::Died);
    let mut events = journal.events().unwrap();
    assert!(matches!(events.next().unwrap().event, Event::PlayStarted { .. }));
    assert!(events.next().is_none());
    assert_eq!(events.unreadable, 1);
}

#[test]
fn damaged_lines_are_counted_and_the_rest_is_read() {
    let (_dir, store) = store();
    let mut writer = store.begin(start("a"), 100).unwrap();
    writer.event(&play(&["a"]));
    writer.finish(Outcome::default()).unwrap();
    let path = only(&store).path;
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&path, format!("\u{0}garbage\n{}\n\n{}\n{}\n", lines[1], "{]", lines[2])).unwrap();
    let journal = only(&store);
    assert!(journal.start.is_none() && journal.end().is_some());
    let mut events = journal.events().unwrap();
    assert_eq!(events.by_ref().count(), 1);
    assert_eq!(events.unreadable, 2);
    std::fs::write(&path, "").unwrap();
    assert_eq!(only(&store).state, State::Died);
}

#[test]
fn a_long_last_line_is_found() {
    let (_dir, store) = store();
    let writer = store.begin(start("a"), 100).unwrap();
    let lost: Vec<String> = (0..5000).map(|n| format!("host-{n}")).collect();
    writer.finish(Outcome { lost: lost.clone(), ..Outcome::default() }).unwrap();
    assert_eq!(only(&store).end().unwrap().lost, lost);
}

#[test]
fn the_oldest_are_removed_but_never_one_that_runs() {
    let (_dir, store) = store();
    let running = store.begin(start("runs"), 3).unwrap();
    for _ in 0..5 {
        store.begin(start("a"), 3).unwrap().finish(Outcome::default()).unwrap();
    }
    std::fs::write(store.dir().join("notes.txt"), "mine").unwrap();
    store.begin(start("last"), 3).unwrap().finish(Outcome::default()).unwrap();
    let ids: Vec<u64> = store.list().unwrap().map(|journal| journal.id).collect();
    assert_eq!(ids, [7, 6, 5, 1]);
    assert!(store.dir().join("notes.txt").exists());
    drop(running);
}

#[test]
fn a_number_that_is_taken_is_never_written_to() {
    let (dir, store) = store();
    std::fs::create_dir_all(store.dir()).unwrap();
    let elsewhere = dir.path().join("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, store.dir().join("run-1.jsonl")).unwrap();
    let writer = store.begin(start("a"), 100).unwrap();
    assert_eq!(writer.id, 2);
    assert!(!elsewhere.exists());
    assert!(store.find(9).unwrap().is_none());
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let (dir, _) = store();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let store = Store::new(dir.path().join("file/runs"));
    assert!(store.begin(start("a"), 100).is_err());
    assert!(store.list().is_err());
}
