//! Reads the keywords of a mapping and checks what they hold.

use crate::base::{Diagnostic, Diagnostics, Span};
use crate::yaml::{Entry, Mapping, Node, Value};

use super::ast::{Field, Fields};
use super::keywords::{self, Keyword, Kind, Place, Status};

/// Whether a text holds a template.
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Whether a node is a text that holds a template.
pub fn node_is_template(node: &Node) -> bool {
    matches!(&node.value, Value::Str { text, is_unsafe: false, .. } if is_template(text))
}

/// A boolean in any spelling that the language knows; `None` for anything else.
pub fn literal_bool(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Bool(value) => Some(*value),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Str { text, .. } => match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "true" | "1" | "y" | "t" => Some(true),
            "no" | "off" | "false" | "0" | "n" | "f" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Whether `name` can be the name of a variable.
pub fn is_variable_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Reads one entry if its key is a keyword of `place`: `None` when it is not. A null value counts as not written.
pub fn field(entry: &Entry, place: Place, out: &mut Diagnostics) -> Option<Option<Field>> {
    let keyword = keywords::find(entry.key.as_str()?, place)?;
    match keyword.status {
        Status::Works => {}
        Status::NotYet => {
            out.push(Diagnostic::at(&entry.key.span, format!("`{}` is not supported yet", keyword.name)));
            return Some(None);
        }
        Status::Gone(instead) => {
            out.push(Diagnostic::at(&entry.key.span, format!("`{}` is no longer part of the language", keyword.name)).hint(instead));
            return Some(None);
        }
    }
    if entry.value.is_null() {
        return Some(None);
    }
    let mut found = Diagnostics::default();
    check(keyword, &entry.value, &mut found);
    let fine = !found.has_errors();
    out.extend(found);
    Some(fine.then(|| Field { keyword, key: entry.key.span.clone(), value: entry.value.clone() }))
}

/// Reads a mapping that may hold only keywords of `place`.
pub fn fields(map: &Mapping, place: Place, out: &mut Diagnostics) -> Fields {
    let mut fields = Fields::default();
    for entry in &map.entries {
        match field(entry, place, out) {
            Some(found) => fields.0.extend(found),
            None => out.push(not_a_keyword(&entry.key, place)),
        }
    }
    fields
}

/// The error for a key that is no keyword of `place`.
pub fn not_a_keyword(key: &Node, place: Place) -> Diagnostic {
    match key.as_str() {
        Some(name) => keywords::unknown(name, &key.span, place, []),
        None => Diagnostic::at(&key.span, format!("a {} keyword must be text, not {}", place.name(), key.kind_name())),
    }
}

/// The error for a value that is not what it must be.
pub fn wrong_kind(name: &str, node: &Node, expected: &str) -> Diagnostic {
    Diagnostic::at(&node.span, format!("`{name}` must be {expected}, not {}", shown(node)))
}

fn shown(node: &Node) -> String {
    match &node.value {
        Value::Str { text, .. } if text.chars().count() <= 40 && !text.contains('\n') => format!("`{text}`"),
        Value::Int(number) => format!("`{number}`"),
        _ => node.kind_name().to_owned(),
    }
}

fn check(keyword: &Keyword, node: &Node, out: &mut Diagnostics) {
    let name = keyword.name;
    match keyword.kind {
        Kind::Any | Kind::Tasks => {}
        Kind::Text => expect(is_scalar(node), name, node, "text", out),
        Kind::Bool => expect(node_is_template(node) || literal_bool(node).is_some(), name, node, "`true` or `false`", out),
        Kind::Int => expect(node_is_template(node) || is_int(node), name, node, "a whole number", out),
        Kind::Number => expect(node_is_template(node) || is_number(node), name, node, "a number", out),
        Kind::Percent => expect(is_percent(node), name, node, "a number or a percentage", out),
        Kind::Percents => each(node, |node| expect(is_percent(node), name, node, "a number or a percentage", out)),
        Kind::Name => check_name(name, node, out),
        Kind::TextList | Kind::Tags => each(node, |node| expect(is_scalar(node), name, node, "text or a list of texts", out)),
        Kind::Conditions => each(node, |node| expect(is_scalar(node), name, node, "a condition or a list of conditions", out)),
        Kind::Vars => check_vars(name, node, out),
        Kind::Mapping => expect(node_is_template(node) || node.as_map().is_some(), name, node, "a mapping", out),
        Kind::Layers => {
            each(node, |node| {
                expect(node_is_template(node) || node.as_map().is_some(), name, node, "a mapping or a list of mappings", out)
            });
        }
        Kind::List => expect(node_is_template(node) || node.as_list().is_some(), name, node, "a list or a template for one", out),
        Kind::Paths => each(node, |node| each(node, |node| expect(is_scalar(node), name, node, "a path or a list of paths", out))),
    }
}

fn each(node: &Node, mut check: impl FnMut(&Node)) {
    match node.as_list() {
        Some(list) => list.iter().for_each(check),
        None => check(node),
    }
}

fn expect(fine: bool, name: &str, node: &Node, expected: &str, out: &mut Diagnostics) {
    if !fine {
        out.push(wrong_kind(name, node, expected));
    }
}

fn is_scalar(node: &Node) -> bool {
    matches!(node.value, Value::Str { .. } | Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Vault(_))
}

fn is_int(node: &Node) -> bool {
    match &node.value {
        Value::Int(_) => true,
        Value::Float(value) => value.fract() == 0.0,
        Value::Str { text, .. } => text.trim().parse::<i64>().is_ok(),
        _ => false,
    }
}

fn is_number(node: &Node) -> bool {
    match &node.value {
        Value::Int(_) | Value::Float(_) => true,
        Value::Str { text, .. } => text.trim().parse::<f64>().is_ok(),
        _ => false,
    }
}

fn is_percent(node: &Node) -> bool {
    let text = node.as_str().map(|text| text.trim().trim_end_matches('%'));
    node_is_template(node) || is_number(node) || text.is_some_and(|text| text.parse::<f64>().is_ok())
}

fn check_name(keyword: &str, node: &Node, out: &mut Diagnostics) {
    match node.as_str() {
        Some(name) if is_variable_name(name) => {}
        Some(name) if keyword == "register" && is_odd_name(name) => out.push(odd_name(name).with_span(&node.span)),
        Some(name) if is_template(name) => {
            out.push(Diagnostic::at(&node.span, format!("`{keyword}` cannot be a template")).hint("write the name of the variable"));
        }
        _ => out.push(wrong_kind(keyword, node, "the name of a variable").hint(VARIABLE_NAMES)),
    }
}

fn check_vars(keyword: &str, node: &Node, out: &mut Diagnostics) {
    let Some(map) = node.as_map() else {
        out.push(wrong_kind(keyword, node, "a mapping of variables"));
        return;
    };
    check_variable_names(map, out);
}

/// Looks whether the keys of a mapping can be names of variables. A text with a dot or the like in it is only odd: older playbooks have
/// such variables, and they can be reached by way of `vars` and `hostvars`.
pub fn check_variable_names(map: &Mapping, out: &mut Diagnostics) {
    for entry in &map.entries {
        match entry.key.as_str() {
            Some(name) if is_variable_name(name) => {}
            Some(name) if is_odd_name(name) => out.push(odd_name(name).with_span(&entry.key.span)),
            _ => out.push(no_name(&entry.key)),
        }
    }
}

fn no_name(key: &Node) -> Diagnostic {
    Diagnostic::at(&key.span, format!("{} is not the name of a variable", shown(key))).hint(VARIABLE_NAMES)
}

const VARIABLE_NAMES: &str = "names are letters, digits and `_`, and do not start with a digit";

/// Looks at the names of variables in a file of a role, where any text will do: such files were never refused.
pub fn check_names_of_role(map: &Mapping, out: &mut Diagnostics) {
    for entry in &map.entries {
        match entry.key.as_str() {
            Some(name) if is_variable_name(name) => {}
            Some(name) if !name.is_empty() => out.push(odd_name(name).with_span(&entry.key.span)),
            _ => out.push(no_name(&entry.key)),
        }
    }
}

/// Whether a variable may be called `name`, although no template can name it.
pub fn is_odd_name(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// The warning about a variable with such a name.
pub fn odd_name(name: &str) -> Diagnostic {
    Diagnostic::warning(format!("`{name}` is not the name of a variable: templates can reach it only as `vars['{name}']`"))
        .hint(VARIABLE_NAMES)
}

/// A place for what is missing in a mapping: its first line, or the span of the whole node.
pub fn head(node: &Node) -> Span {
    node.as_map().and_then(|map| map.entries.first()).map_or_else(|| node.span.clone(), |entry| entry.key.span.clone())
}
