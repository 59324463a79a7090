//! From what a user gave to what a module takes, as Ansible converts it.

use serde_json::{Number, Value};

use crate::base::python;

use super::shared::mode;
use super::spec::Kind;

/// What [`coerce`] says when it cannot: what was expected, and why the value is not that where there is more to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// "a boolean (`yes` or `no`)"
    pub expected: String,
    /// "`0899` has digits that are not octal"
    pub reason: Option<String>,
}

impl Mismatch {
    fn new(expected: &str) -> Self {
        Self { expected: expected.to_owned(), reason: None }
    }
}

/// Turns `value` into what `kind` takes. `words` are the values an option declares as its choices.
///
/// # Errors
/// When the value is not, and cannot be converted to, what is expected.
pub fn coerce(kind: Kind, value: Value, words: &[&str]) -> Result<Value, Mismatch> {
    match kind {
        Kind::Str | Kind::Path => Ok(Value::String(text(&value, words))),
        Kind::Bool => boolean(&value).map(Value::Bool).ok_or_else(|| Mismatch::new("a boolean (`true` or `false`, `yes` or `no`)")),
        Kind::Int => integer(&value).map(Value::Number).ok_or_else(|| Mismatch::new("a whole number")),
        Kind::Float => float(&value).map(Value::Number).ok_or_else(|| Mismatch::new("a number")),
        Kind::Mode => file_mode(&value, words),
        Kind::Bytes => bytes(&value).map(Value::Number).ok_or_else(|| Mismatch::new("a size (`10M`, `1.5G`, or a number of bytes)")),
        Kind::Dict => dict(value),
        Kind::List(element) => list(*element, value, words),
        Kind::Json => json_text(value),
        Kind::Raw => Ok(value),
        // Filled in after coercion, so whatever arrives here was written by a user.
        Kind::Content => Err(Mismatch::new("nothing: it is filled in by kconf")),
    }
}

/// Text as Python writes it; a boolean becomes the one choice that YAML reads as that boolean, where there is one.
fn text(value: &Value, words: &[&str]) -> String {
    let plain = python::text(value);
    if let Value::Bool(truth) = value
        && !words.is_empty()
        && !words.contains(&plain.as_str())
    {
        let mut same = words.iter().filter(|word| boolean_word(word) == Some(*truth));
        if let (Some(word), None) = (same.next(), same.next()) {
            return (*word).to_owned();
        }
    }
    plain
}

