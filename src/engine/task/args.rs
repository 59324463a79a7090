//! The arguments of a task: `module_defaults`, what is written, templates rendered, coerced as the module declares.

use serde_json::{Map, Value as Json};

use crate::base::{Diagnostic, Span};
use crate::engine::scope::TaskScope;
use crate::modules::{self, Spec};
use crate::template;
use crate::yaml::{Entry, Mapping, Node};

/// The arguments as written in the plan.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    /// The declaration of the module.
    pub spec: &'static Spec,
    /// The name as written.
    pub name: &'a str,
    /// The full name of a module that is none of kconf's own.
    pub foreign: Option<&'a str>,
    /// `key: value`.
    pub args: &'a Mapping,
    /// The free-form text.
    pub free_form: Option<&'a Node>,
    /// A template for the whole mapping.
    pub template: Option<&'a Node>,
    /// Where the task is.
    pub span: &'a Span,
}

/// The rendered arguments, before the module's declaration is applied.
///
/// # Errors
/// A template that cannot be rendered.
pub fn render(scope: &TaskScope, written: &Written<'_>) -> Result<Map<String, Json>, Diagnostic> {
    let mut given = Map::new();
    if let Some(keywords) = scope.keywords() {
        defaults(scope, &keywords.module_defaults, written, &mut given)?;
    }
    if let Some(node) = written.template {
        match template::to_json(&scope.render(node)?) {
            Json::Object(map) => replace(&mut given, map, written.spec),
            Json::Null => {}
            other => return Err(Diagnostic::at(&node.span, format!("the arguments must be a mapping, not {other}"))),
        }
    }
    for entry in &written.args.entries {
        let Some(name) = entry.key.as_str() else { continue };
        let value = scope.render(&entry.value).map_err(|wrong| argument(wrong, name, &entry.value))?;
        drop_aliases(&mut given, written.spec, name);
        match template::is_omit(&value) {
            true => drop(given.shift_remove(name)),
            false => drop(given.insert(name.to_owned(), template::to_json(&value))),
        }
    }
    if let (Some(node), Some(option)) = (written.free_form, written.spec.free_form) {
        let value = scope.render(node)?;
        if !template::is_omit(&value) {
            given.insert(option.to_owned(), template::to_json(&value));
        }
    }
    Ok(given)
}

fn argument(wrong: Diagnostic, name: &str, node: &Node) -> Diagnostic {
    wrong.context(format!("failed to render the argument `{name}`")).with_span(&node.span)
}

/// What is written replaces a default of the same option under another name too.
fn drop_aliases(given: &mut Map<String, Json>, spec: &Spec, name: &str) {
    if let Some(option) = spec.options.iter().find(|option| option.name == name || option.aliases.contains(&name)) {
        given.shift_remove(option.name);
        for alias in option.aliases {
            given.shift_remove(*alias);
        }
    }
}

fn replace(given: &mut Map<String, Json>, map: Map<String, Json>, spec: &Spec) {
    for (name, value) in map {
        drop_aliases(given, spec, &name);
        given.insert(name, value);
    }
}

/// What `module_defaults` has for the module: of each group that it belongs to, then of the module itself, which wins. An inner layer takes
/// the place of what an outer one had under the same key.
fn defaults(scope: &TaskScope, layers: &[Node], written: &Written<'_>, given: &mut Map<String, Json>) -> Result<(), Diagnostic> {
    let spec = written.spec;
    let mut groups: Vec<&Entry> = Vec::new();
    let mut own: Option<&Entry> = None;
    for entry in layers.iter().filter_map(Node::as_map).flat_map(|map| &map.entries) {
        let Some(name) = entry.key.as_str() else { continue };
        let short =
            name.rsplit_once('.').map_or(name, |(collection, short)| if spec.collections.contains(&collection) { short } else { name });
        let is_foreign = || written.foreign.is_some_and(|full| name == full || name == format!("ansible.legacy.{full}"));
        let in_group = |group: &crate::plan::Group| written.foreign.map_or_else(|| group.has(spec), |full| group.has_foreign(full));
        if short == spec.name || name == written.name || is_foreign() {
            own = Some(entry);
        } else if scope.group(name).is_some_and(|group| in_group(&group)) {
            match groups.iter_mut().find(|known| known.key.as_str() == Some(name)) {
                Some(known) => *known = entry,
                None => groups.push(entry),
            }
        }
    }
    for entry in groups.into_iter().chain(own) {
        match template::to_json(&scope.render(&entry.value)?) {
            Json::Object(map) => replace(given, map, spec),
            Json::Null => {}
            other => {
                let name = entry.key.key_text();
                return Err(Diagnostic::at(&entry.value.span, format!("the defaults of `{name}` must be a mapping, not {other}")));
            }
        }
    }
    Ok(())
}

/// Those of the coerced arguments that are not what they are by default, for display: secrets are masked.
pub fn shown(spec: &Spec, args: &Map<String, Json>) -> Map<String, Json> {
    let is_default = |name: &str, value: &Json| {
        let option = spec.options.iter().find(|option| option.name == name);
        let default = option.and_then(|option| option.default).and_then(|json| serde_json::from_str::<Json>(json).ok());
        value.is_null() || default.is_some_and(|default| default == *value)
    };
    let given: Map<String, Json> =
        args.iter().filter(|(name, value)| !is_default(name, value)).map(|(name, value)| (name.clone(), value.clone())).collect();
    modules::mask_secrets(spec.options, &given)
}

/// Complete, coerced arguments.
///
/// # Errors
/// Everything that is wrong with them, in one message.
pub fn resolve(written: &Written<'_>, given: Map<String, Json>) -> Result<Map<String, Json>, Diagnostic> {
    modules::resolve(written.spec, given).map(|args| args.0).map_err(|errors| {
        let mut errors = errors.into_iter();
        let Some(first) = errors.next() else { return Diagnostic::at(written.span, "bad arguments") };
        let node = first.path.first().and_then(|name| written.args.get(name));
        let mut message = first.message;
        let mut hint = first.hint;
        for error in errors {
            message.push_str("; ");
            message.push_str(&error.message);
            hint = hint.or(error.hint);
        }
        Diagnostic::at(node.map_or(written.span, |node| &node.span), message).maybe_hint(hint)
    })
}
