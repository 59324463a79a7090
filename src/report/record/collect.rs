//! Events to a record.

use std::collections::HashMap;

use super::{HostResult, Item, Outcome, Play, Record, Task, Unfinished, Warning, clean};
use crate::event::{Event, HostRecap, Sink, Status, TaskInfo};

/// Takes the events of one run.
#[derive(Debug, Default)]
pub struct Collector {
    record: Record,
    /// Where each task stands: play, task.
    places: HashMap<u64, (usize, usize)>,
    /// Items and retries of tasks that are not done on their host.
    open: HashMap<(u64, String), (Vec<Item>, usize)>,
    /// The task that each host is at.
    at: HashMap<String, u64>,
}

impl Collector {
    /// What was told so far.
    pub fn finish(mut self) -> Record {
        // Hosts stand in the order of their play, not in that in which they were done.
        for play in &mut self.record.plays {
            let order: HashMap<&String, usize> = play.hosts.iter().enumerate().map(|(index, host)| (host, index)).collect();
            for task in &mut play.tasks {
                task.results.sort_by_key(|result| order.get(&result.host).copied().unwrap_or(usize::MAX));
            }
        }
        self.record.unfinished = self
            .at
            .iter()
            .filter_map(|(host, id)| {
                let (play, task) = self.places.get(id)?;
                let task = self.record.plays.get(*play)?.tasks.get(*task)?;
                Some(Unfinished { host: host.clone(), task: task.title.clone(), place: task.place.clone() })
            })
            .collect();
        self.record.unfinished.sort_by(|one, other| one.host.cmp(&other.host));
        self.record
    }

    fn task(&mut self, id: u64) -> Option<&mut Task> {
        let (play, task) = self.places.get(&id)?;
        self.record.plays.get_mut(*play)?.tasks.get_mut(*task)
    }

    fn start(&mut self, info: &TaskInfo) {
        // Events of a run without plays would be a damaged journal: what is there is shown all the same.
        if self.record.plays.is_empty() {
            self.record.plays.push(Play::default());
        }
        let index = self.record.plays.len() - 1;
        let Some(play) = self.record.plays.last_mut() else { return };
        let title = match &info.role {
            Some(role) => format!("{role} : {}", info.name),
            None => info.name.clone(),
        };
        self.places.insert(info.id, (index, play.tasks.len()));
        play.tasks.push(Task {
            id: info.id,
            title: clean(&title),
            module: clean(&info.module),
            place: clean(&info.place),
            excerpt: clean(&info.excerpt),
            handler: info.handler,
            ..Task::default()
        });
    }

    fn item(&mut self, event: &Event) {
        let Event::Item { host, task, status, label, result, diagnostic, .. } = event else { return };
        let module = self.task(*task).map(|task| task.module.clone()).unwrap_or_default();
        let outcome = Outcome::new(*status, &module, result, diagnostic.as_deref());
        self.open.entry((*task, host.clone())).or_default().0.push(Item { label: clean(label), outcome });
    }

    fn done(&mut self, event: &Event) {
        let Event::HostDone { host, delegated_to, task: id, status, ignored, looped, result, diagnostic, took_ms } = event else { return };
        self.at.remove(host);
        let (items, retries) = self.open.remove(&(*id, host.clone())).unwrap_or_default();
        let Some(task) = self.task(*id) else { return };
        let mut outcome = Outcome::new(*status, &task.module, result, diagnostic.as_deref());
        if *looped && !outcome.is_bad() {
            // The items have said it.
            outcome.lines.clear();
        }
        task.results.push(HostResult {
            host: clean(host),
            delegated_to: delegated_to.as_deref().map(clean),
            ignored: *ignored,
            rescued: false,
            took_ms: *took_ms,
            retries,
            outcome,
            items,
        });
    }

    /// The events do not tell of a failure that it was rescued, but the recap how many were not: those were the host's last.
    fn find_rescued(&mut self, recap: &[HostRecap]) {
        let lost: HashMap<String, u32> = recap.iter().map(|host| (clean(&host.host), host.failed)).collect();
        let mut left = lost;
        let tasks = self.record.plays.iter_mut().flat_map(|play| &mut play.tasks);
        let mut results: Vec<&mut HostResult> = tasks.flat_map(|task| &mut task.results).collect();
        for result in results.iter_mut().rev().filter(|result| result.outcome.status == Status::Failed && !result.ignored) {
            match left.get_mut(&result.host) {
                Some(number) if *number > 0 => *number -= 1,
                Some(_) => result.rescued = true,
                None => {}
            }
        }
    }
}

impl Sink for Collector {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted { check, .. } => self.record.check = *check,
            Event::PlayStarted { name, hosts } => {
                let hosts = hosts.iter().map(|host| clean(host)).collect();
                self.record.plays.push(Play { name: clean(name), hosts, tasks: Vec::new() });
            }
            Event::NoHostsMatched { play } => self.record.plays.push(Play { name: clean(play), ..Play::default() }),
            Event::TaskStarted { task, .. } => self.start(task),
            Event::HostStarted { host, task } => {
                self.at.insert(host.clone(), *task);
            }
            Event::Item { .. } => self.item(event),
            Event::Retry { host, task, .. } => self.open.entry((*task, host.clone())).or_default().1 += 1,
            Event::HostDone { .. } => self.done(event),
            Event::Included { task, what, hosts, label } => {
                for host in hosts {
                    self.at.remove(host);
                }
                let label = label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
                if let Some(task) = self.task(*task) {
                    task.included.push(clean(&format!("{what}{label}")));
                }
            }
            Event::Warning { host, text } => {
                self.record.warnings.push(Warning { host: host.as_deref().map(clean), text: clean(text) });
            }
            Event::RunEnded { recap, took_ms, custom } => {
                self.find_rescued(recap);
                self.record.recap = recap.iter().map(|host| HostRecap { host: clean(&host.host), ..host.clone() }).collect();
                self.record.custom.clone_from(custom);
                self.record.took_ms = Some(*took_ms);
            }
            Event::Live { .. } | Event::Notified { .. } | Event::NoHostsLeft => {}
        }
    }
}
