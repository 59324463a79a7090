//! Tasks that need not know what came of those before them travel together: less than one round trip for each (`strategy: stream`).
//!
//! Which tasks may is decided twice. [`behind`] looks at the plan: where the host goes when nothing fails, and what kind of tasks are
//! there. [`run`] then prepares them one after the other, and stops in front of the first whose templates ask for a result that is not
//! there yet, however long the way from one to the other. Tasks behind one that fails are not run: the host decides that by itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Map, Value as Json};

use super::ask::{self, Packed};
use super::attempt::{self, Tried};
use super::prepare::{self, Prepared, Ready};
use super::{Job, Outcome, Reply, Trouble, live, loops};
use crate::engine::host_state::{Current, Due, HostState};
use crate::engine::scope::TaskScope;
use crate::engine::{task_info, text_scan};
use crate::event::Event;
use crate::plan::Task;
use crate::transport::LiveSender;
use crate::wire::{OnFailure, failed};
use crate::yaml::{Node, Value};

/// Tasks sent at a time.
const AT_ONCE: usize = 64;

/// Bytes of arguments sent at a time.
const BYTES_AT_ONCE: usize = 1024 * 1024;

/// The tasks behind `due`, where a host stands at `state`, that may travel with it.
pub fn behind(state: &HostState, due: &Due) -> Vec<Due> {
    let mut behind: Vec<Due> = Vec::new();
    if !may_travel(&due.task) {
        return behind;
    }
    let mut state = state.clone();
    let role = |due: &Due| due.task.role.as_ref().map(|role| role.id);
    while behind.len() + 1 < AT_ONCE {
        let last = behind.last().unwrap_or(due);
        if !may_be_followed(last) {
            break;
        }
        if !last.task.notify.is_empty() {
            state.expect_flush();
        }
        state.advance(true);
        let Some(Current::Task(next)) = state.current() else { break };
        // Whether a role is done depends on what came of its tasks.
        if role(&next) != role(last) || next.handler != last.handler || !may_travel(&next.task) {
            break;
        }
        behind.push(next);
    }
    behind
}

/// Whether a task can be sent together with others.
fn may_travel(task: &Task) -> bool {
    let words = &task.keywords;
    let elsewhere = task.delegate_to.is_some() || words.run_once.is_some() || words.throttle.is_some();
    ask::is_one_request(task) && task.loop_over.is_none() && !elsewhere && !text_scan::task(task, &mut ask::looks_up)
}

/// Whether what the host says of a task is all there is to know of whether it failed, and which handlers there are.
fn may_be_followed(due: &Due) -> bool {
    let is_constant = |conditions: &Option<Vec<Node>>| {
        conditions.as_ref().is_none_or(|all| all.iter().all(|condition| matches!(condition.value, Value::Bool(_))))
    };
    let never_fails = |conditions: &Option<Vec<Node>>| {
        conditions.as_ref().is_none_or(|all| all.iter().all(|condition| matches!(condition.value, Value::Bool(false))))
    };
    let task = &due.task;
    is_constant(&task.changed_when) && never_fails(&task.failed_when) && (!due.handler || task.notify.is_empty())
}

/// Runs jobs of one host, of which each is begun when the one before it did not fail.
pub async fn run(jobs: Vec<Job>) {
    let Some(first) = jobs.first().cloned() else { return };
    let begun = Instant::now();
    first.emit(Event::HostStarted { host: first.host.clone(), task: first.number });
    tokio::select! {
        biased;
        () = together(jobs, begun) => {}
        () = first.cancel.cancelled() => first.done(Outcome::default(), begun),
    }
}

async fn together(jobs: Vec<Job>, begun: Instant) {
    let (members, mut packed) = prepare(&jobs);
    let (live, at_now) = live_output(&packed);
    let mut line = Line { waiting: jobs.into_iter().zip(members).collect(), begun };
    line.pass_known();
    if packed.is_empty() {
        return;
    }
    let mut each = |at: usize, result| {
        at_now.store(at + 1, Ordering::Relaxed);
        line.answered(result);
    };
    if let Err(trouble) = ask::send(&mut packed, OnFailure::Stop, live, &mut each).await {
        line.broken_off(trouble);
    }
}

/// What is to be done for a task of the line.
enum Member {
    /// Nothing: its condition does not hold, or it cannot even be tried.
    Known(Box<Tried>),
    /// The host does it.
    Sent(Arc<Ready>),
}

