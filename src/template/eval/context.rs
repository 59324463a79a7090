//! What one rendering knows: the variables, and everything that is shared by all renderings.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::Value;

use super::lazy::{self, NodeRef, same_object};
use super::{Frame, Interp, guard};
use crate::template::core::Core;
use crate::template::fault::{Eval, Fault, FaultKind, Origin, fault_of};
use crate::template::scope::{Binding, Scope};
use crate::template::syntax::{Markers, Mode, SyntaxFault, is_template};
use crate::yaml::{Node, Value as NodeValue};

/// One rendering. A variable is rendered once in it, however often it is read.
pub(crate) struct Ctx {
    pub core: Arc<Core>,
    pub scope: Arc<dyn Scope>,
    /// Where `include`, `import` and `extends` look first.
    pub folders: Vec<PathBuf>,
    /// The marks of the file that is rendered: those of the files it includes.
    pub markers: Arc<Markers>,
    rendered: Mutex<HashMap<String, Value>>,
}

impl Ctx {
    pub(crate) fn new(core: &Arc<Core>, scope: &Arc<dyn Scope>) -> Arc<Self> {
        Self::for_file(core, scope, Vec::new(), Arc::default())
    }

    pub(crate) fn for_file(core: &Arc<Core>, scope: &Arc<dyn Scope>, folders: Vec<PathBuf>, markers: Arc<Markers>) -> Arc<Self> {
        Arc::new(Self { core: core.clone(), scope: scope.clone(), folders, markers, rendered: Mutex::default() })
    }

    /// The value of a variable; `None` when there is none of this name. One that cannot be rendered carries its fault.
    pub(crate) fn variable(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some(value) = self.rendered.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(value.clone());
        }
        let value = match self.scope.get(name)? {
            Binding::Value(value) => value,
            Binding::Template(node) => self.binding(name, node).unwrap_or_else(|fault| fault.into_value()),
        };
        // A fault that comes from a cycle is not the variable's own: it depends on where the reading began.
        if fault_of(&value).is_none_or(|fault| *fault.kind() != FaultKind::Error) {
            self.replace(name, &value);
        }
        Some(value)
    }

    /// Gives the variable another value in this rendering: a method of the template changed it.
    pub(super) fn replace(&self, name: &str, value: &Value) {
        self.rendered.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value.clone());
    }

    /// Gives every variable that was read and is the very object `old` the value `new`.
    pub(super) fn replace_same(&self, old: &Value, new: &Value) {
        for value in self.rendered.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            if same_object(value, old) {
                *value = new.clone();
            }
        }
    }

    fn binding(self: &Arc<Self>, name: &str, node: Arc<Node>) -> Eval {
        let scope = Arc::as_ptr(&self.scope).cast::<()>() as usize;
        let _level = guard::variable(scope, name)?;
        self.node_value(NodeRef::root(node))
    }

    /// The value of a node: text is rendered, collections render their parts when they are read.
    pub(super) fn node_value(self: &Arc<Self>, node: NodeRef) -> Eval {
        match &node.node().value {
            NodeValue::List(_) => Ok(lazy::list(self.clone(), node)),
            NodeValue::Map(_) => Ok(lazy::map(self.clone(), node)),
            _ => self.scalar(node.node()),
        }
    }

    /// The value of a scalar node.
    pub(crate) fn scalar(self: &Arc<Self>, node: &Node) -> Eval {
        match &node.value {
            NodeValue::Null => Ok(Value::from(())),
            NodeValue::Bool(value) => Ok(Value::from(*value)),
            NodeValue::Int(value) => Ok(Value::from(*value)),
            NodeValue::Float(value) => Ok(Value::from(*value)),
            NodeValue::Str { text, is_unsafe, .. } if *is_unsafe || !is_template(text) => Ok(Value::from(text.as_str())),
            NodeValue::Str { text, .. } => self.render(text, &Mode::Text, Origin::Scalar(node.clone())),
            NodeValue::Vault(text) => {
                let place = || Arc::new(Origin::Place(node.span.clone()));
                self.core.decrypt(text).map(|text| Value::from(&*text)).map_err(|fault| fault.at(&place(), &(0..0)))
            }
            NodeValue::List(_) | NodeValue::Map(_) => self.eager(node),
        }
    }

    /// A node with everything in it rendered.
    pub(crate) fn eager(self: &Arc<Self>, node: &Node) -> Eval {
        match &node.value {
            NodeValue::List(_) | NodeValue::Map(_) => super::finish(&self.node_value(NodeRef::root(Arc::new(node.clone())))?),
            _ => self.scalar(node),
        }
    }

    /// Renders a text. The result is plain data.
    pub(crate) fn render(self: &Arc<Self>, text: &str, mode: &Mode, origin: Origin) -> Eval {
        let origin = Arc::new(origin);
        let template = self.core.cache.compile(text, mode).map_err(|faults| syntax_fault(&faults, &origin))?;
        let frame = Frame::root(false);
        Interp::new(self, origin, frame).run(&template)
    }
}

/// The first fault of a text that cannot be compiled.
pub(crate) fn syntax_fault(faults: &[SyntaxFault], origin: &Arc<Origin>) -> Fault {
    match faults.first() {
        Some(first) => Fault::error(first.message.clone()).maybe_hint(first.hint.clone()).at(origin, &first.range),
        None => Fault::error("this is not a template"),
    }
}
