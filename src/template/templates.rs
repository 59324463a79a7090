//! What the rest of the program calls.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Value;

use super::core::Core;
use super::data;
use super::eval::{Ctx, finish, scope_object};
use super::fault::{Eval, Fault, Origin, fault_of};
use super::file;
use super::files::Files;
use super::lookups;
use super::names::{self, Names};
use super::scope::Scope;
use super::secrets::Secrets;
use super::syntax::{Markers, Mode, is_template};
use super::{check, python};
use crate::base::{Diagnostic, Diagnostics, Secret, Source, Span};
use crate::vault::Keyring;
use crate::yaml::{Node, Value as NodeValue};

/// Renders templates and evaluates expressions. Made once per run; clones share everything.
#[derive(Clone)]
pub struct Templates(Arc<Core>);

/// How to render a file.
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// Marks and whitespace rules; a `#jinja2:` line at the top of the file overrides them.
    pub markers: Markers,
    /// What ends the lines of the result.
    pub newline_sequence: String,
    /// Where `include`, `import` and `extends` look first.
    pub search_paths: Vec<PathBuf>,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { markers: Markers::default(), newline_sequence: "\n".to_owned(), search_paths: Vec::new() }
    }
}

impl Templates {
    /// With the passwords that open encrypted values, and the place where opened ones are remembered.
    pub fn new(keyring: Keyring, secrets: Arc<Secrets>) -> Self {
        Self(Arc::new(Core::new(keyring, secrets)))
    }

    /// Without passwords.
    pub fn without_vault() -> Self {
        Self::new(Keyring::default(), Arc::default())
    }

    /// From now on templates and lookups read these files instead of those that are there: for check mode. Once only.
    pub fn read_from(&self, files: Arc<dyn Files>) {
        self.0.set_files(files);
    }

    /// Every secret that was opened so far.
    pub fn secrets(&self) -> &Arc<Secrets> {
        &self.0.secrets
    }

    /// The passwords that open encrypted values and files.
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// Opens an encrypted text; it is masked from then on.
    ///
    /// # Errors
    /// No password, none that fits, a damaged text.
    pub fn decrypt(&self, encrypted: &str) -> Result<Secret, Diagnostic> {
        self.0.decrypt(encrypted).map(|text| Secret::new(&*text)).map_err(|fault| fault.diagnostic())
    }

