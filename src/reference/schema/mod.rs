//! JSON schemas (draft-07, which the YAML language server reads) of playbooks, files of tasks and handlers, and metadata of roles.
//!
//! They accept what kconf accepts and refuse unknown words, wrong kinds and options that are missing. What depends on other files or on
//! several values at once is left to `kconf check`.

mod keywords;
mod modules;
mod plays;
mod roles;
mod tasks;
mod values;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The kinds of files that there is a schema for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaOf {
    /// A playbook.
    Playbook,
    /// A file of tasks.
    Tasks,
    /// A file of handlers.
    Handlers,
    /// A role's `meta/main.yml`.
    Meta,
    /// A role's `meta/argument_specs.yml`.
    ArgumentSpecs,
}

/// All of them.
pub const SCHEMAS: &[SchemaOf] = &[SchemaOf::Playbook, SchemaOf::Tasks, SchemaOf::Handlers, SchemaOf::Meta, SchemaOf::ArgumentSpecs];

impl std::fmt::Display for SchemaOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Playbook => "playbook",
            Self::Tasks => "tasks",
            Self::Handlers => "handlers",
            Self::Meta => "meta",
            Self::ArgumentSpecs => "argument_specs",
        })
    }
}

/// The schema as JSON text, complete in itself, one definition per line so that a change shows as one.
pub fn schema(of: SchemaOf) -> String {
    let (title, root) = match of {
        SchemaOf::Playbook => ("Playbook", plays::playbook()),
        SchemaOf::Tasks => ("Tasks", keywords::reference("tasks")),
        SchemaOf::Handlers => ("Handlers", keywords::reference("handlers")),
        SchemaOf::Meta => ("Metadata of a role", roles::meta()),
        SchemaOf::ArgumentSpecs => ("Argument specifications of a role", roles::argument_specs_file()),
    };
    let all = definitions();
    let mut used = BTreeSet::new();
    collect(&root, &all, &mut used);
    let mut text =
        format!("{{\n\"$schema\": \"http://json-schema.org/draft-07/schema#\",\n\"title\": {},\n\"allOf\": [{root}],\n", json!(title));
    text.push_str("\"definitions\": {\n");
    let lines: Vec<String> = used.iter().filter_map(|name| Some(format!("{}: {}", json!(name), all.get(name)?))).collect();
    text.push_str(&lines.join(",\n"));
    text.push_str("\n}\n}\n");
    text
}

fn definitions() -> Map<String, Value> {
    let entries = modules::entries();
    let mut all = Map::new();
    values::definitions(&mut all);
    modules::definitions(&entries, &mut all);
    tasks::definitions(&entries, &mut all);
    plays::definitions(&mut all);
    roles::definitions(&mut all);
    all.insert("role".to_owned(), plays::role());
    all
}

/// Adds the definitions that `value` refers to, and those that they refer to.
fn collect(value: &Value, all: &Map<String, Value>, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            let name = map.get("$ref").and_then(Value::as_str).and_then(|link| link.strip_prefix("#/definitions/"));
            if let Some(name) = name.filter(|name| !used.contains(*name)) {
                used.insert(name.to_owned());
                if let Some(definition) = all.get(name) {
                    collect(definition, all, used);
                }
            }
            map.values().for_each(|value| collect(value, all, used));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, all, used)),
        _ => {}
    }
}
