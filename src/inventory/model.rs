//! Hosts and groups.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::pattern::LOCAL_NAMES;
use super::range::Allowance;
use indexmap::IndexMap;

use crate::base::Span;
use crate::yaml::Node;

/// Variables by name, in the order they were defined.
pub type Vars = IndexMap<String, Arc<Node>>;

/// All that is known of hosts. Groups `all` and `ungrouped` always exist.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// Hosts in the order in which they were first named.
    pub hosts: IndexMap<String, Host>,
    /// Groups likewise; `all` and `ungrouped` come first.
    pub groups: IndexMap<String, Group>,
    /// The sources as the user named them (`inventory_file`, `inventory_dir`, `ansible_inventory_sources`).
    pub sources: Vec<PathBuf>,
    /// What its ranges may still stand for.
    pub(super) allowance: Allowance,
}

/// A host.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Variables of the inventory source itself.
    pub vars: Vars,
    /// `host_vars` files beside the inventory.
    pub inventory_files: Vec<Arc<Vars>>,
    /// `host_vars` files beside the playbook, which win.
    pub playbook_files: Vec<Arc<Vars>>,
    /// The groups that name it directly.
    pub groups: Vec<String>,
    /// The file that named it.
    pub source: Option<PathBuf>,
    /// `localhost` that was not written anywhere but named by a play.
    pub implicit: bool,
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its direct hosts.
    pub hosts: Vec<String>,
    /// Its direct child groups.
    pub children: Vec<String>,
    /// Variables of the inventory source itself.
    pub vars: Vars,
    /// `group_vars` files beside the inventory.
    pub inventory_files: Vec<Arc<Vars>>,
    /// `group_vars` files beside the playbook, which win.
    pub playbook_files: Vec<Arc<Vars>>,
    /// `ansible_group_priority`: among groups of the same depth the higher one wins.
    pub priority: i64,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            children: Vec::new(),
            vars: Vars::new(),
            inventory_files: Vec::new(),
            playbook_files: Vec::new(),
            priority: 1,
        }
    }
}

impl Default for Inventory {
    fn default() -> Self {
        let mut groups = IndexMap::new();
        groups.insert("all".to_owned(), Group { children: vec!["ungrouped".to_owned()], ..Group::default() });
        groups.insert("ungrouped".to_owned(), Group::default());
        Self { hosts: IndexMap::new(), groups, sources: Vec::new(), allowance: Allowance::default() }
    }
}

/// The variables of the controller where no source has it. They are those of a host, so no group says otherwise.
fn implied_vars() -> Vars {
    let local = Node::text(Span::synthetic("the implied localhost"), "local");
    Vars::from_iter([("ansible_connection".to_owned(), Arc::new(local))])
}

impl Inventory {
    /// The host `name`, made when it is new.
    pub fn add_host(&mut self, name: &str) -> &mut Host {
        self.hosts.entry(name.to_owned()).or_default()
    }

    /// A host that stands in no source: the controller, when a play names it.
    pub fn add_implicit(&mut self, name: &str) {
        let host = self.add_host(name);
        host.implicit = true;
        for (variable, value) in implied_vars() {
            host.vars.entry(variable).or_insert(value);
        }
    }

    /// The group `name`, made when it is new.
    pub fn add_group(&mut self, name: &str) -> &mut Group {
        self.groups.entry(name.to_owned()).or_default()
    }

    /// Puts `host` into `group`, making both when they are new.
    pub fn add_to_group(&mut self, host: &str, group: &str) {
        // The few groups of a host say it too; looking through the many hosts of a group for each of them takes long.
        let entry = self.add_host(host);
        if entry.groups.iter().any(|known| known == group) {
            return;
        }
        entry.groups.push(group.to_owned());
        self.add_group(group).hosts.push(host.to_owned());
    }

    /// Makes `child` a child of `parent`, making both when they are new.
    ///
    /// # Errors
    /// The chain of groups when that would make a group its own ancestor.
    pub fn add_child(&mut self, parent: &str, child: &str) -> Result<(), String> {
        if parent == child || self.descendants(child).iter().any(|name| name == parent) {
            return Err(format!("group `{child}` cannot be a child of `{parent}`: `{parent}` is `{child}` itself or below it"));
        }
        self.add_group(child);
        let children = &mut self.add_group(parent).children;
        if !children.iter().any(|c| c == child) {
            children.push(child.to_owned());
        }
        Ok(())
    }

