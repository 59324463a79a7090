//! Whether a play uses facts, so that those that do not need not wait for them. In doubt it does.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::text_scan;
use super::world::World;
use crate::plan::{Action, Item, Play, Task};
use crate::yaml::Mapping;

/// Names that start with `ansible_` and are no facts.
const NO_FACTS: &[&str] = &[
    "ansible_become",
    "ansible_check_mode",
    "ansible_collection_name",
    "ansible_config_file",
    "ansible_connection",
    "ansible_delegated_vars",
    "ansible_dependent_role_names",
    "ansible_diff_mode",
    "ansible_failed_result",
    "ansible_failed_task",
    "ansible_forks",
    "ansible_group_priority",
    "ansible_host",
    "ansible_index_var",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_loop",
    "ansible_loop_var",
    "ansible_managed",
    "ansible_parent_role_names",
    "ansible_parent_role_paths",
    "ansible_password",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_name",
    "ansible_play_role_names",
    "ansible_pipelining",
    "ansible_port",
    "ansible_python_interpreter",
    "ansible_remote_tmp",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_run_tags",
    "ansible_search_path",
    "ansible_skip_tags",
    "ansible_timeout",
    "ansible_user",
    "ansible_verbosity",
    "ansible_version",
];

/// Beginnings of names that are no facts either.
const NO_FACT_PREFIXES: &[&str] =
    &["ansible_become_", "ansible_ssh_", "ansible_sudo_", "ansible_su_", "ansible_paramiko_", "ansible_shell_"];

/// Whether a text mentions a fact.
fn mentions(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("ansible_") {
        let tail = rest.get(at..).unwrap_or("");
        let end = tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tail.len());
        let (name, after) = tail.split_at(end);
        let starts_word = !rest.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
        let known = NO_FACTS.contains(&name) || NO_FACT_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let host_key = name.starts_with("ansible_ssh_host_key_");
        if starts_word && (!known || host_key) {
            return true;
        }
        rest = after;
    }
    // All variables of a host at once may hold facts.
    ["hostvars", "vars[", "lookup('vars'", "lookup(\"vars\"", "varnames", "q('vars'", "query('vars'"].iter().any(|word| text.contains(word))
}

/// Whether a play uses facts: in its tasks, handlers, roles and variables, in templates that it renders, in variables of its hosts.
pub fn play(world: &World, play: &Arc<Play>, hosts: &[String]) -> bool {
    let mut scan = Scan { files: HashSet::new() };
    let mut wanted = mentions;
    scan.mapping(&play.vars)
        || text_scan::keywords(&play.keywords, &mut wanted)
        || play.vars_files.iter().any(|node| text_scan::node(node, &mut wanted))
        || play.sections.iter().any(|section| scan.items(&section.items))
        || play.handlers.iter().any(|handler| scan.task(&handler.task))
        || play
            .roles
            .iter()
            .any(|role| role.defaults.iter().chain(&role.vars).chain([&role.params, &role.use_vars]).any(|map| scan.mapping(map)))
        || world.settings.extra_vars.values().any(|node| text_scan::node(node, &mut wanted))
        || hosts
            .iter()
            .any(|host| world.host_layers(host).iter().any(|layer| layer.values().any(|node| text_scan::node(node, &mut wanted))))
        || files_of_vars(play).iter().any(|path| scan.file(path))
}

/// The files of `vars_files` whose names are known; a name that is a template means any file, and so a use of facts is assumed.
fn files_of_vars(play: &Play) -> Vec<PathBuf> {
    let names = play.vars_files.iter().flat_map(|node| node.as_list().unwrap_or(std::slice::from_ref(node)));
    names.filter_map(|node| Some(play.dir.join(node.as_str()?))).collect()
}

struct Scan {
    /// Files read already.
    files: HashSet<PathBuf>,
}

impl Scan {
    fn mapping(&self, map: &Mapping) -> bool {
        text_scan::mapping(map, &mut mentions)
    }

    fn items(&mut self, items: &[Item]) -> bool {
        items.iter().any(|item| match item {
            Item::Task(task) => self.task(task),
            Item::Block(block) => self.items(&block.body) || self.items(&block.rescue) || self.items(&block.always),
        })
    }

    fn task(&mut self, task: &Task) -> bool {
        if text_scan::task(task, &mut mentions) {
            return true;
        }
        match &task.action {
            Action::IncludeTasks { file, .. } => match file.as_str().filter(|name| !name.contains("{{")) {
                Some(name) => self.found(task, "tasks", name),
                None => true,
            },
            // What it holds is not known before it is reached.
            Action::IncludeRole { .. } => true,
            Action::Module { spec, args, .. } if spec.name == "template" => {
                match args.get("src").and_then(|node| node.as_str()).filter(|name| !name.contains("{{")) {
                    Some(name) => self.found(task, "templates", name),
                    None => true,
                }
            }
            Action::Module { spec, .. } => spec.name == "include_vars",
            Action::Meta(_) => false,
        }
    }

    /// Whether the first file that is there under a name mentions a fact; a file that is not there is somebody else's error.
    fn found(&mut self, task: &Task, folder: &str, name: &str) -> bool {
        let places = task.search_path().into_iter().flat_map(|dir| [dir.join(folder).join(name), dir.join(name)]);
        let found = places.into_iter().find(|path| path.is_file());
        found.is_some_and(|path| self.file(&path))
    }

    fn file(&mut self, path: &Path) -> bool {
        if !self.files.insert(path.to_owned()) {
            return false;
        }
        let Ok(text) = super::local_files::LocalFiles::real().text(path) else { return false };
        // What a file includes in turn is not followed.
        let includes = [
            "include_tasks",
            "include_role",
            "import_tasks",
            "import_role",
            "{% include",
            "{% import",
            "{% from",
            "{% extends",
            "template:",
        ];
        mentions(&text) || text.contains("$ANSIBLE_VAULT") || includes.iter().any(|word| text.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_told_from_what_kconf_itself_knows() {
        for text in [
            "{{ ansible_facts.os_family }}",
            "ansible_distribution == 'Debian'",
            "{{ hostvars[h].x }}",
            "ansible_ssh_host_key_rsa_public",
            "x ansible_eth0",
        ] {
            assert!(mentions(text), "{text}");
        }
        for text in [
            "{{ ansible_host }}",
            "{{ ansible_become_user }}",
            "ansible_check_mode",
            "my_ansible_thing",
            "{{ inventory_hostname }}",
            "ansible",
        ] {
            assert!(!mentions(text), "{text}");
        }
    }
}
