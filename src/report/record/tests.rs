use serde_json::json;

use super::testing::{done, events, item, record, task};
use super::*;
use crate::event::Event;

#[test]
fn plays_tasks_and_results_are_where_they_belong() {
    let record = record(&events());
    assert_eq!(record.plays.iter().map(|play| play.name.as_str()).collect::<Vec<_>>(), ["Nobody", "Web <servers>"]);
    let tasks = &record.plays[1].tasks;
    assert_eq!(tasks[1].title, "base : Write the page");
    assert_eq!((tasks[0].number(Status::Ok), tasks[0].number(Status::Unreachable), tasks[0].lost()), (2, 1, 1));
    assert_eq!(tasks[3].results[0].items.len(), 2);
    assert_eq!(record.took_ms, Some(12_345));
    assert_eq!(record.warnings[0].host.as_deref(), Some("a"));
}

#[test]
fn hosts_stand_in_the_order_of_the_play() {
    let play = Event::PlayStarted { name: "p".to_owned(), hosts: ["z", "a", "b"].map(str::to_owned).into() };
    let ok = |host| done(1, host, Status::Ok, json!({}));
    let record = record(&[play, task(1, "x", "ping"), ok("b"), ok("new"), ok("a"), ok("z")]);
    let hosts: Vec<&str> = record.plays[0].tasks[0].results.iter().map(|result| result.host.as_str()).collect();
    assert_eq!(hosts, ["z", "a", "b", "new"]);
}

#[test]
fn the_same_failure_of_several_hosts_is_one_and_rescued_ones_are_none() {
    let failures = record(&events()).failures();
    let said: Vec<(&str, String)> = failures.iter().map(|failure| (failure.task.as_str(), failure.hosts.join(" "))).collect();
    assert_eq!(said, [("Ping", "c".to_owned()), ("Break", "a b".to_owned())]);
    assert_eq!(failures[1].outcome.headline(), "non-zero return code");
    assert_eq!(failures[1].place, "site.yml:8:7");
}

#[test]
fn the_last_failures_are_those_that_were_not_rescued() {
    let record = record(&events());
    let rescued = |id: usize| record.plays[1].tasks[id - 1].results[0].rescued;
    assert!(rescued(6) && !rescued(5) && !rescued(8));
}

#[test]
fn of_a_loop_the_items_that_failed_are_told() {
    let mut looped = done(1, "a", Status::Failed, json!({"msg": "one or more items failed"}));
    if let Event::HostDone { looped, .. } = &mut looped {
        *looped = true;
    }
    let events = [
        task(1, "Each", "fail"),
        item(1, "a", "x", Status::Failed, json!({"msg": "no x"})),
        item(1, "a", "y", Status::Ok, json!({})),
        looped,
    ];
    let failures = record(&events).failures();
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].hosts[0].as_str(), failures[0].outcome.headline()), ("a (x)", "no x"));
}

#[test]
fn a_run_that_died_tells_what_its_hosts_were_at() {
    let started = |task, host: &str| Event::HostStarted { host: host.to_owned(), task };
    let included = Event::Included { task: 1, what: "x.yml".to_owned(), hosts: vec!["b".to_owned()], label: None };
    let events = [
        task(1, "One", "ping"),
        started(1, "a"),
        started(1, "b"),
        done(1, "a", Status::Ok, json!({})),
        included,
        task(2, "Two", "x"),
        started(2, "a"),
    ];
    let record = record(&events);
    let at = Unfinished { host: "a".to_owned(), task: "base : Two".to_owned(), place: "site.yml:2:7".to_owned() };
    assert_eq!(record.unfinished, [at]);
    assert_eq!(record.plays[0].tasks[0].included, ["x.yml"]);
    assert_eq!(record.took_ms, None);
}

#[test]
fn output_that_the_reason_shows_is_not_shown_twice() {
    let result = |stdout: &str| json!({"msg": "non-zero return code", "rc": 1, "stdout": stdout});
    let outcome = |stdout: &str| {
        let record = record(&[task(1, "x", "command"), done(1, "a", Status::Failed, result(stdout))]);
        record.plays[0].tasks[0].results[0].outcome.clone()
    };
    assert_eq!(outcome("short").stdout, "");
    let long: String = (0..40).map(|n| format!("line {n}\n")).collect();
    assert_eq!(outcome(&long).stdout, long.trim_end());
}
