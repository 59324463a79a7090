//! `meta/runtime.yml` of collections: names that moved, are gone or are to go.

use std::collections::HashMap;
use std::path::Path;

use super::files;
use crate::base::Source;
use crate::yaml::{self, Node};

/// What became of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Route {
    /// The full name under which it is now.
    pub redirect: Option<String>,
    /// It is gone; why.
    pub tombstone: Option<String>,
    /// It is to go; why.
    pub deprecation: Option<String>,
}

/// The routes of a collection.
#[derive(Debug, Default)]
pub(super) struct Routing {
    /// By the name of a module in the collection.
    pub modules: HashMap<String, Route>,
    /// By the name of a module of the library, with dots.
    pub module_utils: HashMap<String, Route>,
    /// By the name of a module: those whose work a plugin of the controller does.
    pub actions: HashMap<String, Route>,
}

impl Routing {
    /// Reads a file. One that is not there or makes no sense routes nothing.
    pub(super) fn read(path: &Path) -> Self {
        let Some(text) = files::text(path) else { return Self::default() };
        let Ok(Some(root)) = yaml::load(&Source::new(path.display().to_string(), text)) else { return Self::default() };
        let Some(routing) = root.as_map().and_then(|map| map.get("plugin_routing")) else { return Self::default() };
        let of = |kind: &str| routing.as_map().and_then(|map| map.get(kind)).map(routes).unwrap_or_default();
        Self { modules: of("modules"), module_utils: of("module_utils"), actions: of("action") }
    }
}

fn routes(node: &Node) -> HashMap<String, Route> {
    let entries = node.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
    entries.iter().map(|entry| (entry.key.key_text(), route(&entry.value))).collect()
}

fn route(node: &Node) -> Route {
    let part = |name: &str| node.as_map().and_then(|map| map.get(name));
    Route {
        redirect: part("redirect").and_then(Node::as_str).map(str::to_owned),
        tombstone: part("tombstone").map(reason),
        deprecation: part("deprecation").map(reason),
    }
}

/// What a collection says of a name that is gone or is to go, on one line.
fn reason(node: &Node) -> String {
    let part = |name: &str| node.as_map().and_then(|map| map.get(name)).map(Node::key_text);
    let text = part("warning_text").map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let when = part("removal_version").map(|version| format!("removed in version {version}"));
    let when = when.or_else(|| part("removal_date").map(|date| format!("removed on {date}")));
    [when, text].into_iter().flatten().map(|text| text.trim_end_matches('.').to_owned()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    #[test]
    fn redirects_tombstones_and_deprecations() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("runtime.yml");
        let text = "plugin_routing:\n  modules:\n    old: {redirect: a.b.new}\n    gone:\n      tombstone: {removal_version: 3.0.0, warning_text: Use\n          another.}\n    \
                    late: {deprecation: {removal_date: '2030-01-01', warning_text: Soon.}}\n  action:\n    act: {redirect: a.b.act}\n";
        std::fs::write(&path, text).unwrap();
        let routing = Routing::read(&path);
        assert_eq!(routing.modules["old"].redirect.as_deref(), Some("a.b.new"));
        assert_eq!(routing.modules["gone"].tombstone.as_deref(), Some("removed in version 3.0.0; Use another"));
        assert_eq!(routing.modules["late"].deprecation.as_deref(), Some("removed on 2030-01-01; Soon"));
        assert!(routing.actions.contains_key("act") && routing.module_utils.is_empty());
        assert!(Routing::read(&dir.path().join("none")).modules.is_empty());
    }
}
