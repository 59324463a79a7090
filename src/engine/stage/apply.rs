//! What tasks teach the run, taken over: registered results, facts, variables, hosts and groups, statistics.

use serde_json::{Map, Value as Json};

use crate::base::Span;
use crate::engine::dispatcher::Dispatcher;
use crate::engine::host_state::Due;
use crate::engine::scope::TaskScope;
use crate::engine::task::{Effect, Outcome, Verdict};
use crate::engine::task_info;
use crate::template::{self, Value};
use crate::yaml::Node;
use std::sync::Arc;

/// Takes over what a task taught: its registered result for all of `told`, and its effects.
pub fn learn(dispatcher: &mut Dispatcher<'_>, due: &Due, told: &[String], outcome: &Outcome) {
    if outcome.status == Verdict::Cancelled {
        return;
    }
    if let Some(name) = &due.task.register {
        let value = template::from_json(&Json::Object(outcome.result.clone()));
        for host in told {
            dispatcher.world.store.set(host, &name.value, value.clone());
        }
    }
    for effect in &outcome.effects {
        apply(dispatcher, told, outcome, effect);
    }
}

fn apply(dispatcher: &mut Dispatcher<'_>, told: &[String], outcome: &Outcome, effect: &Effect) {
    let world = dispatcher.world.clone();
    // What was learnt of the host itself holds for all that are told; of another host, only for that one.
    let for_hosts = |host: &String| if *host == outcome.host { told.to_vec() } else { vec![host.clone()] };
    match effect {
        Effect::Facts { host, facts } => {
            for host in for_hosts(host) {
                let facts = facts.iter().filter(|(name, _)| !is_connection_variable(name));
                world.store.add_facts(&host, facts.map(|(name, fact)| (name.clone(), template::from_json(fact))));
            }
        }
        Effect::Set { host, values, cacheable } => {
            for host in for_hosts(host) {
                for (name, value) in values {
                    world.store.set(&host, name, value.clone());
                }
                if *cacheable {
                    world.store.add_facts(&host, values.clone());
                }
            }
        }
        Effect::IncludeVars { host, vars } => {
            for host in for_hosts(host) {
                world.store.include(&host, vars.clone());
            }
        }
        Effect::Stats { host, values, aggregate } => dispatcher.recap.add_stats(host.as_deref(), values.clone(), *aggregate),
        Effect::AddHost { .. } | Effect::AddToGroup { .. } | Effect::Notify(_) | Effect::Include(_) | Effect::Meta(_) => {}
    }
}

/// Adds the hosts and groups of an outcome to the inventory. Done in the order of the batch, so that groups come out the same each time.
pub fn extend_inventory(dispatcher: &mut Dispatcher<'_>, effect: &Effect) {
    let world = dispatcher.world.clone();
    match effect {
        Effect::AddHost { name, groups, vars } => {
            let span = Span::synthetic("add_host");
            let vars: Vec<_> = vars.iter().map(|(name, value)| (name.clone(), Arc::new(Node::from_json(value, &span)))).collect();
            let (name, groups) = (name.clone(), groups.clone());
            world.add_to_inventory(move |inventory| {
                // Straight into `all`, so that it stands in front of those that only its children name.
                inventory.add_to_group(&name, "all");
                inventory.add_host(&name).vars.extend(vars.iter().cloned());
                for group in &groups {
                    inventory.add_to_group(&name, group);
                }
                inventory.settle();
            });
        }
        Effect::AddToGroup { host, group, parents } => {
            let (named, group, parents) = (host.clone(), group.clone(), parents.clone());
            let cycle = world.add_to_inventory(move |inventory| {
                inventory.add_to_group(&named, &group);
                let cycle = parents.iter().find_map(|parent| inventory.add_child(parent, &group).err());
                inventory.settle();
                cycle
            });
            if let Some(cycle) = cycle {
                dispatcher.warn(Some(host), cycle);
            }
        }
        Effect::Facts { .. }
        | Effect::Set { .. }
        | Effect::IncludeVars { .. }
        | Effect::Stats { .. }
        | Effect::Notify(_)
        | Effect::Include(_)
        | Effect::Meta(_) => {}
    }
}

/// Facts must not change how a host is reached.
fn is_connection_variable(name: &str) -> bool {
    const NAMES: &[&str] =
        &["ansible_connection", "ansible_host", "ansible_port", "ansible_user", "ansible_password", "ansible_shell_type"];
    let prefixed = ["ansible_become", "ansible_ssh_", "ansible_sudo_", "kconf_"].iter().any(|prefix| name.starts_with(prefix));
    NAMES.contains(&name) || (prefixed && !name.starts_with("ansible_ssh_host_key_"))
}

/// Sets `ansible_failed_task` and `ansible_failed_result` for the `rescue` that handles a failure.
pub fn remember_failure(dispatcher: &Dispatcher<'_>, scope: &TaskScope, due: &Due, host: &str, result: &Map<String, Json>) {
    let store = &dispatcher.world.store;
    // A task without a name has none here, whatever reports call it.
    let name = if due.task.name.is_some() { task_info::name(scope, &due.task) } else { String::new() };
    let task = Value::from_pairs([("name", Value::from(name)), ("action", Value::from(task_info::module_name(&due.task)))]);
    store.set(host, "ansible_failed_task", task);
    store.set(host, "ansible_failed_result", template::from_json(&Json::Object(result.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_cannot_redirect_a_connection() {
        assert!(
            is_connection_variable("ansible_host")
                && is_connection_variable("ansible_become_pass")
                && is_connection_variable("ansible_ssh_pass")
        );
        assert!(!is_connection_variable("ansible_ssh_host_key_rsa_public") && !is_connection_variable("ansible_hostname"));
    }
}
