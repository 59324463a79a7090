//! Values as Python writes and reads them: what the language we read inherits from the language it was made with.

use serde_json::{Map, Number, Value};

/// What `str(value)` gives: text as it is, `True`, `1.0`, and lists and mappings as [`repr`] shows them. `null` is empty text.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => repr(other),
    }
}

/// What `repr(value)` gives: `'text'`, `True`, `None`, `[1, 'b']`, `{'k': 'v'}`.
pub fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number_text(number),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| format!("{}: {}", quoted(key), repr(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float_text(float),
        _ => number.to_string(),
    }
}

/// The shortest text that reads back as `float`: a decimal point always, an exponent from 1e16 up and below 1e-4.
pub fn float_text(float: f64) -> String {
    if float == 0.0 || (1e-4..1e16).contains(&float.abs()) {
        return format!("{float:?}");
    }
    let scientific = format!("{float:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => scientific,
    }
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// The value that `text` is the literal of: numbers, quoted text, `True`, `False`, `None`, lists, tuples (as lists) and mappings,
/// nested at most 100 deep. `None` when it is no literal, or one that JSON cannot hold.
pub fn literal(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim(), depth: 0 };
    let value = reader.value()?;
    reader.skip_space();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_space();
        self.depth += 1;
        if self.depth > 100 {
            return None;
        }
        let value = match self.rest.chars().next()? {
            '[' => Some(Value::Array(self.items("[", "]")?.0)),
            '(' => match self.items("(", ")")? {
                (mut items, false) if items.len() == 1 => items.pop(),
                (items, _) => Some(Value::Array(items)),
            },
            '{' => self.mapping(),
            '\'' | '"' => self.string().map(Value::String),
            _ => self.word(),
        };
        self.depth -= 1;
        value
    }

    /// The values between two brackets, and whether a comma was among them.
    fn items(&mut self, open: &str, close: &str) -> Option<(Vec<Value>, bool)> {
        self.take(open);
        let mut items = Vec::new();
        let mut comma = false;
        while !self.take(close) {
            items.push(self.value()?);
            if self.take(",") {
                comma = true;
            } else if !self.rest.starts_with(close) {
                return None;
            }
        }
        Some((items, comma))
    }

    fn mapping(&mut self) -> Option<Value> {
        self.take("{");
        let mut map = Map::new();
        while !self.take("}") {
            let key = match self.value()? {
                Value::Array(_) | Value::Object(_) => return None,
                Value::String(key) => key,
                other => repr(&other),
            };
            if !self.take(":") {
                return None;
            }
            let value = self.value()?;
            map.insert(key, value);
            if !self.take(",") && !self.rest.starts_with('}') {
                return None;
            }
        }
        Some(Value::Object(map))
    }

    fn string(&mut self) -> Option<String> {
        let mut chars = self.rest.char_indices();
        let (_, quote) = chars.next()?;
        let mut out = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(out);
                }
                '\n' => return None,
                '\\' => {
                    let (_, escaped) = chars.next()?;
                    let digits = match escaped {
                        'x' => 2,
                        'u' => 4,
                        'U' => 8,
                        _ => 0,
                    };
                    if digits > 0 {
                        let code: String = chars.by_ref().take(digits).map(|(_, c)| c).collect();
                        let valid = code.len() == digits && code.chars().all(|c| c.is_ascii_hexdigit());
                        out.push(char::from_u32(u32::from_str_radix(valid.then_some(&code)?, 16).ok()?)?);
                        continue;
                    }
                    match escaped {
                        'n' => out.push('\n'),
                        'r' => out.push('\r'),
                        't' => out.push('\t'),
                        'a' => out.push('\u{7}'),
                        'b' => out.push('\u{8}'),
                        'f' => out.push('\u{c}'),
                        'v' => out.push('\u{b}'),
                        '0' => out.push('\0'),
                        '\\' | '\'' | '"' => out.push(escaped),
                        '\n' => {}
                        other => {
                            out.push('\\');
                            out.push(other);
                        }
                    }
                }
                c => out.push(c),
            }
        }
        None
    }

    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.+-".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let value = match word {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "None" => Value::Null,
            number => Value::Number(number_literal(number)?),
        };
        self.rest = rest;
        Some(value)
    }
}

fn number_literal(text: &str) -> Option<Number> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let first = digits.chars().next()?;
    if !(first.is_ascii_digit() || first == '.') || digits.contains("__") || digits.ends_with('_') {
        return None;
    }
    let digits = digits.replace('_', "");
    let radix = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => Some(16),
        Some("0o") => Some(8),
        Some("0b") => Some(2),
        _ => None,
    };
    if let Some(radix) = radix {
        return Some(Number::from(sign * i64::from_str_radix(digits.get(2..)?, radix).ok()?));
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        // A leading zero is no decimal literal in Python: `0644` is an error there, and stays text.
        if digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|b| b != b'0') {
            return None;
        }
        return match digits.parse::<i64>() {
            Ok(number) => Some(Number::from(sign * number)),
            Err(_) if sign == 1 => digits.parse::<u64>().ok().map(Number::from),
            Err(_) => None,
        };
    }
    if !digits.chars().all(|c| c.is_ascii_digit() || ".eE+-".contains(c)) {
        return None;
    }
    let float: f64 = digits.parse().ok()?;
    Number::from_f64(if sign < 0 { -float } else { float })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_as_python_does() {
        for (value, expected) in [
            (json!(true), "True"),
            (json!(5), "5"),
            (json!(5.0), "5.0"),
            (json!(1e16), "1e+16"),
            (json!(1.5e-7), "1.5e-07"),
            (json!(123456789.125), "123456789.125"),
            (json!(null), ""),
            (json!("a b"), "a b"),
            (json!([1, "b", null]), "[1, 'b', None]"),
            (json!({"a": 1, "b": [true, "x'y"]}), "{'a': 1, 'b': [True, \"x'y\"]}"),
            (json!(["a'\"b", "\n\t\\é\u{1}"]), "['a\\'\"b', '\\n\\t\\\\é\\x01']"),
        ] {
            assert_eq!(text(&value), expected);
        }
    }

    #[test]
    fn reads_literals() {
        for (text, expected) in [
            ("{'a': 1, \"b\": [True, None, (1,2)], 'c': 'd\\'e'}", Some(json!({"a": 1, "b": [true, null, [1, 2]], "c": "d'e"}))),
            ("[1, 2.5, -3, 0x10, 1_000,]", Some(json!([1, 2.5, -3, 16, 1000]))),
            ("(1)", Some(json!(1))),
            ("(1,)", Some(json!([1]))),
            ("'\\x41\\u00e9'", Some(json!("Aé"))),
            ("{}", Some(json!({}))),
            ("0644", None),
            ("{a: 1}", None),
            ("{'a'}", None),
            ("[1 2]", None),
            ("1 2", None),
            ("true", None),
            ("", None),
            ("'a", None),
            ("-", None),
            ("nan", None),
        ] {
            assert_eq!(literal(text), expected, "{text}");
        }
        assert_eq!(literal(&"[".repeat(100_000)), None);
    }
}
