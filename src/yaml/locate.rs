//! From a place inside of a scalar's text to the place in the file where that part is written.

use std::ops::Range;

use super::node::{Node, Style, Value};
use crate::base::Span;

impl Node {
    /// Where the bytes `range` of this node's text are written: inside of quotes, behind escapes, on the right line of a block.
    /// The node's own span when it is not text.
    pub fn locate(&self, range: Range<usize>) -> Span {
        let Value::Str { text, style, .. } = &self.value else { return self.span.clone() };
        let written = self.span.text();
        let start = advance(written, text, range.start, *style);
        let end = if range.end > range.start { advance(written, text, range.end, *style) } else { start };
        if start >= written.len() && !written.is_empty() {
            return self.span.clone();
        }
        self.span.part(start..end.max(start))
    }
}

/// The offset in `written` at which byte `target` of `text` stands. Both are walked together: escapes, doubled quotes, folded line
/// breaks and indentation are skipped on the way.
fn advance(written: &str, text: &str, target: usize, style: Style) -> usize {
    let quote = written.chars().next().filter(|c| style == Style::Quoted && matches!(c, '"' | '\''));
    let mut at = usize::from(quote.is_some());
    for (offset, wanted) in text.char_indices() {
        at = skip(written, at, wanted, quote);
        if offset >= target {
            return at;
        }
        let rest = written.get(at..).unwrap_or("");
        at += match (quote, rest.chars().next()) {
            (Some('"'), Some('\\')) => escape_len(rest),
            (Some('\''), Some('\'')) => 2,
            (_, Some(c)) => c.len_utf8(),
            (_, None) => 0,
        };
    }
    at
}

/// Passes over what stands in the file but not in the text before `wanted`: line breaks that were folded, and indentation.
fn skip(written: &str, mut at: usize, wanted: char, quote: Option<char>) -> usize {
    while let Some(rest) = written.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        if c == wanted || (c == '\n' && wanted == ' ') {
            break;
        }
        if quote == Some('"') && c == '\\' {
            // A backslash before a line break joins the lines.
            match rest.get(1..) {
                Some(next) if next.starts_with(['\n', '\r']) => at += 2,
                _ => break,
            }
        } else if c.is_whitespace() {
            at += c.len_utf8();
        } else {
            break;
        }
    }
    at
}

/// The length of the escape sequence that `text` starts with.
fn escape_len(text: &str) -> usize {
    match text.chars().nth(1) {
        Some('x') => 4,
        Some('u') => 6,
        Some('U') => 10,
        Some(c) => 1 + c.len_utf8(),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use crate::base::Source;

    #[test]
    fn parts_of_a_text_are_found_where_they_are_written() {
        for (yaml, part) in [
            ("k: plain HERE text", "HERE"),
            ("k: \"quoted HERE\"", "HERE"),
            ("k: \"tab\\t \\u00fc \\\" HERE\"", "HERE"),
            ("k: 'it''s HERE'", "HERE"),
            ("k: |\n  one\n    two HERE\n  three", "HERE"),
            ("k: >\n  one\n  two\n\n  three HERE\n", "HERE"),
            ("k: one\n   two\n   three HERE", "HERE"),
            ("k: \"one\n\n   two HERE\"", "HERE"),
            ("k: ä ö HERE", "HERE"),
        ] {
            let root = load(&Source::new("f", yaml)).unwrap().unwrap();
            let node = root.as_map().unwrap().get("k").unwrap();
            let at = node.as_str().unwrap().find(part).unwrap();
            let span = node.locate(at..at + part.len());
            assert_eq!(span.text(), part, "{yaml}");
            assert_eq!(span.range().start, yaml.find(part).unwrap(), "{yaml}");
        }
    }
}
