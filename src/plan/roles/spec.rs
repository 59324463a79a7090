//! Argument specifications of roles: the task that validates them, first in the role.

use std::path::Path;

use crate::base::{Diagnostic, Diagnostics, Span, text};
use crate::modules;
use crate::plan::compiler::Parsed;
use crate::plan::model::{Action, Role, Task};
use crate::plan::session::{Place, Session};
use crate::playbook::RoleMeta;
use crate::yaml::{Entry, Mapping, Node, Value};

/// What can be said of an argument.
pub const WORDS: &[&str] = &[
    "aliases",
    "apply_defaults",
    "choices",
    "default",
    "deprecated_aliases",
    "description",
    "elements",
    "fallback",
    "mutually_exclusive",
    "no_log",
    "options",
    "removed_at_date",
    "removed_from_collection",
    "removed_in_version",
    "required",
    "required_by",
    "required_if",
    "required_one_of",
    "required_together",
    "type",
    "version_added",
];

/// The types of arguments.
pub const KINDS: &[&str] = &["bits", "bool", "bytes", "dict", "float", "int", "json", "jsonarg", "list", "path", "raw", "str"];

/// The module that does it.
const MODULE: &str = "validate_argument_spec";

/// The task that validates the arguments of the entry point `from` of a role; `None` when the role has no specification for it.
pub(super) fn task(
    session: &mut Session<'_>,
    role: &Role,
    from: Option<&str>,
    meta: Option<&Parsed<RoleMeta>>,
    params: &Mapping,
    place: &Place,
) -> Option<Task> {
    let entry_point = from.unwrap_or("main");
    let specs = specs(session, &role.dir).or_else(|| meta?.tree.fields.value("argument_specs"))?;
    let Some(map) = specs.as_map() else {
        session.out.push(Diagnostic::at(&specs.span, format!("`argument_specs` must be a mapping, not {}", specs.kind_name())));
        return None;
    };
    let node = map.get(entry_point).filter(|node| !node.is_null())?;
    if node.as_map().is_some_and(Mapping::is_empty) {
        return None;
    }
    let Some(spec) = node.as_map() else {
        session.out.push(Diagnostic::at(&node.span, format!("`{entry_point}` must be a mapping, not {}", node.kind_name())));
        return None;
    };
    let Some(module) = modules::find(MODULE) else {
        session.out.push(Diagnostic::at(&node.span, "argument specifications of roles are not supported yet"));
        return None;
    };
    if let Some(options) = spec.get("options").and_then(Node::as_map) {
        check_options(options, &mut session.out);
    }
    let span = &map.entry(entry_point)?.key.span;
    let about = spec.get("short_description").and_then(Node::as_str).map(|text| format!(" - {text}")).unwrap_or_default();
    let name = format!("Validating arguments against arg spec '{entry_point}'{about}");
    let context = mapping(
        span,
        vec![
            ("type", literal(span, "role")),
            ("name", literal(span, &role.name)),
            ("argument_spec_name", literal(span, entry_point)),
            ("path", literal(span, &role.dir.to_string_lossy())),
        ],
    );
    let args = mapping(
        span,
        vec![
            ("argument_spec", spec.get("options").cloned().unwrap_or_else(|| mapping(span, Vec::new()))),
            ("provided_arguments", Node::new(span.clone(), Value::Map(params.clone()))),
            ("validate_args_context", context),
        ],
    );
    let Value::Map(args) = args.value else { return None };
    let written = crate::base::Spanned::new(format!("ansible.builtin.{MODULE}"), span.clone());
    let action = Action::Module { spec: module, written, foreign: None, args, free_form: None, args_template: None };
    let mut keywords = (*place.keywords).clone();
    keywords.tags.insert("always".to_owned());
    Some(session.made_task(span, Some(literal(span, &name)), action, keywords, place))
}

/// Warns of words in a specification that mean nothing.
fn check_options(options: &Mapping, out: &mut Diagnostics) {
    for option in &options.entries {
        let Some(about) = option.value.as_map() else { continue };
        for entry in &about.entries {
            let word = entry.key.key_text();
            if !WORDS.contains(&word.as_str()) {
                let warning = Diagnostic::warning(format!("`{word}` means nothing in the specification of an argument"));
                out.push(warning.with_span(&entry.key.span).maybe_hint(text::did_you_mean(&word, WORDS.iter().copied())));
            }
        }
        for name in ["type", "elements"] {
            let kind = about.get(name).and_then(|node| Some((node, node.as_str()?)));
            if let Some((node, kind)) = kind.filter(|(_, kind)| !KINDS.contains(kind)) {
                let warning = Diagnostic::warning(format!("`{kind}` is no type of arguments")).with_span(&node.span);
                let known = format!("types are {}", text::list(KINDS));
                out.push(warning.hint(text::did_you_mean(kind, KINDS.iter().copied()).unwrap_or(known)));
            }
        }
        if let Some(inner) = about.get("options").and_then(Node::as_map) {
            check_options(inner, out);
        }
    }
}

/// The specifications in `meta/argument_specs.yml`.
fn specs(session: &mut Session<'_>, dir: &Path) -> Option<Node> {
    let path = ["yml", "yaml", "json"].iter().map(|extension| dir.join("meta").join(format!("argument_specs.{extension}")));
    let path = path.into_iter().find(|path| path.is_file())?;
    let root = session.compiler.read_node(&path, &mut session.out)?;
    match root.as_map() {
        Some(map) => map.get("argument_specs").filter(|node| !node.is_null()).cloned(),
        None => {
            session.out.push(Diagnostic::at(&root.span, format!("argument specifications must be a mapping, not {}", root.kind_name())));
            None
        }
    }
}

/// Text that is no template, whatever it holds.
fn literal(span: &Span, text: &str) -> Node {
    Node::new(span.clone(), Value::Str { text: text.to_owned(), style: crate::yaml::Style::Plain, is_unsafe: true })
}

fn mapping(span: &Span, entries: Vec<(&str, Node)>) -> Node {
    let entries = entries.into_iter().map(|(key, value)| Entry { key: literal(span, key), value }).collect();
    Node::new(span.clone(), Value::Map(Mapping { entries }))
}
