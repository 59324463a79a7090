//! Keywords: the properties of plays, roles, blocks and tasks.

use serde_json::{Map, Value, json};

use super::values::{self, nullable, one_or_list};
use crate::playbook::keywords::{KEYWORDS, Keyword, Kind, Place, Status};

/// What a variable may be called. Names with a dot or a dash are odd, and work.
pub(super) const VARIABLES: &str = "^[A-Za-z_][A-Za-z0-9_.-]*$";

/// The keywords of `place` with what they take. `tasks` is the definition of what a list of tasks is there.
pub(super) fn properties(place: Place, tasks: &str) -> Map<String, Value> {
    let keywords = KEYWORDS.iter().filter(|keyword| keyword.status == Status::Works && keyword.places.contains(&place));
    keywords.map(|keyword| (keyword.name.to_owned(), property(keyword, place, tasks))).collect()
}

fn property(keyword: &Keyword, place: Place, tasks: &str) -> Value {
    let mut doc = format!("{}.", keyword.doc);
    if let Some(first) = doc.get(..1).map(str::to_uppercase) {
        doc.replace_range(..1, &first);
    }
    let mut value = nullable(value(keyword, place, tasks));
    if let Some(map) = value.as_object_mut() {
        map.insert("description".to_owned(), doc.into());
    }
    value
}

fn value(keyword: &Keyword, place: Place, tasks: &str) -> Value {
    match keyword.kind {
        // Prompts are asked before any variable is known.
        Kind::Bool if place == Place::Prompt => values::literal_boolean(),
        Kind::Bool => values::shared("bool"),
        Kind::Int => values::shared("int"),
        Kind::Number => values::shared("float"),
        Kind::Percent => values::percent(),
        Kind::Percents => one_or_list(values::percent()),
        Kind::Name => {
            json!({"type": ["string"], "pattern": VARIABLES, "patternErrorMessage": "Expected the name of a variable, written out."})
        }
        Kind::TextList | Kind::Tags | Kind::Conditions => one_or_list(values::scalar()),
        Kind::Vars => json!({"type": ["object"], "propertyNames": {"pattern": VARIABLES}}),
        Kind::Mapping if keyword.name == "argument_specs" => reference("argument_specs"),
        Kind::Mapping => values::mapping(),
        Kind::Layers => one_or_list(values::mapping()),
        Kind::List => values::with_types(values::template(), &["array", "string"]),
        Kind::Paths => one_or_list(one_or_list(values::scalar())),
        Kind::Tasks if keyword.name == "handlers" => reference(&tasks.replacen("tasks", "handlers", 1)),
        Kind::Tasks => reference(tasks),
        Kind::Text => match keyword.name {
            "order" => choices(crate::plan::ORDERS),
            "strategy" => choices(crate::plan::STRATEGIES),
            _ => values::shared("text"),
        },
        Kind::Any => any(keyword.name),
    }
}

fn choices(words: &[&str]) -> Value {
    let full = words.iter().map(|word| format!("ansible.builtin.{word}"));
    let pattern = format!("^({})$", full.collect::<Vec<_>>().join("|"));
    json!({"anyOf": [{"enum": words}, values::text(&pattern, "one of these words")]})
}

/// What has a structure of its own.
fn any(name: &str) -> Value {
    match name {
        "roles" | "dependencies" => json!({"type": ["array"], "items": reference("role")}),
        "vars_prompt" => json!({"type": ["array"], "items": reference("prompt")}),
        "loop_control" => reference("loop_control"),
        "action" | "local_action" => json!({"type": ["string", "object"]}),
        _ => json!({"type": ["string", "number", "boolean", "array", "object"]}),
    }
}

/// A definition by its name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}
