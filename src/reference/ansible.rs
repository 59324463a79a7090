//! A page in the shape in which `ansible-doc --json` gives it, for programs that read that.

use serde_json::{Map, Value, json};

use super::page::{OptionDoc, Page, Topic};

/// The value under the name of the page.
pub fn page(page: &Page) -> Value {
    let mut doc = json!({
        "short_description": page.summary,
        "description": page.description,
        "options": options(&page.options),
    });
    if let Some(doc) = doc.as_object_mut() {
        doc.insert(if page.topic == Topic::Module { "module" } else { "name" }.to_owned(), page.name.clone().into());
    }
    let examples: Vec<&str> = page.examples.iter().map(|example| example.text.as_str()).collect();
    let returns: Map<String, Value> = page
        .returns
        .iter()
        .map(|key| (key.name.to_owned(), json!({"type": key.kind, "returned": key.returned, "description": [key.description]})))
        .collect();
    json!({"doc": doc, "examples": examples.join("\n"), "return": returns, "metadata": null})
}

fn options(list: &[OptionDoc]) -> Map<String, Value> {
    list.iter().map(|option| (option.name.clone(), self::option(option))).collect()
}

fn option(option: &OptionDoc) -> Value {
    let mut about = Map::new();
    let mut set = |name: &str, value: Value| about.insert(name.to_owned(), value);
    set("description", json!([option.description]));
    set("required", option.required.into());
    if !option.kind.is_empty() {
        // There is no type of modes there.
        set("type", if option.kind == "mode" { "raw" } else { option.kind }.into());
    }
    if let Some(elements) = option.elements {
        set("elements", elements.into());
    }
    if let Some(default) = &option.default {
        set("default", default.clone());
    }
    if !option.choices.is_empty() && option.kind != "mode" {
        set("choices", option.choices.to_vec().into());
    }
    if !option.aliases.is_empty() {
        set("aliases", option.aliases.clone().into());
    }
    if !option.options.is_empty() {
        set("suboptions", options(&option.options).into());
    }
    Value::Object(about)
}
