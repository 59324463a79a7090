//! Playbook files and plays.

use crate::base::{Diagnostic, Diagnostics};
use crate::yaml::{Entry, Mapping, Node};

use super::Words;
use super::ast::{Fields, ImportPlaybook, Play, Playbook, PlaybookEntry, RoleEntry};
use super::fields::{field, fields, head, literal_bool, not_a_keyword, wrong_kind};
use super::keywords::Place;
use super::{old_include, roles, tasks};

/// The playbook in `node`. What is wrong goes to `out`; the rest of the playbook is still there.
pub fn playbook(node: &Node, words: &Words<'_>, out: &mut Diagnostics) -> Playbook {
    let mut playbook = Playbook::default();
    if node.is_null() {
        out.push(Diagnostic::at(&node.span, "a playbook needs at least one play, but this file is empty"));
        return playbook;
    }
    let Some(list) = node.as_list() else {
        out.push(
            Diagnostic::at(&head(node), format!("a playbook must be a list of plays, not {}", node.kind_name()))
                .hint("start each play with `- hosts:`"),
        );
        return playbook;
    };
    if let Some(task) = list.first().and_then(Node::as_map).and_then(|map| task(map, words)) {
        out.push(
            Diagnostic::at(&task.key.span, "this is a task, and a playbook holds plays")
                .hint("put it below `tasks:` of a play with `hosts:`; a file of tasks is used with `import_tasks` or `include_tasks`"),
        );
        return playbook;
    }
    for element in list {
        let Some(map) = element.as_map() else {
            out.push(Diagnostic::at(&element.span, format!("a play must be a mapping, not {}", element.kind_name())));
            continue;
        };
        let imports = ["import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"];
        if let Some(name) = imports.into_iter().find(|name| map.get(name).is_some()) {
            playbook.entries.extend(import(element, map, name, out).map(PlaybookEntry::Import));
        } else if let Some(old) = map.entries.iter().find(|entry| entry.key.as_str().is_some_and(old_include::is_include)) {
            playbook.entries.extend(old_import(element, map, old, out).map(PlaybookEntry::Import));
        } else {
            playbook.entries.push(PlaybookEntry::Play(Box::new(play(element, map, words, out))));
        }
    }
    playbook
}

/// The module of what is no play but a task.
fn task<'m>(map: &'m Mapping, words: &Words<'_>) -> Option<&'m Entry> {
    let is_keyword = |name: &str| super::keywords::find(name, Place::Play).is_some();
    let module = map.entries.iter().find(|entry| entry.key.as_str().is_some_and(|name| !is_keyword(name) && (words.is_module)(name)));
    module.filter(|_| map.get("hosts").is_none())
}

fn import(node: &Node, map: &Mapping, word: &str, out: &mut Diagnostics) -> Option<ImportPlaybook> {
    let file = map.get(word)?;
    if file.as_str().is_none_or(|file| file.trim().is_empty()) {
        out.push(wrong_kind("import_playbook", file, "the path of a playbook"));
        return None;
    }
    let rest = Mapping { entries: map.entries.iter().filter(|entry| entry.key.as_str() != Some(word)).cloned().collect() };
    let fields = fields(&rest, Place::ImportPlaybook, out);
    Some(ImportPlaybook { span: node.span.clone(), file: file.clone(), fields })
}

/// `include` beside plays.
fn old_import(node: &Node, map: &Mapping, old: &Entry, out: &mut Diagnostics) -> Option<ImportPlaybook> {
    let (file, params) = old_include::playbook(old, out)?;
    let rest = Mapping { entries: map.entries.iter().filter(|entry| entry.key.as_str() != old.key.as_str()).cloned().collect() };
    let mut fields = fields(&rest, Place::ImportPlaybook, out);
    old_include::add_vars(params, &old.key.span, Place::ImportPlaybook, &mut fields);
    Some(ImportPlaybook { span: node.span.clone(), file, fields })
}

