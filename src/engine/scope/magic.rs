//! Magic variables: what kconf itself knows of the run, the play, the host and the role. They are made when they are read.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexSet;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::TaskScope;
use super::store::Values;
use crate::engine::LANGUAGE;
use crate::inventory::pattern::LOCAL_NAMES;
use crate::plan::Role;
use crate::template::{Binding, Value};
use crate::yaml::{Node, Value as Yaml};

/// What a magic variable needs in order to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Host,
    Play,
    Role,
    Limit,
    Task,
}

/// All of them. `omit` is the renderer's own.
const NAMES: &[(&str, Needs)] = &[
    ("ansible_check_mode", Needs::Nothing),
    ("ansible_collection_name", Needs::Role),
    ("ansible_config_file", Needs::Nothing),
    ("ansible_dependent_role_names", Needs::Play),
    ("ansible_diff_mode", Needs::Nothing),
    ("ansible_facts", Needs::Host),
    ("ansible_forks", Needs::Nothing),
    ("ansible_inventory_sources", Needs::Nothing),
    ("ansible_limit", Needs::Limit),
    ("ansible_parent_role_names", Needs::Role),
    ("ansible_parent_role_paths", Needs::Role),
    ("ansible_play_batch", Needs::Play),
    ("ansible_play_hosts", Needs::Play),
    ("ansible_play_hosts_all", Needs::Play),
    ("ansible_play_name", Needs::Play),
    ("ansible_play_role_names", Needs::Play),
    ("ansible_playbook_python", Needs::Nothing),
    ("ansible_role_name", Needs::Role),
    ("ansible_role_names", Needs::Play),
    ("ansible_run_tags", Needs::Nothing),
    ("ansible_skip_tags", Needs::Nothing),
    ("ansible_verbosity", Needs::Nothing),
    ("ansible_version", Needs::Nothing),
    ("environment", Needs::Task),
    ("group_names", Needs::Host),
    ("groups", Needs::Nothing),
    ("hostvars", Needs::Play),
    ("inventory_dir", Needs::Host),
    ("inventory_file", Needs::Host),
    ("inventory_hostname", Needs::Host),
    ("inventory_hostname_short", Needs::Host),
    ("play_hosts", Needs::Play),
    ("playbook_dir", Needs::Nothing),
    ("role_name", Needs::Role),
    ("role_names", Needs::Play),
    ("role_path", Needs::Role),
    ("vars", Needs::Task),
];

/// The names of all of them, and of what stands for nothing.
pub fn all_names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name).chain(["omit"])
}

/// The names of those that are there in `scope`.
pub fn names(scope: &TaskScope) -> impl Iterator<Item = &'static str> {
    NAMES.iter().filter(|(name, needs)| *name != "vars" && is_there(scope, *needs)).map(|(name, _)| *name)
}

fn is_there(scope: &TaskScope, needs: Needs) -> bool {
    match needs {
        Needs::Nothing => true,
        Needs::Host => !scope.named.is_empty(),
        Needs::Play => scope.play.is_some(),
        Needs::Role => scope.role().is_some(),
        Needs::Limit => scope.world.settings.limit.is_some(),
        Needs::Task => scope.play.is_some(),
    }
}

/// The magic variable `name`, if it is one and is there.
pub fn find(scope: &TaskScope, name: &str) -> Option<Binding> {
    let at = NAMES.binary_search_by_key(&name, |(known, _)| known).ok()?;
    let (_, needs) = NAMES.get(at)?;
    if !is_there(scope, *needs) {
        return None;
    }
    if name == "environment" {
        let keywords = scope.keywords()?;
        let span = crate::base::Span::synthetic("environment");
        return Some(Binding::Template(Arc::new(Node::new(span, Yaml::List(keywords.environment.clone())))));
    }
    value(scope, name).map(Binding::Value)
}

fn value(scope: &TaskScope, name: &str) -> Option<Value> {
    let (world, settings) = (&scope.world, &scope.world.settings);
    let host_of_inventory = || world.inventory().hosts.get(&*scope.named).and_then(|host| host.source.clone());
    Some(match name {
        "ansible_check_mode" => settings.check.into(),
        "ansible_diff_mode" => settings.diff.into(),
        "ansible_forks" => settings.forks.into(),
        "ansible_verbosity" => settings.verbosity.into(),
        "ansible_run_tags" => settings.tags.clone().into(),
        "ansible_skip_tags" => settings.skip_tags.clone().into(),
        "ansible_limit" => settings.limit.clone()?.into(),
        "ansible_version" => version(),
        "ansible_config_file" => settings.config_file.as_deref().map_or_else(|| Value::from(()), path),
        "ansible_inventory_sources" => world.inventory().sources.iter().map(|source| path(source)).collect(),
        // Playbooks hand it on as `ansible_python_interpreter`; kconf itself needs none.
        "ansible_playbook_python" => "/usr/bin/python3".into(),
        "playbook_dir" => path(&world.playbook_dir()),
        "groups" => world.groups(),
        "group_names" => world.group_names(&scope.host),
        "hostvars" => Value::from_object(HostVars(scope.clone())),
        "vars" => scope.as_value(),
        "ansible_facts" => Value::from_object(Facts(world.store.facts(&scope.host))),
        "inventory_hostname" => Value::from(&*scope.named),
        "inventory_hostname_short" => Value::from(short_name(&scope.named)),
        "inventory_file" => path(&host_of_inventory()?),
        "inventory_dir" => {
            let source = std::path::absolute(host_of_inventory()?).ok()?;
            if source.is_dir() { path(&source) } else { path(source.parent()?) }
        }
        _ => return of_play(scope, name).or_else(|| of_role(scope.role()?, name)),
    })
}

