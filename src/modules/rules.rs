//! What holds between the options of a module.

use serde_json::Value;

use crate::base::text;

use super::check::{ArgumentError, Slot, Slots, choice_text};
use super::spec::{Rule, Spec};

/// What an option is for a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// There, or there with a default.
    Present,
    /// Not there.
    Absent,
    /// A template, which may turn out to be omitted.
    Unknown,
}

/// Adds to `errors` every rule of `spec` that `values` breaks. What depends on templates is not judged.
pub(super) fn check(spec: &Spec, values: &Slots, errors: &mut Vec<ArgumentError>) {
    for rule in spec.rules {
        if let Some(message) = broken(spec.name, rule, values) {
            let among = match rule {
                Rule::Exclusive(names) => given(values, names),
                _ => Vec::new(),
            };
            errors.push(ArgumentError { among, ..ArgumentError::whole(message) });
        }
    }
}

fn broken(module: &str, rule: &Rule, values: &Slots) -> Option<String> {
    match rule {
        Rule::Exclusive(names) => {
            let given = given(values, names);
            (given.len() > 1).then(|| format!("only one of the options {} of `{module}` can be given", text::list(&given)))
        }
        Rule::Together(names) => {
            let present = names.iter().any(|name| state(values, name) == State::Present);
            let missing = absent(values, names);
            (present && !missing.is_empty())
                .then(|| format!("the options {} of `{module}` go together, and {} is missing", text::list(names), text::list(&missing)))
        }
        Rule::OneOf(names) => {
            (absent(values, names).len() == names.len()).then(|| format!("`{module}` needs one of the options {}", text::list(names)))
        }
        Rule::If(option, value, needed) => {
            let missing = absent(values, needed);
            (is(values, option, value) && !missing.is_empty())
                .then(|| format!("`{module}` with `{option}: {value}` needs {}", text::list(&missing)))
        }
        Rule::IfAny(option, value, needed) => (is(values, option, value) && absent(values, needed).len() == needed.len())
            .then(|| format!("`{module}` with `{option}: {value}` needs one of {}", text::list(needed))),
        Rule::By(option, needed) => {
            let missing: Vec<&str> = needed.iter().copied().filter(|name| is_null(values, name)).collect();
            (state(values, option) == State::Present && !is_null(values, option) && !missing.is_empty())
                .then(|| format!("`{option}` of `{module}` needs {} too", text::list(&missing)))
        }
        Rule::Open(_) => None,
    }
}

fn given<'n>(values: &Slots, names: &[&'n str]) -> Vec<&'n str> {
    names.iter().copied().filter(|name| matches!(values.get(name), Some(Slot::Given(_)))).collect()
}

/// An option given as `null` counts as there, as with Ansible; a default of nothing does not.
fn state(values: &Slots, name: &str) -> State {
    match values.get(name) {
        Some(Slot::Unknown) => State::Unknown,
        Some(Slot::Given(_)) => State::Present,
        Some(Slot::Default(value)) if !value.is_null() => State::Present,
        _ => State::Absent,
    }
}

fn absent<'n>(values: &Slots, names: &[&'n str]) -> Vec<&'n str> {
    names.iter().copied().filter(|name| state(values, name) == State::Absent).collect()
}

fn is(values: &Slots, name: &str, expected: &str) -> bool {
    match values.get(name) {
        Some(Slot::Given(value) | Slot::Default(value)) => choice_text(value) == expected,
        _ => false,
    }
}

fn is_null(values: &Slots, name: &str) -> bool {
    match values.get(name) {
        Some(Slot::Given(value) | Slot::Default(value)) => *value == Value::Null,
        Some(Slot::Unknown) => false,
        None => true,
    }
}