    /// Brings the groups `all` and `ungrouped` in order after sources were read: every group without a parent is below
    /// `all`, every host that is in no other group is in `ungrouped`.
    pub fn settle(&mut self) {
        let mut has_parent: HashSet<String> = HashSet::new();
        for (name, group) in &self.groups {
            if name != "all" {
                has_parent.extend(group.children.iter().cloned());
            }
        }
        let top: Vec<String> = self.groups.keys().filter(|n| n.as_str() != "all" && !has_parent.contains(*n)).cloned().collect();
        let all = self.add_group("all");
        for name in top {
            if !all.children.contains(&name) {
                all.children.push(name);
            }
        }
        let mut ungrouped = Vec::new();
        for (name, host) in &mut self.hosts {
            let grouped = host.groups.iter().any(|g| g != "all" && g != "ungrouped");
            if grouped {
                host.groups.retain(|g| g != "ungrouped");
            } else if !host.implicit {
                if !host.groups.iter().any(|g| g == "ungrouped") {
                    host.groups.push("ungrouped".to_owned());
                }
                ungrouped.push(name.clone());
            }
        }
        self.add_group("ungrouped").hosts = ungrouped;
    }

    /// The group and all groups below it, nearest first, each once.
    pub fn descendants(&self, group: &str) -> Vec<String> {
        let mut found = vec![group.to_owned()];
        let mut seen: HashSet<String> = found.iter().cloned().collect();
        let mut at = 0;
        while let Some(name) = found.get(at).cloned() {
            for child in self.groups.get(&name).map(|g| g.children.as_slice()).unwrap_or_default() {
                if seen.insert(child.clone()) {
                    found.push(child.clone());
                }
            }
            at += 1;
        }
        found
    }

    /// The hosts of a group and of all groups below it, each once.
    pub fn group_hosts(&self, group: &str) -> Vec<String> {
        if group == "all" {
            // `all` holds every host, in the order the groups below it give them; hosts of `all` alone come first.
            let mut hosts = self.hosts_of(&self.descendants(group));
            let seen: HashSet<String> = hosts.iter().cloned().collect();
            hosts.extend(self.hosts.iter().filter(|(name, host)| !host.implicit && !seen.contains(*name)).map(|(name, _)| name.clone()));
            return hosts;
        }
        self.hosts_of(&self.descendants(group))
    }

    fn hosts_of(&self, groups: &[String]) -> Vec<String> {
        let mut seen = HashSet::new();
        let members = groups.iter().filter_map(|name| self.groups.get(name)).flat_map(|g| g.hosts.iter());
        members.filter(|host| seen.insert((*host).clone())).cloned().collect()
    }

    /// The longest way from `all` down to each group: `all` is 0.
    pub fn depths(&self) -> HashMap<String, usize> {
        let mut depths: HashMap<String, usize> = HashMap::from([("all".to_owned(), 0)]);
        let mut queue = vec!["all".to_owned()];
        // `add_child` refuses cycles, so this ends.
        while let Some(name) = queue.pop() {
            let depth = depths.get(&name).copied().unwrap_or(0) + 1;
            for child in self.groups.get(&name).map(|g| g.children.as_slice()).unwrap_or_default() {
                if depths.get(child).is_none_or(|known| *known < depth) {
                    depths.insert(child.clone(), depth);
                    queue.push(child.clone());
                }
            }
        }
        depths
    }

    /// All groups of a host with their ancestors, without `all`, sorted by name: `group_names`.
    pub fn group_names(&self, host: &str) -> Vec<String> {
        let mut names: Vec<String> = self.groups_of(host).into_iter().filter(|n| n != "all").collect();
        names.sort();
        names
    }

