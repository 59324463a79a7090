//! One batch of hosts going through a play: runs a task on some of its hosts and takes over what came of it.
//!
//! The strategy decides which hosts run what next ([`super::strategy`]); here is everything that holds for all strategies.

pub mod apply;
pub mod includes;
pub mod limits;
pub mod meta;
pub mod settle;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use indexmap::IndexMap;

use super::dispatcher::Dispatcher;
use super::host_state::{Due, HostState, Standing};
use super::play_context::PlayContext;
use super::scope::TaskScope;
use super::task::{Effect, Job, Outcome, ahead, keywords};
use super::task_info;
use crate::base::Diagnostic;
use crate::event::Event;
use crate::plan::{Action, Handler};

/// See the module documentation.
pub struct Stage<'d, 's> {
    /// Runs jobs and reports events.
    pub dispatcher: &'d mut Dispatcher<'s>,
    /// What the tasks of the batch share.
    pub play: Arc<PlayContext>,
    /// Where each host stands, in the order of the batch.
    pub hosts: IndexMap<String, HostState>,
    /// The handlers of the play, those that includes brought too.
    pub handlers: Arc<[Arc<Handler>]>,
    /// No further batch is to run.
    pub end_play: bool,
    /// Too much failed: no further play is to run.
    pub broken: bool,
    /// Something that ends the whole run.
    pub fatal: Option<Diagnostic>,
    /// `max_fail_percentage:`.
    max_fail: Option<f64>,
}

/// What was learnt while the task of a step ran on its hosts.
#[derive(Default)]
struct Step {
    /// Number of the task in the events.
    number: u64,
    /// Hosts on which it was not skipped.
    ran: HashSet<String>,
    failed: HashSet<String>,
    unreachable: HashSet<String>,
    includes: Vec<(String, Effect)>,
}

/// Modules that work once for all hosts.
const ONCE: &[&str] = &["add_host", "pause"];

impl<'d, 's> Stage<'d, 's> {
    /// A batch at its beginning.
    pub fn new(dispatcher: &'d mut Dispatcher<'s>, play: Arc<PlayContext>, force_handlers: bool, max_fail: Option<f64>) -> Self {
        let hosts = play.batch.iter().map(|host| (host.clone(), HostState::new(play.play.clone(), force_handlers))).collect();
        let handlers = play.play.handlers.clone().into();
        Self { dispatcher, play, hosts, handlers, end_play: false, broken: false, fatal: None, max_fail }
    }

    /// The variables of a task on a host.
    pub fn scope(&self, host: &str, due: &Due) -> TaskScope {
        TaskScope::of_task(&self.dispatcher.world, &self.play, host, due)
    }

    /// Hosts that have something to do.
    pub fn active(&self) -> impl Iterator<Item = (&String, &HostState)> {
        self.hosts.iter().filter(|(_, state)| state.is_active())
    }

    /// Whether nothing more is to be done in this batch.
    pub fn is_over(&self) -> bool {
        self.fatal.is_some() || self.dispatcher.is_cancelled()
    }

    /// The task that is due is done on all of `hosts`, which all are at it.
    pub async fn run_step(&mut self, hosts: Vec<String>, due: &Due) {
        if let Action::Meta(meta) = due.task.action {
            self.meta(meta, &hosts, due).await;
            return;
        }
        let Some(first) = hosts.first().cloned() else { return };
        let scope = self.scope(&first, due);
        if !self.dispatcher.world.is_wanted(&task_info::name(&scope, &due.task)) {
            for host in &hosts {
                if let Some(state) = self.hosts.get_mut(host) {
                    state.advance(false);
                }
                self.note_standing(host);
            }
            return;
        }
        let words = &due.task.keywords;
        let flag = |name: &str, node| keywords::boolean(&scope, name, node).map(Option::unwrap_or_default);
        let once = matches!(&due.task.action, Action::Module { spec, .. } if ONCE.contains(&spec.name));
        let switches = flag("run_once", words.run_once.as_deref()).and_then(|run_once| {
            let fatal = flag("any_errors_fatal", words.any_errors_fatal.as_deref())? || self.dispatcher.world.settings.any_errors_fatal;
            Ok((run_once || once, fatal, keywords::count(&scope, "throttle", words.throttle.as_deref())?.unwrap_or(0)))
        });
        let (run_once, any_fatal, throttle) = match switches {
            Ok(switches) => switches,
            Err(wrong) => {
                self.fatal = Some(wrong);
                return;
            }
        };
        let runners = if run_once { vec![first] } else { hosts.clone() };
        let step = self.run_on(runners, due, run_once, throttle).await;
        if self.is_over() {
            return;
        }
        self.after(&hosts, due, step, run_once, any_fatal);
    }

    /// Gathers facts before the first task. A host that fails here is out of the play, whatever is around its first task.
    pub async fn gather(&mut self, hosts: Vec<String>, due: &Due) {
        let step = self.run_on(hosts, due, false, 0).await;
        for host in &step.unreachable {
            self.drop_host(host, Standing::Unreachable);
        }
        for host in &step.failed {
            self.drop_host(host, Standing::Failed);
        }
        self.check_limits();
    }

