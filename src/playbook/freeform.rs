//! Free-form arguments: `copy: src=a dest="b c"` and `command: ls -l chdir=/tmp`.
//!
//! Text is cut at spaces and line breaks, but not inside quotes and Jinja braces. A piece `name=value` is an argument, with the
//! quotes around its value taken off and escapes resolved; all other pieces make up the free-form text, spacing kept.

use crate::yaml::{Entry, Mapping, Node, Value};

use super::ast::Args;

/// Modules whose free-form text is a command line. Of `name=value` pieces only those of [`COMMAND_OPTIONS`] are arguments there.
pub const COMMANDS: &[&str] = &["command", "shell", "script", "raw"];

/// The arguments that may stand inside a command line.
const COMMAND_OPTIONS: &[&str] = &["creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline", "strip_empty_ends"];

/// Quotes or braces are not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbalanced {
    /// A quote.
    Quote,
    /// `{{`, `{%` or `{#`.
    Braces,
}

/// The arguments in the text of `node`; `command`: it is a command line.
pub fn parse(node: &Node, command: bool) -> Result<Args, Unbalanced> {
    let Value::Str { text, style, is_unsafe } = &node.value else { return Ok(Args::default()) };
    let make = |text: String, span| Node::new(span, Value::Str { text, style: *style, is_unsafe: *is_unsafe });
    // Positions inside are exact where the text is written as it is read.
    let exact = node.span.text() == text.as_str();
    let mut args = Args::default();
    let mut free = String::new();
    for piece in split(text)? {
        let span = if exact { node.span.part(piece.start..piece.start + piece.text.trim_end().len()) } else { node.span.clone() };
        let decoded = decode_escapes(&piece.text);
        match pair(&decoded) {
            Some((name, value)) if !command || COMMAND_OPTIONS.contains(&name) => {
                let value_span = match piece.text.find('=') {
                    Some(at) if exact => span.part(at + 1..span.range().len()),
                    _ => span.clone(),
                };
                let entry = Entry {
                    key: Node::text(span.part(0..piece.text.find('=').unwrap_or(0)), name.trim()),
                    value: make(unquote(value.trim()).to_owned(), value_span),
                };
                set(&mut args.map, entry);
            }
            found => {
                if !free.is_empty() && !free.ends_with('\n') {
                    free.push(' ');
                }
                match found {
                    None if decoded.contains('=') => free.push_str(&decoded.replace("\\=", "=")),
                    _ => free.push_str(&piece.text),
                }
            }
        }
    }
    if !free.is_empty() {
        args.free_form = Some(make(free, node.span.clone()));
    }
    Ok(args)
}

/// Sets an entry; a later one of the same name takes the place of the earlier.
pub fn set(map: &mut Mapping, entry: Entry) {
    match map.entries.iter_mut().find(|known| known.key.as_str() == entry.key.as_str()) {
        Some(known) => *known = entry,
        None => map.entries.push(entry),
    }
}

struct Piece {
    text: String,
    start: usize,
}

/// Cuts at spaces and line breaks outside quotes and braces. Spacing beyond one space stays at the end of the piece before it.
fn split(text: &str) -> Result<Vec<Piece>, Unbalanced> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut open = Open::default();
    let mut start = 0;
    let lines: Vec<&str> = text.split('\n').collect();
    for (number, line) in lines.iter().enumerate() {
        let mut continued = false;
        for (index, word) in line.split(' ').enumerate() {
            let was_open = open.any();
            if word == "\\" && open.quote.is_none() {
                continued = true;
            } else {
                open.read(word);
                match pieces.last_mut() {
                    Some(last) if was_open => {
                        if index > 0 {
                            last.text.push(' ');
                        }
                        last.text.push_str(word);
                    }
                    Some(last) if word.is_empty() && index > 0 => last.text.push(' '),
                    None if word.is_empty() && index > 0 => pieces.push(Piece { text: " ".to_owned(), start }),
                    Some(_) if word.is_empty() => {}
                    _ => pieces.push(Piece { text: word.to_owned(), start }),
                }
            }
            start += word.len() + 1;
        }
        if number + 1 < lines.len()
            && !continued
            && let Some(last) = pieces.last_mut()
        {
            last.text.push('\n');
        }
    }
    match open {
        Open { quote: Some(_), .. } => Err(Unbalanced::Quote),
        Open { depths: [0, 0, 0], .. } => Ok(pieces),
        Open { .. } => Err(Unbalanced::Braces),
    }
}

/// Where the quote stands that is still open at the end of `text`.
pub fn open_quote(text: &str) -> Option<usize> {
    let mut open: Option<(usize, char)> = None;
    for (at, c) in text.char_indices() {
        match open {
            Some((_, quote)) if quote == c => open = None,
            None if matches!(c, '"' | '\'') => open = Some((at, c)),
            _ => {}
        }
    }
    open.map(|(at, _)| at)
}

/// What is open after the words read so far.
#[derive(Default)]
struct Open {
    quote: Option<char>,
    depths: [usize; 3],
}

impl Open {
    fn any(&self) -> bool {
        self.quote.is_some() || self.depths != [0, 0, 0]
    }

    fn read(&mut self, word: &str) {
        let mut before = None;
        for c in word.chars() {
            if matches!(c, '"' | '\'') && before != Some('\\') {
                match self.quote {
                    Some(quote) if quote == c => self.quote = None,
                    Some(_) => {}
                    None => self.quote = Some(c),
                }
            }
            before = Some(c);
        }
        for (depth, (left, right)) in self.depths.iter_mut().zip([("{{", "}}"), ("{%", "%}"), ("{#", "#}")]) {
            *depth = (*depth + word.matches(left).count()).saturating_sub(word.matches(right).count());
        }
    }
}

