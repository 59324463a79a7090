//! Names of variables without braces under `with_NAME`, as playbooks wrote them before templates had to be marked.
//!
//! `with_items: packages` once meant the variable. It still does where nothing else makes sense: when a variable of that name exists and
//! holds a list (for `with_dict`: a mapping).

use minijinja::value::ValueKind;

use super::TaskScope;
use crate::base::Diagnostic;
use crate::playbook::actions::short_name;
use crate::playbook::fields::is_variable_name;
use crate::template::{Scope, Value};
use crate::yaml::{Node, Value as NodeValue};

/// Loops over what they are given, so that a text in place of the list makes no sense.
const WHOLE: &[&str] = &["dict", "flattened", "indexed_items", "items", "list", "random_choice"];

/// Loops over several lists, each of which can be a name.
const EACH: &[&str] = &["cartesian", "flattened", "nested", "together"];

/// The terms of `with_NAME: TERMS`, rendered, with the variables that are named in place of their names.
///
/// # Errors
/// A template in them cannot be rendered.
pub(super) fn terms(scope: &TaskScope, lookup: &str, terms: &Node) -> Result<Value, Diagnostic> {
    let short = short_name(lookup);
    if WHOLE.contains(&short)
        && let Some(value) = named(scope, terms, short == "dict")
    {
        return Ok(value);
    }
    match terms.as_list() {
        Some(list) if EACH.contains(&short) || short == "subelements" => {
            let one = |(at, node): (usize, &Node)| match short != "subelements" || at == 0 {
                true => named(scope, node, at == 0 && short == "subelements").map_or_else(|| scope.render(node), Ok),
                false => scope.render(node),
            };
            list.iter().enumerate().map(one).collect::<Result<Vec<Value>, _>>().map(Value::from)
        }
        _ => scope.render(terms),
    }
}

/// The value of the variable that `node` names, if it does and the value is a list, or a mapping where that will do.
fn named(scope: &TaskScope, node: &Node, mapping: bool) -> Option<Value> {
    let NodeValue::Str { text, is_unsafe: false, .. } = &node.value else { return None };
    let path = text.trim();
    if !path.split('.').all(is_variable_name) || scope.get(path.split('.').next()?).is_none() {
        return None;
    }
    let value = scope.expression(path, &node.span).ok()?;
    let fits = match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => true,
        ValueKind::Map => mapping,
        _ => false,
    };
    if !fits {
        return None;
    }
    let warning = Diagnostic::warning(format!("`{path}` is taken for the variable of this name")).with_span(&node.span);
    scope.world.templates.warn(&warning.hint(format!("write `\"{{{{ {path} }}}}\"`, or a list with the text in it if that is meant")));
    Some(value)
}
