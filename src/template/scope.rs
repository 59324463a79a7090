//! Where variables come from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Value;

use crate::yaml::Node;

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Binding {
    /// What somebody wrote in YAML: rendered when it is read, with all it contains, against the same variables.
    Template(Arc<Node>),
    /// Data: results of hosts, facts, loop items. Never rendered.
    Value(Value),
}

/// The variables an expression can use.
pub trait Scope: Send + Sync {
    /// What `name` stands for, the layer of highest precedence first. Called whenever a template reads the variable.
    fn get(&self, name: &str) -> Option<Binding>;

    /// All names, for `vars`, for `varnames` and to suggest what was meant.
    fn names(&self) -> Vec<String>;

    /// The folders in which files are looked for, nearest first: the role's, that of the task's file, the playbook's.
    fn search_path(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// Variables that never change.
#[derive(Clone, Debug, Default)]
pub struct MapScope {
    bindings: BTreeMap<String, Binding>,
    search_path: Vec<PathBuf>,
}

impl MapScope {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds finished data.
    #[must_use]
    pub fn with_value(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.bindings.insert(name.into(), Binding::Value(value.into()));
        self
    }

    /// Adds what was written in YAML.
    #[must_use]
    pub fn with_template(mut self, name: impl Into<String>, node: Arc<Node>) -> Self {
        self.bindings.insert(name.into(), Binding::Template(node));
        self
    }

    /// Adds every entry of a mapping node; nothing for other nodes.
    #[must_use]
    pub fn with_node(mut self, node: &Node) -> Self {
        for entry in node.as_map().into_iter().flat_map(|map| &map.entries) {
            self.bindings.insert(entry.key.key_text(), Binding::Template(Arc::new(entry.value.clone())));
        }
        self
    }

    /// Sets the folders in which files are looked for.
    #[must_use]
    pub fn with_search_path(mut self, folders: Vec<PathBuf>) -> Self {
        self.search_path = folders;
        self
    }
}

impl Scope for MapScope {
    fn get(&self, name: &str) -> Option<Binding> {
        self.bindings.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.bindings.keys().cloned().collect()
    }

    fn search_path(&self) -> Vec<PathBuf> {
        self.search_path.clone()
    }
}
