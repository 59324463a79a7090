//! Tasks, handlers and blocks.
//!
//! Each comes twice: as it is, and as `NAME.lenient`, where options that are missing are not missed, since `module_defaults` above may
//! give them.

use serde_json::{Map, Value, json};

use super::keywords::{self, reference};
use super::modules::{self, Entry};
use super::values::aside;
use crate::playbook::BESIDE_INCLUDE;
use crate::playbook::keywords::Place;

/// Puts the definitions of lists of tasks and of handlers, and of what is in them, into `into`.
pub(super) fn definitions(entries: &[Entry], into: &mut Map<String, Value>) {
    for (one, many, place) in [("task", "tasks", Place::Task), ("handler", "handlers", Place::Handler)] {
        let of_place: Vec<&Entry> = entries.iter().filter(|entry| place == Place::Task || !entry.name.ends_with("_role")).collect();
        into.insert(format!("{one}.base"), base(&of_place, place));
        for lenient in ["", ".lenient"] {
            into.insert(format!("{many}{lenient}"), list(one, lenient));
            into.insert(format!("{one}.block{lenient}"), block(many, lenient));
            let task = if lenient.is_empty() { strict(&of_place, one) } else { json!({"allOf": [reference(&format!("{one}.base"))]}) };
            into.insert(format!("{one}{lenient}"), task);
        }
    }
    into.insert("apply".to_owned(), closed(keywords::properties(Place::Block, "tasks.lenient")));
    into.insert("loop_control".to_owned(), closed(keywords::properties(Place::LoopControl, "tasks")));
    into.insert("beside.include".to_owned(), beside_include(entries));
}

/// A mapping of these and nothing else, or nothing.
pub(super) fn closed(properties: Map<String, Value>) -> Value {
    json!({"type": ["object", "null"], "properties": properties, "additionalProperties": false})
}

fn list(one: &str, lenient: &str) -> Value {
    let words = ["block", "rescue", "always"];
    json!({
        "type": ["array", "null"],
        "items": {
            "type": ["object", "null"],
            // For those who type: a block begins with this word.
            "properties": {"block": {"description": "Tasks that belong together."}},
            "if": {"type": "object", "anyOf": words.map(|word| json!({"required": [word]}))},
            "then": reference(&format!("{one}.block{lenient}")),
            "else": reference(&format!("{one}{lenient}")),
        },
    })
}

fn block(many: &str, lenient: &str) -> Value {
    let mut properties = keywords::properties(Place::Block, &format!("{many}{lenient}"));
    let parts = ["block", "rescue", "always"];
    if lenient.is_empty() {
        // Which list it is depends on `module_defaults` beside it.
        for part in parts {
            if let Some(property) = properties.get_mut(part).and_then(Value::as_object_mut) {
                property.remove("$ref");
            }
        }
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false, "required": ["block"]});
    if let Some(map) = schema.as_object_mut().filter(|_| lenient.is_empty()) {
        map.extend(by_defaults(&parts, many));
    }
    schema
}

/// Lists of tasks under `parts`, lenient when `module_defaults` stands beside them.
pub(super) fn by_defaults(parts: &[&str], many: &str) -> Map<String, Value> {
    let lists = |lenient: &str| -> Value {
        let list = |part: &&str| {
            let many = if *part == "handlers" { "handlers" } else { many };
            ((*part).to_owned(), reference(&format!("{many}{lenient}")))
        };
        json!({"properties": parts.iter().map(list).collect::<Map<_, _>>()})
    };
    let mut schema = Map::new();
    schema.insert("if".to_owned(), json!({"required": ["module_defaults"]}));
    schema.insert("then".to_owned(), lists(".lenient"));
    schema.insert("else".to_owned(), lists(""));
    schema
}

/// A task of which every option must be there that its module needs, unless `args` or `module_defaults` may give it.
fn strict(entries: &[&Entry], one: &str) -> Value {
    json!({
        "allOf": [reference(&format!("{one}.base"))],
        "if": {"anyOf": [{"required": ["args"]}, {"required": ["module_defaults"]}]},
        "else": {"properties": modules::needed_properties(entries.iter().copied())},
    })
}

