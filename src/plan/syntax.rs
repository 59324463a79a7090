//! Syntax of templates and conditions, wherever they are written.

use crate::base::{Diagnostic, Diagnostics, Severity, Spanned, text};
use crate::playbook::Fields;
use crate::playbook::actions::short_name;
use crate::playbook::keywords::Kind;
use crate::template::{self, Templates};
use crate::yaml::{Mapping, Node};

/// Checks the values of keywords.
pub(super) fn fields(templates: &Templates, fields: &Fields, out: &mut Diagnostics) {
    for field in &fields.0 {
        match field.keyword.kind {
            Kind::Conditions => out.extend(templates.check_condition(&field.value)),
            // A variable counts only when it is used, and a name is shown as it is written where it cannot be rendered.
            _ if matches!(field.keyword.kind, Kind::Vars) || field.keyword.name == "name" => {
                out.extend(as_warnings(templates.check_syntax(&field.value)))
            }
            _ => out.extend(templates.check_syntax(&field.value)),
        }
    }
}

/// Checks arguments of a module; `conditions` names those that are conditions.
pub(super) fn arguments(templates: &Templates, args: &Mapping, conditions: &[&str], out: &mut Diagnostics) {
    for entry in &args.entries {
        match entry.key.as_str() {
            Some(name) if conditions.contains(&name) => out.extend(templates.check_condition(&entry.value)),
            _ => out.extend(templates.check_syntax(&entry.value)),
        }
    }
}

/// The error for a `with_NAME` without a lookup of that name.
pub(super) fn lookup(name: &Spanned<String>) -> Diagnostics {
    let short = short_name(&name.value);
    let lookups = template::documentation().into_iter().filter(|doc| doc.kind == "lookup");
    let known: Vec<String> = lookups.map(|doc| format!("with_{}", doc.name)).collect();
    if known.iter().any(|name| name.strip_prefix("with_") == Some(short)) {
        return Diagnostics::default();
    }
    Diagnostic::at(&name.span, format!("there is no lookup `{short}` to loop with"))
        .maybe_hint(text::did_you_mean(&format!("with_{short}"), known.iter().map(String::as_str)))
        .into()
}

/// Checks one value.
pub(super) fn node(templates: &Templates, node: &Node, out: &mut Diagnostics) {
    out.extend(templates.check_syntax(node));
}

pub(super) fn as_warnings(found: Diagnostics) -> Diagnostics {
    Diagnostics(
        found
            .0
            .into_iter()
            .map(|diagnostic| if diagnostic.severity() == Severity::Error { diagnostic.as_warning() } else { diagnostic })
            .collect(),
    )
}
