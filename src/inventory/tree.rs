//! YAML and JSON inventories: groups with `hosts`, `vars` and `children`.

use std::sync::Arc;

use super::ini::set_group_var;
use super::model::Inventory;
use crate::base::text::did_you_mean;
use crate::base::{Diagnostic, Diagnostics};
use crate::yaml::{Mapping, Node, Value};

/// Reads the tree `root` (the top level of a file) into `inventory`.
///
/// # Errors
/// Every node of the wrong kind, with its place.
pub fn read(root: &Node, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    let mut errors = Diagnostics::default();
    match root.as_map() {
        Some(groups) => {
            for entry in &groups.entries {
                if let Some(name) = name_of(&entry.key, "group", &mut errors) {
                    group(inventory, &name, &entry.value, &mut errors);
                }
            }
        }
        None => errors.push(
            Diagnostic::at(&root.span, format!("expected a mapping of groups, found {}", root.kind_name()))
                .hint("a YAML inventory starts with `all:` or the name of a group, below it `hosts:`, `vars:` and `children:`"),
        ),
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn name_of(key: &Node, what: &str, errors: &mut Diagnostics) -> Option<String> {
    match &key.value {
        Value::Str { text, .. } => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => {
            errors.push(Diagnostic::at(&key.span, format!("the name of a {what} must be text, found {}", key.kind_name())));
            None
        }
    }
}

fn group(inventory: &mut Inventory, name: &str, node: &Node, errors: &mut Diagnostics) {
    inventory.add_group(name);
    let Some(keys) = mapping(node, &format!("group `{name}`"), errors) else { return };
    for entry in &keys.entries {
        let key = entry.key.as_str().unwrap_or_default();
        match key {
            "hosts" => hosts(inventory, name, &entry.value, errors),
            "vars" => {
                if let Some(vars) = mapping(&entry.value, "`vars`", errors) {
                    for var in &vars.entries {
                        if let Some(key) = name_of(&var.key, "variable", errors) {
                            set_group_var(inventory, name, &key, var.value.clone());
                        }
                    }
                }
            }
            "children" => {
                if let Some(children) = mapping(&entry.value, "`children`", errors) {
                    for child in &children.entries {
                        let Some(child_name) = name_of(&child.key, "group", errors) else { continue };
                        if let Err(why) = inventory.add_child(name, &child_name) {
                            errors.push(Diagnostic::at(&child.key.span, why));
                            continue;
                        }
                        group(inventory, &child_name, &child.value, errors);
                    }
                }
            }
            _ => errors.push(
                Diagnostic::at(&entry.key.span, format!("unknown key `{key}` in group `{name}`, expected `hosts`, `vars` or `children`"))
                    .maybe_hint(did_you_mean(key, ["hosts", "vars", "children"])),
            ),
        }
    }
}

fn hosts(inventory: &mut Inventory, group: &str, node: &Node, errors: &mut Diagnostics) {
    // A single name is accepted as a group of one host.
    if let Some(name) = node.as_str() {
        if name.contains(char::is_whitespace) {
            errors.push(
                Diagnostic::at(&node.span, format!("`{name}` is not the name of a host")).hint("write a colon behind each host: `host:`"),
            );
            return;
        }
        inventory.add_to_group(name, group);
        return;
    }
    let Some(hosts) = mapping(node, "`hosts`", errors) else { return };
    for entry in &hosts.entries {
        let Some(pattern) = name_of(&entry.key, "host", errors) else { continue };
        let names = match inventory.allowance.expand(&pattern) {
            Ok(names) => names,
            Err(why) => {
                errors.push(Diagnostic::at(&entry.key.span, why));
                continue;
            }
        };
        let Some(vars) = mapping(&entry.value, &format!("host `{pattern}`"), errors) else { continue };
        for name in names {
            inventory.add_to_group(&name, group);
            for var in &vars.entries {
                if let Some(key) = name_of(&var.key, "variable", errors) {
                    inventory.add_host(&name).vars.insert(key, Arc::new(var.value.clone()));
                }
            }
        }
    }
}

/// A mapping; nothing counts as an empty one.
fn mapping(node: &Node, what: &str, errors: &mut Diagnostics) -> Option<Mapping> {
    match &node.value {
        Value::Map(map) => Some(map.clone()),
        Value::Null => Some(Mapping::default()),
        _ => {
            let error = Diagnostic::at(&node.span, format!("{what} must be a mapping, found {}", node.kind_name()));
            errors.push(if node.as_list().is_some() { error.hint("write `name:` instead of `- name`") } else { error });
            None
        }
    }
}
