//! Playbooks: plays and what stands beside them.

use serde_json::{Map, Value, json};

use super::keywords::{self, VARIABLES, reference};
use super::tasks::{OLD_INCLUDE, by_defaults, closed, old_include};
use super::values::{self, aside};
use crate::playbook::keywords::Place;

const IMPORTS: [&str; 3] = ["import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"];

/// The playbook itself.
pub(super) fn playbook() -> Value {
    let imports = IMPORTS.iter().chain(&OLD_INCLUDE).map(|word| json!({"required": [word]}));
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "if": {"anyOf": imports.collect::<Vec<_>>()},
            "then": reference("import_playbook"),
            "else": reference("play"),
        },
    })
}

/// Puts the definitions of plays and of what is in them alone into `into`.
pub(super) fn definitions(into: &mut Map<String, Value>) {
    into.insert("play".to_owned(), play());
    into.insert("import_playbook".to_owned(), import());
    into.insert("prompt".to_owned(), prompt());
}

fn play() -> Value {
    let lists = ["pre_tasks", "tasks", "post_tasks", "handlers"];
    let mut properties = keywords::properties(Place::Play, "tasks");
    for list in lists {
        if let Some(property) = properties.get_mut(list).and_then(Value::as_object_mut) {
            property.remove("$ref");
        }
    }
    properties.insert("user".to_owned(), aside(values::scalar(), "The older name of `remote_user`."));
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false, "required": ["hosts"]});
    if let Some(map) = schema.as_object_mut() {
        map.extend(by_defaults(&lists, "tasks"));
    }
    schema
}

fn import() -> Value {
    let mut properties = keywords::properties(Place::ImportPlaybook, "tasks");
    for word in IMPORTS {
        properties.entry(word).or_insert_with(|| aside(values::scalar(), "Another name of `import_playbook`."));
    }
    for word in OLD_INCLUDE {
        properties.insert(word.to_owned(), old_include());
    }
    closed(properties)
}

fn prompt() -> Value {
    let mut schema = closed(keywords::properties(Place::Prompt, "tasks"));
    if let Some(map) = schema.as_object_mut() {
        map.insert("type".to_owned(), "object".into());
        map.insert("required".to_owned(), json!(["name"]));
    }
    schema
}

/// An element of `roles:` and of `dependencies:`.
pub(super) fn role() -> Value {
    json!({
        "type": ["string", "object"],
        "properties": keywords::properties(Place::Role, "tasks"),
        "propertyNames": {"pattern": VARIABLES},
        "anyOf": [{"required": ["role"]}, {"required": ["name"]}],
    })
}