fn boolean_word(word: &str) -> Option<bool> {
    match word.to_lowercase().trim() {
        "y" | "yes" | "on" | "1" | "true" | "t" => Some(true),
        "n" | "no" | "off" | "0" | "false" | "f" => Some(false),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(word) => boolean_word(word),
        Value::Number(number) if number.as_f64() == Some(1.0) => Some(true),
        Value::Number(number) if number.as_f64() == Some(0.0) => Some(false),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<Number> {
    match value {
        // Python's booleans are numbers.
        Value::Bool(truth) => Some(Number::from(u8::from(*truth))),
        Value::Number(number) if !number.is_f64() => Some(number.clone()),
        Value::Number(number) => whole(number.as_f64()?),
        Value::String(text) => {
            let digits = text.trim().replace('_', "");
            if let Ok(number) = digits.parse::<i64>() {
                return Some(Number::from(number));
            }
            if let Ok(number) = digits.parse::<u64>() {
                return Some(Number::from(number));
            }
            if digits.starts_with(|c: char| c.is_ascii_alphabetic()) {
                return None; // "inf", "nan"
            }
            whole(digits.parse().ok()?)
        }
        _ => None,
    }
}

fn whole(float: f64) -> Option<Number> {
    // Beyond 2^53 a float no longer holds every whole number.
    #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number within range")]
    (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then(|| Number::from(float as i64))
}

fn float(value: &Value) -> Option<Number> {
    match value {
        Value::Bool(truth) => Number::from_f64(f64::from(u8::from(*truth))),
        Value::Number(number) => Number::from_f64(number.as_f64()?),
        Value::String(text) => Number::from_f64(text.trim().replace('_', "").parse().ok()?),
        _ => None,
    }
}

fn file_mode(value: &Value, words: &[&str]) -> Result<Value, Mismatch> {
    let expected = || Mismatch::new("a file mode (`\"0644\"` or `u=rw,g=r`)");
    let text = match value {
        Value::Number(number) => match number.as_u64() {
            Some(bits) if bits <= 0o7777 => format!("{bits:04o}"),
            _ => return Err(Mismatch { reason: Some("write the octal mode in quotes".to_owned()), ..expected() }),
        },
        Value::String(text) => text.trim().to_owned(),
        _ => return Err(expected()),
    };
    if !words.contains(&text.as_str())
        && let Err(reason) = mode::parse(&text)
    {
        return Err(Mismatch { reason: Some(reason), ..expected() });
    }
    Ok(Value::String(text))
}

fn bytes(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) if number.is_u64() => Some(number.clone()),
        Value::Number(number) => whole(number.as_f64()?.round_ties_even()).filter(|size| size.as_u64().is_some()),
        Value::String(text) => size(text).map(Number::from),
        _ => None,
    }
}

/// The number of bytes that `text` ("10", "10M", "1.5 GB", "3 megabytes") means.
pub fn size(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || digits.ends_with('.') {
        return None;
    }
    let unit = unit.trim();
    let lower = unit.to_ascii_lowercase();
    let long = lower.strip_suffix('s').unwrap_or(&lower);
    let names = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte", "exabyte"];
    let power = ["b", "k", "m", "g", "t", "p", "e"].iter().zip(names).position(|(letter, name)| {
        lower == *letter || long == name || (unit.len() == 2 && unit == format!("{}B", letter.to_ascii_uppercase()))
    });
    let power = if unit.is_empty() { 0 } else { power? };
    if power == 0
        && let Ok(bytes) = digits.parse::<u64>()
    {
        return Some(bytes);
    }
    let bytes = (digits.parse::<f64>().ok()? * 1024f64.powi(i32::try_from(power).ok()?)).round_ties_even();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within range")]
    (bytes < 1.8e19).then_some(bytes as u64)
}

fn dict(value: Value) -> Result<Value, Mismatch> {
    let expected = || Mismatch::new("a mapping");
    match value {
        Value::Object(_) => Ok(value),
        Value::String(text) if text.starts_with('{') => match serde_json::from_str(&text) {
            Ok(Value::Object(map)) => Ok(Value::Object(map)),
            _ => match python::literal(&text) {
                Some(Value::Object(map)) => Ok(Value::Object(map)),
                _ => Err(Mismatch { reason: Some("the text is no valid JSON".to_owned()), ..expected() }),
            },
        },
        Value::String(text) if text.contains('=') => match pairs(&text) {
            Some(map) => Ok(Value::Object(map)),
            None => Err(Mismatch { reason: Some("the text is not of the form `key=value, key=value`".to_owned()), ..expected() }),
        },
        _ => Err(expected()),
    }
}

/// `a=1, b="x y"` as a mapping of texts; `None` when a part has no `=`.
fn pairs(text: &str) -> Option<serde_json::Map<String, Value>> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quote = None;
    let mut chars = text.trim().chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', _) => field.extend(chars.next()),
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => field.push(c),
            ('\'' | '"', None) => quote = Some(c),
            (',' | ' ', None) => fields.push(std::mem::take(&mut field)),
            (c, None) => field.push(c),
        }
    }
    fields.push(field);
    let entries = fields.iter().filter(|field| !field.is_empty());
    entries.map(|field| field.split_once('=').map(|(key, value)| (key.to_owned(), Value::from(value)))).collect()
}

fn list(element: Kind, value: Value, words: &[&str]) -> Result<Value, Mismatch> {
    let items = match value {
        Value::Array(items) => items,
        Value::String(text) => text.split(',').map(Value::from).collect(),
        Value::Number(_) | Value::Bool(_) => vec![Value::String(python::text(&value))],
        _ => return Err(Mismatch::new("a list")),
    };
    let items: Result<Vec<Value>, Mismatch> = items.into_iter().map(|item| coerce(element, item, words)).collect();
    items.map(Value::Array).map_err(|wrong| Mismatch { expected: format!("a list of which each element is {}", wrong.expected), ..wrong })
}

fn json_text(value: Value) -> Result<Value, Mismatch> {
    match value {
        Value::String(text) => Ok(Value::from(text.trim())),
        Value::Array(_) | Value::Object(_) => Ok(Value::String(spaced_json(&value))),
        _ => Err(Mismatch::new("JSON text, a list or a mapping")),
    }
}

