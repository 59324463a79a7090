//! `validate_argument_spec`: variables against a specification, as roles have in `meta/argument_specs.yml`.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::Action;
use crate::base::secret::MASK;
use crate::base::{python, text};
use crate::engine::task::{Call, Reply, Trouble};
use crate::modules::Kind;
use crate::modules::coerce::coerce;
use crate::template;

/// See the module documentation.
pub struct ValidateArgumentSpec;

#[async_trait]
impl Action for ValidateArgumentSpec {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let Json::Object(spec) = call.arg("argument_spec") else {
            return Err(call.wrong_at("argument_spec", "`argument_spec` must be a mapping").into());
        };
        let provided = match call.arg("provided_arguments") {
            Json::Object(provided) => provided.clone(),
            Json::Null => Map::new(),
            _ => return Err(call.wrong_at("provided_arguments", "`provided_arguments` must be a mapping").into()),
        };
        let mut given = Map::new();
        for name in spec.keys() {
            if let Some(value) = call.ready.scope.value(name)? {
                given.insert(name.clone(), template::to_json(&value));
            }
        }
        let mut errors = Vec::new();
        // Variables may have any other name; what was given by name must be asked for.
        strangers(spec, &provided, &[], &mut errors);
        given.extend(provided);
        options(spec, &given, &mut Vec::new(), &mut errors);
        let context = call.arg("validate_args_context").clone();
        let context = if context.is_null() { Json::Object(Map::new()) } else { context };
        if errors.is_empty() {
            return Ok(Reply::of([
                ("changed", false.into()),
                ("msg", "The arg spec validation passed".into()),
                ("validate_args_context", context),
            ]));
        }
        let message = format!("the arguments do not fit the specification: {}", errors.join("; "));
        Err(Trouble::Failed(Map::from_iter([
            ("msg".to_owned(), message.into()),
            ("argument_errors".to_owned(), errors.into()),
            ("argument_spec_data".to_owned(), Json::Object(spec.clone())),
            ("validate_args_context".to_owned(), context),
        ])))
    }
}

/// Checks `given` against the options of a specification.
fn options(spec: &Map<String, Json>, given: &Map<String, Json>, path: &mut Vec<String>, errors: &mut Vec<String>) {
    for (name, rules) in spec {
        let none = Map::new();
        let rules = rules.as_object().unwrap_or(&none);
        let aliases = strings(rules.get("aliases"));
        let value = std::iter::once(name).chain(&aliases).find_map(|name| given.get(name)).filter(|value| !value.is_null());
        path.push(name.clone());
        match value {
            Some(value) => one(rules, value, path, errors),
            None if rules.get("required") == Some(&Json::Bool(true)) => errors.push(format!("`{}` is required", path.join("."))),
            None => {}
        }
        path.pop();
    }
}

/// Names of types as specifications have them.
fn kind_of(name: &str) -> Option<Kind> {
    Some(match name {
        "str" => Kind::Str,
        "path" => Kind::Path,
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "float" => Kind::Float,
        "dict" => Kind::Dict,
        "list" => Kind::List(&Kind::Raw),
        "bytes" | "bits" => Kind::Bytes,
        "json" | "jsonarg" => Kind::Json,
        "raw" => Kind::Raw,
        _ => return None,
    })
}

fn one(rules: &Map<String, Json>, value: &Json, path: &mut Vec<String>, errors: &mut Vec<String>) {
    let name = rules.get("type").and_then(Json::as_str).unwrap_or("str");
    let secret = rules.get("no_log") == Some(&Json::Bool(true));
    let Some(value) = typed(name, value, secret, path, errors) else { return };
    let choices = rules.get("choices").and_then(Json::as_array);
    match &value {
        Json::Array(items) => {
            let elements = rules.get("elements").and_then(Json::as_str);
            for (at, item) in items.iter().enumerate() {
                path.push(at.to_string());
                let item = match elements {
                    Some(name) => typed(name, item, secret, path, errors),
                    None => Some(item.clone()),
                };
                if let Some(item) = item {
                    chosen(choices, &item, secret, path, errors);
                    nested(rules, &item, path, errors);
                }
                path.pop();
            }
        }
        value => {
            chosen(choices, value, secret, path, errors);
            nested(rules, value, path, errors);
        }
    }
}

fn typed(name: &str, value: &Json, secret: bool, path: &[String], errors: &mut Vec<String>) -> Option<Json> {
    let Some(kind) = kind_of(name) else {
        errors.push(format!("the specification of `{}` has the unknown type `{name}`", path.join(".")));
        return None;
    };
    match coerce(kind, value.clone(), &[]) {
        Ok(value) => Some(value),
        Err(mismatch) => {
            let shown = if secret { MASK.to_owned() } else { python::repr(value) };
            errors.push(format!("`{}` must be {}, not {shown}", path.join("."), mismatch.expected));
            None
        }
    }
}

fn chosen(choices: Option<&Vec<Json>>, value: &Json, secret: bool, path: &[String], errors: &mut Vec<String>) {
    let Some(choices) = choices else { return };
    let as_text = python::text(value);
    if !choices.iter().any(|choice| choice == value || python::text(choice) == as_text) {
        let known: Vec<String> = choices.iter().map(python::text).collect();
        errors.push(format!("`{}` must be one of {}, not `{}`", path.join("."), text::list(&known), if secret { MASK } else { &as_text }));
    }
}

/// The options of a mapping.
fn nested(rules: &Map<String, Json>, value: &Json, path: &mut Vec<String>, errors: &mut Vec<String>) {
    let (Some(spec), Some(given)) = (rules.get("options").and_then(Json::as_object), value.as_object()) else { return };
    strangers(spec, given, path, errors);
    options(spec, given, path, errors);
    relations(rules, given, path, errors);
}