/// `name=value`, cut at the first `=` that is neither first nor escaped.
fn pair(piece: &str) -> Option<(&str, &str)> {
    let bytes = piece.as_bytes();
    let at = piece.match_indices('=').map(|(at, _)| at).find(|at| *at > 0 && bytes.get(at - 1) != Some(&b'\\'))?;
    Some((piece.get(..at)?, piece.get(at + 1..)?))
}

fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        if value.len() > 1
            && let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote))
            && !inner.ends_with('\\')
        {
            return inner;
        }
    }
    value
}

/// Resolves `\n`, `\t`, `\\`, `\x41`, `\u0041` and their like; what is no escape stays as it is.
fn decode_escapes(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        decoded.push_str(plain);
        let mut chars = escape.chars();
        chars.next();
        let found = match chars.next() {
            Some('n') => Some(('\n', 2)),
            Some('t') => Some(('\t', 2)),
            Some('r') => Some(('\r', 2)),
            Some('a') => Some(('\u{7}', 2)),
            Some('b') => Some(('\u{8}', 2)),
            Some('f') => Some(('\u{c}', 2)),
            Some('v') => Some(('\u{b}', 2)),
            Some(c @ ('\\' | '\'' | '"')) => Some((c, 2)),
            Some('x') => hex(escape, 2),
            Some('u') => hex(escape, 4),
            Some('U') => hex(escape, 8),
            _ => None,
        };
        let (c, length) = found.unwrap_or(('\\', 1));
        decoded.push(c);
        rest = escape.get(length..).unwrap_or("");
    }
    decoded.push_str(rest);
    decoded
}

fn hex(escape: &str, digits: usize) -> Option<(char, usize)> {
    let text = escape.get(2..2 + digits)?;
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some((char::from_u32(u32::from_str_radix(text, 16).ok()?)?, 2 + digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Source, Span};

    fn parsed(text: &str, command: bool) -> String {
        let source = Source::new("t", text);
        let node = Node::text(Span::new(source, 0..text.len()), text);
        match parse(&node, command) {
            Err(error) => format!("{error:?}"),
            Ok(args) => {
                let mut parts: Vec<String> = args
                    .map
                    .entries
                    .iter()
                    .map(|e| format!("{}={:?}", e.key.as_str().unwrap_or("?"), e.value.as_str().unwrap_or("?")))
                    .collect();
                parts.extend(args.free_form.iter().map(|node| format!("{:?}", node.as_str().unwrap_or("?"))));
                parts.join(" ")
            }
        }
    }

    /// Each as the reference implementation splits it.
    #[test]
    fn splits_like_the_reference() {
        let pairs = [
            ("a=1 b=\"x y\"", r#"a="1" b="x y""#),
            ("a={{ x y }} b={% if a %}x", r#"a="{{ x y }}" b="{% if a %}x""#),
            ("a=\"it's\" b='say \"x\"'", r#"a="it's" b="say \"x\"""#),
            ("a=x\\=y b\\=c", r#"a="x\\=y" "b=c""#),
            ("line1\nline2 x=1", r#"x="1" "line1\nline2""#),
            ("a=1 \\\n b=2", r#"a="1" b="2""#),
            ("a=\"x\\ty\" b=x\\ty", r#"a="x\ty" b="x\ty""#),
            ("a= b=2", r#"a="" b="2""#),
            ("=foo", r#""=foo""#),
            ("a = b", r#""a = b""#),
            ("a=b'c d'e", r#"a="b'c d'e""#),
            ("a=\"x\" \"y z\"", r#"a="x" "\"y z\"""#),
            ("x=1 x=2", r#"x="2""#),
            ("x=é\\u00e9", r#"x="éé""#),
            ("a=\" x \"", r#"a=" x ""#),
            ("content=\"l1\nl2\" mode=\"0644\"", r#"content="l1\nl2" mode="0644""#),
            ("  a=1 b", r#"a="1" "  b""#),
            ("\\=\\n x", r#""=\nx""#),
            ("a=\"unclosed", "Quote"),
            ("a={{ unclosed", "Braces"),
        ];
        for (text, expected) in pairs {
            assert_eq!(parsed(text, false), expected, "{text:?}");
        }
        let commands = [
            ("echo \"a b\" creates=/tmp/x foo=bar", r#"creates="/tmp/x" "echo \"a b\" foo=bar""#),
            ("echo   two  spaces", r#""echo   two  spaces""#),
            ("echo b\\=c", r#""echo b=c""#),
            ("a=\"x\\ty\" b=x\\ty", r#""a=\"x\\ty\" b=x\\ty""#),
            ("echo \"chdir=/x\" chdir=\"/a b\"", r#"chdir="/a b" "echo \"chdir=/x\"""#),
            ("echo 'a\n  b'  c", r#""echo 'a\n  b'  c""#),
            ("creates=/x/{{ a }} echo hi", r#"creates="/x/{{ a }}" "echo hi""#),
            ("echo {{ a }} {# c d #} x", r#""echo {{ a }} {# c d #} x""#),
            ("echo \\n \\\\ a", r#""echo \\n \\\\ a""#),
        ];
        for (text, expected) in commands {
            assert_eq!(parsed(text, true), expected, "{text:?}");
        }
    }

    #[test]
    fn a_value_knows_its_place() {
        let text = "src=a dest=\"b c\"";
        let source = Source::new("t", format!("- copy: {text}"));
        let node = Node::text(Span::new(source, 8..8 + text.len()), text);
        let args = parse(&node, false).unwrap();
        assert_eq!(args.map.get("dest").unwrap().span.text(), "\"b c\"");
        assert_eq!(args.map.entry("dest").unwrap().key.span.text(), "dest");
    }
}
