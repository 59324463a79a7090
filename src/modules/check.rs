//! From what a user gave to complete arguments, or to everything that is wrong with it.

use serde_json::{Map, Value};

use crate::base::secret::MASK;
use crate::base::{python, text};

use super::Args;
use super::coerce::{Mismatch, coerce};
use super::rules;
use super::spec::{Kind, Opt, Spec};

/// Something wrong with the arguments of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError {
    /// What leads to it, as the user wrote it: the option, then positions in lists (from 0) and names of suboptions.
    /// Empty when it concerns the task as a whole, such as an option that is missing.
    pub path: Vec<String>,
    /// Whether the last name of `path` is wrong, and not the value.
    pub is_name: bool,
    /// A fragment: "`mode` of `copy` must be a file mode, not `rwx`".
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The options that exclude each other, when that is what is wrong.
    pub among: Vec<&'static str>,
}

impl ArgumentError {
    /// About the task as a whole.
    pub(super) fn whole(message: String) -> Self {
        Self { path: Vec::new(), is_name: false, message, hint: None, among: Vec::new() }
    }
}

impl std::fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// The complete, coerced arguments of a task whose templates are rendered and whose omitted options are removed.
///
/// # Errors
/// Everything that is wrong, not only the first.
pub fn resolve(spec: &Spec, given: Map<String, Value>) -> Result<Args, Vec<ArgumentError>> {
    check(spec, given, &|_| false).map(Args)
}

/// What is wrong with arguments that may hold templates: `is_template` says of a text whether it is one. A value with a template in it
/// is not judged, nor is a rule that depends on such a value.
pub fn check_static(spec: &Spec, given: &Map<String, Value>, is_template: &dyn Fn(&str) -> bool) -> Vec<ArgumentError> {
    check(spec, given.clone(), is_template).err().unwrap_or_default()
}

/// What is wrong with the names of options alone.
pub fn check_names<'a>(spec: &Spec, names: impl IntoIterator<Item = &'a str>) -> Vec<ArgumentError> {
    let wrong = names.into_iter().filter_map(|name| check_name(spec.name, spec.options, &[], name));
    wrong.filter(|_| !is_open(spec)).collect()
}

/// What the value of an option that is a secret is shown as: `given` with the values of all such options masked, for display.
pub fn mask_secrets(options: &[Opt], given: &Map<String, Value>) -> Map<String, Value> {
    let entries = given.iter().map(|(name, value)| {
        let shown = match find(options, name) {
            Some(opt) if opt.secret && !value.is_null() => Value::from(MASK),
            Some(opt) if !opt.suboptions.is_empty() => mask_nested(opt.suboptions, value),
            _ => value.clone(),
        };
        (name.clone(), shown)
    });
    entries.collect()
}

fn mask_nested(options: &[Opt], value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(mask_secrets(options, map)),
        Value::Array(items) => items.iter().map(|item| mask_nested(options, item)).collect(),
        // Text that would become a mapping may hold the secret anywhere.
        Value::String(_) if options.iter().any(|opt| opt.secret) => Value::from(MASK),
        other => other.clone(),
    }
}

/// The texts under secret options, to be masked wherever they appear in results.
pub fn secret_values(options: &[Opt], args: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in args {
        match find(options, name) {
            Some(opt) if opt.secret => collect_texts(value, &mut found),
            Some(opt) if !opt.suboptions.is_empty() => match value {
                Value::Object(map) => found.extend(secret_values(opt.suboptions, map)),
                Value::Array(items) => {
                    found.extend(items.iter().filter_map(Value::as_object).flat_map(|map| secret_values(opt.suboptions, map)));
                }
                _ => {}
            },
            _ => {}
        }
    }
    found
}

fn collect_texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, found)),
        Value::Object(map) => map.values().for_each(|item| collect_texts(item, found)),
        Value::Null | Value::Bool(_) => {}
        scalar => {
            let text = python::text(scalar);
            if !text.is_empty() {
                found.push(text);
            }
        }
    }
}

/// The option that `name` means.
pub(super) fn find<'o>(options: &'o [Opt], name: &str) -> Option<&'o Opt> {
    options.iter().find(|opt| opt.name == name || opt.aliases.contains(&name))
}

/// The value an option has when it is not given.
pub(super) fn default_of(opt: &Opt) -> Value {
    opt.default.and_then(|json| serde_json::from_str(json).ok()).unwrap_or(Value::Null)
}

fn check(spec: &Spec, given: Map<String, Value>, is_template: &dyn Fn(&str) -> bool) -> Result<Map<String, Value>, Vec<ArgumentError>> {
    let mut checker = Checker { module: spec.name, is_template, errors: Vec::new() };
    let (known, others): (Map<_, _>, Map<_, _>) =
        given.into_iter().partition(|(name, _)| !is_open(spec) || find(spec.options, name).is_some());
    let values = checker.options(spec.options, known, &[]);
    rules::check(spec, &values, &mut checker.errors);
    if !checker.errors.is_empty() {
        return Err(checker.errors);
    }
    Ok(values.into_map().into_iter().chain(others).collect())
}

/// Whether the module takes options beside those it declares.
fn is_open(spec: &Spec) -> bool {
    spec.rules.iter().any(|rule| matches!(rule, super::Rule::Open(_)))
}

/// An option after coercion.
pub(super) enum Slot {
    /// The user gave it.
    Given(Value),
    /// The user gave it as a template.
    Unknown,
    /// It has its default, or nothing.
    Default(Value),
}

