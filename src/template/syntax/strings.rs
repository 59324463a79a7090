//! Texts in quotes inside of templates.
//!
//! In `{{ }}` of a value in YAML a backslash stands for itself, so that regular expressions need not be escaped twice. Everywhere
//! else it starts an escape sequence of Python's.

use std::borrow::Cow;

/// Stands for a backslash while the parser reads: it would refuse `\x` and `\u` without digits. One byte for one byte, so that
/// positions stay.
const NEUTRAL: char = '\u{1}';

/// `template` with those backslashes made neutral that stand for themselves.
pub(super) fn neutral(template: &str) -> Cow<'_, str> {
    if !template.contains('\\') || !template.contains("{{") {
        return Cow::Borrowed(template);
    }
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let length = match tail.get(..2) {
            Some("{{") => {
                let length = expression_length(tail);
                let (expression, _) = tail.split_at(length);
                neutralize(expression, &mut out);
                rest = tail.get(length..).unwrap_or("");
                continue;
            }
            Some("{#") => tail.find("#}").map_or(tail.len(), |end| end + 2),
            Some("{%") => statement_length(tail),
            _ => 1,
        };
        let (passed, after) = tail.split_at(length);
        out.push_str(passed);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Bytes of a quoted text that `text` starts with.
fn quoted_length(text: &str) -> usize {
    let mut chars = text.char_indices();
    let Some((_, quote)) = chars.next() else { return 0 };
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Bytes up to behind the `}}` that closes the expression `text` starts with.
fn expression_length(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 2;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if depth == 0 && rest.starts_with("}}") {
            return at + 2;
        }
        match rest.chars().next() {
            Some('"' | '\'') => at += quoted_length(rest),
            Some(c) => {
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                at += c.len_utf8();
            }
            None => break,
        }
    }
    text.len()
}

/// Bytes of the statement `text` starts with; of `raw`, up to behind its end.
fn statement_length(text: &str) -> usize {
    let word = text.get(2..).unwrap_or("").trim_start_matches(['-', '+']).trim_start();
    if word.starts_with("raw") {
        let Some(end) = text.find("endraw") else { return text.len() };
        return text.get(end..).and_then(|tail| tail.find("%}")).map_or(text.len(), |close| end + close + 2);
    }
    let mut at = 2;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("%}") {
            return at + 2;
        }
        at += match rest.chars().next() {
            Some('"' | '\'') => quoted_length(rest),
            Some(c) => c.len_utf8(),
            None => break,
        };
    }
    text.len()
}

/// Appends an expression with the backslashes of its quoted texts made neutral, but for those in front of a quote, which say that the
/// text goes on.
fn neutralize(expression: &str, out: &mut String) {
    let mut quote = None;
    let mut chars = expression.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(_), '\\') => match chars.next_if(|next| matches!(next, '"' | '\'' | '\\')) {
                Some(next) => {
                    out.push('\\');
                    out.push(next);
                    continue;
                }
                None => {
                    out.push(NEUTRAL);
                    continue;
                }
            },
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        out.push(c);
    }
}

/// The content of the quotes in `written`: as it is, or with its escape sequences read. Texts that follow each other are one.
pub(super) fn content(written: &str, raw: bool) -> String {
    let mut joined = String::new();
    let mut rest = written.trim_start();
    while rest.starts_with(['"', '\'']) {
        let length = quoted_length(rest);
        let (quoted, tail) = rest.split_at(length);
        let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or("");
        if raw {
            joined.push_str(inner)
        } else {
            unescape(inner, &mut joined)
        }
        rest = tail.trim_start();
    }
    joined
}

/// Reads Python's escape sequences; what is none stays as it is.
fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let Some(c) = after.chars().next() else {
            out.push('\\');
            return;
        };
        let tail = after.get(c.len_utf8()..).unwrap_or("");
        let by_digits = |count: usize, radix: u32| {
            let digits = tail.get(..count)?;
            u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).map(|c| (c, count))
        };
        let octal = || {
            let count = after.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            let code = u32::from_str_radix(after.get(..count)?, 8).ok()?;
            char::from_u32(code).map(|c| (c, count - 1))
        };
        let read = match c {
            'n' => Some(('\n', 0)),
            't' => Some(('\t', 0)),
            'r' => Some(('\r', 0)),
            'b' => Some(('\u{8}', 0)),
            'f' => Some(('\u{c}', 0)),
            'v' => Some(('\u{b}', 0)),
            'a' => Some(('\u{7}', 0)),
            '\\' | '"' | '\'' => Some((c, 0)),
            'x' => by_digits(2, 16),
            'u' => by_digits(4, 16),
            'U' => by_digits(8, 16),
            '0'..='7' => octal(),
            '\n' => {
                rest = tail;
                continue;
            }
            _ => None,
        };
        match read {
            Some((c, used)) => {
                out.push(c);
                rest = tail.get(used..).unwrap_or("");
            }
            None => {
                out.push('\\');
                out.push(c);
                rest = tail;
            }
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_in_expressions_stand_for_themselves() {
        assert_eq!(neutral(r"{{ 'C:\Users' }}"), "{{ 'C:\u{1}Users' }}");
        assert_eq!(neutral(r"{{ {'a': {'b': '\d'}} }} \d"), "{{ {'a': {'b': '\u{1}d'}} }} \\d");
        assert_eq!(neutral(r#"{{ 'it\'s' ~ "\\" }}"#), r#"{{ 'it\'s' ~ "\\" }}"#);
        let untouched = r"{% set x = '\d' %}{# \d {{ '\d' }} #}{% raw %}{{ '\d' }}{% endraw %}";
        assert_eq!(neutral(untouched), untouched);
        assert_eq!(content(r#"'it\'s' "a\n""#, true), r"it\'sa\n");
        assert_eq!(content(r#"'it\'s' "a\n""#, false), "it'sa\n");
        assert_eq!(content(r"'\x41\u00e9\101\d\/\\'", false), r"AéA\d\/\");
    }
}
