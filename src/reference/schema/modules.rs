//! Modules and the actions of the language: `module.NAME` is what may stand below the name, `needs.NAME` what must.
//!
//! What must be there stands apart, since it may also come from `args:` or `module_defaults:`.

use serde_json::{Map, Value, json};

use super::values::{self, aside};
use crate::modules::{MODULES, Opt, Rule, Spec};
use crate::playbook::{keywords, language};
use crate::reference::modules::{full_names, full_names_of_action};

/// Something a task can do.
pub(super) struct Entry {
    /// Its short name.
    pub name: &'static str,
    /// Its other names; those that are offered come first.
    pub full_names: Vec<String>,
    /// Part of the language and no module.
    pub is_language: bool,
    definition: Value,
    needs: Option<Value>,
}

impl Entry {
    /// The short name and the others.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name).chain(self.full_names.iter().map(String::as_str))
    }
}

/// All that a task can do.
pub(super) fn entries() -> Vec<Entry> {
    let modules = MODULES.iter().map(|spec| Entry {
        name: spec.name,
        full_names: full_names(spec),
        is_language: false,
        definition: module(spec),
        needs: needs(spec),
    });
    modules.chain(language::ACTIONS.iter().map(action)).collect()
}

/// The definitions of all of them.
pub(super) fn definitions(entries: &[Entry], into: &mut Map<String, Value>) {
    for entry in entries {
        into.insert(format!("module.{}", entry.name), entry.definition.clone());
        if let Some(needs) = &entry.needs {
            into.insert(format!("needs.{}", entry.name), needs.clone());
        }
    }
}

/// The names under which tasks name them, each with its definition.
pub(super) fn properties<'e>(entries: impl Iterator<Item = &'e Entry>) -> Map<String, Value> {
    let mut properties = Map::new();
    for entry in entries {
        let reference = json!({"$ref": format!("#/definitions/module.{}", entry.name)});
        for (number, name) in entry.names().enumerate() {
            let value = if number < 2 { reference.clone() } else { aside(json!({"allOf": [reference]}), "Another name of the same.") };
            properties.insert(name.to_owned(), value);
        }
    }
    properties
}

/// What must stand below their names.
pub(super) fn needed_properties<'e>(entries: impl Iterator<Item = &'e Entry>) -> Map<String, Value> {
    let mut properties = Map::new();
    for entry in entries.filter(|entry| entry.needs.is_some()) {
        for name in entry.names() {
            properties.insert(name.to_owned(), json!({"$ref": format!("#/definitions/needs.{}", entry.name)}));
        }
    }
    properties
}

fn module(spec: &Spec) -> Value {
    let is_open = spec.rules.iter().any(|rule| matches!(rule, Rule::Open(_)));
    let mut schema = json!({
        "description": description(spec.summary, spec.description),
        "type": ["object", "string", "null"],
        "properties": values::options(spec.options),
        "additionalProperties": is_open,
    });
    if spec.free_form.is_none() {
        only_pairs(&mut schema);
    }
    schema
}

/// Text behind the name must be `name=value` pairs or a template for all arguments.
fn only_pairs(schema: &mut Value) {
    if let (Some(schema), Value::Object(text)) = (schema.as_object_mut(), values::text("=", "name=value, or options below")) {
        schema.extend(text.into_iter().filter(|(name, _)| name != "type"));
    }
}

/// Summary and first paragraph: what an editor shows beside a name.
fn description(summary: &str, paragraphs: &[&str]) -> String {
    format!("{summary}.\n\n{}", paragraphs.first().copied().unwrap_or_default())
}

fn needs(spec: &Spec) -> Option<Value> {
    let needed = needed(spec.options, spec.rules);
    if needed.is_empty() {
        return None;
    }
    let mut schema = Map::new();
    if needed.contains_key("required") || needed.contains_key("allOf") {
        // Text is not looked into, and nothing at all has no options.
        schema.insert("type".to_owned(), json!(["object", "string"]));
    }
    schema.extend(needed);
    schema.insert("doNotSuggest".to_owned(), true.into());
    Some(Value::Object(schema))
}

