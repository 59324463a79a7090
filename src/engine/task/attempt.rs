//! An item run to its end: once, or again while `until:` wants it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::call::{Call, Reply, facts_host};
use super::effect::Effect;
use super::finish::{self, Masks, is_true};
use super::prepare::{self, Prepared, Ready};
use super::{Job, Trouble, Verdict, args, keywords};
use crate::base::Diagnostic;
use crate::engine::scope::TaskScope;
use crate::engine::scope::store::Values;
use crate::engine::{actions, jobs};
use crate::event::{Event, Status};
use crate::modules::SECRETS;
use crate::template;
use crate::transport::content::NoContent;

/// What came of an item.
#[derive(Default)]
pub struct Tried {
    /// What came of it.
    pub verdict: Verdict,
    /// The whole result.
    pub result: Map<String, Json>,
    /// The result as it may be shown.
    pub shown: Map<String, Json>,
    /// The full message of an error of the controller.
    pub diagnostic: Option<String>,
    /// What the run has to take over.
    pub effects: Vec<Effect>,
    /// The host it was delegated to.
    pub delegated_to: Option<String>,
    /// It failed, but is not to be held against the host.
    pub ignored: bool,
    /// Nothing of the result is to be seen.
    pub no_log: bool,
    /// Texts that must not be seen.
    pub masks: Masks,
}

/// What one try left.
struct Try {
    result: Map<String, Json>,
    effects: Vec<Effect>,
    diagnostic: Option<String>,
}

impl Tried {
    /// A condition did not hold.
    pub fn skipped(result: Map<String, Json>) -> Self {
        Self { verdict: Verdict::Done(Status::Skipped), shown: result.clone(), result, ..Self::default() }
    }

    /// It could not even be tried.
    pub fn wrong(job: &Job, scope: &TaskScope, wrong: &Diagnostic) -> Self {
        let try_ = Try { result: failure(wrong), effects: Vec::new(), diagnostic: Some(wrong.to_string()) };
        // Whatever `no_log` would say, what cannot be evaluated must not lead to more being shown.
        let no_log = prepare::no_log(job, scope).unwrap_or(true);
        Self::from_try(job, scope, try_, no_log, Masks::default())
    }

    fn effect(effect: Effect) -> Self {
        let mut result = Map::new();
        finish::complete(&mut result);
        Self { verdict: Verdict::Done(Status::Ok), shown: result.clone(), result, effects: vec![effect], ..Self::default() }
    }

    fn from_try(job: &Job, scope: &TaskScope, try_: Try, no_log: bool, masks: Masks) -> Self {
        let Try { result, effects, mut diagnostic } = try_;
        let status = status_of(&result);
        let words = &job.due.task.keywords;
        let ignored = match status {
            Status::Failed => keywords::boolean(scope, "ignore_errors", words.ignore_errors.as_deref()),
            Status::Unreachable => keywords::boolean(scope, "ignore_unreachable", words.ignore_unreachable.as_deref()),
            Status::Ok | Status::Changed | Status::Skipped => Ok(None),
        };
        let ignored = ignored.unwrap_or_else(|wrong| {
            job.warn(wrong.one_line());
            None
        });
        let mut shown = result.clone();
        if no_log {
            shown = finish::censored(&result);
            diagnostic = None;
        }
        job.world.mask(&masks, &mut shown);
        let diagnostic = diagnostic.map(|text| job.world.mask_text(&masks, &text));
        Self {
            verdict: Verdict::Done(status),
            result,
            shown,
            diagnostic,
            effects,
            ignored: ignored.unwrap_or(false),
            no_log,
            masks,
            delegated_to: None,
        }
    }

    /// What later items and conditions of the same task know: the registered result and facts.
    pub fn learnt(&self, job: &Job) -> Values {
        learnt(job, &self.result, &self.effects)
    }
}

fn failure(wrong: &Diagnostic) -> Map<String, Json> {
    Map::from_iter([
        ("changed".to_owned(), Json::Bool(false)),
        ("failed".to_owned(), Json::Bool(true)),
        ("msg".to_owned(), wrong.one_line().into()),
    ])
}

