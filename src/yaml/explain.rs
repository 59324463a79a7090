//! What is really wrong with text that cannot be parsed: the parser names the place where it gave up, people need the place to mend.

use std::sync::Arc;

use saphyr_parser::ScanError;

use super::build::{closing_quote, offset};
use super::indentation;
use super::line::Line;
use crate::base::text::did_you_mean;
use crate::base::{Diagnostic, Source, Span};

/// What may follow a backslash in double quotes.
const ESCAPES: &str = "0abt\tnvfre \"/\\N_LPxuU\r\n";

/// The diagnostic for text the parser refused. `open` is where the innermost bracket that is not closed stands.
pub(super) fn scan_error(source: &Arc<Source>, error: &ScanError, open: Option<usize>) -> Diagnostic {
    let at = offset(source, error.marker());
    let (number, _) = source.position(at);
    let place = |range: std::ops::Range<usize>| Span::new(source.clone(), range);
    // The fault is on the line where the parser stopped or on one of the few before it.
    let near: Vec<Line<'_>> = (number.saturating_sub(3).max(1)..=number)
        .rev()
        .map(|number| Line::of(source, number))
        .filter(|line| !line.is_blank())
        .take(3)
        .collect();
    let info = error.info();

    // A tab that ends a value early is reported at the value, one line before.
    for number in [number, number + 1, number.saturating_sub(1).max(1)] {
        let line = Line::of(source, number);
        let blank = line.text.len() - line.text.trim_start().len();
        if let Some(tab) = line.text.get(..blank).and_then(|lead| lead.find('\t')).filter(|_| !line.is_blank()) {
            return Diagnostic::at(&place(line.start + tab..line.start + tab + 1), "a tab is used for indentation")
                .hint("indent with spaces");
        }
    }
    for line in &near {
        let value = line.value();
        if line.text.get(value..).is_some_and(|value| value.starts_with("{{")) {
            return unquoted_template(source, line.start + value, line.text.get(value..).unwrap_or(""));
        }
    }
    if info.contains("unknown anchor") {
        return unknown_anchor(source, at);
    }
    if info.contains("unknown escape")
        && let Some(diagnostic) = escape(source, source.line_start(number))
    {
        return diagnostic;
    }
    if let Some(line) = near.first() {
        if let Some(diagnostic) = quotes(source, line, info) {
            return diagnostic;
        }
        let value = line.value();
        let value_text = line.text.get(value..).unwrap_or("");
        if let Some(first) = value_text.chars().next().filter(|c| matches!(c, '@' | '`' | '%')) {
            return Diagnostic::at(&place(line.start + value..line.start + value + 1), format!("a value cannot start with `{first}`"))
                .hint(format!("quote it: {}", in_quotes(value_text)));
        }
        if let Some(open) = open {
            return bracket(source, open, at);
        }
        let second_colon = || value_text.find(": ").or_else(|| value_text.strip_suffix(':').map(str::len));
        if info.contains("mapping values")
            && !value_text.starts_with(['"', '\''])
            && value > line.content()
            && let Some(colon) = second_colon()
        {
            let colon = line.start + value + colon;
            return Diagnostic::at(&place(colon..colon + 1), "a value without quotes cannot contain a colon followed by a space")
                .hint(format!("quote it: {}", in_quotes(value_text)));
        }
        if let Some(diagnostic) = dash(source, number, line) {
            return diagnostic;
        }
        if info.contains("simple key")
            && let Some(diagnostic) = no_colon(source, number)
        {
            return diagnostic;
        }
        if let Some(diagnostic) = indentation::fault(source, number, line) {
            return diagnostic;
        }
    }
    Diagnostic::at(&place(at..at + 1), format!("this is not valid YAML: {}", info.trim_start_matches("while ")))
}

/// A template that starts a value without quotes, at byte `at`; `text` is the rest of its line.
pub(super) fn unquoted_template(source: &Arc<Source>, at: usize, text: &str) -> Diagnostic {
    let length = text.split(" #").next().unwrap_or(text).trim_end().len();
    Diagnostic::at(&Span::new(source.clone(), at..at + length), "a value that starts with `{{` must be in quotes")
        .hint(format!("quote it: {}", in_quotes(text)))
}

/// The value that the rest of a line is, in quotes.
fn in_quotes(text: &str) -> String {
    let written = text.split(" #").next().unwrap_or(text).trim_end();
    if written.contains(['"', '\\']) { format!("'{}'", written.replace('\'', "''")) } else { format!("\"{written}\"") }
}

