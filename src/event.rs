//! What happened in a run, as data. The engine emits these, reporters read them; they are serialisable, so that a journal can be replayed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One thing that happened. Events of one host come in order; the engine's dispatcher decides the order between hosts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The run starts.
    RunStarted {
        /// Paths of the playbooks.
        playbooks: Vec<String>,
        /// Check mode.
        check: bool,
    },
    /// A play starts (for each batch of hosts once).
    PlayStarted {
        /// Its name; the host pattern when it has none.
        name: String,
        /// The hosts of this batch.
        hosts: Vec<String>,
    },
    /// No host matched a play.
    NoHostsMatched {
        /// The play's name.
        play: String,
    },
    /// A task starts (on its first host).
    TaskStarted {
        /// What it is.
        task: TaskInfo,
        /// The hosts it will run on, where known.
        hosts: Vec<String>,
    },
    /// A host starts the task.
    HostStarted {
        /// The host.
        host: String,
        /// The task.
        task: u64,
    },
    /// Output of a command that still runs.
    Live {
        /// The host.
        host: String,
        /// The task.
        task: u64,
        /// A line without its line break.
        line: String,
    },
    /// One item of a loop is done.
    Item {
        /// The host.
        host: String,
        /// The host it was delegated to, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delegated_to: Option<String>,
        /// The task.
        task: u64,
        /// What came of it.
        status: Status,
        /// The item's label as shown to people.
        label: String,
        /// The result, secrets masked.
        result: Map<String, Value>,
        /// For what went wrong on the controller (an undefined variable, a bad argument): the full message with the place in the
        /// source, for people. The result has it in one line as `msg`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diagnostic: Option<String>,
    },
    /// A task is to be tried again.
    Retry {
        /// The host.
        host: String,
        /// The task.
        task: u64,
        /// Tries that are left.
        left: u32,
        /// The result of this try.
        result: Map<String, Value>,
    },
    /// A task is done on a host.
    HostDone {
        /// The host.
        host: String,
        /// The host it was delegated to, if it was.
        delegated_to: Option<String>,
        /// The task.
        task: u64,
        /// What came of it.
        status: Status,
        /// Failed or unreachable, but the playbook says to go on.
        ignored: bool,
        /// It was a loop: the items were reported one by one.
        looped: bool,
        /// The result, secrets masked.
        result: Map<String, Value>,
        /// As in [`Event::Item`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diagnostic: Option<String>,
        /// Milliseconds.
        took_ms: u64,
    },
    /// A task brought in other tasks, which follow.
    Included {
        /// The task.
        task: u64,
        /// The file, or the name of the role.
        what: String,
        /// The hosts that go through them.
        hosts: Vec<String>,
        /// The item's label, when it is a loop.
        label: Option<String>,
    },
    /// Handlers were told that something changed.
    Notified {
        /// The host.
        host: String,
        /// The handler.
        handler: String,
    },
    /// No host is left to go on with: the play ends here.
    NoHostsLeft,
    /// A warning.
    Warning {
        /// The host it concerns, if one.
        host: Option<String>,
        /// The text; the full diagnostic where there is one.
        text: String,
    },
    /// The run is over.
    RunEnded {
        /// Per host, in the order of the inventory.
        recap: Vec<HostRecap>,
        /// Milliseconds.
        took_ms: u64,
        /// Values set with `set_stats`, by host; those of the whole run under `_run`.
        custom: Map<String, Value>,
    },
}

/// A task as reporters show it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskInfo {
    /// Number of the task in this run; later events refer to it.
    pub id: u64,
    /// Its name with templates rendered; the module's name when it has none.
    pub name: String,
    /// The role it belongs to.
    pub role: Option<String>,
    /// The module as written.
    pub module: String,
    /// `file:line:col`.
    pub place: String,
    /// The source lines around it with a caret, for failures.
    pub excerpt: String,
    /// It runs as a handler.
    pub handler: bool,
    /// Its results are not to be shown.
    pub no_log: bool,
    /// Its arguments as written, for `-v`; empty under `no_log`.
    pub args: Map<String, Value>,
}

/// What came of a task on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing had to change.
    Ok,
    /// Something changed.
    Changed,
    /// It was not to be done.
    Skipped,
    /// It could not be done.
    Failed,
    /// The host could not be reached.
    Unreachable,
}

/// The counts of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRecap {
    /// The host.
    pub host: String,
    /// Tasks that went well, changed ones included.
    pub ok: u32,
    /// Tasks that changed something.
    pub changed: u32,
    /// Times it could not be reached.
    pub unreachable: u32,
    /// Tasks that failed.
    pub failed: u32,
    /// Tasks skipped.
    pub skipped: u32,
    /// Failures that a `rescue` handled.
    pub rescued: u32,
    /// Failures that were ignored.
    pub ignored: u32,
}

/// Receives events.
pub trait Sink: Send {
    /// Takes one event. Must not block for long: the engine waits.
    fn event(&mut self, event: &Event);
}
