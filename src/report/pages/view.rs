//! A record as documents show it: tasks with their counts, and apart from each other the results that say something and those that do not.

use std::collections::HashSet;

use serde::Serialize;

use crate::event::{HostRecap, Status};
use crate::report::record::{HostResult, Outcome, Play, Record, Task};

/// The order in which statuses are counted and listed, and their words.
const WORDS: [(Status, &str); 5] = [
    (Status::Failed, "failed"),
    (Status::Unreachable, "unreachable"),
    (Status::Changed, "changed"),
    (Status::Ok, "ok"),
    (Status::Skipped, "skipped"),
];

/// A play.
#[derive(Serialize)]
pub struct PlayView<'r> {
    name: &'r str,
    hosts: &'r [String],
    tasks: Vec<TaskView<'r>>,
    /// Milliseconds of all its tasks together, each for its slowest host.
    took_ms: u64,
    tally: Tally,
}

/// A task.
#[derive(Serialize)]
pub struct TaskView<'r> {
    task: &'r Task,
    /// The worst that came of it, as a word.
    status: &'static str,
    /// How often each status came of it.
    counts: Vec<Count>,
    /// Results that say more than their status.
    loud: Vec<&'r HostResult>,
    /// Hosts of the others, by status.
    quiet: Vec<Hosts<'r>>,
    /// Milliseconds for its slowest host.
    took_ms: u64,
    /// Its place: the file.
    file: &'r str,
    /// The line in it.
    line: &'r str,
}

#[derive(Serialize)]
struct Count {
    word: &'static str,
    number: usize,
}

#[derive(Serialize)]
struct Hosts<'r> {
    word: &'static str,
    names: Vec<&'r str>,
}

/// The plays of a record.
pub fn plays(record: &Record) -> Vec<PlayView<'_>> {
    record.plays.iter().map(play).collect()
}

fn play(play: &Play) -> PlayView<'_> {
    // What came of nothing (`meta`, an include that no host takes) is of no interest.
    let tasks: Vec<TaskView> = play.tasks.iter().filter(|task| !task.results.is_empty() || !task.included.is_empty()).map(view).collect();
    PlayView {
        name: &play.name,
        hosts: &play.hosts,
        took_ms: tasks.iter().map(|task| task.took_ms).sum(),
        tally: Tally::of(&play.tasks),
        tasks,
    }
}

fn view(task: &Task) -> TaskView<'_> {
    let loud: Vec<&HostResult> = task.results.iter().filter(|result| is_loud(result)).collect();
    let quiet = WORDS.iter().filter_map(|(status, word)| {
        let of_status = task.results.iter().filter(|result| result.outcome.status == *status && !is_loud(result));
        let names: Vec<&str> = of_status.map(|result| result.host.as_str()).collect();
        (!names.is_empty()).then_some(Hosts { word, names })
    });
    let counts: Vec<Count> =
        WORDS.iter().map(|(status, word)| Count { word, number: task.number(*status) }).filter(|count| count.number > 0).collect();
    let mut place = task.place.rsplitn(3, ':').skip(1);
    let (line, file) = (place.next().unwrap_or_default(), place.next().unwrap_or(&task.place));
    TaskView {
        task,
        file,
        line,
        status: worst(task),
        counts,
        loud,
        quiet: quiet.collect(),
        took_ms: task.results.iter().map(|result| result.took_ms).max().unwrap_or(0),
    }
}

/// `failed` and `unreachable` only when a host did not go on; a failure that was ignored or rescued is `ignored` or `rescued`.
fn worst(task: &Task) -> &'static str {
    let lost = |status: Status| task.results.iter().any(|result| result.is_lost() && result.outcome.status == status);
    if lost(Status::Failed) {
        "failed"
    } else if lost(Status::Unreachable) {
        "unreachable"
    } else if task.results.iter().any(|result| result.rescued) {
        "rescued"
    } else if task.results.iter().any(|result| result.ignored) {
        "ignored"
    } else if task.number(Status::Changed) > 0 {
        "changed"
    } else if task.results.is_empty() || task.number(Status::Ok) > 0 {
        "ok"
    } else {
        "skipped"
    }
}

fn is_loud(result: &HostResult) -> bool {
    result.retries > 0
        || says_more(&result.outcome)
        || result.items.iter().any(|item| says_more(&item.outcome) || item.outcome.status == Status::Changed)
}

fn says_more(outcome: &Outcome) -> bool {
    let texts = [&outcome.lines, &outcome.diffs, &outcome.warnings];
    outcome.is_bad() || texts.iter().any(|texts| !texts.is_empty()) || !outcome.stdout.is_empty() || !outcome.stderr.is_empty()
}

/// Results of tasks on hosts, counted.
#[derive(Default, Serialize)]
pub struct Tally {
    results: usize,
    /// Those that ended a host's way by failing.
    lost: usize,
    /// Those that ended it because the host could not be reached.
    away: usize,
    skipped: usize,
}

impl Tally {
    fn of<'r>(tasks: impl IntoIterator<Item = &'r Task>) -> Self {
        let mut tally = Self::default();
        for result in tasks.into_iter().flat_map(|task| &task.results) {
            tally.results += 1;
            match result.outcome.status {
                Status::Skipped => tally.skipped += 1,
                Status::Unreachable if result.is_lost() => tally.away += 1,
                Status::Failed if result.is_lost() => tally.lost += 1,
                Status::Ok | Status::Changed | Status::Failed | Status::Unreachable => {}
            }
        }
        tally
    }
}

/// Counts of the whole run.
#[derive(Default, Serialize)]
pub struct Totals {
    hosts: usize,
    ok: u64,
    changed: u64,
    failed: u64,
    unreachable: u64,
    skipped: u64,
    tally: Tally,
}

impl Totals {
    /// Those of the recap, or, when there is none, of what came of tasks.
    pub fn new(record: &Record) -> Self {
        let sum = |of: fn(&HostRecap) -> u32| record.recap.iter().map(|host| u64::from(of(host))).sum();
        let tasks = || record.plays.iter().flat_map(|play| &play.tasks);
        let number = |status: Status| tasks().map(|task| task.number(status) as u64).sum();
        let tally = Tally::of(tasks());
        if !record.recap.is_empty() {
            return Self {
                hosts: record.recap.len(),
                ok: sum(|host| host.ok),
                changed: sum(|host| host.changed),
                failed: sum(|host| host.failed),
                unreachable: sum(|host| host.unreachable),
                skipped: sum(|host| host.skipped),
                tally,
            };
        }
        let hosts: HashSet<&String> = tasks().flat_map(|task| &task.results).map(|result| &result.host).collect();
        Self {
            hosts: hosts.len(),
            ok: number(Status::Ok) + number(Status::Changed),
            changed: number(Status::Changed),
            failed: number(Status::Failed),
            unreachable: number(Status::Unreachable),
            skipped: number(Status::Skipped),
            tally,
        }
    }
}
