//! What `--list-tasks`, `--list-tags` and `--list-hosts` show, as data.

use std::collections::BTreeSet;

use super::model::{Item, Plan, Play};
use super::tags::Selection;

/// A play in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayListing {
    /// Its name as written; the pattern when it has none.
    pub name: String,
    /// Its host patterns as written.
    pub pattern: Vec<String>,
    /// Its own tags.
    pub tags: BTreeSet<String>,
    /// The tasks that the selection chooses, in order; not those under `rescue` and `always`.
    pub tasks: Vec<TaskListing>,
}

/// A task in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskListing {
    /// Its name behind that of its role, as written; the module when it has none.
    pub name: String,
    /// All its tags.
    pub tags: BTreeSet<String>,
}

impl PlayListing {
    /// The tags of all its tasks that are listed.
    pub fn task_tags(&self) -> BTreeSet<String> {
        self.tasks.iter().flat_map(|task| task.tags.iter().cloned()).collect()
    }
}

/// The plays of a plan with the tasks that `selection` chooses.
pub fn listing(plan: &Plan, selection: &Selection) -> Vec<PlayListing> {
    plan.plays.iter().map(|play| play_listing(play, selection)).collect()
}

fn play_listing(play: &Play, selection: &Selection) -> PlayListing {
    let pattern: Vec<String> = match play.hosts.as_list() {
        Some(list) => list.iter().map(crate::yaml::Node::key_text).collect(),
        None => vec![play.hosts.key_text()],
    };
    let mut tasks = Vec::new();
    for section in &play.sections {
        list_items(&section.items, selection, &mut tasks);
    }
    PlayListing {
        name: play.name.as_ref().map_or_else(|| pattern.join(","), crate::yaml::Node::key_text),
        pattern,
        tags: play.keywords.tags.clone(),
        tasks,
    }
}

fn list_items(items: &[Item], selection: &Selection, tasks: &mut Vec<TaskListing>) {
    for item in items {
        match item {
            Item::Block(block) => list_items(&block.body, selection, tasks),
            Item::Task(task) if !task.is_implicit() && selection.selects(&task.keywords.tags) => {
                tasks.push(TaskListing { name: task.written_name(), tags: task.keywords.tags.clone() });
            }
            Item::Task(_) => {}
        }
    }
}
