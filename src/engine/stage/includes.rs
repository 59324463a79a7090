//! What dynamic includes bring: compiled once for all hosts on which they mean the same.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Stage, Step};
use crate::base::{Diagnostics, Severity, Span};
use crate::engine::host_state::Due;
use crate::engine::include::{IncludeVars, Included};
use crate::engine::task::Effect;
use crate::engine::task::effect::{Include, Wanted};
use crate::event::{Event, Status};
use crate::plan::{Action, Item, RoleFiles};

/// What the includes of a step brought.
#[derive(Default)]
pub(super) struct Groups {
    by_host: HashMap<String, Vec<Arc<Included>>>,
    /// Hosts whose include failed.
    pub(super) failed: HashSet<String>,
}

impl Groups {
    /// What a host is to go through; `None`: it included nothing.
    pub(super) fn of(&self, host: &str) -> Option<Vec<Arc<Included>>> {
        self.by_host.get(host).cloned()
    }
}

/// Hosts that included the same.
struct Group {
    include: Box<Include>,
    hosts: Vec<String>,
}

impl Stage<'_, '_> {
    /// Compiles what the hosts of a step included.
    pub(super) fn groups(&mut self, due: &Due, step: &mut Step) -> Groups {
        let mut groups = Groups::default();
        for group in grouped(std::mem::take(&mut step.includes)) {
            let hosts: Vec<String> = group.hosts.into_iter().filter(|host| !groups.failed.contains(host)).collect();
            if hosts.is_empty() {
                continue;
            }
            match self.compile(due, &group.include.what) {
                Ok(items) => {
                    let what = match &group.include.what {
                        Wanted::Tasks { file } => {
                            items.first().map_or_else(|| file.clone(), |item| full_path(item_span(item).source().name()))
                        }
                        Wanted::Role { name, .. } => name.clone(),
                    };
                    let vars = Arc::new(IncludeVars { values: group.include.values });
                    let included = Arc::new(Included { number: self.dispatcher.world.next_number(), items, vars });
                    for host in &hosts {
                        self.dispatcher.recap.host(host).ok += 1;
                        groups.by_host.entry(host.clone()).or_default().push(included.clone());
                    }
                    self.dispatcher.emit(&Event::Included { task: step.number, what, hosts, label: group.include.label });
                }
                Err(wrong) => {
                    for host in hosts {
                        self.include_failed(due, step.number, &host, &wrong);
                        groups.by_host.remove(&host);
                        groups.failed.insert(host);
                    }
                }
            }
        }
        groups
    }

    fn compile(&mut self, due: &Due, what: &Wanted) -> Result<Vec<Item>, Diagnostics> {
        let compiler = self.dispatcher.compiler.clone();
        match what {
            Wanted::Tasks { file } => compiler.include_tasks(&due.task, file),
            Wanted::Role { name, tasks_from, vars_from, defaults_from, handlers_from } => {
                let files = RoleFiles {
                    tasks: tasks_from.clone(),
                    vars: vars_from.clone(),
                    defaults: defaults_from.clone(),
                    handlers: handlers_from.clone(),
                };
                let included = compiler.include_role(&due.task, name, files)?;
                self.handlers = self.handlers.iter().cloned().chain(included.handlers).collect();
                if matches!(due.task.action, Action::IncludeRole { public: true, .. }) {
                    self.play.publish(&self.dispatcher.world, &included.roles);
                }
                Ok(included.items)
            }
        }
    }

    fn include_failed(&mut self, due: &Due, number: u64, host: &str, wrong: &Diagnostics) {
        let first = wrong.0.iter().find(|one| one.severity() == Severity::Error).map_or_else(|| wrong.to_string(), |one| one.one_line());
        let result = serde_json::Map::from_iter([
            ("changed".to_owned(), false.into()),
            ("failed".to_owned(), true.into()),
            ("msg".to_owned(), first.into()),
        ]);
        self.count_failure(due, host, &result);
        self.dispatcher.emit(&Event::HostDone {
            host: host.to_owned(),
            delegated_to: None,
            task: number,
            status: Status::Failed,
            ignored: false,
            looped: false,
            result,
            diagnostic: Some(wrong.to_string()),
            took_ms: 0,
        });
    }
}

fn full_path(name: &str) -> String {
    std::path::absolute(name).map_or_else(|_| name.to_owned(), |path| path.display().to_string())
}

fn item_span(item: &Item) -> &Span {
    match item {
        Item::Task(task) => &task.span,
        Item::Block(block) => &block.span,
    }
}

/// Puts hosts together that included the same. A host goes through what it included in its own order, so it can only join a group
/// behind the last one that it is in.
fn grouped(includes: Vec<(String, Effect)>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut last: HashMap<String, usize> = HashMap::new();
    for (host, effect) in includes {
        let Effect::Include(include) = effect else { continue };
        let from = last.get(&host).map_or(0, |at| at + 1);
        let same = |group: &Group| group.include.what == include.what && group.include.values == include.values;
        let at = groups.iter().enumerate().skip(from).find(|(_, group)| same(group)).map(|(at, _)| at);
        let at = at.unwrap_or_else(|| {
            groups.push(Group { include, hosts: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.hosts.push(host.clone());
        }
        last.insert(host, at);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_share_what_is_the_same_and_keep_their_order() {
        let include = |host: &str, file: &str| {
            let what = Wanted::Tasks { file: file.to_owned() };
            let include = Include { what, values: indexmap::IndexMap::new(), item: None, label: None };
            (host.to_owned(), Effect::Include(Box::new(include)))
        };
        let includes = [("h1", "a"), ("h1", "b"), ("h1", "a"), ("h2", "a"), ("h2", "b"), ("h3", "b"), ("h3", "b"), ("h3", "a")];
        let groups = grouped(includes.into_iter().map(|(host, file)| include(host, file)).collect());
        let shown: Vec<String> = groups
            .iter()
            .map(|group| match &group.include.what {
                Wanted::Tasks { file } => format!("{file}:{}", group.hosts.join(",")),
                Wanted::Role { name, .. } => name.clone(),
            })
            .collect();
        assert_eq!(shown, ["a:h1,h2", "b:h1,h2,h3", "a:h1", "b:h3", "a:h3"]);
    }
}