/// A bracket that is opened at `open`, and something at `at` that cannot stand in it.
fn bracket(source: &Arc<Source>, open: usize, at: usize) -> Diagnostic {
    let place = |at: usize| Span::new(source.clone(), at..at + 1);
    let text = source.text().get(open..).unwrap_or("");
    let opened = text.chars().next().unwrap_or('[');
    if is_closed(text) {
        return Diagnostic::at(&place(at), "expected a comma or the closing bracket here")
            .with_related(&place(open), format!("the bracket `{opened}` is opened here"));
    }
    let closing = if opened == '{' { '}' } else { ']' };
    let error = Diagnostic::at(&place(open), format!("the bracket `{opened}` is never closed"))
        .hint(format!("add `{closing}` behind its last value"));
    let is_far = source.position(at).0 > source.position(open).0 && !source.line(source.position(at).0).trim().is_empty();
    if is_far { error.with_related(&place(at), "this cannot stand in it") } else { error }
}

/// Whether the bracket that `text` starts with is closed in it.
fn is_closed(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
        if depth == 0 {
            return true;
        }
    }
    false
}

/// An alias at byte `at` that names no anchor; most often text that starts with `*`.
fn unknown_anchor(source: &Arc<Source>, at: usize) -> Diagnostic {
    let text = source.text();
    let rest = text.get(at..).unwrap_or("").lines().next().unwrap_or("");
    let written = rest.split([' ', ',', ']', '}']).next().unwrap_or(rest);
    let name = written.trim_start_matches('*');
    let anchors = text.match_indices('&').filter_map(|(found, _)| text.get(found + 1..)?.split_whitespace().next());
    let hint = did_you_mean(name, anchors).unwrap_or_else(|| format!("if it is a text, quote it: {}", in_quotes(rest)));
    Diagnostic::at(&Span::new(source.clone(), at..at + written.len()), format!("`{written}` is an alias, and there is no anchor `&{name}`"))
        .hint(hint)
}

/// The first backslash behind byte `from` with something behind it that is no escape.
fn escape(source: &Arc<Source>, from: usize) -> Option<Diagnostic> {
    let text = source.text().get(from..)?;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            continue;
        }
        let (_, escaped) = chars.next()?;
        if !ESCAPES.contains(escaped) {
            let place = Span::new(source.clone(), from + at..from + at + 1 + escaped.len_utf8());
            return Some(
                Diagnostic::at(&place, format!("`\\{escaped}` has no meaning in double quotes"))
                    .hint("use single quotes, in which a backslash is a backslash, or write it twice"),
            );
        }
    }
    None
}

/// A dash without a space behind it, on this line or on one beside it above: `-debug:` is a key.
fn dash(source: &Arc<Source>, number: usize, line: &Line<'_>) -> Option<Diagnostic> {
    let is_glued = |line: &Line<'_>| {
        line.text
            .trim_start()
            .strip_prefix('-')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic() || matches!(c, '"' | '\'')))
    };
    let lines = (1..=number).rev().map(|number| Line::of(source, number)).filter(|line| !line.is_blank());
    let beside = lines.take_while(|other| other.indent() >= line.indent()).filter(|other| other.indent() == line.indent());
    let glued = beside.take(20).find(is_glued)?;
    let at = glued.start + glued.indent();
    Some(
        Diagnostic::at(&Span::new(source.clone(), at..at + 2), "there is no space behind this dash, so it does not start a list item")
            .hint("write `- `"),
    )
}

/// A line at or right above the line `number` that is neither a key nor an item, though one of them is expected.
fn no_colon(source: &Arc<Source>, number: usize) -> Option<Diagnostic> {
    let above: Vec<Line<'_>> = (1..=number).rev().map(|number| Line::of(source, number)).filter(|line| !line.is_blank()).collect();
    let is_text = |line: &&Line<'_>| {
        let text = line.text.trim();
        !line.is_item() && !text.contains(": ") && !text.ends_with(':') && !text.starts_with(['"', '\'', '[', '{', ']', '}', '-'])
    };
    let at = above.iter().take(2).position(|line| is_text(&line))?;
    let line = above.get(at)?;
    let error = Diagnostic::at(&line.place(source), "this line is neither a key with a colon nor a list item");
    // The text of a block, and the line that starts it.
    let text = above.get(at + 1..)?;
    let inner = text.iter().take_while(|above| above.indent() > line.indent()).last();
    let start = text.iter().find(|above| above.indent() <= line.indent());
    match (inner, start) {
        (Some(inner), Some(start)) if start.text.trim_end().ends_with(['|', '>', '-', '+']) => Some(
            error.hint(format!("indent it by {} to make it part of the text above", crate::base::text::count(inner.indent(), "space"))),
        ),
        _ => Some(error.hint(format!("if it is a key, write `{}:`", line.text.trim()))),
    }
}

