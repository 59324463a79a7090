use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is printed of a task named `name` after its hosts, in the order of the play, ended as told, in the order given.
fn printed(name: &str, play: &[&str], ended: &[(&str, Status, Value)]) -> String {
    let paper = Paper::default();
    let look = Look { verbosity: 0, diff: false, color: false, width: 100, ..Look::default() };
    let mut terminal = Terminal::new(look, Box::new(paper.clone()));
    let task = TaskInfo {
        id: 1,
        name: name.to_owned(),
        role: None,
        module: "command".to_owned(),
        place: "site.yml:3:7".to_owned(),
        excerpt: "3 | - command: x".to_owned(),
        handler: false,
        no_log: false,
        args: Map::new(),
    };
    terminal.event(&Event::TaskStarted { task, hosts: play.iter().map(|host| (*host).to_owned()).collect() });
    for (host, status, result) in ended {
        terminal.event(&Event::HostDone {
            host: (*host).to_owned(),
            delegated_to: None,
            task: 1,
            status: *status,
            ignored: false,
            looped: false,
            result: result.as_object().cloned().unwrap_or_default(),
            diagnostic: None,
            took_ms: 5,
        });
    }
    terminal.finish(true);
    let bytes = paper.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn hosts_stand_in_the_order_of_the_play() {
    let done = |host| (host, Status::Changed, json!({}));
    let said = printed("Copy", &["a", "b", "c"], &[done("c"), done("a"), done("b")]);
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["changed", "Copy", "a", "b", "c"]);
}

#[test]
fn the_same_failure_is_said_once() {
    let lost = |host, why| (host, Status::Failed, json!({"msg": why}));
    let said = printed("Try", &["a", "b", "c"], &[lost("b", "no disk"), lost("c", "no net"), lost("a", "no disk")]);
    assert!(said.contains("--> site.yml:3:7\n"), "{said}");
    assert!(said.contains("           b, a: no disk\n           c: no net\n"), "{said}");
    let many: Vec<String> = (0..12).map(|n| format!("h{n}")).collect();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    let ended: Vec<_> = names.iter().map(|host| lost(*host, "no disk")).collect();
    assert!(printed("Try", &names, &ended).contains("h6, h7 and 4 more: no disk\n"));
}

#[test]
fn a_long_name_takes_what_the_line_has_left() {
    let shown = |name: &str| printed(name, &["a"], &[("a", Status::Ok, json!({}))]).trim_end().to_owned();
    let fits = "x".repeat(80);
    assert!(shown(&fits).contains(&fits));
    let long = shown(&"x".repeat(120));
    assert!(long.ends_with("x… 1 host") && long.chars().count() < 100, "{long}");
}

#[test]
fn an_include_that_no_host_takes_is_not_shown() {
    assert_eq!(printed("Include", &[], &[]), "");
}