/// Keywords, loops and one action.
fn base(entries: &[&Entry], place: Place) -> Value {
    let mut properties = keywords::properties(place, "tasks");
    let lookups: Vec<&str> = crate::template::documentation().iter().filter(|doc| doc.kind == "lookup").map(|doc| doc.name).collect();
    for lookup in &lookups {
        let about = format!("Loop over what the lookup `{lookup}` gives.");
        properties
            .insert(format!("with_{lookup}"), json!({"type": ["array", "string", "object", "number", "boolean"], "description": about}));
    }
    properties.extend(modules::properties(entries.iter().copied()));
    for name in OLD_INCLUDE {
        properties.insert(name.to_owned(), old_include());
    }
    properties.insert("static".to_owned(), aside(json!({}), "Beside `include` of older playbooks."));
    let full = format!("^with_ansible\\.(builtin|legacy)\\.({})$", lookups.join("|"));
    let actions: Vec<&str> = entries.iter().flat_map(|entry| entry.names()).chain(["action", "local_action"]).chain(OLD_INCLUDE).collect();
    let none = json!({"type": "object", "propertyNames": {"not": {"anyOf": [{"enum": actions}, {"pattern": FOREIGN}]}}});
    let known: Vec<&&str> = actions.iter().filter(|name| name.contains('.')).collect();
    let foreign = json!({"type": "object", "not": {"propertyNames": {"anyOf": [{"not": {"pattern": FOREIGN}}, {"enum": known}]}}});
    let each = actions.iter().map(|name| json!({"type": "object", "required": [name]}));
    let one: Vec<Value> = [json!({"type": "null"}), none.clone(), foreign].into_iter().chain(each).collect();
    json!({
        "type": ["object", "null"],
        "properties": properties,
        "patternProperties": {full: {}, FOREIGN: {}},
        "additionalProperties": false,
        "dependencies": dependencies(entries),
        // At most one action; and at least one, which nothing but a required name makes an editor say in these words.
        "oneOf": one,
        "if": none,
        "then": {"required": ["action"], "errorMessage": "This task has no module."},
    })
}

/// Full names of modules in collections that may be installed: all but Ansible's own, and no `with_`. (Not every
/// validator can look ahead.)
const FOREIGN: &str = r"^(([b-vx-z_][a-z0-9_]*|w[a-hj-z0-9_][a-z0-9_]*|wi[a-su-z0-9_][a-z0-9_]*|a|a[a-mo-z0-9_][a-z0-9_]*|an|an[a-rt-z0-9_][a-z0-9_]*|ans[a-hj-z0-9_][a-z0-9_]*|ansible[a-z0-9_]+)\.[a-z_][a-z0-9_]*|ansible\.(posix|utils|netcommon|windows|snmp|scm|platform|controller|hub|eda))(\.[a-z_][a-z0-9_]*)+$";

/// The words that older playbooks wrote for what is `import_tasks` and `include_tasks` today.
pub(super) const OLD_INCLUDE: [&str; 3] = ["include", "ansible.builtin.include", "ansible.legacy.include"];

pub(super) fn old_include() -> Value {
    let about = "Gone from the language: write `import_tasks`, `include_tasks`, or `import_playbook` among plays.";
    json!({"type": ["string", "object"], "description": about, "deprecationMessage": about, "doNotSuggest": true})
}

/// What follows from the action that a task has: what its `args` may hold, and what may stand beside it.
fn dependencies(entries: &[&Entry]) -> Map<String, Value> {
    let mut found = Map::new();
    for entry in entries {
        let what = match entry.name {
            "include_tasks" | "include_role" => json!({"propertyNames": reference("beside.include")}),
            "import_tasks" | "import_role" => json!({"propertyNames": {"not": {"pattern": "^(loop$|with_)"}}}),
            "meta" => continue,
            name => json!({"properties": {"args": reference(&format!("module.{name}"))}}),
        };
        found.extend(entry.names().map(|name| (name.to_owned(), what.clone())));
    }
    found.insert("static".to_owned(), json!({"anyOf": OLD_INCLUDE.map(|name| json!({"required": [name]}))}));
    found
}

fn beside_include(entries: &[Entry]) -> Value {
    let includes = entries.iter().filter(|entry| entry.is_language && entry.name.starts_with("include_"));
    let words = BESIDE_INCLUDE.iter().copied().chain(["loop", "args"]).chain(includes.flat_map(Entry::names));
    json!({"anyOf": [{"enum": words.collect::<Vec<_>>()}, {"pattern": "^with_"}]})
}