/// A quoted value with more text behind the closing quote, or without one.
fn quotes(source: &Arc<Source>, line: &Line<'_>, info: &str) -> Option<Diagnostic> {
    let value = line.value();
    let text = line.text.get(value..)?;
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let place = |range: std::ops::Range<usize>| Span::new(source.clone(), range.start + line.start + value..range.end + line.start + value);
    let Some(close) = closing_quote(text, quote) else {
        let unclosed = info.contains("end of stream") || info.contains("document indicator") || info.contains("indentation in quoted");
        return unclosed.then(|| Diagnostic::at(&place(0..1), "this quote is never closed").hint(format!("end the value with `{quote}`")));
    };
    let rest = text.get(close + 1..)?;
    let trailing = rest.trim_start();
    if trailing.is_empty() || trailing.starts_with(['#', ',', '}', ']', ':']) {
        return None;
    }
    let start = close + 1 + (rest.len() - trailing.len());
    let inner = text.get(1..close)?;
    let behind = rest.split(" #").next().unwrap_or(rest).trim_end();
    let hint = match behind.strip_suffix(quote) {
        None if !behind.contains(quote) => format!("close the quote behind all of it: {quote}{inner}{behind}{quote}"),
        Some(behind) if quote == '\'' && !behind.contains(quote) => {
            format!("write a single quote inside of single quotes twice: '{inner}''{behind}'")
        }
        _ => "put the whole value in quotes, in single ones if it has double ones".to_owned(),
    };
    Some(Diagnostic::at(&place(start..start + trailing.trim_end().len()), "text follows the closing quote").hint(hint))
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use crate::base::Source;

    /// Text, what the message must say, and the place it must point to.
    #[test]
    fn common_mistakes_are_explained_where_they_are() {
        for (text, message, place) in [
            ("a:\n\tb: 1\n", "a tab is used for indentation", "f:2:1"),
            ("a:\n  b: 1\n \tc: 2\n", "a tab is used for indentation", "f:3:2"),
            ("a: {{ x }}\n", "must be in quotes", "f:1:4"),
            ("a: {{ x }}/b  # c\n", "quote it: \"{{ x }}/b\"", "f:1:4"),
            ("- a: {{ x }} y\n  b: 1\n", "must be in quotes", "f:1:6"),
            ("- {{ x }}\n", "must be in quotes", "f:1:3"),
            ("a: {{ x[\"y\"] }}\n", "quote it: '{{ x[\"y\"] }}'", "f:1:4"),
            ("a: b: c\n", "cannot contain a colon", "f:1:5"),
            ("- name: do: it\n  ping:\n", "cannot contain a colon", "f:1:11"),
            ("a: \"x\" y\n", "text follows the closing quote", "f:1:8"),
            ("a: 'it's'\n", "text follows the closing quote", "f:1:8"),
            ("a: \"x\nb: 1\n", "this quote is never closed", "f:1:4"),
            ("a: 1\nb: @x\n", "cannot start with `@`", "f:2:4"),
            ("a: %x\n", "cannot start with `%`", "f:1:4"),
            ("a: 1\n b: 2\n", "deeper than the one above", "f:2:2"),
            ("a:\n   b: 1\n c: 2\n", "fits none of the lines above", "f:3:2"),
            ("a: b\n- c\n", "a list item stands where a key is expected", "f:2:1"),
            ("- a\nb: c\n", "a key stands where a list item is expected", "f:2:1"),
            ("a: [1, 2\nb: 3\n", "the bracket `[` is never closed", "f:1:4"),
            ("a: [\"x\" \"y\"]\n", "expected a comma or the closing bracket", "f:1:9"),
            ("a: \"x\\d\"\n", "`\\d` has no meaning in double quotes", "f:1:6"),
            ("a: &one 1\nb: *oen\n", "did you mean `one`?", "f:2:4"),
            ("a: */5 x\n", "quote it: \"*/5 x\"", "f:1:4"),
            ("- a: 1\n-b: 2\n", "no space behind this dash", "f:2:1"),
            ("a: |\n  x\ny\nb: 1\n", "indent it by 2 spaces to make it part of the text above", "f:3:1"),
            ("- a: 1\n  b\n  c: 2\n", "if it is a key, write `b:`", "f:2:3"),
            ("a:\n  - b: 1\n    c: 2\n   d: 3\n", "fits none of the lines above", "f:4:4"),
        ] {
            let shown = load(&Source::new("f", text)).expect_err(text).to_string();
            assert!(shown.contains(message) && shown.contains(place), "{text}\n{shown}");
        }
    }
}
