//! What can be said of a task without a host.

use crate::base::{Diagnostic, Diagnostics, Span, Spanned};
use crate::modules::{self, Spec, check::ArgumentError};
use crate::playbook::{Args, fields};
use crate::template::Templates;
use crate::yaml::{Entry, Mapping, Node, Value};

use super::foreign::Chosen;
use super::model::{Action, Task};
use super::session::Place;
use super::syntax;

/// Whether a text holds a template.
pub(super) fn has_template(text: &str) -> bool {
    fields::is_template(text)
}

/// The module `name` with its arguments, checked against its declaration; one that is none of kconf's own checks them itself.
pub(super) fn module(
    templates: &Templates,
    (name, chosen): (&Spanned<String>, Chosen),
    args: &Args,
    place: &Place,
    out: &mut Diagnostics,
) -> Action {
    let Chosen { spec, foreign } = chosen;
    let mut template = args.template.clone();
    let mut free_form = args.free_form.clone();
    let mut incomplete = !place.keywords.module_defaults.is_empty();
    if spec.free_form.is_none()
        && let Some(node) = free_form.take()
    {
        match node.as_str() {
            // `debug: "{{ arguments }}"`.
            Some(text) if has_template(text) && template.is_none() => template = Some(node),
            text => {
                let text = text.unwrap_or("");
                // What it was meant to be is not known.
                incomplete = true;
                out.push(
                    Diagnostic::at(&node.span, format!("`{}` does not take text without a name: `{text}`", name.value))
                        .hint("write each argument as `name: value` below the module, or as `name=value` behind it"),
                );
            }
        }
    }
    // `command: "{{ line }}"` is the command line, not a template for all arguments.
    if free_form.is_none() && spec.free_form.is_some() && args.map.is_empty() {
        free_form = template.take();
    }
    let conditions: &[&str] = if spec.name == "assert" { &["that"] } else { &[] };
    syntax::arguments(templates, &args.map, conditions, out);
    free_form.iter().chain(&template).for_each(|node| syntax::node(templates, node, out));
    incomplete |= template.is_some();
    arguments(spec, name, &args.map, free_form.as_ref(), incomplete, out);
    Action::Module { spec, written: name.clone(), foreign, args: args.map.clone(), free_form, args_template: template }
}

fn arguments(
    spec: &'static Spec,
    name: &Spanned<String>,
    map: &Mapping,
    free_form: Option<&Node>,
    incomplete: bool,
    out: &mut Diagnostics,
) {
    let mut given: serde_json::Map<String, serde_json::Value> =
        map.entries.iter().map(|entry| (entry.key.key_text(), entry.value.to_json())).collect();
    if let (Some(option), Some(node)) = (spec.free_form, free_form) {
        if map.get(option).is_some() {
            out.push(Diagnostic::at(&node.span, format!("`{option}` of `{}` is given twice: as free-form text and by name", name.value)));
        }
        given.entry(option).or_insert_with(|| node.to_json());
    }
    decimal_modes(spec, map, out);
    let errors = modules::check::check_static(spec, &given, &|text| has_template(text) || text.starts_with("$ANSIBLE_VAULT;"));
    // What is missing may come from a template or from `module_defaults`, or is there under a name that is misspelt.
    let incomplete = incomplete || errors.iter().any(|error| error.is_name && error.path.len() == 1);
    for error in errors {
        if error.path.is_empty() && error.among.is_empty() && incomplete {
            continue;
        }
        // Of options that exclude each other, the last is pointed at, and the first beside it.
        let others: Vec<&Entry> = error.among.iter().filter_map(|name| map.entry(name)).collect();
        if let [first, .., last] = others.as_slice() {
            out.push(Diagnostic::at(&last.key.span, error.message.clone()).with_related(&first.key.span, "the other"));
            continue;
        }
        let span = place_of(&error, map).or_else(|| free_form.map(|node| node.span.clone()).filter(|_| error.path.len() == 1));
        out.push(Diagnostic::at(span.as_ref().unwrap_or(&name.span), error.message.clone()).maybe_hint(error.hint.clone()));
    }
}

/// A mode that is written as a decimal number, though its digits are meant to be octal.
fn decimal_modes(spec: &Spec, map: &Mapping, out: &mut Diagnostics) {
    for entry in &map.entries {
        let is_mode = |option: &&modules::Opt| option.kind == modules::Kind::Mode && Some(option.name) == entry.key.as_str();
        let written = entry.value.span.text();
        let is_octal = (3..=4).contains(&written.len()) && !written.starts_with('0') && written.chars().all(|c| ('0'..='7').contains(&c));
        if let Value::Int(mode) = &entry.value.value
            && is_octal
            && spec.options.iter().any(|option| is_mode(&option))
        {
            out.push(
                Diagnostic::warning(format!("{written} is a decimal number here, which is the mode {mode:04o}"))
                    .with_span(&entry.value.span)
                    .hint(format!("write `\"0{}\"`", written.trim_start_matches('0'))),
            );
        }
    }
}

/// Where the argument is written that an error is about.
fn place_of(error: &ArgumentError, map: &Mapping) -> Option<Span> {
    let (first, rest) = error.path.split_first()?;
    let entry = map.entries.iter().find(|entry| entry.key.key_text() == *first)?;
    let mut key = &entry.key.span;
    let mut node = &entry.value;
    for part in rest {
        let found = match &node.value {
            Value::List(list) => part.parse::<usize>().ok().and_then(|index| list.get(index)).map(|node| (&node.span, node)),
            Value::Map(map) => map.entries.iter().find(|entry| entry.key.key_text() == *part).map(|entry| (&entry.key.span, &entry.value)),
            _ => None,
        };
        let Some((span, inner)) = found else { break };
        key = span;
        node = inner;
    }
    Some(if error.is_name { key.clone() } else { node.span.clone() })
}

/// What is odd about a task as a whole.
pub(super) fn task(task: &Task, out: &mut Diagnostics) {
    let control = &task.loop_control;
    if task.loop_over.is_none()
        && let Some(place) = control.loop_var.as_ref().or(control.index_var.as_ref()).map(|name| &name.span)
    {
        out.push(Diagnostic::warning("`loop_control` has no effect without a loop").with_span(place));
    }
    if let (Some(item), Some(index)) = (&control.loop_var, &control.index_var)
        && item.value == index.value
    {
        out.push(
            Diagnostic::at(&index.span, format!("`loop_var` and `index_var` are both `{}`", index.value))
                .with_related(&item.span, "the other"),
        );
    }
}