/// What is given but not asked for.
fn strangers(spec: &Map<String, Json>, given: &Map<String, Json>, path: &[String], errors: &mut Vec<String>) {
    let aliases: Vec<String> = spec.values().flat_map(|rules| strings(rules.get("aliases"))).collect();
    for name in given.keys().filter(|name| !spec.contains_key(*name) && !aliases.contains(name)) {
        let hint = text::did_you_mean(name, spec.keys().map(String::as_str)).map_or_else(String::new, |hint| format!(" ({hint})"));
        errors.push(match path {
            [] => format!("there is no argument `{name}`{hint}"),
            _ => format!("`{}` has no option `{name}`{hint}", path.join(".")),
        });
    }
}

/// What must hold between the options of a mapping.
fn relations(rules: &Map<String, Json>, given: &Map<String, Json>, path: &[String], errors: &mut Vec<String>) {
    let has = |name: &String| given.get(name).is_some_and(|value| !value.is_null());
    let place = if path.is_empty() { String::new() } else { format!(" in `{}`", path.join(".")) };
    let groups = |key: &str| -> Vec<Vec<String>> {
        rules.get(key).and_then(Json::as_array).into_iter().flatten().map(|group| strings(Some(group))).collect()
    };
    for names in groups("mutually_exclusive") {
        if names.iter().filter(|name| has(name)).count() > 1 {
            errors.push(format!("{}{place} exclude each other", text::list(&names)));
        }
    }
    for names in groups("required_together") {
        if names.iter().any(has) && !names.iter().all(has) {
            errors.push(format!("{}{place} are needed together", text::list(&names)));
        }
    }
    for names in groups("required_one_of") {
        if !names.iter().any(has) {
            errors.push(format!("one of {}{place} is needed", text::list(&names)));
        }
    }
    for rule in rules.get("required_if").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_array) {
        let (Some(name), Some(wanted), Some(needed)) = (rule.first().and_then(Json::as_str), rule.get(1), rule.get(2)) else { continue };
        let any = rule.get(3) == Some(&Json::Bool(true));
        let names = strings(Some(needed));
        let met = if any { names.iter().any(has) } else { names.iter().all(has) };
        if given.get(name) == Some(wanted) && !met {
            let word = if any { "one of " } else { "" };
            errors.push(format!("{word}{}{place} is needed when `{name}` is {}", text::list(&names), python::text(wanted)));
        }
    }
    for (name, needed) in rules.get("required_by").and_then(Json::as_object).into_iter().flatten() {
        let names = strings(Some(needed));
        if has(name) && !names.iter().all(has) {
            errors.push(format!("{}{place} is needed with `{name}`", text::list(&names)));
        }
    }
}

/// A text or a list of texts.
fn strings(value: Option<&Json>) -> Vec<String> {
    match value {
        Some(Json::Array(items)) => items.iter().map(python::text).collect(),
        Some(Json::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn errors(spec: Json, given: Json) -> Vec<String> {
        let map = |value: Json| value.as_object().cloned().unwrap_or_default();
        let mut errors = Vec::new();
        options(&map(spec), &map(given), &mut Vec::new(), &mut errors);
        errors
    }

    #[test]
    fn what_fits_passes() {
        let spec = json!({
            "port": {"type": "int", "required": true},
            "mode": {"choices": ["a", "b"]},
            "users": {"type": "list", "elements": "dict", "options": {"name": {"required": true}, "uid": {"type": "int"}}},
        });
        assert_eq!(errors(spec.clone(), json!({"port": "80", "mode": "a", "users": [{"name": "x", "uid": 5}], "other": 1})), [""; 0]);
        let wrong = errors(spec, json!({"mode": "c", "users": [{"uid": "no", "nmae": "x"}]}));
        assert_eq!(
            wrong,
            [
                "`port` is required",
                "`mode` must be one of `a` and `b`, not `c`",
                "`users.0` has no option `nmae` (did you mean `name`?)",
                "`users.0.name` is required",
                "`users.0.uid` must be a whole number, not 'no'",
            ]
        );
    }

    #[test]
    fn a_secret_is_not_quoted() {
        let spec = json!({"pin": {"type": "int", "no_log": true}, "word": {"choices": ["a"], "no_log": true}});
        let found = errors(spec, json!({"pin": "hunter2", "word": "hunter2"}));
        assert_eq!(found, ["`pin` must be a whole number, not ********", "`word` must be one of `a`, not `********`"]);
    }

    #[test]
    fn a_parameter_that_is_not_asked_for_is_found() {
        let map = |value: Json| value.as_object().cloned().unwrap_or_default();
        let mut found = Vec::new();
        strangers(&map(json!({"port": {"aliases": ["p"]}})), &map(json!({"prot": 1, "p": 2})), &[], &mut found);
        assert_eq!(found, ["there is no argument `prot` (did you mean `port`?)"]);
    }

    #[test]
    fn relations_between_options_hold() {
        let spec = json!({"o": {"type": "dict", "mutually_exclusive": [["a", "b"]], "required_if": [["s", "on", ["a"]]],
            "options": {"a": {}, "b": {}, "s": {}}}});
        assert_eq!(errors(spec.clone(), json!({"o": {"a": "1", "b": "2"}})), ["`a` and `b` in `o` exclude each other"]);
        assert_eq!(errors(spec, json!({"o": {"s": "on"}})), ["`a` in `o` is needed when `s` is on"]);
    }
}
