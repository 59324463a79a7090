//! The variables a template sets for itself.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use minijinja::Value;

use super::lazy::same_object;

/// One level of names: a template, an iteration of a loop, a call of a macro. Macros keep the frame they are defined in.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    names: RwLock<HashMap<Arc<str>, Value>>,
    parent: Option<Arc<Frame>>,
    /// Variables of the playbook are not visible from here: an import without context.
    isolated: bool,
}

impl Frame {
    /// The frame of a template. `isolated`: it does not see the variables of the playbook.
    pub(crate) fn root(isolated: bool) -> Arc<Self> {
        Arc::new(Self { isolated, ..Self::default() })
    }

    /// A level below `parent`.
    pub(crate) fn inside(parent: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { parent: Some(parent.clone()), isolated: parent.isolated, ..Self::default() })
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.isolated
    }

    /// The value of `name` on this level or the nearest one above.
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        let mut frame = self;
        loop {
            if let Some(value) = frame.names.read().unwrap_or_else(PoisonError::into_inner).get(name) {
                return Some(value.clone());
            }
            frame = frame.parent.as_deref()?;
        }
    }

    /// Sets `name` on this level.
    pub(crate) fn set(&self, name: &Arc<str>, value: Value) {
        self.names.write().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), value);
    }

    /// Gives `name` a new value on the level that has it; whether one has.
    pub(crate) fn replace(&self, name: &str, value: &Value) -> bool {
        let mut frame = self;
        loop {
            if let Some(slot) = frame.names.write().unwrap_or_else(PoisonError::into_inner).get_mut(name) {
                *slot = value.clone();
                return true;
            }
            match frame.parent.as_deref() {
                Some(parent) => frame = parent,
                None => return false,
            }
        }
    }

    /// Gives every name whose value is the very object `old` the value `new`.
    pub(super) fn replace_same(&self, old: &Value, new: &Value) {
        for value in self.names.write().unwrap_or_else(PoisonError::into_inner).values_mut() {
            if same_object(value, old) {
                *value = new.clone();
            }
        }
        if let Some(parent) = &self.parent {
            parent.replace_same(old, new);
        }
    }

    /// The names of this level that are not private, with their values.
    pub(crate) fn exports(&self) -> Vec<(Arc<str>, Value)> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let mut exports: Vec<_> =
            names.iter().filter(|(name, _)| !name.starts_with('_')).map(|(name, value)| (name.clone(), value.clone())).collect();
        exports.sort_by(|a, b| a.0.cmp(&b.0));
        exports
    }

    /// All names that are visible, for suggestions.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.names.read().unwrap_or_else(PoisonError::into_inner).keys().map(|name| name.to_string()).collect();
        if let Some(parent) = &self.parent {
            names.extend(parent.names());
        }
        names
    }
}
