//! JSON as Ansible writes it: keys sorted, a space behind commas and colons, or four spaces for each level.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// On one line.
pub fn line(value: &Value) -> String {
    written(value, Spaced)
}

/// On as many lines as it takes.
pub fn lines(value: &Value) -> String {
    written(value, PrettyFormatter::with_indent(b"    "))
}

fn written(value: &Value, formatter: impl Formatter) -> String {
    let mut text = Vec::new();
    // Writing a value to memory cannot fail.
    let _ = sorted(value).serialize(&mut Serializer::with_formatter(&mut text, formatter));
    String::from_utf8_lossy(&text).into_owned()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// `{"a": 1, "b": [2, 3]}`
struct Spaced;

impl Spaced {
    fn separator<W: ?Sized + Write>(writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }
}

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        Self::separator(writer, first)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        Self::separator(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_and_separators_are_spaced() {
        let value = json!({"b": [1, {"d": null, "c": "x"}], "a": {}});
        assert_eq!(line(&value), r#"{"a": {}, "b": [1, {"c": "x", "d": null}]}"#);
        assert_eq!(lines(&json!({"b": [1], "a": 2})), "{\n    \"a\": 2,\n    \"b\": [\n        1\n    ]\n}");
    }
}
