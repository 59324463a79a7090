//! Items of a loop that do not depend on each other travel together: one round trip for all.

use super::ask::{self, Packed};
use super::attempt::{self, Tried};
use super::loops::Walk;
use super::prepare::{self, Prepared};
use super::{Verdict, live};
use crate::engine::text_scan;
use crate::plan::Task;
use crate::wire::OnFailure;

/// Items prepared at a time, so that a huge loop neither fills the memory nor keeps its host waiting.
const AT_ONCE: usize = 500;

/// Whether the items of a task can be prepared before any of them ran: no item can see what an earlier one left.
pub fn is_independent(task: &Task) -> bool {
    let control = &task.loop_control;
    if !ask::is_one_request(task) || control.pause.is_some() || !control.break_when.is_empty() {
        return false;
    }
    // The registered name is the result of the item before.
    let register = task.register.as_ref().map(|name| name.value.as_str());
    let depends = |text: &str| ask::looks_up(text) || register.is_some_and(|name| text.contains(name));
    let before =
        |wanted: &mut dyn FnMut(&str) -> bool| text_scan::action(&task.action, wanted) || text_scan::keywords(&task.keywords, wanted);
    !before(&mut { depends })
}

/// Runs the items of a walk in batches. Those next to each other that go to the same session are sent together.
pub async fn run(walk: &mut Walk<'_>) {
    let mut next = 0;
    while next < walk.items.len() {
        let end = (next + AT_ONCE).min(walk.items.len());
        let mut waiting: Vec<(usize, Packed)> = Vec::new();
        for at in next..end {
            let prepared = walk.item_scope(at).and_then(|scope| prepare::prepare(walk.job, &scope));
            let packed = match prepared {
                Ok(Prepared::Ready(ready)) => Packed::new(walk.job, ready),
                other => {
                    send(walk, &mut waiting).await;
                    other_item(walk, at, other);
                    continue;
                }
            };
            let packed = match packed {
                Ok(packed) => packed,
                Err((ready, trouble)) => {
                    send(walk, &mut waiting).await;
                    let tried = attempt::came_to(walk.job, &ready, Err(trouble));
                    walk.finish_item(at, &ready.scope, tried);
                    continue;
                }
            };
            if let Some((_, first)) = waiting.first()
                && (packed.reads_here() || !first.same_route(&packed))
            {
                send(walk, &mut waiting).await;
            }
            waiting.push((at, packed));
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

/// Sends what waits, and finishes each item when its answer is there.
async fn send(walk: &mut Walk<'_>, waiting: &mut Vec<(usize, Packed)>) {
    let (items, mut packed): (Vec<usize>, Vec<Packed>) = std::mem::take(waiting).into_iter().unzip();
    let Some(first) = packed.first() else { return };
    let live = live::sender(walk.job, first.ready.no_log);
    let ready: Vec<_> = packed.iter().map(|one| one.ready.clone()).collect();
    let mut finished = 0;
    let mut each = |at: usize, result| {
        let (Some(item), Some(ready)) = (items.get(at), ready.get(at)) else { return };
        let tried = attempt::came_to(walk.job, ready, Ok(super::Reply::new(result)));
        walk.finish_item(*item, &ready.scope, tried);
        finished = at + 1;
    };
    let Err(trouble) = ask::send(&mut packed, OnFailure::GoOn, live, &mut each).await else { return };
    for (item, ready) in items.iter().zip(&ready).skip(finished) {
        let tried = attempt::came_to(walk.job, ready, Err(trouble.clone()));
        walk.finish_item(*item, &ready.scope, tried);
    }
}