fn status_of(result: &Map<String, Json>) -> Status {
    match () {
        () if is_true(result, "unreachable") => Status::Unreachable,
        () if is_true(result, "failed") => Status::Failed,
        () if is_true(result, "skipped") => Status::Skipped,
        () if is_true(result, "changed") => Status::Changed,
        () => Status::Ok,
    }
}

fn learnt(job: &Job, result: &Map<String, Json>, effects: &[Effect]) -> Values {
    let mut values = Values::new();
    for effect in effects {
        match effect {
            Effect::Facts { facts, .. } => values.extend(facts.iter().map(|(name, fact)| (name.clone(), template::from_json(fact)))),
            Effect::Set { values: set, .. } => values.extend(set.iter().map(|(name, value)| (name.clone(), value.clone()))),
            Effect::IncludeVars { .. }
            | Effect::AddHost { .. }
            | Effect::AddToGroup { .. }
            | Effect::Stats { .. }
            | Effect::Notify(_)
            | Effect::Include(_)
            | Effect::Meta(_) => {}
        }
    }
    if let Some(name) = &job.due.task.register {
        values.insert(name.value.clone(), template::from_json(&Json::Object(result.clone())));
    }
    values
}

/// Runs an item.
pub async fn item(job: &Job, scope: &TaskScope) -> Tried {
    match prepare::prepare(job, scope) {
        Err(wrong) => Tried::wrong(job, scope, &wrong),
        Ok(Prepared::Skip(result)) => Tried::skipped(result),
        Ok(Prepared::Effect(effect)) => Tried::effect(effect),
        Ok(Prepared::Ready(ready)) => run(job, &Arc::from(ready)).await,
    }
}

/// Runs what is ready, with retries.
async fn run(job: &Job, ready: &Arc<Ready>) -> Tried {
    let tries = match Tries::of(job, &ready.scope) {
        Ok(tries) => tries,
        Err(wrong) => return Tried::wrong(job, &ready.scope, &wrong),
    };
    let mut number = 1;
    loop {
        let reply = execute(job, ready).await;
        let is_lost = matches!(reply, Err(Trouble::Unreachable(_)));
        let Some(try_) = judged(job, ready, reply) else { return Tried::default() };
        let Some(tries) = tries.as_ref().filter(|_| !is_lost) else { return done(job, ready, try_) };
        match tries.after(job, ready, try_, number) {
            Next::Done(try_) => return done(job, ready, *try_),
            Next::Again => {
                tokio::time::sleep(tries.delay).await;
                number += 1;
            }
        }
    }
}

fn done(job: &Job, ready: &Ready, mut try_: Try) -> Tried {
    // What a module that is none of kconf's own says of its arguments: only it knows which of them are secrets.
    let theirs = try_.result.shift_remove("invocation");
    let mut tried = Tried::from_try(job, &ready.scope, try_, ready.no_log, ready.masks.clone());
    tried.delegated_to.clone_from(&ready.delegated_to);
    if !ready.notify.is_empty() {
        tried.effects.push(Effect::Notify(ready.notify.clone()));
    }
    // Who is told of a failure wants to know with what it was tried.
    if matches!(tried.verdict, Verdict::Done(Status::Failed)) && tried.diagnostic.is_none() && !tried.no_log {
        let invocation = match theirs {
            Some(Json::Object(theirs)) => Some(theirs),
            _ if ready.spec.name == crate::modules::foreign::MODULE.name => None,
            _ => Some(Map::from_iter([("module_args".to_owned(), Json::Object(args::shown(ready.spec, &ready.args)))])),
        };
        if let Some(mut invocation) = invocation {
            job.world.mask(&ready.masks, &mut invocation);
            tried.shown.insert("invocation".to_owned(), Json::Object(invocation));
        }
    }
    tried
}

/// `until:`, `retries:` and `delay:`.
struct Tries {
    most: u32,
    delay: Duration,
}

enum Next {
    Done(Box<Try>),
    Again,
}

