//! Collections written in YAML: each part is rendered when it is read, so that an entry nobody reads may be undefined.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple};

use super::context::Ctx;
use crate::template::data::{Dict, List};
use crate::template::scope::Scope;
use crate::yaml::{Node, Value as NodeValue};

/// A node inside of another that is kept alive by it.
#[derive(Clone, Debug)]
pub(super) struct NodeRef {
    root: Arc<Node>,
    path: Vec<usize>,
}

impl NodeRef {
    pub(super) fn root(root: Arc<Node>) -> Self {
        Self { root, path: Vec::new() }
    }

    fn child(&self, at: usize) -> Self {
        let mut path = self.path.clone();
        path.push(at);
        Self { root: self.root.clone(), path }
    }

    /// The node itself.
    pub(super) fn node(&self) -> &Node {
        let mut node: &Node = &self.root;
        for at in &self.path {
            let inner = match &node.value {
                NodeValue::List(items) => items.get(*at),
                NodeValue::Map(map) => map.entries.get(*at).map(|entry| &entry.value),
                _ => None,
            };
            match inner {
                Some(inner) => node = inner,
                None => break,
            }
        }
        node
    }
}

/// What list and mapping share: the rendered parts are kept.
struct Parts {
    ctx: Arc<Ctx>,
    node: NodeRef,
    rendered: Mutex<HashMap<usize, Value>>,
}

impl Parts {
    fn new(ctx: Arc<Ctx>, node: NodeRef) -> Self {
        Self { ctx, node, rendered: Mutex::default() }
    }

    /// The value of the part at `at`; an undefined one carries its fault.
    fn value(&self, at: usize) -> Value {
        if let Some(value) = self.rendered.lock().unwrap_or_else(PoisonError::into_inner).get(&at) {
            return value.clone();
        }
        let value = self.ctx.node_value(self.node.child(at)).unwrap_or_else(|fault| fault.into_value());
        self.rendered.lock().unwrap_or_else(PoisonError::into_inner).insert(at, value.clone());
        value
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.node.node().span)
    }
}

#[derive(Debug)]
struct LazyList(Parts);

impl LazyList {
    fn len(&self) -> usize {
        self.0.node.node().as_list().map_or(0, <[Node]>::len)
    }
}

impl Object for LazyList {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = key.as_usize().filter(|at| *at < self.len())?;
        Some(self.0.value(at))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.len())
    }
}

#[derive(Debug)]
struct LazyMap(Parts);

/// The key of an entry: keys are not templates.
fn key_value(key: &Node) -> Value {
    match &key.value {
        NodeValue::Null => Value::from(()),
        NodeValue::Bool(value) => Value::from(*value),
        NodeValue::Int(value) => Value::from(*value),
        NodeValue::Float(value) => Value::from(*value),
        NodeValue::Str { text, .. } | NodeValue::Vault(text) => Value::from(text.as_str()),
        NodeValue::List(_) | NodeValue::Map(_) => Value::from(key.key_text()),
    }
}

impl Object for LazyMap {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let map = self.0.node.node().as_map()?;
        let at = match key.as_str() {
            Some(text) => map.entries.iter().position(|entry| entry.key.as_str() == Some(text)),
            None => map.entries.iter().position(|entry| key_value(&entry.key) == *key),
        }?;
        Some(self.0.value(at))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let keys: Vec<Value> =
            self.0.node.node().as_map().into_iter().flat_map(|map| &map.entries).map(|entry| key_value(&entry.key)).collect();
        let this = self.clone();
        Enumerator::KeyValueIter(Box::new(keys.into_iter().enumerate().map(move |(at, key)| (key, this.0.value(at)))))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        self.0.node.node().as_map().map(|map| map.entries.len())
    }
}

/// A list node as a value.
pub(super) fn list(ctx: Arc<Ctx>, node: NodeRef) -> Value {
    Value::from_object(LazyList(Parts::new(ctx, node)))
}

/// A mapping node as a value.
pub(super) fn map(ctx: Arc<Ctx>, node: NodeRef) -> Value {
    Value::from_object(LazyMap(Parts::new(ctx, node)))
}

/// All variables of a scope as a mapping: `vars`, and each entry of `hostvars`.
struct ScopeObject(Arc<Ctx>);

impl fmt::Debug for ScopeObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("variables")
    }
}

impl Object for ScopeObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.variable(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names: &dyn Scope = &*self.0.scope;
        Enumerator::Values(names.names().into_iter().map(Value::from).collect())
    }
}

/// All variables that `ctx` sees, as a mapping whose entries are rendered when they are read.
pub(crate) fn scope_object(ctx: Arc<Ctx>) -> Value {
    Value::from_object(ScopeObject(ctx))
}

/// Where an object lives; `None` for what is no object, or one that expressions cannot tell from a copy.
fn address(value: &Value) -> Option<*const ()> {
    fn of<T: 'static>(value: &Value) -> Option<*const ()> {
        value.downcast_object_ref::<T>().map(|object| std::ptr::from_ref(object).cast())
    }
    of::<List>(value)
        .or_else(|| of::<Dict>(value))
        .or_else(|| of::<LazyList>(value))
        .or_else(|| of::<LazyMap>(value))
        .or_else(|| of::<Vec<Value>>(value))
        .or_else(|| of::<IndexMap<Value, Value>>(value))
        .or_else(|| of::<Tuple>(value))
}

/// Whether two values are one and the same list, tuple or mapping.
pub(crate) fn same_object(a: &Value, b: &Value) -> bool {
    address(a).is_some_and(|address_a| Some(address_a) == address(b))
}
