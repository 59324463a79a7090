//! Between values and JSON.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::data::{self, is_omit};
use super::python;
use crate::base::Span;
use crate::yaml::{Entry, Mapping, Node, Style, Value as NodeValue};

/// Data as a value: order and whole numbers are kept exactly, clones are cheap.
pub fn from_json(data: &serde_json::Value) -> Value {
    match data {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), ..) => Value::from(value),
            (None, Some(value), _) => Value::from(value),
            (None, None, value) => Value::from(value.unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => Value::from(items.iter().map(from_json).collect::<Vec<_>>()),
        serde_json::Value::Object(map) => Value::from_pairs(map.iter().map(|(key, value)| (key.as_str(), from_json(value)))),
    }
}

/// A value as plain data: keys become text, entries and elements that are `omit` are left out, whole numbers beyond 64 bits become
/// text, bytes become the text they are, infinities and not-a-number their names.
pub fn to_json(value: &Value) -> serde_json::Value {
    match value.kind() {
        ValueKind::Bool => value.is_true().into(),
        ValueKind::Number => match (data::integer(value), data::float(value)) {
            (Some(whole), _) => match (i64::try_from(whole), u64::try_from(whole)) {
                (Ok(whole), _) => whole.into(),
                (_, Ok(whole)) => whole.into(),
                _ => whole.to_string().into(),
            },
            (None, Some(float)) => match serde_json::Number::from_f64(float) {
                Some(number) => number.into(),
                None => python::show(value).into(),
            },
            (None, None) => value.to_string().into(),
        },
        ValueKind::String => value.as_str().unwrap_or("").into(),
        ValueKind::Bytes => String::from_utf8_lossy(value.as_bytes().unwrap_or_default()).into_owned().into(),
        ValueKind::Seq | ValueKind::Iterable => {
            data::items(value).unwrap_or_default().iter().filter(|item| !is_omit(item)).map(to_json).collect()
        }
        ValueKind::Map => serde_json::Value::Object(
            data::pairs(value)
                .unwrap_or_default()
                .iter()
                .filter(|(_, value)| !is_omit(value))
                .map(|(key, value)| (key_text(key), to_json(value)))
                .collect(),
        ),
        _ => python::datetime::shown(value).map_or(serde_json::Value::Null, Into::into),
    }
}

/// A node as data: nothing in it is rendered, encrypted values stay as they are.
pub(crate) fn from_node(node: &Node) -> Value {
    match &node.value {
        NodeValue::Null => data::none(),
        NodeValue::Bool(value) => Value::from(*value),
        NodeValue::Int(value) => Value::from(*value),
        NodeValue::Float(value) => Value::from(*value),
        NodeValue::Str { text, .. } | NodeValue::Vault(text) => Value::from(text.as_str()),
        NodeValue::List(items) => data::list(items.iter().map(from_node).collect()),
        NodeValue::Map(map) => data::dict(map.entries.iter().map(|entry| (from_node(&entry.key), from_node(&entry.value)))),
    }
}

/// Data as a node, to be written as YAML.
pub(crate) fn to_node(value: &Value) -> Node {
    node_at(value, &Span::synthetic("data"))
}

fn node_at(value: &Value, span: &Span) -> Node {
    let kind = match value.kind() {
        ValueKind::None | ValueKind::Undefined => NodeValue::Null,
        ValueKind::Bool => NodeValue::Bool(value.is_true()),
        ValueKind::Number => match (data::float(value), data::integer(value).and_then(|whole| i64::try_from(whole).ok())) {
            (Some(float), _) => NodeValue::Float(float),
            (None, Some(whole)) => NodeValue::Int(whole),
            (None, None) => NodeValue::Str { text: value.to_string(), style: Style::Plain, is_unsafe: true },
        },
        ValueKind::Seq | ValueKind::Iterable => {
            NodeValue::List(data::items(value).unwrap_or_default().iter().map(|item| node_at(item, span)).collect())
        }
        ValueKind::Map => NodeValue::Map(Mapping {
            entries: data::pairs(value)
                .unwrap_or_default()
                .iter()
                .map(|(key, value)| Entry { key: node_at(key, span), value: node_at(value, span) })
                .collect(),
        }),
        _ => NodeValue::Str { text: python::show(value), style: Style::Quoted, is_unsafe: true },
    };
    Node::new(span.clone(), kind)
}

/// A key as JSON needs it.
pub(crate) fn key_text(key: &Value) -> String {
    match key.kind() {
        ValueKind::Bool => key.is_true().to_string(),
        ValueKind::None => "null".to_owned(),
        _ => python::show(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_survives_the_way_there_and_back() {
        let text = r#"{"b":1,"a":[true,null,-5,1.5,18446744073709551615,"x"],"c":{"z":{},"y":[]}}"#;
        let data: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(to_json(&from_json(&data)).to_string(), text);
    }

    #[test]
    fn omitted_entries_are_left_out() {
        let value = data::dict([("a".into(), data::omit()), ("b".into(), data::list(vec![1.into(), data::omit()]))]);
        assert_eq!(to_json(&value).to_string(), r#"{"b":[1]}"#);
        assert_eq!(to_json(&data::dict([(2.into(), true.into()), (true.into(), data::none())])).to_string(), r#"{"2":true,"true":null}"#);
    }
}