fn play(node: &Node, map: &Mapping, words: &Words<'_>, out: &mut Diagnostics) -> Play {
    let mut all = Fields::default();
    for entry in &map.entries {
        let renamed = older_name(entry, map, out);
        let entry = renamed.as_ref().unwrap_or(entry);
        match field(entry, Place::Play, out) {
            Some(found) => all.0.extend(found),
            None => {
                let mut error = not_a_keyword(&entry.key, Place::Play);
                if entry.key.as_str().is_some_and(|name| (words.is_module)(name)) {
                    error = error.hint("it is a module: put it under `tasks:`");
                }
                out.push(error);
            }
        }
    }
    let names_hosts = all.get("hosts").is_some_and(|hosts| match hosts.as_list() {
        Some(list) => !list.is_empty(),
        None => !hosts.key_text().trim().is_empty(),
    });
    if !names_hosts {
        let place = map.entry("hosts").map_or_else(|| head(node), |entry| entry.key.span.clone());
        out.push(Diagnostic::at(&place, "this play has no `hosts`").hint("say which hosts it is for, such as `hosts: all`"));
    }
    let mut part = |name: &str| all.get(name).map_or_else(Vec::new, |node| tasks::tasks(node, name, words, out));
    let (pre_tasks, tasks, post_tasks) = (part("pre_tasks"), part("tasks"), part("post_tasks"));
    Play {
        span: node.span.clone(),
        vars_prompt: all.get("vars_prompt").map_or_else(Vec::new, |node| prompts(node, out)),
        roles: all.get("roles").map_or_else(Vec::new, |node| role_entries(node, "roles", out)),
        pre_tasks,
        tasks,
        post_tasks,
        handlers: all.get("handlers").map_or_else(Vec::new, |node| super::handlers(node, "handlers", words, out)),
        fields: Fields(all.0.into_iter().filter(|f| !is_read_apart(f.keyword.name)).collect()),
    }
}

/// `user`, as plays once wrote `remote_user`.
fn older_name(entry: &Entry, map: &Mapping, out: &mut Diagnostics) -> Option<Entry> {
    if entry.key.as_str() != Some("user") {
        return None;
    }
    if let Some(newer) = map.entry("remote_user") {
        let error = Diagnostic::at(&entry.key.span, "a play has one user, not both `user` and `remote_user`");
        out.push(error.with_related(&newer.key.span, "the other one").hint("leave out `user`, the older of both names"));
    }
    Some(Entry { key: Node::text(entry.key.span.clone(), "remote_user"), value: entry.value.clone() })
}

/// The elements of `roles:` or `dependencies:`.
pub(super) fn role_entries(node: &Node, what: &str, out: &mut Diagnostics) -> Vec<RoleEntry> {
    let Some(list) = node.as_list() else {
        out.push(wrong_kind(what, node, "a list of roles"));
        return Vec::new();
    };
    list.iter().filter_map(|node| roles::entry(node, out)).collect()
}

fn prompts(node: &Node, out: &mut Diagnostics) -> Vec<Fields> {
    let Some(list) = node.as_list() else {
        out.push(wrong_kind("vars_prompt", node, "a list"));
        return Vec::new();
    };
    let mut prompts = Vec::new();
    for element in list {
        let Some(map) = element.as_map() else {
            out.push(wrong_kind("vars_prompt", element, "a list of mappings"));
            continue;
        };
        let fields = fields(map, Place::Prompt, out);
        match fields.get("name") {
            None => out.push(Diagnostic::at(&head(element), "`vars_prompt` needs `name`, the variable to ask for")),
            Some(name) if name.as_str().is_some_and(super::fields::is_variable_name) => {
                for word in ["private", "confirm", "unsafe"] {
                    if let Some(node) = fields.get(word).filter(|node| literal_bool(node).is_none()) {
                        out.push(wrong_kind(word, node, "`true` or `false`, written out"));
                    }
                }
                prompts.push(fields);
            }
            Some(name) => out.push(wrong_kind("name", name, "the name of a variable")),
        }
    }
    prompts
}

fn is_read_apart(name: &str) -> bool {
    matches!(name, "pre_tasks" | "tasks" | "post_tasks" | "handlers" | "roles" | "vars_prompt")
}
