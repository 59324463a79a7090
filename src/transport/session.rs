//! A session: one identity on one host, ready to run modules.

use std::sync::Arc;

use async_trait::async_trait;

use super::{ContentSource, Unreachable};
use crate::base::Secret;
use crate::system::{Output, Stream};
use crate::wire::{OnFailure, TaskReply, TaskRequest};

/// One identity on one host. Calls may run at the same time; each has its own place on the target.
///
/// Dropping the future of a call ends what it started on the target.
#[async_trait]
pub trait Session: Send + Sync {
    /// Runs one module once.
    ///
    /// # Errors
    /// When the host is lost before the answer is there. A module that fails is an answer.
    async fn call(&self, request: TaskRequest, content: &dyn ContentSource, live: LiveSender) -> Result<TaskReply, Unreachable> {
        let mut reply = None;
        self.call_many(vec![request], OnFailure::GoOn, content, live, &mut |_, one| reply = Some(one)).await?;
        reply.ok_or_else(|| self.lost("the runner ended a task without an answer"))
    }

    /// Runs modules one after another with one round trip for all, as a loop over items does. `each` gets every answer, with its
    /// position in `requests`, as soon as it is there.
    ///
    /// # Errors
    /// When the host is lost before the last answer is there.
    async fn call_many(
        &self,
        requests: Vec<TaskRequest>,
        on_failure: OnFailure,
        content: &dyn ContentSource,
        live: LiveSender,
        each: &mut (dyn FnMut(usize, TaskReply) + Send),
    ) -> Result<(), Unreachable>;

    /// Runs a command without a runner (`raw`, `script`): a line for the login shell of the host.
    ///
    /// # Errors
    /// When the host is lost before the command ends.
    async fn raw(&self, command: RawCommand, live: LiveSender) -> Result<RawOutput, Unreachable>;

    /// What runs the modules there, for `-v`.
    fn via(&self) -> Via;

    /// The error that says that this session was lost.
    fn lost(&self, message: &str) -> Unreachable;
}

/// What runs the modules of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// The runner that an earlier run had left in the cache of the host.
    RunnerCached,
    /// The runner, sent now: bytes that travelled.
    RunnerSent(u64),
    /// No runner fits the host: its shell; the text says why.
    Shell(String),
    /// This process.
    InProcess,
    /// Nothing yet: only raw commands were run.
    Nothing,
}

/// A line for a shell.
#[derive(Clone, Debug, Default)]
pub struct RawCommand {
    /// The line.
    pub line: String,
    /// What it reads from standard input.
    pub stdin: Vec<u8>,
    /// A text on standard input that must not be seen; goes before `stdin`.
    pub secret_stdin: Option<Secret>,
    /// The shell that gets the line with `-c` instead of the login shell.
    pub executable: Option<String>,
}

/// What a raw command left.
pub type RawOutput = Output;

/// Where the live output of a task goes. Cheap to clone.
#[derive(Clone, Default)]
pub struct LiveSender(Option<Arc<LiveFn>>);

type LiveFn = dyn Fn(Stream, &[u8]) + Send + Sync;

impl LiveSender {
    /// Calls `sink` with each piece of output, as it comes (not by line). It must not block.
    pub fn new(sink: impl Fn(Stream, &[u8]) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(sink)))
    }

    /// Nobody wants to see it: then it is not even sent.
    pub fn none() -> Self {
        Self(None)
    }

    /// Whether somebody wants to see it.
    pub fn wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Hands on a piece of output.
    pub fn send(&self, stream: Stream, bytes: &[u8]) {
        if let Some(sink) = &self.0 {
            sink(stream, bytes);
        }
    }
}
