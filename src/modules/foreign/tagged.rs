//! What the library of ansible-core 2.19 says with types beside it, as the plain values that playbooks see.

use serde_json::{Map, Value};

/// The key that says which type a mapping stands for.
const TYPE: &str = "__ansible_type";

/// A value without types.
pub(super) fn plain(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(plain).collect(),
        Value::Object(mut map) => match map.shift_remove(TYPE) {
            Some(Value::String(kind)) => typed(&kind, map),
            _ => Value::Object(all(map)),
        },
        other => other,
    }
}

/// The values of a mapping without types.
pub(super) fn all(map: Map<String, Value>) -> Map<String, Value> {
    map.into_iter().map(|(key, value)| (key, plain(value))).collect()
}

fn typed(kind: &str, mut map: Map<String, Value>) -> Value {
    match kind {
        "WarningSummary" => said(&map, "msg"),
        "ErrorSummary" => match said(&map, "formatted_traceback") {
            Value::Null => said(&map, "msg"),
            traceback => traceback,
        },
        "DeprecationSummary" => {
            let mut deprecation = Map::from_iter([("msg".to_owned(), said(&map, "msg"))]);
            map.shift_remove("event");
            deprecation.extend(all(map));
            let name = deprecation.get("deprecator").and_then(|deprecator| deprecator.get("resolved_name")).and_then(Value::as_str);
            if let Some((collection, _)) = name.and_then(|name| name.rsplit_once('.')) {
                let collection: Vec<&str> = collection.split('.').take(2).collect();
                deprecation.insert("collection_name".to_owned(), collection.join(".").into());
            }
            Value::Object(deprecation)
        }
        _ => match map.shift_remove("value") {
            Some(value) => plain(value),
            None => Value::Object(all(map)),
        },
    }
}

/// What the event of a summary says.
fn said(map: &Map<String, Value>, key: &str) -> Value {
    map.get("event").and_then(|event| event.get(key)).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn warnings_are_texts_and_deprecations_as_ansible_registers_them() {
        let event = json!({"__ansible_type": "Event", "msg": "old"});
        let deprecator = json!({
            "__ansible_type": "PluginInfo", "resolved_name": "a.b.c", "type": {"__ansible_type": "PluginType", "value": "module"},
        });
        let given = json!({
            "warnings": [{"__ansible_type": "WarningSummary", "event": event}],
            "deprecations": [{"__ansible_type": "DeprecationSummary", "event": event, "deprecator": deprecator, "version": "9.9"}],
            "exception": {"__ansible_type": "ErrorSummary", "event": {"msg": "x", "formatted_traceback": "Traceback"}},
            "kept": {"a": [1, {"b": null}]},
        });
        let deprecation =
            json!({"msg": "old", "deprecator": {"resolved_name": "a.b.c", "type": "module"}, "version": "9.9", "collection_name": "a.b"});
        let expected =
            json!({"warnings": ["old"], "deprecations": [deprecation], "exception": "Traceback", "kept": {"a": [1, {"b": null}]}});
        assert_eq!(plain(given), expected);
    }
}