/// The schema keywords that say which options must be there together, and which may not.
pub(super) fn needed(options: &'static [Opt], rules: &[Rule]) -> Map<String, Value> {
    let one = |name: &'static str| present(options, name);
    let any = |names: &[&'static str]| json!({"anyOf": names.iter().map(|name| one(name)).collect::<Vec<_>>()});
    let mut required: Vec<Value> = Vec::new();
    let mut all: Vec<Value> = Vec::new();
    let mut excluded = Map::new();
    for option in crate::reference::modules::written(options).filter(|option| option.required) {
        match option.aliases {
            [] => required.push(option.name.into()),
            _ => all.push(one(option.name)),
        }
    }
    for rule in rules {
        match rule {
            Rule::OneOf(names) if names.iter().all(|name| has_no_default(options, name)) => all.push(any(names)),
            Rule::Exclusive(names) => {
                for first in *names {
                    let others = names.iter().filter(|second| *second != first).flat_map(|second| names_of(options, second));
                    let others: Vec<&str> = others.collect();
                    names_of(options, first).for_each(|first| exclude(&mut excluded, first, &others));
                }
            }
            // The rest depends on values, which may be templates: `kconf check` looks at those.
            _ => {}
        }
    }
    let mut schema = Map::new();
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    if !all.is_empty() {
        schema.insert("allOf".to_owned(), all.into());
    }
    if !excluded.is_empty() {
        schema.insert("dependencies".to_owned(), excluded.into());
    }
    schema
}

/// Where `first` is, none of `others` may be. Templates may turn out to be omitted.
fn exclude(excluded: &mut Map<String, Value>, first: &str, others: &[&str]) {
    let rule = excluded.entry(first).or_insert_with(|| {
        let literal = json!({"properties": {first: {"not": {"$ref": "#/definitions/open"}}}});
        json!({"if": literal, "then": {"properties": {}}})
    });
    if let Some(properties) = rule.pointer_mut("/then/properties").and_then(Value::as_object_mut) {
        properties.extend(others.iter().map(|name| ((*name).to_owned(), values::shared("open"))));
    }
}

/// The names that an option goes by.
fn names_of(options: &'static [Opt], name: &'static str) -> impl Iterator<Item = &'static str> {
    let aliases = options.iter().find(|option| option.name == name).map(|option| option.aliases).unwrap_or_default();
    std::iter::once(name).chain(aliases.iter().copied())
}

fn has_no_default(options: &[Opt], name: &str) -> bool {
    options.iter().find(|option| option.name == name).is_none_or(|option| option.default.is_none())
}

/// The option is there, by whatever name.
fn present(options: &'static [Opt], name: &'static str) -> Value {
    let names: Vec<Value> = names_of(options, name).map(|name| json!({"required": [name]})).collect();
    if names.len() == 1 { names.into_iter().next().unwrap_or_default() } else { json!({"anyOf": names}) }
}

fn action(action: &'static language::LanguageAction) -> Entry {
    let mut properties = Map::new();
    let mut needed: Vec<Value> = Vec::new();
    for option in action.options {
        let value = match option.kind {
            keywords::Kind::Bool if option.literal => values::literal_boolean(),
            keywords::Kind::Mapping if option.name == "apply" => json!({"$ref": "#/definitions/apply"}),
            _ => values::scalar(),
        };
        let mut value = if option.required { value } else { values::nullable(value) };
        if let Some(alias) = option.alias {
            properties.insert(alias.to_owned(), aside(value.clone(), &format!("Another name of `{}`.", option.name)));
        }
        if let Some(map) = value.as_object_mut().filter(|map| !map.contains_key("$ref")) {
            map.insert("description".to_owned(), option.doc.into());
        }
        properties.insert(option.name.to_owned(), value);
        if option.required {
            let names = std::iter::once(option.name).chain(option.alias);
            needed.push(json!({"anyOf": names.map(|name| json!({"required": [name]})).collect::<Vec<_>>()}));
        }
    }
    let description = description(action.summary, action.description);
    let definition = if action.name == "meta" {
        let words: Vec<&str> = crate::plan::meta_words().map(|(word, _)| word).collect();
        json!({"description": description, "type": "string", "enum": words})
    } else if action.free_form.is_some() {
        json!({"description": description, "type": ["object", "string", "null"], "properties": properties, "additionalProperties": false})
    } else {
        let mut schema = json!({"description": description, "type": ["object", "string", "null"], "properties": properties, "additionalProperties": false});
        only_pairs(&mut schema);
        schema
    };
    let needs = (!needed.is_empty()).then(|| json!({"type": ["object", "string"], "allOf": needed, "doNotSuggest": true}));
    Entry { name: action.name, full_names: full_names_of_action(action.name), is_language: true, definition, needs }
}
