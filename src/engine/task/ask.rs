//! What a task asks of its host, where that is one request: such tasks, and items of a loop, can travel together.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::call::{Call, Reply};
use super::prepare::Ready;
use super::{Job, Trouble};
use crate::engine::actions::{self, Asking};
use crate::engine::content::Contents;
use crate::engine::progress::Told;
use crate::modules::{Place, Spec};
use crate::plan::{Action, Task};
use crate::transport::{Kind, LiveSender};
use crate::wire::OnFailure;

/// A request to the host of a task.
pub struct Asked {
    /// The module that does it there.
    pub module: &'static str,
    /// Its coerced arguments.
    pub args: Map<String, Json>,
    /// The content that they name.
    pub contents: Contents,
    /// Makes the result of the task from that of the module.
    pub settle: fn(Map<String, Json>) -> Map<String, Json>,
}

impl Asked {
    /// Without content, the result as the module gives it.
    pub fn new(module: &'static str, args: Map<String, Json>) -> Self {
        Self { module, args, contents: Contents::default(), settle: |result| result }
    }
}

/// A task or item with its request.
pub struct Packed {
    /// The task.
    pub job: Job,
    /// The task or item, ready to run.
    pub ready: Arc<Ready>,
    /// The request.
    pub asked: Asked,
}

impl Packed {
    /// Makes the request of an item.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(job: &Job, ready: Box<Ready>) -> Result<Self, (Arc<Ready>, Trouble)> {
        let ready = Arc::from(ready);
        let call = Call { job, ready: &ready };
        let asked = match controller_half(ready.spec) {
            Some(half) => half.ask(&call),
            None => Ok(Asked::new(ready.spec.name, ready.args.clone())),
        };
        match asked {
            Ok(asked) => Ok(Self { job: job.clone(), ready, asked }),
            Err(trouble) => Err((ready, trouble)),
        }
    }

    /// Whether it goes to the same session as another.
    pub fn same_route(&self, other: &Self) -> bool {
        match (self.call().route(), other.call().route()) {
            (Ok(one), Ok(other)) => one.target == other.target && one.becoming == other.becoming,
            _ => false,
        }
    }

    /// Whether its host is this machine, where nothing is gained by going together.
    pub fn is_here(&self) -> bool {
        self.call().route().is_ok_and(|route| route.target.kind == Kind::Local)
    }

    /// Whether a file of the controller that it reads may be what the item before it writes on its host.
    pub fn reads_here(&self) -> bool {
        self.is_here() && controller_half(self.ready.spec).is_some()
    }

    /// The task as an action sees it.
    pub fn call(&self) -> Call<'_> {
        Call { job: &self.job, ready: &self.ready }
    }
}

fn controller_half(spec: &Spec) -> Option<&'static dyn Asking> {
    actions::find(spec.name)?.asking()
}

/// Whether a task comes to one request for each of its items, and its result says nothing that others would have to know.
pub fn is_one_request(task: &Task) -> bool {
    let Action::Module { spec, .. } = &task.action else { return false };
    let asks = match actions::find(spec.name) {
        Some(action) => action.asking().is_some(),
        None => matches!(spec.place, Place::Target(_)),
    };
    let gives_facts = spec.returns.iter().any(|value| value.name == "ansible_facts");
    let again = !task.until.is_empty() || task.retries.is_some();
    asks && !gives_facts && !again && task.keywords.timeout.is_none() && task.run_async.is_none()
}

/// Whether a template may read something that an earlier task or item writes.
pub fn looks_up(text: &str) -> bool {
    ["lookup", "query", "q("].iter().any(|word| text.contains(word))
}

/// Sends what goes to one session together. `each` gets every result with its position, as soon as it is there.
///
/// # Errors
/// The session cannot be had, or was lost before the last answer.
pub async fn send(
    packed: &mut [Packed],
    on_failure: OnFailure,
    live: LiveSender,
    each: &mut (dyn FnMut(usize, Map<String, Json>) + Send),
) -> Result<(), Trouble> {
    let Some(first) = packed.first() else { return Ok(()) };
    let session = first.call().session().await?;
    let mut contents = Contents::default();
    let mut requests = Vec::with_capacity(packed.len());
    let mut settle = Vec::with_capacity(packed.len());
    for one in packed {
        contents.extend(std::mem::take(&mut one.asked.contents));
        let args = std::mem::take(&mut one.asked.args);
        settle.push(one.asked.settle);
        requests.push(one.call().request(one.asked.module, args));
    }
    let mut take = |at: usize, reply: crate::wire::TaskReply| {
        if let Some(settle) = settle.get(at) {
            each(at, settle(reply.result));
        }
    };
    session.call_many(requests, on_failure, &Told::new(&contents, live.clone()), live, &mut take).await?;
    Ok(())
}

impl Call<'_> {
    /// Sends a request by itself.
    ///
    /// # Errors
    /// The host cannot be reached.
    pub async fn send(&self, asked: Asked) -> Result<Reply, Trouble> {
        let result = self.remote(asked.module, asked.args, &asked.contents).await?;
        Ok(Reply::new((asked.settle)(result)))
    }
}
