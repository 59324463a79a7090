//! Single values: what an option or keyword takes, with a template in its place.
//!
//! Each is one flat schema and no choice between several (`pattern` speaks of texts only, `minimum` of numbers only), so that an editor
//! says what is wrong and not that none of five alternatives fits.

use serde_json::{Map, Value, json};

use crate::modules::{Kind, Opt};

/// A text that is rendered or decrypted before it counts.
const TEMPLATE: &str = r"\{\{|\{%|^\$ANSIBLE_VAULT;";
/// The words that are booleans.
const BOOLEAN: &str = r"^\s*([yY]([eE][sS])?|[nN][oO]?|[oO][nN]|[oO][fF][fF]|[tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|[01])\s*$";
/// Texts that are whole numbers.
const WHOLE: &str = r"^\s*[-+]?[0-9][0-9_]*(\.0*)?([eE]\+?[0-9]+)?\s*$";
/// Texts that are numbers.
const NUMBER: &str = r"^\s*[-+]?([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$";
/// Numbers and percentages.
const PERCENT: &str = r"^\s*[-+]?[0-9]+(\.[0-9]+)?\s*%?\s*$";
/// File modes.
const MODE: &str = r"^\s*((0o)?[0-7]{1,5}|[ugoa]*([-+=][rwxXstugo]*)+(,[ugoa]*([-+=][rwxXstugo]*)+)*)\s*$";
/// Sizes.
const BYTES: &str = r"^[0-9.]+\s*[A-Za-z]*$";
/// A mapping written as text.
const PAIRS: &str = r"^\s*\{|=";

/// Texts that match `pattern`, and templates; `expected` is what an editor says of others.
pub(super) fn text(pattern: &str, expected: &str) -> Value {
    let message = format!("Expected {expected}, or a template.");
    json!({"type": ["string"], "pattern": format!("{pattern}|{TEMPLATE}"), "patternErrorMessage": message})
}

/// Any single value.
pub(super) fn scalar() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

/// A template and nothing else.
pub(super) fn template() -> Value {
    json!({"type": ["string"], "pattern": TEMPLATE, "patternErrorMessage": "Expected a template here, if it is a text."})
}

/// A boolean.
pub(super) fn boolean() -> Value {
    zero_or_one(text(BOOLEAN, "true or false"))
}

/// A boolean that is written out.
pub(super) fn literal_boolean() -> Value {
    zero_or_one(json!({"pattern": BOOLEAN, "patternErrorMessage": "Expected true or false, written out."}))
}

fn zero_or_one(mut schema: Value) -> Value {
    if let Some(map) = schema.as_object_mut() {
        map.insert("minimum".to_owned(), 0.into());
        map.insert("maximum".to_owned(), 1.into());
    }
    with_types(schema, &["boolean", "string", "integer"])
}

/// A whole number.
pub(super) fn whole() -> Value {
    with_types(text(WHOLE, "a whole number"), &["integer", "string"])
}

/// A number.
pub(super) fn number() -> Value {
    with_types(text(NUMBER, "a number"), &["number", "string"])
}

/// A number or a percentage.
pub(super) fn percent() -> Value {
    with_types(text(PERCENT, "a number or a percentage"), &["number", "string"])
}

/// `schema`, or a list of it.
pub(super) fn one_or_list(schema: Value) -> Value {
    let mut one = schema.clone();
    if let Some(Value::Array(types)) = one.get_mut("type")
        && !types.contains(&"array".into())
    {
        types.push("array".into());
    }
    if let Some(map) = one.as_object_mut() {
        map.insert("items".to_owned(), schema);
    }
    one
}

/// Any mapping, or a template for one.
pub(super) fn mapping() -> Value {
    with_types(template(), &["object", "string"])
}

/// `schema`, with these types in place of its own.
pub(super) fn with_types(mut schema: Value, types: &[&str]) -> Value {
    if let Some(map) = schema.as_object_mut() {
        map.insert("type".to_owned(), types.into());
    }
    schema
}

/// Puts the values that many options share into `into`, each also as `NAME.null`: or nothing at all.
pub(super) fn definitions(into: &mut Map<String, Value>) {
    let mode = with_types(text(MODE, "a file mode such as \"0644\" or u=rw,g=r"), &["string", "integer"]);
    for (name, schema) in [("text", scalar()), ("bool", boolean()), ("int", whole()), ("float", number()), ("mode", mode)] {
        into.insert(format!("{name}.null"), nullable(schema.clone()));
        into.insert(name.to_owned(), schema);
    }
    // What is or holds a template, beside an option that excludes it; a mapping may hold one anywhere.
    let message = "Excluded by another option of this task.";
    let inside = json!({"type": "string", "pattern": TEMPLATE});
    let open = json!({
        "type": ["string", "array", "object"], "pattern": TEMPLATE, "contains": inside,
        "errorMessage": message, "patternErrorMessage": message,
    });
    into.insert("open".to_owned(), open);
}

/// One of the values of [`definitions`]. What stands beside a reference counts for editors only, and only descriptions do.
pub(super) fn shared(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

/// `schema`, or nothing at all.
pub(super) fn nullable(mut schema: Value) -> Value {
    if let Some(Value::String(link)) = schema.get_mut("$ref") {
        let is_shared = ["text", "bool", "int", "float", "mode"].iter().any(|name| link.ends_with(&format!("/{name}")));
        link.push_str(if is_shared { ".null" } else { "" });
        return schema;
    }
    match schema.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&"null".into()) => types.push("null".into()),
        Some(_) => {}
        None => {
            if let Some(Value::Array(any)) = schema.get_mut("anyOf") {
                any.push(json!({"type": "null"}));
            }
        }
    }
    schema
}

