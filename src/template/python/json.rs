//! `json.dumps`.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::base::text::python_float;
use crate::template::data::{self, type_name};
use crate::template::fault::{Eval, Fault, fault_of};
use crate::template::value::key_text;

/// How to write JSON.
#[derive(Clone, Debug)]
pub(crate) struct JsonStyle {
    /// Spaces per level; `None` for all on one line.
    pub indent: Option<usize>,
    pub sort_keys: bool,
    /// Characters beyond ASCII as escapes.
    pub ascii: bool,
    /// `NaN` and `Infinity`, which JSON does not have.
    pub allow_nan: bool,
    /// Between elements, and between key and value.
    pub separators: (String, String),
    /// The characters that HTML gives a meaning as escapes.
    pub html: bool,
}

impl JsonStyle {
    /// As Python writes it with this indentation.
    pub(crate) fn new(indent: Option<usize>) -> Self {
        let item = if indent.is_some() { "," } else { ", " };
        Self { indent, sort_keys: false, ascii: true, allow_nan: true, separators: (item.to_owned(), ": ".to_owned()), html: false }
    }
}

/// A value as JSON.
///
/// # Errors
/// Something in it is undefined or is no data.
pub(crate) fn dumps(value: &Value, style: &JsonStyle) -> Eval<String> {
    let mut out = String::new();
    write(value, style, 0, &mut out)?;
    Ok(out)
}

fn write(value: &Value, style: &JsonStyle, level: usize, out: &mut String) -> Eval<()> {
    if level > 100 {
        return Err(Fault::error("the value is nested more than 100 levels deep"));
    }
    let line = |out: &mut String, level: usize| {
        if let Some(indent) = style.indent {
            out.push('\n');
            out.push_str(&" ".repeat(indent * level));
        }
    };
    match value.kind() {
        ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => match data::float(value) {
            None => out.push_str(&value.to_string()),
            Some(float) if float.is_finite() => out.push_str(&python_float(float)),
            Some(_) if !style.allow_nan => return Err(Fault::error("JSON has no infinities and no not-a-number")),
            Some(float) if float.is_nan() => out.push_str("NaN"),
            Some(float) => out.push_str(if float > 0.0 { "Infinity" } else { "-Infinity" }),
        },
        ValueKind::String => quote(value.as_str().unwrap_or(""), style, out),
        ValueKind::Bytes => quote(&String::from_utf8_lossy(value.as_bytes().unwrap_or_default()), style, out),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = data::iterate(value)?;
            out.push('[');
            for (at, item) in items.iter().filter(|item| !data::is_omit(item)).enumerate() {
                if at > 0 {
                    out.push_str(&style.separators.0);
                }
                line(out, level + 1);
                write(item, style, level + 1, out)?;
            }
            if !items.is_empty() {
                line(out, level);
            }
            out.push(']');
        }
        ValueKind::Map => {
            let mut pairs: Vec<(String, Value)> = data::pairs(value)
                .unwrap_or_default()
                .into_iter()
                .filter(|(_, value)| !data::is_omit(value))
                .map(|(key, value)| (key_text(&key), value))
                .collect();
            if style.sort_keys {
                pairs.sort_by(|a, b| a.0.cmp(&b.0));
            }
            out.push('{');
            for (at, (key, value)) in pairs.iter().enumerate() {
                if at > 0 {
                    out.push_str(&style.separators.0);
                }
                line(out, level + 1);
                quote(key, style, out);
                out.push_str(&style.separators.1);
                write(value, style, level + 1, out)?;
            }
            if !pairs.is_empty() {
                line(out, level);
            }
            out.push('}');
        }
        _ => match (fault_of(value), super::datetime::shown(value)) {
            (Some(fault), _) => return Err(fault),
            (None, Some(text)) => quote(&text, style, out),
            (None, None) => return Err(Fault::error(format!("a `{}` cannot be written as JSON", type_name(value)))),
        },
    }
    Ok(())
}

fn quote(text: &str, style: &JsonStyle, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\'' if style.html => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if style.ascii && !c.is_ascii() => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
