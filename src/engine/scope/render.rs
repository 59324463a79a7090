//! Rendering with the variables of a scope.

use std::sync::Arc;

use super::TaskScope;
use crate::base::{Diagnostic, Source, Span, Spanned};
use crate::template::{Binding, FileOptions, Scope, Value};
use crate::yaml::Node;

impl TaskScope {
    fn shared(&self) -> Arc<dyn Scope> {
        Arc::new(self.clone())
    }

    /// All variables as a mapping whose entries are rendered when they are read.
    pub fn as_value(&self) -> Value {
        self.world.templates.scope_object(&self.shared())
    }

    /// What a node means: templates in it rendered, the result plain data.
    ///
    /// # Errors
    /// A template in it cannot be rendered.
    pub fn render(&self, node: &Node) -> Result<Value, Diagnostic> {
        self.world.templates.render_node(node, &self.shared())
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// It cannot be evaluated, or is no condition.
    pub fn condition(&self, node: &Node) -> Result<bool, Diagnostic> {
        self.world.templates.condition(node, &self.shared())
    }

    /// The items of `with_NAME: TERMS`.
    ///
    /// # Errors
    /// There is no such lookup, or it fails.
    pub fn lookup(&self, name: &Spanned<String>, terms: &Node) -> Result<Vec<Value>, Diagnostic> {
        let scope = self.shared();
        let value = super::bare::terms(self, &name.value, terms)?;
        let terms_list = match value.kind() {
            minijinja::value::ValueKind::Seq | minijinja::value::ValueKind::Iterable => match value.try_iter() {
                Ok(items) => items.collect(),
                Err(_) => vec![value],
            },
            _ => vec![value],
        };
        self.world.templates.lookup(&name.value, terms_list, &terms.span, &scope)
    }

    /// The value of a variable, rendered; `None` when there is none of this name.
    ///
    /// # Errors
    /// It cannot be rendered.
    pub fn value(&self, name: &str) -> Result<Option<Value>, Diagnostic> {
        match self.get(name) {
            None => Ok(None),
            Some(Binding::Value(value)) => Ok(Some(value)),
            Some(Binding::Template(node)) => self.render(&node).map(Some),
        }
    }

    /// The value of an expression that stands at `place`, written without braces.
    ///
    /// # Errors
    /// It cannot be evaluated.
    pub fn expression(&self, text: &str, place: &Span) -> Result<Value, Diagnostic> {
        self.world.templates.expression(text, place, &self.shared())
    }

    /// The text of a template file.
    ///
    /// # Errors
    /// It cannot be rendered.
    pub fn file(&self, source: &Arc<Source>, options: &FileOptions) -> Result<String, Diagnostic> {
        self.world.templates.render_file(source, &self.shared(), options)
    }
}