    /// All groups of a host with their ancestors and `all`, in the order in which their variables count, weakest first.
    pub fn groups_of(&self, host: &str) -> Vec<String> {
        let mut found: HashSet<String> = HashSet::from(["all".to_owned()]);
        let mut queue: Vec<String> = self.hosts.get(host).map(|h| h.groups.clone()).unwrap_or_default();
        let parents = self.parents();
        while let Some(name) = queue.pop() {
            if found.insert(name.clone()) {
                queue.extend(parents.get(&name).into_iter().flatten().cloned());
            }
        }
        let depths = self.depths();
        let mut names: Vec<String> = found.into_iter().collect();
        names.sort_by_cached_key(|name| {
            let priority = self.groups.get(name).map_or(1, |g| g.priority);
            (depths.get(name).copied().unwrap_or(0), priority, name.clone())
        });
        names
    }

    fn parents(&self) -> HashMap<String, Vec<String>> {
        let mut parents: HashMap<String, Vec<String>> = HashMap::new();
        for (name, group) in &self.groups {
            for child in &group.children {
                parents.entry(child.clone()).or_default().push(name.clone());
            }
        }
        parents
    }

    /// The layers of variables of a host in Ansible's documented order, weakest first: groups from the inventory source,
    /// `group_vars/all` beside inventory and playbook, other `group_vars` likewise, then the host's own.
    pub fn host_layers(&self, host: &str) -> Vec<Arc<Vars>> {
        let names = self.groups_of(host);
        let groups: Vec<(&str, &Group)> = names.iter().filter_map(|n| Some((n.as_str(), self.groups.get(n)?))).collect();
        let all = || groups.iter().filter(|(name, _)| *name == "all").map(|(_, group)| *group);
        let others = || groups.iter().filter(|(name, _)| *name != "all").map(|(_, group)| *group);
        let mut layers: Vec<Arc<Vars>> = Vec::new();
        layers.extend(all().chain(others()).map(|g| Arc::new(g.vars.clone())));
        layers.extend(all().flat_map(|g| g.inventory_files.iter().cloned()));
        layers.extend(all().flat_map(|g| g.playbook_files.iter().cloned()));
        layers.extend(others().flat_map(|g| g.inventory_files.iter().cloned()));
        layers.extend(others().flat_map(|g| g.playbook_files.iter().cloned()));
        if let Some(host) = self.hosts.get(host) {
            layers.push(Arc::new(host.vars.clone()));
            layers.extend(host.inventory_files.iter().cloned());
            layers.extend(host.playbook_files.iter().cloned());
        } else if LOCAL_NAMES.contains(&host) {
            layers.push(Arc::new(implied_vars()));
        }
        layers.retain(|layer| !layer.is_empty());
        layers
    }

    /// The strongest definition of a variable of a host, as written.
    pub fn host_var(&self, host: &str, name: &str) -> Option<Arc<Node>> {
        self.host_layers(host).iter().rev().find_map(|layer| layer.get(name).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Inventory {
        let mut inventory = Inventory::default();
        inventory.add_to_group("a1", "web");
        inventory.add_to_group("b1", "db");
        inventory.add_host("lone");
        inventory.add_child("prod", "web").unwrap();
        inventory.add_child("prod", "db").unwrap();
        inventory.settle();
        inventory
    }

    #[test]
    fn every_host_is_in_all_and_lonely_ones_are_ungrouped() {
        let inventory = sample();
        assert_eq!(inventory.group_hosts("all"), ["lone", "a1", "b1"]);
        assert_eq!(inventory.group_hosts("ungrouped"), ["lone"]);
        assert_eq!(inventory.group_names("a1"), ["prod", "web"]);
        assert_eq!(inventory.groups_of("a1"), ["all", "prod", "web"]);
    }

    #[test]
    fn a_group_cannot_be_below_itself() {
        let mut inventory = sample();
        assert!(inventory.add_child("web", "prod").is_err());
        assert!(inventory.add_child("web", "web").is_err());
    }

    #[test]
    fn the_higher_priority_wins_among_equals() {
        let mut inventory = sample();
        inventory.add_to_group("a1", "zone");
        inventory.settle();
        inventory.add_child("all", "zone").unwrap();
        inventory.add_group("web").priority = 1;
        inventory.add_group("prod").priority = 10;
        assert_eq!(inventory.groups_of("a1"), ["all", "zone", "prod", "web"]);
    }
}