    /// Runs the task on `runners`.
    async fn run_on(&mut self, runners: Vec<String>, due: &Due, run_once: bool, throttle: u64) -> Step {
        let jobs = self.start(runners, due);
        let forks = self.dispatcher.world.settings.forks;
        let limit = usize::try_from(throttle).ok().filter(|throttle| *throttle > 0).map_or(forks, |throttle| throttle.min(forks));
        let number = jobs.first().map_or(0, |job| job.number);
        let mut outcomes: Vec<Outcome> = Vec::new();
        let play = self.play.clone();
        let mut each = |dispatcher: &mut Dispatcher<'_>, outcome: Outcome| {
            // What a task that runs once learns, all hosts of the batch know.
            let told = if run_once { &*play.batch } else { std::slice::from_ref(&outcome.host) };
            apply::learn(dispatcher, due, told, &outcome);
            settle::report(dispatcher, due, number, &outcome);
            outcomes.push(outcome);
        };
        self.dispatcher.run(jobs, limit, &mut each).await;
        self.pass_on_warnings();
        let mut step = Step { number, ..Step::default() };
        // In the order of the batch, however they came in.
        outcomes.sort_by_key(|outcome| self.hosts.get_index_of(&outcome.host));
        for outcome in outcomes {
            self.settle(due, outcome, &mut step);
        }
        step
    }

    /// Reports what connections, includes and templates warned of, each thing once.
    fn pass_on_warnings(&mut self) {
        let mut warnings = self.dispatcher.sessions.take_warnings();
        warnings.extend(self.dispatcher.compiler.take_warnings().0.iter().map(ToString::to_string));
        warnings.extend(self.dispatcher.world.templates.take_warnings());
        let mut said = HashSet::new();
        warnings.retain(|warning| said.insert(warning.clone()));
        for warning in warnings {
            self.dispatcher.warn(None, warning);
        }
    }

    /// Announces the task and makes its jobs.
    fn start(&mut self, runners: Vec<String>, due: &Due) -> Vec<Job> {
        let number = self.dispatcher.world.next_number();
        let task = runners.first().map(|host| task_info::of(&self.scope(host, due), due, number));
        if let Some(task) = task {
            self.dispatcher.emit(&Event::TaskStarted { task, hosts: runners.clone() });
        }
        runners.into_iter().map(|host| self.job(host, due, number)).collect()
    }

    fn job(&self, host: String, due: &Due, number: u64) -> Job {
        Job {
            number,
            due: due.clone(),
            host,
            play: self.play.clone(),
            world: self.dispatcher.world.clone(),
            sessions: self.dispatcher.sessions.clone(),
            messages: self.dispatcher.messages(),
            cancel: self.dispatcher.cancel.clone(),
        }
    }

    /// Starts the task that is due on one host, and comes back at once. `None`: it was a meta action, and is done.
    pub async fn begin(&mut self, host: &str, due: &Due) -> Option<u64> {
        if let Action::Meta(meta) = due.task.action {
            self.meta(meta, &[host.to_owned()], due).await;
            return None;
        }
        let job = self.start(vec![host.to_owned()], due).pop()?;
        let number = job.number;
        self.dispatcher.start(job);
        Some(number)
    }

    /// As [`Stage::begin`], together with the tasks behind it that need not wait for its result; all of them with their numbers.
    /// Empty: it was a meta action, and is done.
    pub async fn begin_ahead(&mut self, host: &str, due: &Due) -> VecDeque<(Due, u64)> {
        let state = self.hosts.get(host).filter(|_| self.dispatcher.world.settings.task_timeout.is_none());
        let behind = state.map_or_else(Vec::new, |state| ahead::behind(state, due));
        if behind.is_empty() {
            return self.begin(host, due).await.map(|number| (due.clone(), number)).into_iter().collect();
        }
        let mut jobs = self.start(vec![host.to_owned()], due);
        jobs.extend(behind.iter().map(|due| self.job(host.to_owned(), due, self.dispatcher.world.next_number())));
        let steps = jobs.iter().map(|job| (job.due.clone(), job.number)).collect();
        self.dispatcher.start_together(jobs);
        steps
    }

    /// Takes over the outcome of a task that [`Stage::begin`] or [`Stage::begin_ahead`] started.
    pub fn end(&mut self, due: &Due, number: u64, outcome: Outcome) {
        let host = outcome.host.clone();
        apply::learn(self.dispatcher, due, std::slice::from_ref(&host), &outcome);
        settle::report(self.dispatcher, due, number, &outcome);
        self.pass_on_warnings();
        let mut step = Step { number, ..Step::default() };
        self.settle(due, outcome, &mut step);
        if !self.is_over() {
            self.after(&[host], due, step, false, false);
        }
    }

    /// Takes a host out of the play.
    pub fn drop_host(&mut self, host: &str, standing: Standing) {
        if let Some(state) = self.hosts.get_mut(host) {
            state.end(standing);
        }
        match standing {
            Standing::Failed => self.dispatcher.recap.fail(host),
            Standing::Unreachable => self.dispatcher.recap.lose(host),
            Standing::Active | Standing::Ended => return,
        }
        self.play.lose(host);
    }

    /// Runs those of the handlers that were notified, on hosts that are at the end of a section.
    pub fn flush(&mut self, hosts: &[String]) {
        for host in hosts {
            if let Some(state) = self.hosts.get_mut(host) {
                state.flush(self.handlers.clone());
            }
            self.note_standing(host);
        }
    }
}
