//! `str()` and `repr()`.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::base::text::python_float;
use crate::template::data::{self, boolean};

/// Lists that contain themselves end here.
const DEPTH: usize = 50;

/// A value as Python's `str` prints it.
pub(crate) fn show(value: &Value) -> String {
    match value.kind() {
        ValueKind::String => value.as_str().unwrap_or("").to_owned(),
        _ => repr(value),
    }
}

/// A value as Python's `repr` prints it: texts in quotes.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out, 0);
    out
}

fn write(value: &Value, out: &mut String, depth: usize) {
    if depth > DEPTH {
        out.push_str("...");
        return;
    }
    match value.kind() {
        ValueKind::None => out.push_str("None"),
        ValueKind::Bool => out.push_str(if boolean(value) == Some(true) { "True" } else { "False" }),
        ValueKind::Number => match data::float(value) {
            Some(float) => out.push_str(&python_float(float)),
            None => out.push_str(&value.to_string()),
        },
        ValueKind::String => quote(value.as_str().unwrap_or(""), out),
        ValueKind::Bytes => {
            let bytes = value.as_bytes().unwrap_or_default();
            let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
            out.push('b');
            out.push(quote);
            for byte in bytes {
                match byte {
                    b'\n' => out.push_str("\\n"),
                    b'\r' => out.push_str("\\r"),
                    b'\t' => out.push_str("\\t"),
                    b'\\' => out.push_str("\\\\"),
                    b if char::from(*b) == quote => {
                        out.push('\\');
                        out.push(quote);
                    }
                    b' '..=b'~' => out.push(char::from(*byte)),
                    _ => out.push_str(&format!("\\x{byte:02x}")),
                }
            }
            out.push(quote);
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = data::items(value).unwrap_or_default();
            let (open, close) = if value.is_tuple() { ('(', ')') } else { ('[', ']') };
            out.push(open);
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write(item, out, depth + 1);
            }
            if value.is_tuple() && items.len() == 1 {
                out.push(',');
            }
            out.push(close);
        }
        ValueKind::Map => {
            out.push('{');
            for (at, (key, item)) in data::pairs(value).unwrap_or_default().iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write(key, out, depth + 1);
                out.push_str(": ");
                write(item, out, depth + 1);
            }
            out.push('}');
        }
        _ => out.push_str(&value.to_string()),
    }
}

fn quote(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || matches!(c, '\u{ad}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let code = u32::from(c);
                match code {
                    0..=0xff => out.push_str(&format!("\\x{code:02x}")),
                    _ => out.push_str(&format!("\\u{code:04x}")),
                }
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_in_python() {
        for (value, shown) in [
            (data::list(vec![Value::from("a"), Value::from(true), data::none(), Value::from(1.0)]), "['a', True, None, 1.0]"),
            (data::tuple(vec![Value::from(1)]), "(1,)"),
            (data::dict([(Value::from("k"), Value::from("it's"))]), r#"{'k': "it's"}"#),
            (Value::from("'\"\n\u{1}ü"), "'\"\n\u{1}ü"),
            (data::list(vec![Value::from("'\"\n\u{1}ü")]), r#"['\'"\n\x01ü']"#),
            (Value::from(1e20), "1e+20"),
            (Value::from_bytes(b"a\xff'".to_vec()), r#"b"a\xff'""#),
        ] {
            assert_eq!(show(&value), shown);
        }
    }
}
