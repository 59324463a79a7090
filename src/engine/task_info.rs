//! A task as reporters show it.

use serde_json::{Map, Value as Json};

use super::host_state::Due;
use super::scope::TaskScope;
use super::task::keywords;
use crate::event::TaskInfo;
use crate::modules::check::mask_secrets;
use crate::plan::{Action, Task};

/// The task `due`, described with the variables of the first host that runs it.
pub fn of(scope: &TaskScope, due: &Due, number: u64) -> TaskInfo {
    let task = &due.task;
    let no_log =
        keywords::boolean(scope, "no_log", task.keywords.no_log.as_deref()).ok().flatten().unwrap_or(task.keywords.no_log.is_some());
    TaskInfo {
        id: number,
        name: name(scope, task),
        // `include_role` is named after the role that it includes.
        role: task.role.as_ref().filter(|_| !matches!(task.action, Action::IncludeRole { .. })).map(|role| role.name.clone()),
        module: module_name(task),
        place: task.place(),
        // The source may hold what is to be hidden.
        excerpt: if no_log { String::new() } else { task.excerpt() },
        handler: due.handler,
        no_log,
        args: if no_log { Map::new() } else { args(task) },
    }
}

/// Its name, with what can be rendered rendered; that of its module when it has none.
pub fn name(scope: &TaskScope, task: &Task) -> String {
    let Some(node) = &task.name else {
        return match &task.action {
            Action::IncludeRole { name, .. } => match keywords::text(scope, "name", Some(name)) {
                Ok(Some(role)) => format!("include_role : {role}"),
                _ => "include_role".to_owned(),
            },
            _ => module_name(task),
        };
    };
    match keywords::text(scope, "name", Some(node)) {
        Ok(Some(name)) => scope.world.mask_text(&Default::default(), &name),
        _ => node.as_str().unwrap_or_default().to_owned(),
    }
}

/// The module as written.
pub fn module_name(task: &Task) -> String {
    match &task.action {
        Action::Module { written, .. } => written.value.clone(),
        Action::Meta(_) => "meta".to_owned(),
        Action::IncludeTasks { .. } => "include_tasks".to_owned(),
        Action::IncludeRole { .. } => "include_role".to_owned(),
    }
}

fn args(task: &Task) -> Map<String, Json> {
    // Of a module that is none of kconf's own nobody knows here which arguments are secrets.
    let Action::Module { spec, foreign: None, args, free_form, .. } = &task.action else { return Map::new() };
    let entries = args.entries.iter();
    let mut shown: Map<String, Json> = entries.filter_map(|entry| Some((entry.key.as_str()?.to_owned(), entry.value.to_json()))).collect();
    if let (Some(node), Some(name)) = (free_form, spec.free_form) {
        shown.insert(name.to_owned(), node.to_json());
    }
    mask_secrets(spec.options, &shown)
}
