//! A run as a whole: plays, their tasks, and what came of each on every host. Documents are made of it, live reports are not.
//!
//! All text in it is clean (see [`clean`]): a host cannot put anything into a document but text.

mod collect;
mod outcome;

use serde::Serialize;
use serde_json::{Map, Value};

pub use collect::Collector;
pub use outcome::Outcome;

use super::clean::clean;
use crate::event::{HostRecap, Status};

/// See the module documentation.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record {
    /// Check mode.
    pub check: bool,
    /// The plays, a batch of hosts each.
    pub plays: Vec<Play>,
    /// The counts of each host; empty while the run goes on, and when it died.
    pub recap: Vec<HostRecap>,
    /// Warnings, with the host that they concern.
    pub warnings: Vec<Warning>,
    /// Hosts that were at a task when the record ended.
    pub unfinished: Vec<Unfinished>,
    /// Values of `set_stats`.
    pub custom: Map<String, Value>,
    /// Milliseconds; unknown while the run goes on, and when it died.
    pub took_ms: Option<u64>,
}

/// A play, for one batch of hosts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Play {
    /// Its name.
    pub name: String,
    /// Its hosts; none when no host matched.
    pub hosts: Vec<String>,
    /// Its tasks.
    pub tasks: Vec<Task>,
}

/// A task.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Task {
    /// Number in the run.
    pub id: u64,
    /// Its name, behind that of its role.
    pub title: String,
    /// The module as written.
    pub module: String,
    /// `file:line:col`.
    pub place: String,
    /// The source lines around it.
    pub excerpt: String,
    /// It runs as a handler.
    pub handler: bool,
    /// Files and roles that it brought in.
    pub included: Vec<String>,
    /// What came of it on each host.
    pub results: Vec<HostResult>,
}

/// What came of a task on a host.
#[derive(Clone, Debug, Serialize)]
pub struct HostResult {
    /// The host.
    pub host: String,
    /// The host it was delegated to.
    pub delegated_to: Option<String>,
    /// Failed or unreachable, but the playbook says to go on.
    pub ignored: bool,
    /// Failed, and a `rescue` handled it.
    pub rescued: bool,
    /// Milliseconds.
    pub took_ms: u64,
    /// Tries that did not do.
    pub retries: usize,
    /// What came of it, and what can be said about it.
    pub outcome: Outcome,
    /// The items of a loop.
    pub items: Vec<Item>,
}

/// One item of a loop.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// What it is called.
    pub label: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// A warning.
#[derive(Clone, Debug, Serialize)]
pub struct Warning {
    /// The host it concerns.
    pub host: Option<String>,
    /// The text.
    pub text: String,
}

/// A host that was at a task when the record ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// The host.
    pub host: String,
    /// The task's name.
    pub task: String,
    /// `file:line:col`.
    pub place: String,
}

/// A failure that ended a host's way, on all hosts that failed alike.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The play.
    pub play: String,
    /// The task.
    pub task: String,
    /// `file:line:col`.
    pub place: String,
    /// The source lines around it.
    pub excerpt: String,
    /// The hosts, with the item of a loop.
    pub hosts: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
}

impl HostResult {
    /// Whether it ended the host's way through the play.
    pub fn is_lost(&self) -> bool {
        self.outcome.is_bad() && !self.ignored && !self.rescued
    }
}

impl Task {
    /// Number of hosts with this status; failures that were ignored or rescued count as such only in [`Task::lost`].
    pub fn number(&self, status: Status) -> usize {
        self.results.iter().filter(|result| result.outcome.status == status).count()
    }

    /// Number of hosts that did not go on from here.
    pub fn lost(&self) -> usize {
        self.results.iter().filter(|result| result.is_lost()).count()
    }
}

impl Record {
    /// What ended the way of hosts, in the order in which it happened.
    pub fn failures(&self) -> Vec<Failure> {
        let mut failures: Vec<Failure> = Vec::new();
        for play in &self.plays {
            for task in &play.tasks {
                let first = failures.len();
                for result in task.results.iter().filter(|result| result.is_lost()) {
                    let bad_items: Vec<&Item> = result.items.iter().filter(|item| item.outcome.is_bad()).collect();
                    let mut take = |who: String, outcome: &Outcome| {
                        match failures[first..].iter_mut().find(|known| known.outcome == *outcome) {
                            Some(known) => known.hosts.push(who),
                            None => failures.push(Failure {
                                play: play.name.clone(),
                                task: task.title.clone(),
                                place: task.place.clone(),
                                excerpt: task.excerpt.clone(),
                                hosts: vec![who],
                                outcome: outcome.clone(),
                            }),
                        };
                    };
                    for item in &bad_items {
                        take(format!("{} ({})", result.host, item.label), &item.outcome);
                    }
                    if bad_items.is_empty() {
                        take(result.host.clone(), &result.outcome);
                    }
                }
            }
        }
        failures
    }
}

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