/// JSON as Python writes it, with a space behind `,` and `:` and everything beyond ASCII escaped, so that files made from it do not
/// change between the two tools.
pub fn spaced_json(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(spaced_json).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| format!("{}: {}", ascii_json(key), spaced_json(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Number(number) if number.is_f64() => number.as_f64().map_or_else(|| number.to_string(), python::float_text),
        Value::String(text) => ascii_json(text),
        other => other.to_string(),
    }
}

fn ascii_json(text: &str) -> String {
    let mut out = String::new();
    for c in Value::from(text).to_string().chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn ok(kind: Kind, value: Value, expected: Value) {
        assert_eq!(coerce(kind, value.clone(), &[]), Ok(expected), "{value}");
    }

    #[track_caller]
    fn refused(kind: Kind, value: Value) {
        assert!(coerce(kind, value.clone(), &[]).is_err(), "{value} was accepted as {kind:?}");
    }

    #[test]
    fn text_is_what_python_writes() {
        ok(Kind::Str, json!(true), json!("True"));
        ok(Kind::Str, json!(5.0), json!("5.0"));
        ok(Kind::Str, json!([1, "b"]), json!("[1, 'b']"));
        ok(Kind::Str, json!(null), json!(""));
    }

    #[test]
    fn a_boolean_finds_the_choice_that_yaml_swallowed() {
        assert_eq!(coerce(Kind::Str, json!(true), &["yes", "no"]), Ok(json!("yes")));
        assert_eq!(coerce(Kind::Str, json!(false), &["no", "always"]), Ok(json!("no")));
        assert_eq!(coerce(Kind::Str, json!(false), &["off", "no"]), Ok(json!("False")));
    }

    #[test]
    fn booleans() {
        for yes in [json!(true), json!("Yes"), json!("t"), json!(1), json!(1.0), json!("on")] {
            ok(Kind::Bool, yes, json!(true));
        }
        for no in [json!("0"), json!("OFF"), json!(0), json!("n")] {
            ok(Kind::Bool, no, json!(false));
        }
        for neither in [json!(5), json!(""), json!("maybe"), json!([true]), json!(null)] {
            refused(Kind::Bool, neither);
        }
    }

    #[test]
    fn numbers() {
        for (given, number) in
            [(json!("5"), 5), (json!(" 5 "), 5), (json!("5.0"), 5), (json!("1e3"), 1000), (json!(5.0), 5), (json!(true), 1)]
        {
            ok(Kind::Int, given, json!(number));
        }
        for wrong in [json!("5.5"), json!(5.5), json!("0x10"), json!(""), json!("nan"), json!("inf"), json!(null), json!([1])] {
            refused(Kind::Int, wrong);
        }
        ok(Kind::Float, json!("1e3"), json!(1000.0));
        ok(Kind::Float, json!(5), json!(5.0));
        refused(Kind::Float, json!("x"));
    }

    #[test]
    fn sizes() {
        for (given, bytes) in [
            (json!(5.5), 6),
            (json!("4.5"), 4),
            (json!("10M"), 10_485_760),
            (json!("1.5K"), 1536),
            (json!("1 MB"), 1_048_576),
            (json!(".5M"), 524_288),
            (json!("1 byte"), 1),
            (json!("1MEGABYTES"), 1_048_576),
        ] {
            ok(Kind::Bytes, given, json!(bytes));
        }
        for wrong in [json!("1kb"), json!("1KiB"), json!("M"), json!("1.M"), json!("-1"), json!(" 1M"), json!("1Q"), json!(true), json!(-1)]
        {
            refused(Kind::Bytes, wrong);
        }
    }

    #[test]
    fn modes() {
        ok(Kind::Mode, json!(0o644), json!("0644"));
        ok(Kind::Mode, json!("0755"), json!("0755"));
        ok(Kind::Mode, json!("u=rwX,g-w"), json!("u=rwX,g-w"));
        for wrong in [json!("0899"), json!("rwx"), json!(true), json!("preserve"), json!(70000), json!("")] {
            refused(Kind::Mode, wrong);
        }
        assert_eq!(coerce(Kind::Mode, json!("preserve"), &["preserve"]), Ok(json!("preserve")));
    }

    #[test]
    fn mappings() {
        ok(Kind::Dict, json!("{\"a\": 1}"), json!({"a": 1}));
        ok(Kind::Dict, json!("{'a': None}"), json!({"a": null}));
        ok(Kind::Dict, json!("a='x y' b=\"c,d\""), json!({"a": "x y", "b": "c,d"}));
        ok(Kind::Dict, json!("a=1,,b=2"), json!({"a": "1", "b": "2"}));
        ok(Kind::Dict, json!("a=x\\ y"), json!({"a": "x y"}));
        for wrong in [json!("a"), json!("a=1 b"), json!("a = 1"), json!("{a: 1}"), json!([1]), json!(1), json!(null)] {
            refused(Kind::Dict, wrong);
        }
    }

    #[test]
    fn lists() {
        ok(Kind::List(&Kind::Str), json!("a,b, c"), json!(["a", "b", " c"]));
        ok(Kind::List(&Kind::Str), json!([1, true, null]), json!(["1", "True", ""]));
        ok(Kind::List(&Kind::Int), json!("1, 2"), json!([1, 2]));
        ok(Kind::List(&Kind::Str), json!(5), json!(["5"]));
        ok(Kind::List(&Kind::Raw), json!([1, {"a": 2}]), json!([1, {"a": 2}]));
        refused(Kind::List(&Kind::Str), json!({"a": 1}));
        refused(Kind::List(&Kind::Int), json!("1,x"));
    }

    #[test]
    fn json_is_text() {
        ok(Kind::Json, json!({"k": [1, "é😀"]}), json!("{\"k\": [1, \"\\u00e9\\ud83d\\ude00\"]}"));
        ok(Kind::Json, json!(" {} "), json!("{}"));
        refused(Kind::Json, json!(5));
    }
}
