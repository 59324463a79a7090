//! Between nodes and JSON.

use std::sync::Arc;

use super::node::{Entry, Mapping, Node, Style, Value};
use crate::base::{Diagnostic, Diagnostics, Source, Span};

impl Node {
    /// The plain data of the node, as JSON: templates and encrypted values as the text they are written as, keys as text,
    /// infinities and not-a-number (which JSON does not have) as text too.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Float(value) => match serde_json::Number::from_f64(*value) {
                Some(number) => number.into(),
                None if value.is_nan() => "nan".into(),
                None => if *value > 0.0 { "inf" } else { "-inf" }.into(),
            },
            Value::Str { text, .. } | Value::Vault(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(map) => {
                serde_json::Value::Object(map.entries.iter().map(|entry| (entry.key.key_text(), entry.value.to_json())).collect())
            }
        }
    }

    /// The node as the text of a key in JSON: `true`, `null`, numbers in digits.
    pub fn key_text(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Str { text, .. } | Value::Vault(text) => text.clone(),
            Value::List(_) | Value::Map(_) => self.span.text().to_owned(),
        }
    }

    /// Data as a node, all of it at `span`. Texts are unsafe: data is never a template.
    pub fn from_json(data: &serde_json::Value, span: &Span) -> Self {
        let value = match data {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => Value::Int(value),
                (None, Some(value)) if number.is_f64() => Value::Float(value),
                _ => Value::Str { text: number.to_string(), style: Style::Plain, is_unsafe: true },
            },
            serde_json::Value::String(text) => Value::Str { text: text.clone(), style: Style::Quoted, is_unsafe: true },
            serde_json::Value::Array(items) => Value::List(items.iter().map(|item| Self::from_json(item, span)).collect()),
            serde_json::Value::Object(map) => Value::Map(Mapping {
                entries: map
                    .iter()
                    .map(|(key, value)| Entry { key: Self::text(span.clone(), key.as_str()), value: Self::from_json(value, span) })
                    .collect(),
            }),
        };
        Self::new(span.clone(), value)
    }
}

/// Reads JSON that is not YAML; every node gets the place of the whole text.
pub(super) fn load(source: &Arc<Source>) -> Result<Node, Diagnostics> {
    let span = Span::new(source.clone(), 0..source.text().len());
    let data: serde_json::Value =
        serde_json::from_str(source.text()).map_err(|error| Diagnostic::at(&span, format!("this is not valid JSON: {error}")))?;
    let mut node = Node::from_json(&data, &span);
    trust(&mut node);
    Ok(node)
}

/// A file that a person wrote may contain templates, in JSON too.
fn trust(node: &mut Node) {
    match &mut node.value {
        Value::Str { is_unsafe, .. } => *is_unsafe = false,
        Value::List(items) => items.iter_mut().for_each(trust),
        Value::Map(map) => map.entries.iter_mut().for_each(|entry| trust(&mut entry.value)),
        _ => {}
    }
}
