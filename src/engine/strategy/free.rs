//! `free`: every host goes through the play as fast as it can. `host_pinned`: likewise, but a host is begun only when another is done.

use std::collections::HashMap;

use crate::engine::host_state::{Current, Due};
use crate::engine::stage::Stage;
use crate::engine::task::keywords;

/// What a host is doing.
struct Doing {
    due: Due,
    number: u64,
}

/// Takes every host through the play by itself. `pinned`: at most `forks` hosts are on their way.
pub async fn run(stage: &mut Stage<'_, '_>, pinned: bool) {
    let forks = stage.dispatcher.world.settings.forks.max(1);
    let mut doing: HashMap<String, Doing> = HashMap::new();
    let mut warned = false;
    loop {
        let mut moved = false;
        let hosts: Vec<String> = stage.active().map(|(host, _)| host.clone()).take(if pinned { forks } else { usize::MAX }).collect();
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
                    match stage.begin(&host, &due).await {
                        Some(number) => drop(doing.insert(host, Doing { due, number })),
                        None => moved = true,
                    }
                }
            }
        }
        if moved && !stage.is_over() {
            continue;
        }
        let Some(outcome) = stage.dispatcher.next().await else { return };
        if let Some(Doing { due, number }) = doing.remove(&outcome.host) {
            stage.end(&due, number, outcome);
        }
    }
}

/// Whether as many hosts are at the task as its `throttle` allows.
fn is_full(stage: &Stage<'_, '_>, host: &str, due: &Due, doing: &HashMap<String, Doing>) -> bool {
    let scope = stage.scope(host, due);
    let throttle = keywords::count(&scope, "throttle", due.task.keywords.throttle.as_deref()).ok().flatten().unwrap_or(0);
    throttle > 0 && doing.values().filter(|other| other.due.task.id == due.task.id).count() as u64 >= throttle
}

fn warn_once(stage: &mut Stage<'_, '_>, host: &str, due: &Due, warned: &mut bool) {
    let scope = stage.scope(host, due);
    let once = keywords::boolean(&scope, "run_once", due.task.keywords.run_once.as_deref()).ok().flatten().unwrap_or(false);
    if once && !*warned {
        *warned = true;
        stage.dispatcher.warn(None, "`run_once` has no meaning where every host goes by itself: the task runs on every host");
    }
}