/// The options of a module or of a mapping below one, by name and alias.
pub(super) fn options(list: &'static [Opt]) -> Map<String, Value> {
    let mut properties = Map::new();
    for opt in crate::reference::modules::written(list) {
        let value = option(opt);
        for alias in opt.aliases {
            properties.insert((*alias).to_owned(), aside(value.clone(), &format!("Another name of `{}`.", opt.name)));
        }
        properties.insert(opt.name.to_owned(), described(value, opt));
    }
    properties
}

/// `schema` with a description, not offered while one types.
pub(super) fn aside(mut schema: Value, description: &str) -> Value {
    if let Some(map) = schema.as_object_mut() {
        map.insert("description".to_owned(), description.into());
        map.insert("doNotSuggest".to_owned(), true.into());
    }
    schema
}

fn described(mut schema: Value, opt: &Opt) -> Value {
    if let Some(map) = schema.as_object_mut() {
        map.insert("description".to_owned(), opt.doc.into());
        if let Some(default) = opt.default.and_then(|json| serde_json::from_str::<Value>(json).ok()) {
            map.insert("default".to_owned(), default);
        }
    }
    schema
}

fn option(opt: &'static Opt) -> Value {
    let schema = kind(opt.kind, opt);
    // What nothing says is as if it were not written.
    if !opt.required && opt.default.is_none() { nullable(schema) } else { schema }
}

fn kind(kind: Kind, opt: &'static Opt) -> Value {
    match kind {
        Kind::Str | Kind::Path if opt.choices.is_empty() => nullable(shared("text")),
        Kind::Str | Kind::Path => json!({"anyOf": [{"enum": words(opt.choices)}, template()]}),
        Kind::Bool => shared("bool"),
        Kind::Int | Kind::Float if !opt.choices.is_empty() => json!({"anyOf": [{"enum": words(opt.choices)}, template()]}),
        Kind::Int => shared("int"),
        Kind::Float => shared("float"),
        Kind::Bytes => with_types(text(BYTES, "a size such as 10M"), &["number", "string"]),
        Kind::Mode if opt.choices.is_empty() => shared("mode"),
        Kind::Mode => {
            let words: String = opt.choices.iter().map(|word| format!("|^{}$", regex::escape(word))).collect();
            with_types(text(&format!("{MODE}{words}"), "a file mode such as \"0644\" or u=rw,g=r"), &["string", "integer"])
        }
        Kind::Dict => below(opt, &["object", "string"]),
        Kind::List(inner) => list(*inner, opt),
        Kind::Json => json!({"type": ["string", "array", "object"]}),
        // Every type by name: without any, an editor does not know how to begin a value.
        Kind::Raw | Kind::Content => json!({"type": ["string", "number", "boolean", "array", "object", "null"]}),
    }
}

/// A mapping, or a text for one.
fn below(opt: &'static Opt, types: &[&str]) -> Value {
    let mut schema = with_types(text(PAIRS, "a mapping"), types);
    if let Some(map) = schema.as_object_mut().filter(|_| !opt.suboptions.is_empty()) {
        map.insert("properties".to_owned(), options(opt.suboptions).into());
        let needed = super::modules::needed(opt.suboptions, &[]);
        map.extend(needed);
        map.insert("additionalProperties".to_owned(), false.into());
    }
    schema
}

fn list(inner: Kind, opt: &'static Opt) -> Value {
    let items = kind(inner, opt);
    match inner {
        Kind::Dict => with_items(text(PAIRS, "a list of mappings"), items),
        Kind::Raw | Kind::List(_) | Kind::Json | Kind::Content => json!({"type": ["array", "string", "number", "boolean"], "items": items}),
        _ if !opt.choices.is_empty() => {
            let words: Vec<String> = opt.choices.iter().map(|word| regex::escape(word)).collect();
            let words = words.join("|");
            with_items(text(&format!("^({words})(,({words}))*$"), &format!("some of {}", opt.choices.join(", "))), items)
        }
        _ => json!({"type": ["array", "string", "number", "boolean"], "items": items}),
    }
}

/// `schema` for text, or a list.
fn with_items(schema: Value, items: Value) -> Value {
    let mut schema = with_types(schema, &["array", "string"]);
    if let Some(map) = schema.as_object_mut() {
        map.insert("items".to_owned(), items);
    }
    schema
}

/// Choices as YAML may read them: `yes` and `no` also as booleans where one choice alone means that, numbers also as numbers.
fn words(choices: &[&str]) -> Vec<Value> {
    let mut words: Vec<Value> = choices.iter().map(|word| Value::from(*word)).collect();
    for truth in [true, false] {
        let is_taken = choices.contains(&if truth { "True" } else { "False" });
        if is_taken || crate::modules::coerce::coerce(Kind::Str, truth.into(), choices).is_ok_and(|word| words.contains(&word)) {
            words.push(truth.into());
        }
    }
    words.extend(choices.iter().filter_map(|word| word.parse::<i64>().ok()).map(Value::from));
    words
}
