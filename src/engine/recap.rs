//! Counts per host, and which hosts are lost to the rest of the run.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value as Json};

use crate::event::HostRecap;

/// Values of `set_stats` that belong to no host stand under this name.
const OF_THE_RUN: &str = "_run";

/// See the module documentation.
#[derive(Debug, Default)]
pub struct Recap {
    hosts: IndexMap<String, HostRecap>,
    failed: IndexSet<String>,
    unreachable: IndexSet<String>,
    custom: Map<String, Json>,
}

impl Recap {
    /// The counts of a host.
    pub fn host(&mut self, host: &str) -> &mut HostRecap {
        let fresh = || HostRecap { host: host.to_owned(), ..HostRecap::default() };
        self.hosts.entry(host.to_owned()).or_insert_with(fresh)
    }

    /// A host failed, and nothing rescued it.
    pub fn fail(&mut self, host: &str) {
        self.failed.insert(host.to_owned());
    }

    /// A host could not be reached.
    pub fn lose(&mut self, host: &str) {
        self.unreachable.insert(host.to_owned());
    }

    /// `meta: clear_host_errors`.
    pub fn forgive(&mut self, host: &str) {
        self.failed.shift_remove(host);
        self.unreachable.shift_remove(host);
    }

    /// Whether later plays leave it out.
    pub fn is_lost(&self, host: &str) -> bool {
        self.failed.contains(host) || self.unreachable.contains(host)
    }

    /// Number of hosts that are lost.
    pub fn lost(&self) -> usize {
        self.failed.union(&self.unreachable).count()
    }

    /// Hosts that failed.
    pub fn failed(&self) -> impl Iterator<Item = &String> {
        self.failed.iter()
    }

    /// Hosts that could not be reached.
    pub fn unreachable(&self) -> impl Iterator<Item = &String> {
        self.unreachable.iter()
    }

    /// `set_stats`. `host`: of this host, kept under its name.
    pub fn add_stats(&mut self, host: Option<&str>, values: Map<String, Json>, aggregate: bool) {
        let entry = self.custom.entry(host.unwrap_or(OF_THE_RUN).to_owned()).or_insert_with(|| Json::Object(Map::new()));
        let Some(target) = entry.as_object_mut() else { return };
        for (name, value) in values {
            match target.get_mut(&name) {
                Some(known) if aggregate => add_up(known, value),
                _ => drop(target.insert(name, value)),
            }
        }
    }

    /// All counts, by the names of the hosts, and the values of `set_stats`.
    pub fn take(&mut self) -> (Vec<HostRecap>, Map<String, Json>) {
        let mut recap: Vec<HostRecap> = std::mem::take(&mut self.hosts).into_values().collect();
        recap.sort_by(|one, other| one.host.cmp(&other.host));
        (recap, std::mem::take(&mut self.custom))
    }
}

/// Numbers are added, lists and texts joined, mappings merged; what does not fit is replaced.
fn add_up(known: &mut Json, value: Json) {
    match (&mut *known, value) {
        (Json::Number(sum), Json::Number(more)) => {
            let total = match (sum.as_i64(), more.as_i64()) {
                (Some(sum), Some(more)) => sum.checked_add(more).map(Json::from),
                _ => None,
            };
            *known = total.unwrap_or_else(|| Json::from(sum.as_f64().unwrap_or(0.0) + more.as_f64().unwrap_or(0.0)));
        }
        (Json::String(text), Json::String(more)) => text.push_str(&more),
        (Json::Array(items), Json::Array(more)) => items.extend(more),
        (Json::Object(map), Json::Object(more)) => map.extend(more),
        (_, value) => *known = value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stats_add_up_or_replace() {
        let mut recap = Recap::default();
        let values = |value: Json| value.as_object().cloned().unwrap_or_default();
        recap.add_stats(None, values(json!({"n": 1, "l": [1], "m": {"a": 1}})), true);
        recap.add_stats(None, values(json!({"n": 2, "l": [2], "m": {"b": 2}})), true);
        recap.add_stats(Some("h"), values(json!({"n": 2})), true);
        recap.add_stats(None, values(json!({"n": 9})), false);
        let (_, custom) = recap.take();
        assert_eq!(Json::Object(custom), json!({"_run": {"n": 9, "l": [1, 2], "m": {"a": 1, "b": 2}}, "h": {"n": 2}}));
    }

    #[test]
    fn the_recap_is_sorted_by_name() {
        let mut recap = Recap::default();
        for host in ["b", "x", "a"] {
            recap.host(host).ok += 1;
        }
        let (hosts, _) = recap.take();
        assert_eq!(hosts.iter().map(|host| host.host.as_str()).collect::<Vec<_>>(), ["a", "b", "x"]);
    }
}