/// Prepares the tasks, up to the first that has to wait for those before it.
fn prepare(jobs: &[Job]) -> (Vec<Member>, Vec<Packed>) {
    let (mut members, mut packed, mut bytes) = (Vec::new(), Vec::<Packed>::new(), 0);
    for job in jobs {
        let store = &job.world.store;
        let one = prepare_one(job);
        let is_first = members.is_empty();
        if !is_first && store.was_asked(&job.host) {
            break;
        }
        match one {
            // The first has nothing to wait for. Another may be fine when those before it are done.
            Err(wrong) => {
                if is_first {
                    members.push(Member::Known(wrong));
                }
                break;
            }
            Ok(One::Skipped(tried)) => members.push(Member::Known(tried)),
            Ok(One::Packed(one)) => {
                bytes += serde_json::to_string(&one.asked.args).map_or(0, |text| text.len());
                let fits = packed.first().is_none_or(|first| first.same_route(&one) && !one.is_here() && bytes <= BYTES_AT_ONCE);
                if !fits {
                    break;
                }
                members.push(Member::Sent(one.ready.clone()));
                packed.push(*one);
            }
        }
        if let Some(name) = &job.due.task.register {
            store.expect(&job.host, &name.value);
        }
    }
    if let Some(job) = jobs.first() {
        job.world.store.forget_expected(&job.host);
    }
    (members, packed)
}

enum One {
    Skipped(Box<Tried>),
    Packed(Box<Packed>),
}

/// A task made ready; the error is what came of one that cannot even be tried.
fn prepare_one(job: &Job) -> Result<One, Box<Tried>> {
    let scope = TaskScope::of_task(&job.world, &job.play, &job.host, &job.due);
    let ready = match prepare::prepare(job, &scope) {
        Ok(Prepared::Ready(ready)) => ready,
        Ok(Prepared::Skip(result)) => return Ok(One::Skipped(Box::new(Tried::skipped(result)))),
        Ok(Prepared::Effect(_)) => return Err(Box::default()),
        Err(wrong) => return Err(Box::new(Tried::wrong(job, &scope, &wrong))),
    };
    match Packed::new(job, ready) {
        Ok(packed) => Ok(One::Packed(Box::new(packed))),
        Err((ready, trouble)) => Err(Box::new(attempt::came_to(job, &ready, Err(trouble)))),
    }
}

/// Where live output goes: to the task that is the next to be answered, whose position is in the number.
fn live_output(packed: &[Packed]) -> (LiveSender, Arc<AtomicUsize>) {
    let at_now = Arc::new(AtomicUsize::new(0));
    let senders: Vec<LiveSender> = packed.iter().map(|one| live::sender(&one.job, one.ready.no_log)).collect();
    if !senders.iter().any(LiveSender::wanted) {
        return (LiveSender::none(), at_now);
    }
    let at = at_now.clone();
    let pass_on = move |stream, bytes: &[u8]| {
        if let Some(sender) = senders.get(at.load(Ordering::Relaxed)) {
            sender.send(stream, bytes);
        }
    };
    (LiveSender::new(pass_on), at_now)
}

/// The tasks that are not done yet; the first is the one that runs, since the moment `begun`.
struct Line {
    waiting: VecDeque<(Job, Member)>,
    begun: Instant,
}

impl Line {
    /// The first task was answered by its host.
    fn answered(&mut self, result: Map<String, Json>) {
        let failed = failed(&result);
        self.sent_came_to(Ok(Reply::new(result)), failed);
        if !failed {
            self.pass_known();
        }
    }

    /// The host was lost, or could not be reached.
    fn broken_off(&mut self, trouble: Trouble) {
        self.sent_came_to(Err(trouble), true);
    }

    fn sent_came_to(&mut self, reply: Result<Reply, Trouble>, is_last: bool) {
        match self.waiting.pop_front() {
            Some((job, Member::Sent(ready))) => {
                let tried = attempt::came_to(&job, &ready, reply);
                self.done(&job, tried, is_last);
            }
            Some((job, Member::Known(tried))) => self.done(&job, *tried, is_last),
            None => {}
        }
    }

    /// Goes past the tasks that need no host.
    fn pass_known(&mut self) {
        while let Some((job, member)) = self.waiting.pop_front() {
            match member {
                Member::Known(tried) => self.done(&job, *tried, false),
                Member::Sent(_) => {
                    self.waiting.push_front((job, member));
                    return;
                }
            }
        }
    }

    /// Hands over the outcome of a task, and begins the next.
    fn done(&mut self, job: &Job, tried: Tried, is_last: bool) {
        let more = !is_last && !self.waiting.is_empty();
        job.done(Outcome { more, ..loops::single(tried) }, self.begun);
        self.begun = Instant::now();
        if let Some((next, _)) = self.waiting.front().filter(|_| more) {
            let scope = TaskScope::of_task(&next.world, &next.play, &next.host, &next.due);
            let (host, number) = (next.host.clone(), next.number);
            next.emit(Event::TaskStarted { task: task_info::of(&scope, &next.due, number), hosts: vec![host.clone()] });
            next.emit(Event::HostStarted { host, task: number });
        }
    }
}
