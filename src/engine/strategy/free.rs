//! `free`: every host goes through the play as fast as it can. `host_pinned`: likewise, but a host is begun only when another is done.
//! `stream`: as `free`, and tasks that need not know what came of those before them are sent without waiting for that.

use std::collections::{HashMap, VecDeque};

use crate::engine::host_state::{Current, Due};
use crate::engine::stage::Stage;
use crate::engine::task::keywords;

/// What tells the strategies of this file apart.
pub struct Way {
    /// At most `forks` hosts are on their way.
    pub pinned: bool,
    /// Tasks travel together.
    pub ahead: bool,
}

/// The tasks that a host is at, with their numbers; the first is the one that runs.
type Doing = VecDeque<(Due, u64)>;

/// Takes every host through the play by itself.
pub async fn run(stage: &mut Stage<'_, '_>, way: &Way) {
    let forks = stage.dispatcher.world.settings.forks.max(1);
    let mut doing: HashMap<String, Doing> = HashMap::new();
    let mut warned = false;
    loop {
        let mut moved = false;
        let hosts: Vec<String> = stage.active().map(|(host, _)| host.clone()).take(if way.pinned { forks } else { usize::MAX }).collect();
        for host in hosts {
            if stage.is_over() || doing.len() >= forks {
                break;
            }
            if doing.contains_key(&host) {
                continue;
            }
            let Some(current) = stage.hosts.get(&host).and_then(|state| state.current()) else { continue };
            match current {
                Current::Flush => {
                    stage.flush(std::slice::from_ref(&host));
                    moved = true;
                }
                Current::Task(due) => {
                    if is_full(stage, &host, &due, &doing) {
                        continue;
                    }
                    warn_once(stage, &host, &due, &mut warned);
                    let steps: Doing = match way.ahead {
                        true => stage.begin_ahead(&host, &due).await,
                        false => stage.begin(&host, &due).await.map(|number| (due, number)).into_iter().collect(),
                    };
                    match steps.is_empty() {
                        true => moved = true,
                        false => drop(doing.insert(host, steps)),
                    }
                }
            }
        }
        if moved && !stage.is_over() {
            continue;
        }
        let Some(outcome) = stage.dispatcher.next().await else { return };
        let step = match outcome.more {
            true => doing.get_mut(&outcome.host).and_then(VecDeque::pop_front),
            false => doing.remove(&outcome.host).and_then(|mut steps| steps.pop_front()),
        };
        if let Some((due, number)) = step {
            stage.end(&due, number, outcome);
        }
    }
}

/// Whether as many hosts are at the task as its `throttle` allows.
fn is_full(stage: &Stage<'_, '_>, host: &str, due: &Due, doing: &HashMap<String, Doing>) -> bool {
    let scope = stage.scope(host, due);
    let throttle = keywords::count(&scope, "throttle", due.task.keywords.throttle.as_deref()).ok().flatten().unwrap_or(0);
    throttle > 0
        && doing.values().filter(|steps| steps.front().is_some_and(|(other, _)| other.task.id == due.task.id)).count() as u64 >= throttle
}

fn warn_once(stage: &mut Stage<'_, '_>, host: &str, due: &Due, warned: &mut bool) {
    let scope = stage.scope(host, due);
    let once = keywords::boolean(&scope, "run_once", due.task.keywords.run_once.as_deref()).ok().flatten().unwrap_or(false);
    if once && !*warned {
        *warned = true;
        stage.dispatcher.warn(None, "`run_once` has no meaning where every host goes by itself: the task runs on every host");
    }
}