impl Tries {
    fn of(job: &Job, scope: &TaskScope) -> Result<Option<Self>, Diagnostic> {
        let task = &job.due.task;
        let retries = keywords::count(scope, "retries", task.retries.as_ref())?;
        if retries.is_none() && task.until.is_empty() {
            return Ok(None);
        }
        let delay = keywords::number(scope, "delay", task.delay.as_ref())?.unwrap_or(5.0);
        let most = u32::try_from(retries.unwrap_or(3)).unwrap_or(u32::MAX).saturating_add(1);
        Ok(Some(Self { most, delay: Duration::from_secs_f64(delay) }))
    }

    fn after(&self, job: &Job, ready: &Ready, mut try_: Try, number: u32) -> Next {
        let until = &job.due.task.until;
        try_.result.insert("attempts".to_owned(), number.into());
        let scope = ready.scope.with_all(learnt(job, &try_.result, &try_.effects));
        let holds = match until.is_empty() {
            true => Ok(!is_true(&try_.result, "failed")),
            false => keywords::all_hold(&scope, until),
        };
        match holds {
            Ok(true) => Next::Done(Box::new(try_)),
            Err(wrong) => {
                try_.result.extend(failure(&wrong));
                try_.diagnostic = Some(wrong.to_string());
                Next::Done(Box::new(try_))
            }
            Ok(false) if number >= self.most => {
                try_.result.insert("attempts".to_owned(), (number - 1).into());
                try_.result.insert("failed".to_owned(), Json::Bool(true));
                Next::Done(Box::new(try_))
            }
            Ok(false) => {
                let mut result = if ready.no_log { finish::censored(&try_.result) } else { try_.result };
                result.insert("retries".to_owned(), self.most.into());
                job.world.mask(&ready.masks, &mut result);
                job.emit(Event::Retry { host: job.host.clone(), task: job.number, left: self.most - number, result });
                Next::Again
            }
        }
    }
}

/// Runs the action or module once, within the time that it has.
async fn execute(job: &Job, ready: &Arc<Ready>) -> Result<Reply, Trouble> {
    let Some(background) = ready.background else { return once(job, ready, ready.timeout).await };
    let id = format!("j{}.{}", job.world.next_number(), std::process::id());
    if !background.detached {
        let limit = ready.timeout.map_or(background.limit, |timeout| timeout.min(background.limit));
        return match once(job, ready, Some(limit)).await {
            Ok(mut reply) => {
                reply.result.extend(jobs::about(&id, true));
                Ok(reply)
            }
            Err(Trouble::Failed(mut result)) => {
                result.extend(jobs::about(&id, true));
                Err(Trouble::Failed(result))
            }
            Err(trouble) => Err(trouble),
        };
    }
    let host = ready.delegated_to.as_ref().unwrap_or(&job.host);
    let (job_there, ready_there) = (job.clone(), ready.clone());
    job.world.jobs.start(host, &id, async move {
        let work = once(&job_there, &ready_there, Some(background.limit));
        let reply = tokio::select! {
            reply = work => reply,
            () = job_there.cancel.cancelled() => Err(Trouble::Cancelled),
        };
        reply.map_or_else(|trouble| trouble.into_result(), |reply| reply.result)
    });
    let mut result = jobs::about(&id, false);
    result.insert("changed".to_owned(), Json::Bool(true));
    Ok(Reply::new(result))
}

/// Runs the action or module once, within `limit`.
async fn once(job: &Job, ready: &Ready, limit: Option<Duration>) -> Result<Reply, Trouble> {
    let call = Call { job, ready };
    let work = async {
        match actions::find(ready.spec.name) {
            Some(action) => action.run(&call).await,
            None => Ok(Reply::new(call.own_module(&NoContent).await?)),
        }
    };
    let Some(limit) = limit else { return work.await };
    match tokio::time::timeout(limit, work).await {
        Ok(reply) => reply,
        Err(_) => Err(Trouble::Failed(Map::from_iter([
            ("msg".to_owned(), format!("the task was ended because it took longer than its timeout of {} s", limit.as_secs_f64()).into()),
            ("timedout".to_owned(), serde_json::json!({"period": period(limit)})),
        ]))),
    }
}

