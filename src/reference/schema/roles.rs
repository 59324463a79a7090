//! What describes a role: `meta/main.yml` and `meta/argument_specs.yml`.

use serde_json::{Map, Value, json};

use super::keywords::{self, reference};
use super::tasks::closed;
use super::values;
use crate::plan::{ARGUMENT_TYPES, ARGUMENT_WORDS};
use crate::playbook::keywords::Place;

/// `meta/main.yml`.
pub(super) fn meta() -> Value {
    closed(keywords::properties(Place::RoleMeta, "tasks"))
}

/// `meta/argument_specs.yml`.
pub(super) fn argument_specs_file() -> Value {
    json!({"type": "object", "properties": {"argument_specs": reference("argument_specs")}, "required": ["argument_specs"]})
}

/// Puts the definitions of argument specifications into `into`.
pub(super) fn definitions(into: &mut Map<String, Value>) {
    into.insert(
        "argument_specs".to_owned(),
        json!({
            "type": ["object", "null"],
            "description": "The arguments of each entry point of the role, by the name of its file of tasks.",
            "additionalProperties": reference("entry_point"),
        }),
    );
    into.insert(
        "entry_point".to_owned(),
        json!({
            "type": ["object", "null"],
            "properties": {
                "short_description": {"type": ["string", "null"], "description": "What it does, in a line."},
                "description": {"type": ["string", "array", "null"], "description": "What it does."},
                "author": {"type": ["string", "array", "null"], "description": "Who made it."},
                "options": {"allOf": [reference("arguments")], "description": "The variables that it takes."},
            },
        }),
    );
    into.insert("arguments".to_owned(), json!({"type": ["object", "null"], "additionalProperties": reference("argument")}));
    into.insert("argument".to_owned(), argument());
}

fn argument() -> Value {
    let property = |word: &&str| {
        let value = match *word {
            "type" | "elements" => json!({"enum": ARGUMENT_TYPES}),
            "required" | "no_log" | "apply_defaults" => values::boolean(),
            "options" => reference("arguments"),
            "choices" | "aliases" => json!({"type": ["array", "object", "string", "null"]}),
            _ => json!({}),
        };
        ((*word).to_owned(), value)
    };
    closed(ARGUMENT_WORDS.iter().map(property).collect())
}
