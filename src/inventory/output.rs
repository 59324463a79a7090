//! An inventory as data to print: the shapes of `ansible-inventory --list`, `--graph` and `--host`.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::model::Inventory;
use crate::base::python;

/// The JSON of `--list`: `_meta.hostvars`, then each group that has hosts or children. `vars_of` gives a host's variables.
pub fn list(inventory: &Inventory, vars_of: impl Fn(&str) -> Map<String, Value>) -> Value {
    let mut hostvars = Map::new();
    let mut names: Vec<&String> = inventory.hosts.iter().filter(|(_, h)| !h.implicit).map(|(n, _)| n).collect();
    names.sort();
    for host in names {
        let vars = vars_of(host);
        if !vars.is_empty() {
            hostvars.insert(host.clone(), Value::Object(vars));
        }
    }
    let mut groups: Vec<(String, Value)> = Vec::new();
    for name in inventory.descendants("all") {
        let Some(group) = inventory.groups.get(&name) else { continue };
        let mut entry = Map::new();
        if name != "all" && !group.hosts.is_empty() {
            let mut hosts = group.hosts.clone();
            hosts.dedup();
            entry.insert("hosts".to_owned(), json!(hosts));
        }
        if !group.children.is_empty() {
            entry.insert("children".to_owned(), json!(group.children));
        }
        if !entry.is_empty() {
            groups.push((name, Value::Object(entry)));
        }
    }
    groups.sort_by(|a, b| a.0.cmp(&b.0));
    let mut root = Map::new();
    let meta = [("hostvars".to_owned(), Value::Object(hostvars)), ("profile".to_owned(), "inventory_legacy".into())];
    root.insert("_meta".to_owned(), Value::Object(Map::from_iter(meta)));
    root.extend(groups);
    Value::Object(root)
}

fn has_members(inventory: &Inventory, group: &str) -> bool {
    inventory.groups.get(group).is_some_and(|g| !g.hosts.is_empty() || !g.children.is_empty())
}

/// The inventory as a YAML inventory would have it: groups inside of each other, and the variables of a host where it stands first.
pub fn tree(inventory: &Inventory, vars_of: impl Fn(&str) -> Map<String, Value>) -> Value {
    let mut seen = HashSet::new();
    let mut root = Map::new();
    root.insert("all".to_owned(), tree_below(inventory, "all", &vars_of, &mut seen));
    Value::Object(root)
}

fn tree_below(inventory: &Inventory, name: &str, vars_of: &dyn Fn(&str) -> Map<String, Value>, seen: &mut HashSet<String>) -> Value {
    let mut entry = Map::new();
    let Some(group) = inventory.groups.get(name) else { return Value::Object(entry) };
    let mut children: Vec<&String> =
        group.children.iter().filter(|child| child.as_str() != "ungrouped" || has_members(inventory, child)).collect();
    children.sort();
    if !children.is_empty() {
        let below = children.into_iter().map(|child| (child.clone(), tree_below(inventory, child, vars_of, seen)));
        entry.insert("children".to_owned(), Value::Object(below.collect()));
    }
    if name != "all" && !group.hosts.is_empty() {
        let mut hosts: Vec<&String> = group.hosts.iter().collect();
        hosts.sort();
        let hosts = hosts.into_iter().map(|host| {
            let mut vars: Vec<_> = if seen.insert(host.clone()) { vars_of(host) } else { Map::new() }.into_iter().collect();
            vars.sort_by(|a, b| a.0.cmp(&b.0));
            (host.clone(), Value::Object(vars.into_iter().collect()))
        });
        entry.insert("hosts".to_owned(), Value::Object(hosts.collect()));
    }
    Value::Object(entry)
}

/// The tree of `--graph` below `root`, one line per group and host.
/// `vars`: the variables of each host and group too.
pub fn graph(inventory: &Inventory, root: &str, vars: Option<&dyn Fn(&str) -> Map<String, Value>>) -> String {
    let mut lines = vec![format!("@{root}:")];
    graph_below(inventory, root, 1, vars, &mut lines);
    lines.join("\n")
}

fn graph_below(
    inventory: &Inventory,
    name: &str,
    depth: usize,
    vars: Option<&dyn Fn(&str) -> Map<String, Value>>,
    lines: &mut Vec<String>,
) {
    let Some(group) = inventory.groups.get(name) else { return };
    let indent = "  |".repeat(depth);
    for child in &group.children {
        lines.push(format!("{indent}--@{child}:"));
        graph_below(inventory, child, depth + 1, vars, lines);
    }
    let shown = |indent: &str, vars: Map<String, Value>, lines: &mut Vec<String>| {
        let mut vars: Vec<_> = vars.into_iter().collect();
        vars.sort_by(|a, b| a.0.cmp(&b.0));
        lines.extend(vars.into_iter().map(|(name, value)| format!("{indent}--{{{name} = {}}}", python::text(&value))));
    };
    if name != "all" {
        for host in &group.hosts {
            lines.push(format!("{indent}--{host}"));
            if let Some(vars_of) = vars {
                shown(&format!("{indent}  |"), vars_of(host), lines);
            }
        }
    }
    if vars.is_some() {
        shown(&indent, group.vars.iter().map(|(name, node)| (name.clone(), node.to_json())).collect(), lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Inventory {
        let mut inventory = Inventory::default();
        inventory.add_to_group("w1", "web");
        inventory.add_host("lone");
        inventory.settle();
        inventory
    }

    #[test]
    fn list_has_the_documented_shape() {
        let listed =
            list(&sample(), |host| if host == "w1" { json!({"a": 1}).as_object().cloned().unwrap_or_default() } else { Map::new() });
        assert_eq!(
            listed,
            json!({
                "_meta": {"hostvars": {"w1": {"a": 1}}, "profile": "inventory_legacy"},
                "all": {"children": ["ungrouped", "web"]},
                "ungrouped": {"hosts": ["lone"]},
                "web": {"hosts": ["w1"]},
            })
        );
    }

    #[test]
    fn all_names_its_child_for_hosts_without_a_group_even_when_there_are_none() {
        let mut inventory = Inventory::default();
        inventory.add_to_group("w1", "web");
        inventory.settle();
        let listed = list(&inventory, |_| Map::new());
        assert_eq!(listed["all"], json!({"children": ["ungrouped", "web"]}));
        assert!(listed.get("ungrouped").is_none());
    }

    #[test]
    fn graph_shows_groups_and_hosts() {
        assert_eq!(graph(&sample(), "all", None), "@all:\n  |--@ungrouped:\n  |  |--lone\n  |--@web:\n  |  |--w1");
    }
}
