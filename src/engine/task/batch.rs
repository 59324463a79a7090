//! Items of a loop that do not depend on each other travel together: one round trip for all.

use super::attempt::{self, Tried};
use super::call::Call;
use super::loops::Walk;
use super::prepare::{self, Prepared, Ready};
use super::{Trouble, Verdict, live};
use crate::engine::{actions, text_scan};
use crate::modules::Place;
use crate::plan::{Action, Task};
use crate::transport::content::NoContent;

/// Items prepared at a time, so that a huge loop neither fills the memory nor keeps its host waiting.
const AT_ONCE: usize = 500;

/// Whether the items of a task can be prepared before any of them ran: no item can see what an earlier one left.
pub fn is_independent(task: &Task) -> bool {
    let Action::Module { spec, .. } = &task.action else { return false };
    let control = &task.loop_control;
    let plain = matches!(spec.place, Place::Target(_)) && actions::find(spec.name).is_none();
    let gives_facts = spec.name == "setup" || spec.name.ends_with("_facts");
    let one_by_one = !task.until.is_empty() || task.retries.is_some() || control.pause.is_some() || !control.break_when.is_empty();
    if !plain || gives_facts || one_by_one || task.keywords.timeout.is_some() || task.run_async.is_some() {
        return false;
    }
    // A lookup may read what an earlier item wrote; the registered name is the result of the item before.
    let register = task.register.as_ref().map(|name| name.value.as_str());
    let depends =
        |text: &str| ["lookup", "query", "q("].iter().any(|word| text.contains(word)) || register.is_some_and(|name| text.contains(name));
    let before =
        |wanted: &mut dyn FnMut(&str) -> bool| text_scan::action(&task.action, wanted) || text_scan::keywords(&task.keywords, wanted);
    !before(&mut { depends })
}

/// Runs the items of a walk in batches. Those next to each other that go to the same session are sent together.
pub async fn run(walk: &mut Walk<'_>) {
    let mut next = 0;
    while next < walk.items.len() {
        let end = (next + AT_ONCE).min(walk.items.len());
        let mut waiting: Vec<(usize, Box<Ready>)> = Vec::new();
        for at in next..end {
            let prepared = walk.item_scope(at).and_then(|scope| prepare::prepare(walk.job, &scope));
            let ready = match prepared {
                Ok(Prepared::Ready(ready)) => ready,
                other => {
                    send(walk, &mut waiting).await;
                    other_item(walk, at, other);
                    continue;
                }
            };
            if let Some((_, first)) = waiting.first()
                && !same_route(walk, first, &ready)
            {
                send(walk, &mut waiting).await;
            }
            waiting.push((at, ready));
        }
        send(walk, &mut waiting).await;
        if walk.done.iter().any(|tried| tried.verdict == Verdict::Cancelled) {
            return;
        }
        next = end;
    }
}

fn other_item(walk: &mut Walk<'_>, at: usize, prepared: Result<Prepared, crate::base::Diagnostic>) {
    let scope = walk.item_scope(at).unwrap_or_else(|_| walk.scope.clone());
    let tried = match prepared {
        Err(wrong) => Tried::wrong(walk.job, &scope, &wrong),
        Ok(Prepared::Skip(result)) => Tried::skipped(result),
        Ok(Prepared::Effect(_) | Prepared::Ready(_)) => Tried::default(),
    };
    walk.finish_item(at, &scope, tried);
}

fn same_route(walk: &Walk<'_>, one: &Ready, other: &Ready) -> bool {
    let route = |ready| Call { job: walk.job, ready }.route();
    match (route(one), route(other)) {
        (Ok(one), Ok(other)) => one.target == other.target && one.becoming == other.becoming,
        _ => false,
    }
}

/// Sends what waits, and finishes each item when its answer is there.
async fn send(walk: &mut Walk<'_>, waiting: &mut Vec<(usize, Box<Ready>)>) {
    let items = std::mem::take(waiting);
    let Some((_, first)) = items.first() else { return };
    let job = walk.job;
    let call = Call { job, ready: first };
    let mut finished = 0;
    let lost = match call.session().await {
        Err(trouble) => Some(trouble),
        Ok(session) => {
            let requests = items.iter().map(|(_, ready)| Call { job, ready }.request(ready.spec.name, ready.args.clone())).collect();
            let live = live::sender(job, first.no_log);
            let mut each = |at: usize, reply: crate::wire::TaskReply| {
                let Some((item, ready)) = items.get(at) else { return };
                let tried = attempt::batched(job, ready, reply.result);
                walk.finish_item(*item, &ready.scope, tried);
                finished = at + 1;
            };
            session.call_many(requests, &NoContent, live, &mut each).await.err().map(Trouble::from)
        }
    };
    let Some(trouble) = lost else { return };
    for (item, ready) in items.iter().skip(finished) {
        let tried = attempt::lost(job, ready, &trouble);
        walk.finish_item(*item, &ready.scope, tried);
    }
}
