//! Static checks: templates are compiled, not run.

use std::sync::Arc;

use super::core::Core;
use super::fault::Origin;
use super::file;
use super::syntax::{Mode, SyntaxFault, is_template};
use crate::base::{Diagnostic, Diagnostics, Source};
use crate::yaml::{Node, Value};

/// Checks every template in `node`.
pub(super) fn templates(core: &Arc<Core>, node: &Node) -> Diagnostics {
    let mut found = Diagnostics::default();
    walk(core, node, &mut found);
    found
}

fn walk(core: &Arc<Core>, node: &Node, found: &mut Diagnostics) {
    match &node.value {
        Value::Str { text, is_unsafe: false, .. } if is_template(text) => {
            if let Err(faults) = core.cache.compile(text, &Mode::Text) {
                report(&faults, node, found);
            }
        }
        Value::List(items) => items.iter().for_each(|item| walk(core, item, found)),
        Value::Map(map) => map.entries.iter().for_each(|entry| walk(core, &entry.value, found)),
        _ => {}
    }
}

/// Checks the template file `source`.
pub(super) fn file(core: &Arc<Core>, source: &Arc<Source>) -> Diagnostics {
    match file::compiled(core, source) {
        Ok(()) => Diagnostics::default(),
        Err(found) => found,
    }
}

/// Checks a condition, or a list of them.
pub(super) fn condition(core: &Arc<Core>, node: &Node) -> Diagnostics {
    let mut found = Diagnostics::default();
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| found.extend(condition(core, item))),
        Value::Str { text, is_unsafe: false, .. } if text.trim().is_empty() => {
            found.push(Diagnostic::warning("an empty condition always holds").with_span(&node.span).hint("leave it out"));
        }
        Value::Str { text, is_unsafe: false, .. } => {
            let compiled = core.cache.compile(text, &Mode::Expression);
            if compiled.is_ok()
                && let Some(open) = text.find("{{")
                && let Some(length) = text.get(open..).and_then(|rest| rest.find("}}"))
            {
                let inner = text.get(open + 2..open + length).unwrap_or("").trim();
                found.push(
                    Diagnostic::warning("a condition is an expression already, a text in it needs no `{{ }}`")
                        .with_span(&node.locate(open..open + length + 2))
                        .hint(format!("write the variable without quotes and braces: `{inner}`")),
                );
            }
            if let Err(faults) = compiled {
                match core.cache.compile(text, &Mode::Text) {
                    Ok(_) if is_template(text) => found.push(
                        Diagnostic::warning("a condition is an expression already, it needs no `{{ }}`")
                            .with_span(&node.span)
                            .maybe_hint(bare(text)),
                    ),
                    _ => report(&faults, node, &mut found),
                }
            }
        }
        Value::Map(_) | Value::Int(_) | Value::Float(_) => {
            found.push(Diagnostic::at(&node.span, format!("a condition must be an expression or a boolean, not {}", node.kind_name())));
        }
        _ => {}
    }
    found
}

/// The condition without the braces around all of it.
fn bare(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{")).then(|| format!("write `{}`", inner.trim()))
}

fn report(faults: &[SyntaxFault], node: &Node, found: &mut Diagnostics) {
    let origin = Origin::Scalar(node.clone());
    for fault in faults {
        found.push(Diagnostic::at(&origin.locate(&fault.range), fault.message.clone()).maybe_hint(fault.hint.clone()));
    }
}
