//! All texts in a part of the plan.

use crate::plan::{Action, Keywords, Loop, Task};
use crate::yaml::{Mapping, Node, Value};

/// Whether `wanted` holds for a text in `node`, keys included.
pub fn node(node: &Node, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
    match &node.value {
        Value::Str { text, is_unsafe, .. } => !is_unsafe && wanted(text),
        Value::List(items) => items.iter().any(|item| self::node(item, wanted)),
        Value::Map(map) => mapping(map, wanted),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Vault(_) => false,
    }
}

/// As [`node`], for a mapping.
pub fn mapping(map: &Mapping, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
    map.entries.iter().any(|entry| node(&entry.key, wanted) || node(&entry.value, wanted))
}

fn nodes<'n>(list: impl IntoIterator<Item = &'n Node>, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
    list.into_iter().any(|one| node(one, wanted))
}

/// As [`node`], for what an action is given.
pub fn action(action: &Action, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
    match action {
        Action::Module { args, free_form, args_template, .. } => {
            mapping(args, wanted) || nodes(free_form, wanted) || nodes(args_template, wanted)
        }
        Action::Meta(_) => false,
        Action::IncludeTasks { file, .. } => node(file, wanted),
        Action::IncludeRole { name, tasks_from, vars_from, defaults_from, handlers_from, .. } => {
            node(name, wanted) || nodes([tasks_from, vars_from, defaults_from, handlers_from].into_iter().flatten(), wanted)
        }
    }
}

/// As [`node`], for keywords that are inherited.
pub fn keywords(words: &Keywords, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
    let single = [
        &words.become_,
        &words.become_user,
        &words.become_method,
        &words.become_flags,
        &words.become_exe,
        &words.connection,
        &words.port,
        &words.remote_user,
        &words.ignore_errors,
        &words.ignore_unreachable,
        &words.no_log,
        &words.check_mode,
        &words.diff,
        &words.run_once,
        &words.throttle,
        &words.timeout,
        &words.any_errors_fatal,
    ];
    words.vars.iter().chain(&words.include_params).any(|layer| mapping(layer, wanted))
        || nodes(words.when.iter().chain(&words.environment).chain(&words.module_defaults), wanted)
        || nodes(single.into_iter().flatten().map(AsRef::as_ref), wanted)
}

/// As [`node`], for everything of a task.
pub fn task(task: &Task, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
    let control = &task.loop_control;
    let looped = match &task.loop_over {
        Some(Loop::List(list)) => node(list, wanted),
        Some(Loop::Lookup(_, terms)) => node(terms, wanted),
        None => false,
    };
    let single = [&task.name, &task.retries, &task.delay, &control.label, &control.pause, &control.extended];
    looped
        || action(&task.action, wanted)
        || keywords(&task.keywords, wanted)
        || nodes(single.into_iter().flatten(), wanted)
        || nodes([&task.delegate_to, &task.delegate_facts].into_iter().flatten().map(AsRef::as_ref), wanted)
        || nodes(task.until.iter().chain(&task.notify).chain(&control.break_when), wanted)
        || nodes(task.changed_when.iter().chain(&task.failed_when).flatten(), wanted)
}