fn period(limit: Duration) -> Json {
    if limit.subsec_nanos() == 0 { limit.as_secs().into() } else { limit.as_secs_f64().into() }
}

/// The result of one try after `changed_when` and `failed_when`.
fn judge(job: &Job, ready: &Ready, reply: Reply) -> Try {
    let Reply { mut result, mut effects } = reply;
    if let Some(Json::Array(secrets)) = result.remove(SECRETS) {
        secrets.iter().filter_map(Json::as_str).for_each(|secret| job.world.add_secret(secret));
    }
    finish::complete(&mut result);
    let mut diagnostic = None;
    let sets = effects.iter().any(|effect| matches!(effect, Effect::Set { .. } | Effect::IncludeVars { .. } | Effect::Facts { .. }));
    if let (false, Some(Json::Object(facts))) = (sets, result.get("ansible_facts")) {
        let facts = facts.clone();
        match facts_host(job, ready) {
            Ok(host) => effects.push(Effect::Facts { host, facts }),
            Err(wrong) => {
                result.extend(failure(&wrong));
                diagnostic = Some(wrong.to_string());
            }
        }
    }
    if !is_true(&result, "skipped")
        && let Err(wrong) = conditions(job, ready, &mut result, &effects)
    {
        // The module did what it did: whether something changed stays as it said.
        let changed = result.get("changed").cloned().unwrap_or(Json::Bool(false));
        result.extend(failure(&wrong));
        result.insert("changed".to_owned(), changed);
        diagnostic = Some(wrong.to_string());
    }
    Try { result, effects, diagnostic }
}

fn conditions(job: &Job, ready: &Ready, result: &mut Map<String, Json>, effects: &[Effect]) -> Result<(), Diagnostic> {
    let task = &job.due.task;
    if task.changed_when.is_none() && task.failed_when.is_none() {
        return Ok(());
    }
    if let Some(conditions) = &task.changed_when {
        let scope = ready.scope.with_all(learnt(job, result, effects));
        let changed = keywords::all_hold(&scope, conditions)?;
        result.insert("changed".to_owned(), Json::Bool(changed));
    }
    if let Some(conditions) = &task.failed_when {
        let scope = ready.scope.with_all(learnt(job, result, effects));
        let failed = keywords::all_hold(&scope, conditions)?;
        result.insert("failed".to_owned(), Json::Bool(failed));
        result.insert("failed_when_result".to_owned(), Json::Bool(failed));
    }
    Ok(())
}

/// What came of an item that ran together with others.
pub fn came_to(job: &Job, ready: &Ready, reply: Result<Reply, Trouble>) -> Tried {
    judged(job, ready, reply).map_or_else(Tried::default, |try_| done(job, ready, try_))
}

/// What a reply, or what came instead of one, means; `None` when the run was cancelled.
fn judged(job: &Job, ready: &Ready, reply: Result<Reply, Trouble>) -> Option<Try> {
    Some(match reply {
        Ok(reply) => judge(job, ready, reply),
        Err(Trouble::Cancelled) => return None,
        Err(Trouble::Unreachable(unreachable)) => {
            let result = unreachable_result(&unreachable);
            Try { result, effects: Vec::new(), diagnostic: Some(unreachable.to_string()) }
        }
        Err(Trouble::Wrong(wrong)) => {
            let mut try_ = judge(job, ready, Reply::new(failure(&wrong)));
            try_.diagnostic = try_.diagnostic.or_else(|| is_true(&try_.result, "failed").then(|| wrong.to_string()));
            try_
        }
        Err(Trouble::Unknown(result)) => judge(job, ready, Reply::new(result)),
        Err(Trouble::Failed(mut result)) => {
            result.insert("failed".to_owned(), Json::Bool(true));
            judge(job, ready, Reply::new(result))
        }
    })
}

fn unreachable_result(unreachable: &crate::transport::Unreachable) -> Map<String, Json> {
    Map::from_iter([
        ("changed".to_owned(), Json::Bool(false)),
        ("unreachable".to_owned(), Json::Bool(true)),
        ("msg".to_owned(), unreachable.summary().into()),
    ])
}
