//! The messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::modules::ContentRef;
use crate::system::Stream;
use crate::system::overlay::Change;

/// Version of the protocol. Controller and runner come from one build, so it only guards against a stale cache.
pub const VERSION: u32 = 3;

/// Run one module once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskRequest {
    /// Short name of the module.
    pub module: String,
    /// Coerced arguments: every declared option is there, `null` when not given.
    pub args: Map<String, Value>,
    /// Check mode: act on an overlay that lives as long as the runner.
    pub check: bool,
    /// Return a `diff`.
    pub diff: bool,
    /// Variables for every command of the task.
    pub environment: BTreeMap<String, String>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskReply {
    /// The result as playbooks see it: `changed`, `failed`, `skipped`, `msg`, `diff`, `warnings` and the module's own keys.
    pub result: Map<String, Value>,
}

impl TaskReply {
    /// Whether the task failed.
    pub fn failed(&self) -> bool {
        failed(&self.result)
    }
}

/// Whether a result is that of a failure: what the module says, or else whether a command's exit code (`rc`) is another than 0.
pub fn failed(result: &Map<String, Value>) -> bool {
    let is_zero = |rc: &Value| rc.as_f64() == Some(0.0) || rc.as_str() == Some("0") || rc.is_null();
    match result.get("failed") {
        Some(Value::Bool(failed)) => *failed,
        _ => result.get("rc").is_some_and(|rc| !is_zero(rc)),
    }
}

/// What a task that failed means for those behind it in the same [`Request`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    /// They run all the same, as the items of a loop do.
    #[default]
    GoOn,
    /// They are not run, and not answered.
    Stop,
}

/// The controller's first message.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`] of the controller.
    pub version: u32,
    /// Where the temporary directory of this run is to be made; the runner's choice when `None`.
    pub temp_dir: Option<String>,
    /// The runner removes its own file when it ends.
    pub discard: bool,
}

/// The runner's first message.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Welcome {
    /// [`VERSION`] of the runner.
    pub version: u32,
    /// Its process id, 0 when it is a part of the controller.
    pub pid: u32,
}

/// Tasks that run one after another; each is answered by a [`Reply`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the controller, unique among those in progress.
    pub id: u32,
    /// The tasks.
    pub tasks: Vec<TaskRequest>,
    /// Digests (SHA-256, hex) of content that was sent before and that the tasks may open.
    pub contents: Vec<String>,
    /// Whether somebody wants to see output while commands run.
    pub live: bool,
    /// What check mode has recorded on this host under other identities since the last request.
    pub foreign: Vec<Change>,
    /// What a failure means for the tasks behind it.
    pub on_failure: OnFailure,
    /// A user that only check mode knows, for whom the runner predicts: it is not there yet, so nobody can become it.
    pub acting_for: Option<String>,
}

/// The answer to one task of a [`Request`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reply {
    /// The request.
    pub id: u32,
    /// Position of the task in it.
    pub index: usize,
    /// The answer.
    pub reply: TaskReply,
    /// What check mode has recorded during the task.
    pub recorded: Vec<Change>,
}

/// A task needs content: send it, paced by credit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Need {
    /// The request whose task needs it.
    pub id: u32,
    /// Chosen by the runner, unique on this connection.
    pub transfer: u32,
    /// Which content.
    pub content: ContentRef,
}

/// A task sends content back, paced by credit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// The request whose task sends it.
    pub id: u32,
    /// Chosen by the runner, unique on this connection.
    pub transfer: u32,
    /// What the task calls it.
    pub name: String,
}

/// One frame's worth.
#[derive(Clone, Debug)]
pub enum Message {
    /// Controller: who I am. Always first.
    Hello(Hello),
    /// Runner: who I am. Always first.
    Welcome(Welcome),
    /// Controller: run these.
    Request(Request),
    /// Runner: this came of it.
    Reply(Reply),
    /// Controller: end this request and everything it started. It is not answered any more.
    Cancel(u32),
    /// Runner: output of a command that still runs.
    Live {
        /// The request.
        id: u32,
        /// Where it was written to.
        stream: Stream,
        /// As it came, not by line.
        bytes: Vec<u8>,
    },
    /// Controller: keep this content (a small one) for requests that name its digest.
    Content {
        /// SHA-256.
        sha256: [u8; 32],
        /// All of it.
        bytes: Vec<u8>,
    },
    /// Controller: forget all content that was kept.
    Forget,
    /// Runner: send content.
    Need(Need),
    /// Runner: take content.
    Offer(Offer),
    /// A piece of a transfer.
    Data {
        /// The transfer.
        transfer: u32,
        /// At most [`super::CHUNK`] bytes.
        bytes: Vec<u8>,
    },
    /// A transfer is over. From the receiver: it wants no more, or it has all safely stored.
    End {
        /// The transfer.
        transfer: u32,
        /// Why it is incomplete.
        error: Option<String>,
    },
    /// So many bytes more may be sent.
    Credit {
        /// The transfer.
        transfer: u32,
        /// Bytes.
        bytes: u32,
    },
    /// Controller: it is over. Runner: it cannot go on, and why.
    Bye(String),
}