fn of_play(scope: &TaskScope, name: &str) -> Option<Value> {
    let play = scope.play.as_ref()?;
    Some(match name {
        "ansible_play_name" => play.name.clone().into(),
        "ansible_play_hosts_all" => play.all_hosts.to_vec().into(),
        "ansible_play_hosts" => play.present(&play.all_hosts).into(),
        "ansible_play_batch" | "play_hosts" => play.present(&play.batch_in_order()).into(),
        "ansible_play_role_names" | "role_names" => play.role_names(true, false).into(),
        "ansible_dependent_role_names" => play.role_names(false, true).into(),
        "ansible_role_names" => play.role_names(true, true).into(),
        _ => return None,
    })
}

fn of_role(role: &Arc<Role>, name: &str) -> Option<Value> {
    // Only a role of a collection has a name with dots that says where it is from.
    let of_collection = role.dir.iter().any(|part| part == "ansible_collections");
    let short = || if of_collection { role.name.rsplit('.').next().unwrap_or_default() } else { &role.name };
    Some(match name {
        "role_name" => short().into(),
        "role_path" => path(&role.dir),
        "ansible_role_name" => role.name.clone().into(),
        "ansible_collection_name" if of_collection => role.name.rsplit_once('.')?.0.into(),
        "ansible_parent_role_names" if !role.parents.is_empty() => role.parents.clone().into(),
        "ansible_parent_role_paths" if !role.parent_dirs.is_empty() => role.parent_dirs.iter().map(|dir| path(dir)).collect(),
        _ => return None,
    })
}

/// The version of Ansible whose language this is; playbooks compare it.
fn version() -> Value {
    Value::from_pairs([
        ("full", Value::from(LANGUAGE)),
        ("string", Value::from(LANGUAGE)),
        ("major", Value::from(2)),
        ("minor", Value::from(19)),
        ("revision", Value::from(0)),
    ])
}

fn path(path: &Path) -> Value {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    absolute.to_string_lossy().into_owned().into()
}

/// The name up to its first dot; all of an address.
fn short_name(name: &str) -> &str {
    if name.parse::<std::net::IpAddr>().is_ok() { name } else { name.split('.').next().unwrap_or(name) }
}

/// `hostvars`: the variables of every host by its name, each rendered when it is read.
struct HostVars(TaskScope);

impl HostVars {
    fn names(&self) -> Vec<String> {
        let inventory = self.0.world.inventory();
        inventory.hosts.iter().filter(|(_, host)| !host.implicit).map(|(name, _)| name.clone()).collect()
    }
}

impl std::fmt::Debug for HostVars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Object for HostVars {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let world = &self.0.world;
        // The controller is there although no source has it.
        if !world.inventory().hosts.contains_key(name) && !LOCAL_NAMES.contains(&name) {
            return None;
        }
        Some(TaskScope::of_host(world, name).as_value())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.names().into_iter().map(Value::from).collect())
    }
}

/// `ansible_facts`: facts without the prefix `ansible_`.
#[derive(Debug)]
struct Facts(Arc<Values>);

impl Facts {
    fn short(name: &str) -> &str {
        if name == "ansible_local" { name } else { name.strip_prefix("ansible_").unwrap_or(name) }
    }
}

impl Object for Facts {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let direct = || self.0.get(key).filter(|_| Self::short(key) == key);
        self.0.get(&format!("ansible_{key}")).filter(|_| key != "local").or_else(direct).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names: IndexSet<&str> = self.0.keys().map(|name| Self::short(name)).collect();
        Enumerator::Values(names.into_iter().map(Value::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_so_that_they_can_be_found() {
        assert!(NAMES.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn short_names_end_at_the_first_dot_but_addresses_are_whole() {
        assert_eq!(short_name("web1.example.com"), "web1");
        assert_eq!(short_name("10.0.0.1"), "10.0.0.1");
        assert_eq!(short_name("fe80::1"), "fe80::1");
    }
}
