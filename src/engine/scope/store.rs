//! What a run learns of hosts: facts, values set, results registered, variables included.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use indexmap::IndexMap;

use crate::template::{Binding, Value};

/// Values by name.
pub type Values = IndexMap<String, Value>;

/// What is known of one host.
#[derive(Default)]
struct Known {
    /// Facts under the names the modules gave them (`ansible_distribution`, `services`).
    facts: Arc<Values>,
    /// Values of `set_fact` and results registered.
    set: Values,
    /// Variables of `include_vars`, which may hold templates.
    included: IndexMap<String, Binding>,
    /// Names that a task will set whose result is not there yet.
    expected: HashSet<String>,
    /// Somebody wanted to know one of them.
    asked: AtomicBool,
}

impl Known {
    fn note(&self, wanted: impl FnOnce(&HashSet<String>) -> bool) {
        if !self.expected.is_empty() && wanted(&self.expected) {
            self.asked.store(true, Ordering::Relaxed);
        }
    }
}

/// What is known of all hosts. Written only by the dispatcher, between the tasks of a host; read by all.
#[derive(Default)]
pub struct Store {
    hosts: RwLock<HashMap<String, Known>>,
}

impl Store {
    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Known>> {
        self.hosts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Known>> {
        self.hosts.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A value that was set or registered.
    pub fn set_value(&self, host: &str, name: &str) -> Option<Value> {
        let hosts = self.read();
        let known = hosts.get(host)?;
        known.note(|expected| expected.contains(name));
        known.set.get(name).cloned()
    }

    /// A variable of `include_vars`.
    pub fn included(&self, host: &str, name: &str) -> Option<Binding> {
        self.read().get(host)?.included.get(name).cloned()
    }

    /// A fact under the name that its module gave it.
    pub fn fact(&self, host: &str, name: &str) -> Option<Value> {
        self.read().get(host)?.facts.get(name).cloned()
    }

    /// All facts of a host.
    pub fn facts(&self, host: &str) -> Arc<Values> {
        self.read().get(host).map(|known| known.facts.clone()).unwrap_or_default()
    }

    /// All names that are known of a host.
    pub fn names(&self, host: &str) -> Vec<String> {
        let hosts = self.read();
        let Some(known) = hosts.get(host) else { return Vec::new() };
        known.note(|_| true);
        known.set.keys().chain(known.included.keys()).chain(known.facts.keys()).cloned().collect()
    }

    /// Sets or registers a value.
    pub fn set(&self, host: &str, name: &str, value: Value) {
        self.write().entry(host.to_owned()).or_default().set.insert(name.to_owned(), value);
    }

    /// A task whose result is not there yet will set `name`: from here on it is noticed when somebody wants to know it.
    pub fn expect(&self, host: &str, name: &str) {
        self.write().entry(host.to_owned()).or_default().expected.insert(name.to_owned());
    }

    /// Whether somebody wanted to know a name that is expected.
    pub fn was_asked(&self, host: &str) -> bool {
        self.read().get(host).is_some_and(|known| known.asked.load(Ordering::Relaxed))
    }

    /// Nothing is expected any more.
    pub fn forget_expected(&self, host: &str) {
        if let Some(known) = self.write().get_mut(host) {
            known.expected.clear();
            known.asked.store(false, Ordering::Relaxed);
        }
    }

    /// Adds facts; those of the same name are replaced.
    pub fn add_facts(&self, host: &str, facts: impl IntoIterator<Item = (String, Value)>) {
        let mut hosts = self.write();
        Arc::make_mut(&mut hosts.entry(host.to_owned()).or_default().facts).extend(facts);
    }

    /// Adds variables of `include_vars`.
    pub fn include(&self, host: &str, vars: impl IntoIterator<Item = (String, Binding)>) {
        self.write().entry(host.to_owned()).or_default().included.extend(vars);
    }

    /// `meta: clear_facts`.
    pub fn clear_facts(&self, host: &str) {
        if let Some(known) = self.write().get_mut(host) {
            known.facts = Arc::default();
        }
    }
}
