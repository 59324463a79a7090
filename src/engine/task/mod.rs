//! One task on one host: from its variables to what came of it.
//!
//! In this order: the items of its loop ([`loops`]); for each item its conditions, arguments, connection and identity ([`prepare`]); the
//! module or action, again while `until:` wants it ([`attempt`]); `changed_when` and `failed_when` ([`finish`]). Nothing here changes
//! what the run knows: a task hands back an [`Outcome`] with [`Effect`]s, and the dispatcher applies them.

pub mod ahead;
pub mod args;
pub mod ask;
pub mod attempt;
pub mod batch;
pub mod call;
pub mod connect;
pub mod effect;
pub mod finish;
pub mod keywords;
pub mod live;
pub mod loops;
pub mod prepare;
pub mod trouble;

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value as Json};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

pub use self::ask::Asked;
pub use self::call::{Call, Reply};
pub use self::effect::Effect;
pub use self::trouble::Trouble;
use super::host_state::Due;
use super::play_context::PlayContext;
use super::scope::TaskScope;
use super::sessions::Sessions;
use super::world::World;
use crate::event::{Event, Status};

/// One task to be run on one host.
#[derive(Clone)]
pub struct Job {
    /// Number of the task in the events of the run.
    pub number: u64,
    /// The task.
    pub due: Due,
    /// The host.
    pub host: String,
    /// The play.
    pub play: Arc<PlayContext>,
    /// What the run shares.
    pub world: Arc<World>,
    /// Connections.
    pub sessions: Arc<dyn Sessions>,
    /// Where events and the outcome go.
    pub messages: UnboundedSender<Message>,
    /// The run is to end.
    pub cancel: CancellationToken,
}

/// What a running task tells the dispatcher.
pub enum Message {
    /// Something to report.
    Event(Box<Event>),
    /// It is done.
    Done(Box<Outcome>),
}

/// What came of a task on a host.
#[derive(Default)]
pub struct Outcome {
    /// The host.
    pub host: String,
    /// The host it was delegated to.
    pub delegated_to: Option<String>,
    /// What came of it.
    pub status: Verdict,
    /// It was a loop: its items were reported one by one.
    pub looped: bool,
    /// The whole result, nothing masked: what `register` keeps.
    pub result: Map<String, Json>,
    /// The result as it may be shown.
    pub shown: Map<String, Json>,
    /// The full message of an error of the controller.
    pub diagnostic: Option<String>,
    /// The result of the failure is not to be held against the host.
    pub ignored: bool,
    /// What the run has to take over.
    pub effects: Vec<Effect>,
    /// Milliseconds.
    pub took_ms: u64,
    /// More outcomes of the host follow by themselves: its tasks travelled together.
    pub more: bool,
}

/// [`Status`], with a way to say that the run was cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// It ran, to this end.
    Done(Status),
    /// It was not run to its end because the run was cancelled.
    #[default]
    Cancelled,
}

impl Job {
    /// Hands an event to the dispatcher. When nobody listens any more, nobody wants to know.
    pub fn emit(&self, event: Event) {
        let _ = self.messages.send(Message::Event(Box::new(event)));
    }

    /// Reports a warning of the task.
    pub fn warn(&self, text: impl Into<String>) {
        self.emit(Event::Warning { host: Some(self.host.clone()), text: text.into() });
    }

    /// Runs it to its end and sends the outcome.
    pub async fn run(self) {
        let started = Instant::now();
        self.emit(Event::HostStarted { host: self.host.clone(), task: self.number });
        let scope = TaskScope::of_task(&self.world, &self.play, &self.host, &self.due);
        let run = loops::run(&self, &scope);
        let outcome = tokio::select! {
            biased;
            outcome = run => outcome,
            () = self.cancel.cancelled() => Outcome::default(),
        };
        self.done(outcome, started);
    }

    /// Sends an outcome of a task that was begun at `started`.
    fn done(&self, mut outcome: Outcome, started: Instant) {
        outcome.host.clone_from(&self.host);
        outcome.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let _ = self.messages.send(Message::Done(Box::new(outcome)));
    }
}
