//! The one loop in which everything that happens meets: running tasks, their messages, cancellation. It alone talks to the sink, so
//! events leave in one order, and it alone changes what the run knows.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use super::recap::Recap;
use super::sessions::Sessions;
use super::task::{Job, Message, Outcome, Verdict, ahead};
use super::world::World;
use crate::event::{Event, Sink, Status};
use crate::plan::Compiler;

/// See the module documentation.
pub struct Dispatcher<'s> {
    /// What the run shares.
    pub world: Arc<World>,
    /// Compiles what is included at run time.
    pub compiler: Arc<Compiler>,
    /// Connections.
    pub sessions: Arc<dyn Sessions>,
    /// The run is to end.
    pub cancel: CancellationToken,
    /// Counts, and the hosts that are lost.
    pub recap: Recap,
    sink: &'s mut dyn Sink,
    sender: UnboundedSender<Message>,
    receiver: UnboundedReceiver<Message>,
    jobs: JoinSet<()>,
    /// The hosts of the jobs that run.
    hosts: HashMap<Id, String>,
    open: usize,
}

impl<'s> Dispatcher<'s> {
    /// With nothing running.
    pub fn new(
        world: Arc<World>,
        compiler: Arc<Compiler>,
        sessions: Arc<dyn Sessions>,
        sink: &'s mut dyn Sink,
        cancel: CancellationToken,
    ) -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            world,
            compiler,
            sessions,
            cancel,
            recap: Recap::default(),
            sink,
            sender,
            receiver,
            jobs: JoinSet::new(),
            hosts: HashMap::new(),
            open: 0,
        }
    }

    /// Reports an event.
    pub fn emit(&mut self, event: &Event) {
        self.sink.event(event);
    }

    /// Reports a warning.
    pub fn warn(&mut self, host: Option<&str>, text: impl Into<String>) {
        self.emit(&Event::Warning { host: host.map(str::to_owned), text: text.into() });
    }

    /// Where running tasks send their messages.
    pub fn messages(&self) -> UnboundedSender<Message> {
        self.sender.clone()
    }

    /// Whether the run was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Number of jobs that run now.
    pub fn running(&self) -> usize {
        self.open
    }

    /// Starts a job.
    pub fn start(&mut self, job: Job) {
        let host = job.host.clone();
        let id = self.jobs.spawn(job.run()).id();
        self.hosts.insert(id, host);
        self.open += 1;
    }

    /// Starts jobs of one host, of which each is begun when the one before it did not fail.
    pub fn start_together(&mut self, jobs: Vec<Job>) {
        let Some(host) = jobs.first().map(|job| job.host.clone()) else { return };
        let id = self.jobs.spawn(ahead::run(jobs)).id();
        self.hosts.insert(id, host);
        self.open += 1;
    }

    /// Reports what running jobs tell until one of them is done; `None` when none runs.
    pub async fn next(&mut self) -> Option<Outcome> {
        while self.open > 0 {
            let outcome = tokio::select! {
                biased;
                message = self.receiver.recv() => match message {
                    Some(Message::Event(event)) => {
                        self.emit(&event);
                        continue;
                    }
                    Some(Message::Done(outcome)) => *outcome,
                    // The dispatcher holds a sender itself, so the channel stays open.
                    None => continue,
                },
                Some(joined) = self.jobs.join_next_with_id() => match joined {
                    Ok((id, ())) => {
                        self.hosts.remove(&id);
                        continue;
                    }
                    Err(error) => panicked(self.hosts.remove(&error.id()).unwrap_or_default(), &error),
                },
            };
            if !outcome.more {
                self.open -= 1;
            }
            return Some(outcome);
        }
        None
    }

    /// Runs jobs, at most `limit` at the same time, in their order. `each` gets every outcome as it comes.
    pub async fn run(&mut self, jobs: Vec<Job>, limit: usize, each: &mut (dyn FnMut(&mut Self, Outcome) + Send)) {
        let mut queue: VecDeque<Job> = jobs.into();
        loop {
            if self.is_cancelled() {
                queue.clear();
            }
            while self.open < limit.max(1)
                && let Some(job) = queue.pop_front()
            {
                self.start(job);
            }
            let Some(outcome) = self.next().await else { return };
            each(self, outcome);
        }
    }
}

/// A defect of kconf must end one task, not the run.
fn panicked(host: String, error: &tokio::task::JoinError) -> Outcome {
    let result = Map::from_iter([
        ("changed".to_owned(), Json::Bool(false)),
        ("failed".to_owned(), Json::Bool(true)),
        ("msg".to_owned(), format!("kconf itself failed while it ran this task: {error}").into()),
    ]);
    Outcome { host, status: Verdict::Done(Status::Failed), shown: result.clone(), result, ..Outcome::default() }
}