    /// `text` with every known secret replaced by the mask.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.secrets.mask(text)
    }

    /// The value of a node, with everything in it rendered: plain data. A text that is one `{{ expression }}` keeps the type of its
    /// value; entries and elements that are `omit` are left out, and a node that is `omit` itself gives [`is_omit`](super::is_omit).
    /// Keys are not rendered.
    ///
    /// # Errors
    /// The first thing that is undefined or cannot be done, with its place.
    pub fn render_node(&self, node: &Node, scope: &Arc<dyn Scope>) -> Result<Value, Diagnostic> {
        let ctx = Ctx::new(&self.0, scope);
        let value = ctx.eager(node).and_then(|value| finish(&value));
        self.report(value, &node.span)
    }

    /// A node as text: what it would be inside of a longer text. Nothing is the empty text.
    ///
    /// # Errors
    /// As [`Templates::render_node`].
    pub fn render_text(&self, node: &Node, scope: &Arc<dyn Scope>) -> Result<String, Diagnostic> {
        let value = self.render_node(node, scope)?;
        Ok(if value.is_none() { String::new() } else { python::show(&value) })
    }

    /// Renders a text that stands at `span`.
    ///
    /// # Errors
    /// As [`Templates::render_node`].
    pub fn render_str(&self, text: &str, span: &Span, scope: &Arc<dyn Scope>) -> Result<Value, Diagnostic> {
        if !is_template(text) {
            return Ok(Value::from(text));
        }
        let value = Ctx::new(&self.0, scope).render(text, &Mode::Text, Origin::text(text, span)).and_then(|value| finish(&value));
        self.report(value, span)
    }

    /// The value of an expression without `{{ }}` that stands at `span`.
    ///
    /// # Errors
    /// As [`Templates::render_node`].
    pub fn expression(&self, text: &str, span: &Span, scope: &Arc<dyn Scope>) -> Result<Value, Diagnostic> {
        let value = Ctx::new(&self.0, scope).render(text, &Mode::Expression, Origin::text(text, span)).and_then(|value| finish(&value));
        self.report(value, span)
    }

    /// Whether a condition holds: an expression without `{{ }}`, a boolean, or a list of conditions that must all hold. Nothing holds.
    ///
    /// # Errors
    /// What is undefined; a result that is not a boolean.
    pub fn condition(&self, node: &Node, scope: &Arc<dyn Scope>) -> Result<bool, Diagnostic> {
        match &node.value {
            NodeValue::List(conditions) => {
                for condition in conditions {
                    if !self.condition(condition, scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            NodeValue::Bool(value) => Ok(*value),
            NodeValue::Null => Ok(true),
            _ => {
                let ctx = Ctx::new(&self.0, scope);
                let value = self.report(condition_value(&ctx, node), &node.span)?;
                Ok(data::boolean(&value).unwrap_or_else(|| {
                    let truth = value.is_true();
                    let what = format!("a condition should be true or false, this is a `{}`, taken as {truth}", data::type_name(&value));
                    let warning = Diagnostic::warning(what).with_span(&node.span);
                    let hint = "use `is defined`, `| length > 0` or a comparison; `| bool` reads texts like `yes`";
                    self.0.warn(warning.hint(hint).to_string());
                    truth
                }))
            }
        }
    }

    /// The text of a template file. `source` is the file as it is read.
    ///
    /// # Errors
    /// As [`Templates::render_node`].
    pub fn render_file(&self, source: &Arc<Source>, scope: &Arc<dyn Scope>, options: &FileOptions) -> Result<String, Diagnostic> {
        file::render(&self.0, source, scope, options)
    }

    /// What can be seen to be wrong with the templates in a node without any variable: syntax, unknown filters and tests.
    pub fn check_syntax(&self, node: &Node) -> Diagnostics {
        check::templates(&self.0, node)
    }

    /// [`Templates::check_syntax`] for a condition, which is an expression without `{{ }}`.
    pub fn check_condition(&self, node: &Node) -> Diagnostics {
        check::condition(&self.0, node)
    }

    /// [`Templates::check_syntax`] for a template file with the usual marks.
    pub fn check_file(&self, source: &Arc<Source>) -> Diagnostics {
        check::file(&self.0, source)
    }

    /// The variables of a text of a value, or with `condition` of an expression.
    pub fn names(&self, text: &str, condition: bool) -> Names {
        names::of(&self.0, text, condition)
    }

    /// What the lookup `name` finds for `terms`, as `with_NAME` loops over it. `span` is where the terms stand.
    ///
    /// # Errors
    /// An unknown lookup, and what goes wrong in it.
    pub fn lookup(&self, name: &str, terms: Vec<Value>, span: &Span, scope: &Arc<dyn Scope>) -> Result<Vec<Value>, Diagnostic> {
        let ctx = Ctx::new(&self.0, scope);
        let found = lookups::for_loop(&ctx, name, terms).and_then(|items| items.iter().map(finish).collect());
        self.report(found, span)
    }

    /// All variables of a scope as a mapping whose entries are rendered when they are read: for `hostvars`.
    pub fn scope_object(&self, scope: &Arc<dyn Scope>) -> Value {
        scope_object(Ctx::new(&self.0, scope))
    }

    /// Keeps a warning for [`Templates::take_warnings`].
    pub fn warn(&self, warning: &Diagnostic) {
        self.0.warn(warning.to_string());
    }

    /// What templates warned of since this was last called: lookups with `errors='warn'`.
    pub fn take_warnings(&self) -> Vec<String> {
        self.0.take_warnings()
    }

    fn report<T>(&self, result: Eval<T>, span: &Span) -> Result<T, Diagnostic> {
        result.map_err(|fault| fault.diagnostic().with_span(span))
    }
}

/// The value of a condition that is text.
fn condition_value(ctx: &Arc<Ctx>, node: &Node) -> Eval {
    let NodeValue::Str { text, is_unsafe, .. } = &node.value else { return ctx.scalar(node) };
    if *is_unsafe {
        return Err(Fault::error("what is marked `!unsafe` cannot be a condition"));
    }
    // Reported when the playbook was read.
    if text.trim().is_empty() {
        return Ok(Value::from(true));
    }
    let origin = || Origin::Scalar(node.clone());
    // `{{ }}` around a condition is not needed, but it works.
    let value = if is_template(text) && ctx.core.cache.compile(text, &Mode::Expression).is_err() {
        let rendered = ctx.render(text, &Mode::Text, origin())?;
        match data::text(&rendered) {
            Some(inner) if !is_template(inner) => ctx.render(inner, &Mode::Expression, Origin::Place(node.span.clone()))?,
            _ => rendered,
        }
    } else {
        ctx.render(text, &Mode::Expression, origin())?
    };
    match fault_of(&value) {
        Some(fault) => Err(fault),
        None => Ok(value),
    }
}
