//! What is really wrong with a text that is no template: the parser names what it did not expect, people need what to mend.

use std::ops::Range;

use super::SyntaxFault;
use crate::base::text::did_you_mean;

/// The words that statements start with.
const STATEMENTS: &[&str] = &[
    "autoescape",
    "block",
    "break",
    "call",
    "continue",
    "do",
    "elif",
    "else",
    "endautoescape",
    "endblock",
    "endcall",
    "endfilter",
    "endfor",
    "endif",
    "endmacro",
    "endraw",
    "endset",
    "endwith",
    "extends",
    "filter",
    "for",
    "from",
    "if",
    "import",
    "include",
    "macro",
    "raw",
    "set",
    "with",
];

/// Words of other languages, and what they are here.
const OPERATORS: &[(&str, &str)] = &[
    ("&&", "use `and`"),
    ("||", "use `or`"),
    ("&", "use `and`"),
    ("!", "use `not`"),
    ("===", "use `==`"),
    ("=", "to compare, use `==`"),
    ("?", "use `A if CONDITION else B`"),
];

/// What the parser says of `text`, in the words of those who wrote it.
pub(super) fn syntax_fault(error: &minijinja::Error, text: &str) -> SyntaxFault {
    let said = error.detail().unwrap_or("this is not a template");
    let range = error.range().unwrap_or(0..text.len());
    let range = range.start.min(text.len())..range.end.min(text.len());
    let fault = |message: String, range: Range<usize>, hint: Option<String>| SyntaxFault { message, hint, range };
    let before = text.get(..range.start).unwrap_or("");
    let here = text.get(range.start..).unwrap_or("");
    let open = open_expression(before);

    if said.contains("end of string")
        && let Some(quote) = text.rfind("{{").max(text.rfind("{%")).or(Some(0)).and_then(|open| open_quote(text, open))
    {
        return fault("this quote is never closed".to_owned(), quote..quote + 1, None);
    }
    if let Some(open) = open.filter(|open| *open > 0)
        && before.get(..open).is_some_and(|before| open_expression(before).is_some())
    {
        let name = text.get(open + 2..).and_then(|rest| rest.split("}}").next()).unwrap_or("").trim();
        return fault(
            "`{{` inside of `{{ }}`".to_owned(),
            open..open + 2,
            Some(format!("inside, write a variable without braces: `{name}`")),
        );
    }
    if said.contains("end of input") || said.contains("end of template") || said.contains("end of file") {
        if let Some((word, at)) = open_block(text) {
            return fault(format!("`{{% {word} %}}` has no `{{% end{word} %}}`"), at, None);
        }
        if let Some(open) = open_expression(text) {
            let closing = if text.get(open..).is_some_and(|rest| rest.starts_with("{%")) { "%}" } else { "}}" };
            let opening = text.get(open..open + 2).unwrap_or("{{");
            return fault(format!("`{opening}` is never closed by `{closing}`"), open..open + 2, None);
        }
    }
    if said.starts_with("unexpected end of variable block") || said.starts_with("unexpected end of block") {
        return fault("the expression ends too early: something is missing here".to_owned(), range, None);
    }
    if said.starts_with("unexpected end of input") {
        return fault("the expression ends too early: something is missing behind this".to_owned(), range, None);
    }
    let is_stray = said.starts_with("unexpected identifier") || said.starts_with("unexpected input after");
    if let Some(word) = text.get(range.clone()).filter(|word| is_stray && !word.is_empty())
        && !OPERATORS.iter().any(|(operator, _)| word.starts_with(operator))
    {
        let hint = "an operator or a `|` may be missing in front of it, or quotes around a text";
        return fault(format!("unexpected `{word}`"), range.clone(), Some(hint.to_owned()));
    }
    if said.contains("expected end of variable block") && here.starts_with('}') && !here.starts_with("}}") {
        return fault("`{{` is closed by `}}`, and here is only one `}`".to_owned(), range, None);
    }
    if let Some(word) = said.strip_prefix("unknown statement ") {
        let hint = match word.strip_prefix("end").or(Some(word).filter(|word| matches!(*word, "else" | "elif"))) {
            Some(_) => Some(match open_block(before) {
                Some((open, _)) => format!("`{{% {open} %}}` is open here, which `{{% end{open} %}}` closes"),
                None => "nothing is open here that it could belong to".to_owned(),
            }),
            None => did_you_mean(word, STATEMENTS.iter().copied()),
        };
        let known = STATEMENTS.contains(&word);
        let message = if known { format!("`{{% {word} %}}` does not fit here") } else { format!("unknown statement `{word}`") };
        return fault(message, range, hint);
    }
    if let Some((operator, hint)) = OPERATORS.iter().find(|(operator, _)| here.starts_with(operator) && !here.starts_with("==")) {
        return fault(format!("unexpected `{operator}`"), range.start..range.start + operator.len(), Some((*hint).to_owned()));
    }
    let hint = ['(', '[', '{'].into_iter().zip([')', ']', '}']).find(|(_, closing)| said.ends_with(&format!("expected `{closing}`")));
    fault(said.to_owned(), range, hint.map(|(opening, closing)| format!("a `{opening}` before it has no `{closing}`")))
}

/// Where the last `{{` or `{%` stands that is not closed in `text`.
fn open_expression(text: &str) -> Option<usize> {
    let last = |mark: &str| text.rfind(mark);
    let open = last("{{").max(last("{%"))?;
    let closed = last("}}").max(last("%}"));
    (closed.is_none_or(|closed| closed < open)).then_some(open)
}

/// Where the quote stands that is open at the end of the expression that starts at `from`.
fn open_quote(text: &str, from: usize) -> Option<usize> {
    let mut open: Option<(usize, char)> = None;
    for (at, c) in text.get(from..)?.char_indices() {
        match open {
            Some((_, quote)) if quote == c => open = None,
            None if matches!(c, '"' | '\'') => open = Some((from + at, c)),
            _ => {}
        }
    }
    open.map(|(at, _)| at)
}

/// The innermost statement that is still open at the end of `text`, and where it stands.
fn open_block(text: &str) -> Option<(&str, Range<usize>)> {
    let mut open: Vec<(&str, Range<usize>)> = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("{%")).map(|found| at + found) {
        let rest = text.get(start + 2..).unwrap_or("");
        let length = rest.find("%}").unwrap_or(rest.len());
        let tag = rest.get(..length).unwrap_or("");
        let end = (start + length + 4).min(text.len());
        let word = tag.trim_start_matches(['-', '+']).split_whitespace().next().unwrap_or("").trim_end_matches('-');
        match word {
            "if" | "for" | "macro" | "call" | "filter" | "with" | "block" | "raw" => open.push((word, start..end)),
            "set" if !tag.contains('=') => open.push((word, start..end)),
            _ if word.starts_with("end") => {
                open.pop();
            }
            _ => {}
        }
        at = end.max(start + 2);
    }
    open.pop()
}