/// The options of a module after coercion, by name.
pub(super) struct Slots(Vec<(&'static str, Slot)>);

impl Slots {
    pub(super) fn get(&self, name: &str) -> Option<&Slot> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, slot)| slot)
    }

    fn into_map(self) -> Map<String, Value> {
        let entries = self.0.into_iter().map(|(name, slot)| match slot {
            Slot::Given(value) | Slot::Default(value) => (name.to_owned(), value),
            Slot::Unknown => (name.to_owned(), Value::Null),
        });
        entries.collect()
    }
}

struct Checker<'c> {
    module: &'c str,
    is_template: &'c dyn Fn(&str) -> bool,
    errors: Vec<ArgumentError>,
}

impl Checker<'_> {
    fn options(&mut self, options: &'static [Opt], mut given: Map<String, Value>, path: &[String]) -> Slots {
        for name in given.keys() {
            self.errors.extend(check_name(self.module, options, path, name));
        }
        let slots = options.iter().map(|opt| {
            // Where both a name and an alias are given, the alias counts, as with Ansible.
            let written = opt.aliases.iter().rev().chain([&opt.name]).find(|name| given.contains_key(**name)).copied();
            let value = written.and_then(|name| given.remove(name));
            let slot = match (written, value) {
                (Some(name), Some(value)) if !opt.name.starts_with('_') => self.given(opt, value, &extend(path, name)),
                _ => {
                    if opt.required {
                        self.missing(opt, path);
                    }
                    Slot::Default(default_of(opt))
                }
            };
            (opt.name, slot)
        });
        Slots(slots.collect())
    }

    fn given(&mut self, opt: &'static Opt, value: Value, path: &[String]) -> Slot {
        if self.has_template(&value) {
            return Slot::Unknown;
        }
        if value.is_null() && !opt.required && opt.default.is_none() {
            return Slot::Given(Value::Null);
        }
        let shown = if opt.secret { MASK.to_owned() } else { python::repr(&value) };
        let value = match coerce(opt.kind, value, opt.choices) {
            Ok(value) => value,
            Err(mismatch) => {
                self.errors.push(self.mismatch(path, mismatch, &shown));
                // It is there, so no rule should call it missing.
                return Slot::Unknown;
            }
        };
        self.choices(opt, &value, path);
        Slot::Given(if opt.suboptions.is_empty() { value } else { self.nested(opt, value, path) })
    }

    fn nested(&mut self, opt: &'static Opt, value: Value, path: &[String]) -> Value {
        match value {
            Value::Object(map) => Value::Object(self.options(opt.suboptions, map, path).into_map()),
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                items.map(|(at, item)| self.nested(opt, item, &extend(path, &at.to_string()))).collect()
            }
            other => other,
        }
    }

    fn choices(&mut self, opt: &Opt, value: &Value, path: &[String]) {
        // Of a mode, the choices are words accepted beside modes; its coercion has looked at them.
        if opt.choices.is_empty() || opt.kind == Kind::Mode {
            return;
        }
        let items = match value {
            Value::Array(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        };
        for item in items {
            let word = choice_text(item);
            if !opt.choices.contains(&word.as_str()) {
                let shown = if opt.secret { MASK } else { &word };
                let message =
                    format!("`{}` of `{}` must be one of {}, not `{shown}`", path.join("."), self.module, text::list(opt.choices));
                let hint = text::did_you_mean(&word, opt.choices.iter().copied());
                self.errors.push(ArgumentError { path: path.to_vec(), hint, ..ArgumentError::whole(message) });
            }
        }
    }

    fn mismatch(&self, path: &[String], mismatch: Mismatch, shown: &str) -> ArgumentError {
        let mut message = format!("`{}` of `{}` must be {}, not `{shown}`", path.join("."), self.module, mismatch.expected);
        if let Some(reason) = mismatch.reason {
            message.push_str(": ");
            message.push_str(&reason);
        }
        ArgumentError { path: path.to_vec(), ..ArgumentError::whole(message) }
    }

    fn missing(&mut self, opt: &Opt, path: &[String]) {
        let place = if path.is_empty() { format!("`{}`", self.module) } else { format!("`{}` of `{}`", path.join("."), self.module) };
        self.errors.push(ArgumentError { path: path.to_vec(), ..ArgumentError::whole(format!("{place} needs the option `{}`", opt.name)) });
    }

    fn has_template(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => (self.is_template)(text),
            Value::Array(items) => items.iter().any(|item| self.has_template(item)),
            Value::Object(map) => map.iter().any(|(key, value)| (self.is_template)(key) || self.has_template(value)),
            _ => false,
        }
    }
}

/// How a value is written among choices and in rules: text as it is, `true`, `10`.
pub(super) fn choice_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn extend(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn check_name(module: &str, options: &[Opt], path: &[String], name: &str) -> Option<ArgumentError> {
    let written = || options.iter().filter(|opt| !opt.name.starts_with('_'));
    if written().any(|opt| opt.name == name || opt.aliases.contains(&name)) {
        return None;
    }
    let place = if path.is_empty() { format!("`{module}`") } else { format!("`{}` of `{module}`", path.join(".")) };
    let names: Vec<&str> = written().map(|opt| opt.name).collect();
    let hint = text::did_you_mean(name, written().flat_map(|opt| opt.aliases.iter().copied().chain([opt.name]))).unwrap_or_else(|| {
        if names.is_empty() { "it takes no options".to_owned() } else { format!("its options are {}", text::list(&names)) }
    });
    let error = ArgumentError::whole(format!("{place} has no option `{name}`"));
    Some(ArgumentError { path: extend(path, name), is_name: true, hint: Some(hint), ..error })
}

#[cfg(test)]
#[path = "check_test.rs"]
mod tests;
