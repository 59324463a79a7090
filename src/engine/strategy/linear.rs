//! `linear`: a task is done on all hosts before the next one begins.

use crate::engine::host_state::Current;
use crate::engine::stage::Stage;

/// Takes all hosts through the play in lockstep: always those that are at the earliest place.
pub async fn run(stage: &mut Stage<'_, '_>) {
    while !stage.is_over() {
        let Some((hosts, current)) = earliest(stage) else { return };
        match current {
            Current::Flush => stage.flush(&hosts),
            Current::Task(due) => stage.run_step(hosts, &due).await,
        }
    }
}

/// The hosts that are at the earliest place of all, and what is there.
fn earliest(stage: &Stage<'_, '_>) -> Option<(Vec<String>, Current)> {
    let mut best: Option<Vec<u64>> = None;
    let mut hosts = Vec::new();
    for (host, state) in stage.active() {
        let path = state.path();
        match &best {
            Some(known) if *known < path => continue,
            Some(known) if *known == path => {}
            _ => {
                best = Some(path);
                hosts.clear();
            }
        }
        hosts.push(host.clone());
    }
    let current = stage.hosts.get(hosts.first()?)?.current()?;
    Some((hosts, current))
}
