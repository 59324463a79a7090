//! Keywords rendered to what they mean.

use serde_json::Value as Json;

use crate::base::{Diagnostic, python};
use crate::engine::scope::TaskScope;
use crate::template::{self, Value};
use crate::yaml::Node;

/// The value of a keyword; `None` when it is not there, is null, or is `omit`.
///
/// # Errors
/// Its template cannot be rendered.
pub fn value(scope: &TaskScope, node: Option<&Node>) -> Result<Option<Value>, Diagnostic> {
    let Some(node) = node else { return Ok(None) };
    let value = scope.render(node)?;
    Ok((!value.is_none() && !template::is_omit(&value)).then_some(value))
}

/// A keyword that is true or false.
///
/// # Errors
/// Its template cannot be rendered, or it is neither.
pub fn boolean(scope: &TaskScope, name: &str, node: Option<&Node>) -> Result<Option<bool>, Diagnostic> {
    let (Some(node), Some(value)) = (node, value(scope, node)?) else { return Ok(None) };
    let json = template::to_json(&value);
    match truth(&json) {
        Some(truth) => Ok(Some(truth)),
        None => Err(Diagnostic::at(&node.span, format!("`{name}` must be true or false, not {json}"))),
    }
}

/// The booleans as Ansible reads them.
pub fn truth(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(truth) => Some(*truth),
        Json::Number(number) if number.as_f64() == Some(1.0) => Some(true),
        Json::Number(number) if number.as_f64() == Some(0.0) => Some(false),
        Json::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A keyword that is a text.
///
/// # Errors
/// Its template cannot be rendered, or it is a list or mapping.
pub fn text(scope: &TaskScope, name: &str, node: Option<&Node>) -> Result<Option<String>, Diagnostic> {
    let (Some(node), Some(value)) = (node, value(scope, node)?) else { return Ok(None) };
    match template::to_json(&value) {
        Json::Array(_) | Json::Object(_) => Err(Diagnostic::at(&node.span, format!("`{name}` must be text, not {}", value.kind()))),
        json => Ok(Some(python::text(&json))),
    }
}

/// A keyword that is a number that is not negative.
///
/// # Errors
/// Its template cannot be rendered, or it is not such a number.
pub fn number(scope: &TaskScope, name: &str, node: Option<&Node>) -> Result<Option<f64>, Diagnostic> {
    let Some(text) = text(scope, name, node)? else { return Ok(None) };
    let parsed = text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    match (parsed, node) {
        (None, Some(node)) => Err(Diagnostic::at(&node.span, format!("`{name}` must be a number that is not negative, not `{text}`"))),
        (parsed, _) => Ok(parsed),
    }
}

/// A keyword that is a whole number that is not negative.
///
/// # Errors
/// As [`number`].
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked not to be negative; too large a count is a large count"
)]
pub fn count(scope: &TaskScope, name: &str, node: Option<&Node>) -> Result<Option<u64>, Diagnostic> {
    Ok(number(scope, name, node)?.map(|number| number as u64))
}

/// A keyword that is a list of texts, or one text.
///
/// # Errors
/// Its template cannot be rendered.
pub fn texts(scope: &TaskScope, nodes: &[Node]) -> Result<Vec<String>, Diagnostic> {
    let mut texts = Vec::new();
    for node in nodes {
        match value(scope, Some(node))?.map(|value| template::to_json(&value)) {
            None => {}
            Some(Json::Array(items)) => texts.extend(items.iter().map(python::text)),
            Some(json) => texts.push(python::text(&json)),
        }
    }
    Ok(texts)
}

/// Whether all conditions hold; else the first that does not.
///
/// # Errors
/// One of them cannot be evaluated.
pub fn first_false<'n>(scope: &TaskScope, conditions: &'n [Node]) -> Result<Option<&'n Node>, Diagnostic> {
    for condition in conditions {
        if !scope.condition(condition)? {
            return Ok(Some(condition));
        }
    }
    Ok(None)
}

/// As [`first_false`], for keywords where only the answer counts.
///
/// # Errors
/// One of them cannot be evaluated.
pub fn all_hold(scope: &TaskScope, conditions: &[Node]) -> Result<bool, Diagnostic> {
    Ok(first_false(scope, conditions)?.is_none())
}
