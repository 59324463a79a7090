//! What the outcome of a task means for its host: reported, counted, and where the host goes next.

use serde_json::{Map, Value as Json};

use super::{Stage, Step};
use crate::base::Spanned;
use crate::engine::dispatcher::Dispatcher;
use crate::engine::handlers;
use crate::engine::host_state::{Due, Standing};
use crate::engine::task::finish::is_true;
use crate::engine::task::{Effect, Outcome, Verdict, keywords};
use crate::event::{Event, HostRecap, Status};
use crate::plan::Action;

/// Reports what came of a task on a host, and counts it but for failures, which depend on where the host stands.
pub(super) fn report(dispatcher: &mut Dispatcher<'_>, due: &Due, number: u64, outcome: &Outcome) {
    let Verdict::Done(status) = outcome.status else { return };
    let included = outcome.effects.iter().any(|effect| matches!(effect, Effect::Include(_)));
    // What an include brings is reported for all its hosts together.
    let silent = included && matches!(due.task.action, Action::IncludeTasks { .. } | Action::IncludeRole { .. }) && is_fine(status);
    if !silent {
        dispatcher.emit(&Event::HostDone {
            host: outcome.host.clone(),
            delegated_to: outcome.delegated_to.clone(),
            task: number,
            status,
            ignored: outcome.ignored,
            looped: outcome.looped,
            result: outcome.shown.clone(),
            diagnostic: outcome.diagnostic.clone(),
            took_ms: outcome.took_ms,
        });
    }
    let changed = is_true(&outcome.result, "changed");
    let counts = dispatcher.recap.host(&outcome.host);
    count(counts, status, outcome.ignored, changed, silent);
}

fn is_fine(status: Status) -> bool {
    matches!(status, Status::Ok | Status::Changed)
}

fn count(counts: &mut HostRecap, status: Status, ignored: bool, changed: bool, silent: bool) {
    match status {
        // Includes count once for everything they bring.
        _ if silent => {}
        Status::Ok => counts.ok += 1,
        Status::Changed => {
            counts.ok += 1;
            counts.changed += 1;
        }
        Status::Skipped => counts.skipped += 1,
        Status::Failed if ignored => {
            counts.ok += 1;
            counts.ignored += 1;
            if changed {
                counts.changed += 1;
            }
        }
        Status::Unreachable if ignored => {
            counts.ok += 1;
            counts.ignored += 1;
        }
        Status::Unreachable => counts.unreachable += 1,
        Status::Failed => {}
    }
}

impl Stage<'_, '_> {
    /// Notifies handlers and decides about failures. Where the host goes next is decided when the whole step is done.
    pub(super) fn settle(&mut self, due: &Due, mut outcome: Outcome, step: &mut Step) {
        let Verdict::Done(status) = outcome.status else { return };
        let host = outcome.host.clone();
        let mut notifications: Vec<Spanned<String>> = Vec::new();
        for effect in std::mem::take(&mut outcome.effects) {
            super::apply::extend_inventory(self.dispatcher, &effect);
            match effect {
                Effect::Include(_) => step.includes.push((host.clone(), effect)),
                // Each item of a loop says it.
                Effect::Notify(names) => names.into_iter().for_each(|name| {
                    if !notifications.iter().any(|known| known.value == name.value) {
                        notifications.push(name);
                    }
                }),
                _ => {}
            }
        }
        let ran = status != Status::Skipped;
        match status {
            Status::Unreachable if !outcome.ignored => {
                step.unreachable.insert(host.clone());
            }
            Status::Failed if !outcome.ignored => {
                self.count_failure(due, &host, &outcome.result);
                step.failed.insert(host);
            }
            Status::Ok | Status::Changed | Status::Skipped | Status::Failed | Status::Unreachable => {
                if is_true(&outcome.result, "changed") {
                    self.notify(due, &host, &notifications);
                }
            }
        }
        if ran {
            step.ran.insert(outcome.host);
        }
    }

    /// Counts a failure, and keeps it for the `rescue` that handles it.
    pub(super) fn count_failure(&mut self, due: &Due, host: &str, result: &Map<String, Json>) {
        let rescued = self.hosts.get(host).is_some_and(|state| state.is_active() && state.would_rescue());
        let counts = self.dispatcher.recap.host(host);
        if !rescued {
            counts.failed += 1;
        } else {
            counts.rescued += 1;
            super::apply::remember_failure(self.dispatcher, &self.scope(host, due), due, host, result);
        }
    }

    /// Remembers the handlers that the task names.
    fn notify(&mut self, due: &Due, host: &str, notifications: &[Spanned<String>]) {
        if notifications.is_empty() {
            return;
        }
        let scope = self.scope(host, due);
        for Spanned { value: name, span } in notifications {
            match handlers::find(&self.dispatcher.world, &self.play, host, &self.handlers, name, span) {
                Ok(found) => self.remember(host, &scope, &found),
                Err(wrong) => self.fatal = self.fatal.take().or(Some(wrong)),
            }
        }
    }

    fn remember(&mut self, host: &str, scope: &crate::engine::scope::TaskScope, found: &[std::sync::Arc<crate::plan::Handler>]) {
        for handler in found {
            let Some(state) = self.hosts.get_mut(host) else { return };
            if state.notify(handler) {
                let name = keywords::text(scope, "name", handler.task.name.as_ref()).ok().flatten();
                let handler = name.unwrap_or_else(|| crate::engine::task_info::module_name(&handler.task));
                self.dispatcher.emit(&Event::Notified { host: host.to_owned(), handler });
            }
        }
    }

    /// All hosts of the step go on from the task: behind it, into what it included, to a `rescue`, or out.
    pub(super) fn after(&mut self, hosts: &[String], due: &Due, mut step: Step, run_once: bool, any_fatal: bool) {
        let groups = self.groups(due, &mut step);
        let bad = !step.failed.is_empty() || !step.unreachable.is_empty() || !groups.failed.is_empty();
        for host in &step.unreachable {
            self.drop_host(host, Standing::Unreachable);
        }
        if bad && (any_fatal || run_once) {
            // All hosts fail where they are, so that each goes to the `rescue` around it.
            let all: Vec<String> = self.active().map(|(host, _)| host.clone()).collect();
            for host in &all {
                self.fail_host(host);
            }
        } else {
            for host in hosts {
                if step.failed.contains(host) || groups.failed.contains(host) {
                    self.fail_host(host);
                    continue;
                }
                let Some(state) = self.hosts.get_mut(host).filter(|state| state.is_active()) else { continue };
                match groups.of(host) {
                    Some(included) => state.enter(included),
                    None => state.advance(step.ran.contains(host) || (run_once && !step.ran.is_empty())),
                }
                self.note_standing(host);
            }
        }
        self.check_limits();
    }

    /// A host goes to its `rescue` or `always`, or out of the play.
    pub(super) fn fail_host(&mut self, host: &str) {
        if let Some(state) = self.hosts.get_mut(host) {
            state.fail();
        }
        self.note_standing(host);
    }

    /// A failure that came out of the last `always` takes the host out of the play.
    pub(super) fn note_standing(&mut self, host: &str) {
        if self.hosts.get(host).is_some_and(|state| state.standing() == Standing::Failed) {
            self.drop_host(host, Standing::Failed);
        }
    }
}
