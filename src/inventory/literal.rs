//! Values in INI inventories: what reads as a Python literal is that value, anything else is text.

use crate::base::Span;
use crate::yaml::{Entry, Mapping, Node, Style, Value};

/// The value that `text` means, with every node at `span`.
pub fn value(text: &str, span: &Span) -> Node {
    let mut parser = Parser { rest: text.trim(), span, depth: 0 };
    match parser.values() {
        Some(node) if parser.rest.trim().is_empty() => node,
        _ => string(span, text),
    }
}

fn string(span: &Span, text: &str) -> Node {
    Node::new(span.clone(), Value::Str { text: text.to_owned(), style: Style::Quoted, is_unsafe: false })
}

/// Nesting beyond this is taken as text: nobody writes it, and it keeps the parser's stack small.
const MAX_DEPTH: usize = 64;

struct Parser<'a> {
    rest: &'a str,
    span: &'a Span,
    depth: usize,
}

impl Parser<'_> {
    /// A value, or several with commas between: a tuple needs no parentheses.
    fn values(&mut self) -> Option<Node> {
        let first = self.value()?;
        if !self.rest.trim_start().starts_with(',') {
            return Some(first);
        }
        let mut items = vec![first];
        while self.eat(',') && !self.rest.trim().is_empty() {
            items.push(self.value()?);
        }
        Some(self.node(Value::List(items)))
    }

    fn value(&mut self) -> Option<Node> {
        self.rest = self.rest.trim_start();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let node = match self.rest.chars().next()? {
            '[' => self.list('[', ']'),
            '(' => self.list('(', ')'),
            '{' => self.dict(),
            '\'' | '"' => self.text(),
            _ => self.word(),
        };
        self.depth -= 1;
        node
    }

    fn node(&self, value: Value) -> Node {
        Node::new(self.span.clone(), value)
    }

    fn eat(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn list(&mut self, open: char, close: char) -> Option<Node> {
        self.eat(open);
        let mut items = Vec::new();
        let mut comma = false;
        while !self.eat(close) {
            if !items.is_empty() && !comma {
                return None;
            }
            items.push(self.value()?);
            comma = self.eat(',');
        }
        // `(x)` is x in parentheses, not a tuple.
        if open == '(' && items.len() == 1 && !comma {
            return items.pop();
        }
        Some(self.node(Value::List(items)))
    }

    fn dict(&mut self) -> Option<Node> {
        self.eat('{');
        let mut entries: Vec<Entry> = Vec::new();
        let mut comma = true;
        while !self.eat('}') {
            if !comma {
                return None;
            }
            let key = self.value()?;
            if !self.eat(':') {
                return None;
            }
            entries.push(Entry { key, value: self.value()? });
            comma = self.eat(',');
        }
        Some(self.node(Value::Map(Mapping { entries })))
    }

    fn text(&mut self) -> Option<Node> {
        let mut chars = self.rest.char_indices();
        let (_, quote) = chars.next()?;
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    c @ ('\\' | '\'' | '"') => text.push(c),
                    c => text.extend(['\\', c]),
                },
                c if c == quote => {
                    self.rest = self.rest.get(at + c.len_utf8()..)?;
                    return Some(string(self.span, &text));
                }
                c => text.push(c),
            }
        }
        None
    }

    fn word(&mut self) -> Option<Node> {
        let end = self.rest.find([',', ']', ')', '}', ':', ' ']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        let value = match word {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "None" => Value::Null,
            _ => number(word)?,
        };
        self.rest = rest;
        Some(self.node(value))
    }
}

fn number(word: &str) -> Option<Value> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    let clean = digits.replace('_', "");
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let integer = if let Some(hex) = clean.strip_prefix("0x").or_else(|| clean.strip_prefix("0X")) {
        i64::from_str_radix(hex, 16).ok()
    } else if let Some(octal) = clean.strip_prefix("0o").or_else(|| clean.strip_prefix("0O")) {
        i64::from_str_radix(octal, 8).ok()
    } else if let Some(binary) = clean.strip_prefix("0b").or_else(|| clean.strip_prefix("0B")) {
        i64::from_str_radix(binary, 2).ok()
    } else if clean.len() > 1 && clean.starts_with('0') && clean.bytes().all(|b| b.is_ascii_digit()) && clean.bytes().any(|b| b != b'0') {
        // Python refuses `0644`; so it stays text, and a file mode keeps its zero.
        return None;
    } else {
        clean.parse().ok()
    };
    if let Some(integer) = integer {
        return Some(Value::Int(sign * integer));
    }
    let is_float = clean.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    let float: f64 = is_float.then(|| clean.parse().ok()).flatten()?;
    Some(Value::Float(if sign < 0 { -float } else { float }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        show(&value(text, &Span::synthetic("test")))
    }

    fn show(node: &Node) -> String {
        match &node.value {
            Value::Null => "None".to_owned(),
            Value::Bool(b) => format!("bool {b}"),
            Value::Int(i) => format!("int {i}"),
            Value::Float(f) => format!("float {f}"),
            Value::Str { text, .. } => format!("str {text}"),
            Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            Value::Map(map) => {
                let entries: Vec<String> = map.entries.iter().map(|e| format!("{}: {}", show(&e.key), show(&e.value))).collect();
                format!("{{{}}}", entries.join(", "))
            }
            Value::Vault(_) => "vault".to_owned(),
        }
    }

    #[test]
    fn python_literals_have_their_type_and_all_else_is_text() {
        for (text, expected) in [
            ("5", "int 5"),
            ("-5", "int -5"),
            ("0x1f", "int 31"),
            ("0644", "str 0644"),
            ("1.5", "float 1.5"),
            ("1e3", "float 1000"),
            ("1.2.3", "str 1.2.3"),
            ("True", "bool true"),
            ("true", "str true"),
            ("yes", "str yes"),
            ("None", "None"),
            ("'5'", "str 5"),
            ("\"a b\"", "str a b"),
            ("[1, 'a', ]", "[int 1, str a]"),
            ("(1, 2)", "[int 1, int 2]"),
            ("{'a': [1], 'b': {}}", "{str a: [int 1], str b: {}}"),
            ("[1, a]", "str [1, a]"),
            ("10.0.0.1", "str 10.0.0.1"),
            ("{{ x }}", "str {{ x }}"),
            ("", "str "),
            ("a'b", "str a'b"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
