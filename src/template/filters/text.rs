//! Texts.

use minijinja::Value;

use super::wrap;
use crate::template::call::{Call, Filter, def};
use crate::template::data;
use crate::template::fault::Eval;
use crate::template::python::{self, show};

pub(super) static TABLE: &[Filter] = &[
    def("capitalize", &[], "First letter upper case, the rest lower case.", "'hELLO' | capitalize", "Hello", |call| {
        Ok(Value::from(python::capitalize(&show(&call.input))))
    }),
    def("lower", &[], "All lower case.", "'ABC' | lower", "abc", |call| Ok(Value::from(show(&call.input).to_lowercase()))),
    def("upper", &[], "All upper case.", "'abc' | upper", "ABC", |call| Ok(Value::from(show(&call.input).to_uppercase()))),
    def("title", &[], "Every word with an upper-case letter in front.", "\"it's a-test\" | title", "It's A-Test", |call| {
        Ok(Value::from(title(&show(&call.input))))
    }),
    def("trim", &["chars"], "Without the blanks, or the given characters, at both ends.", "'  x ' | trim", "x", |call| {
        let text = show(&call.input);
        Ok(Value::from(match call.some(0).map(show) {
            Some(chars) => text.trim_matches(|c| chars.contains(c)),
            None => text.trim(),
        }))
    }),
    def("center", &["width"], "In the middle of so many columns.", "'ab' | center(6)", "  ab  ", |call| {
        let width = usize::try_from(call.int_or(0, 80)?.clamp(0, 100_000)).unwrap_or(0);
        let text = show(&call.input);
        let missing = width.saturating_sub(text.chars().count());
        let left = missing / 2 + (missing & width & 1);
        Ok(Value::from(format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left))))
    }),
    def(
        "truncate",
        &["length", "killwords", "end", "leeway"],
        "At most so many characters (and a few more if that saves cutting), cut between words unless asked otherwise.",
        "'foo bar baz qux' | truncate(9)",
        "foo...",
        truncate,
    ),
    def(
        "replace",
        &["old", "new", "count"],
        "A part of the text replaced by another, everywhere or so many times.",
        "'aaa' | replace('a', 'b', 2)",
        "bba",
        |call| {
            let (old, new) = (show(call.need(0)?), show(call.need(1)?));
            let text = show(&call.input);
            let count = call.int(2)?.and_then(|count| usize::try_from(count).ok());
            python::replaced(&text, &old, &new, count).map(Value::from)
        },
    ),
    def(
        "indent",
        &["width", "first", "blank"],
        "Every line but the first one indented by spaces or a text; the first one and blank ones too if asked.",
        "('a', 'b') | join('|') | replace('|', '\\n') | indent(2, first=true) | length",
        "6",
        indent,
    ),
    def(
        "wordwrap",
        &["width", "break_long_words", "wrapstring", "break_on_hyphens"],
        "Broken into lines of at most so many characters.",
        "'the quick brown fox' | wordwrap(10, wrapstring='/')",
        "the quick/brown fox",
        |call| {
            let width = usize::try_from(call.int_or(0, 79)?.max(1)).unwrap_or(79);
            let separator = call.text_or(2, "\n")?;
            let (long, hyphens) = (call.is_set(1, true), call.is_set(3, true));
            let lines = python::lines(&show(&call.input), false);
            let wrapped: Vec<String> = lines.iter().map(|line| wrap::wrap(line, width, long, hyphens).join(&separator)).collect();
            Ok(Value::from(wrapped.join(&separator)))
        },
    ),
    def("wordcount", &[], "The number of words.", "'foo bar-baz' | wordcount", "3", |call| {
        let text = show(&call.input);
        Ok(Value::from(text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).count()))
    }),
    def("split", &["sep", "maxsplit"], "The parts between blanks, or between a separator.", "'a,b' | split(',')", "['a', 'b']", |call| {
        let separator = match call.some(0) {
            Some(_) => Some(call.need_text(0)?),
            None => None,
        };
        let limit = call.int(1)?.and_then(|limit| usize::try_from(limit).ok());
        let parts = python::split(call.input_text()?, separator.as_deref(), limit, false)?;
        Ok(data::list(parts.into_iter().map(Value::from).collect()))
    }),
    def(
        "format",
        &["*values", "**named"],
        "The text with its `%` placeholders filled in.",
        "'%s-%03d' | format('a', 5)",
        "a-005",
        |call| {
            let (values, named) = (std::mem::take(&mut call.rest), std::mem::take(&mut call.named));
            if !values.is_empty() && !named.is_empty() {
                return Err(call.error("values by position and by name cannot be mixed"));
            }
            let arguments = match named.is_empty() {
                true => data::tuple(values),
                false => data::dict(named.into_iter().map(|(name, value)| (Value::from(&*name), value))),
            };
            python::percent::format(&show(&call.input), &arguments)
        },
    ),
    def("quote", &[], "Quoted for a POSIX shell.", "\"it's\" | quote", "'it'\"'\"'s'", |call| {
        let text = if call.input.is_none() { String::new() } else { show(&call.input) };
        Ok(Value::from(quote(&text)))
    }),
    def(
        "comment",
        &["style", "**options"],
        "As a comment: plain (`#`), erlang, c, cblock or xml; every part of it can be given.",
        "'x' | comment('c') | replace('\\n', '/')",
        "//\n// x\n//",
        comment,
    ),
];

/// Every word with an upper-case letter in front; words begin behind blanks, dashes and opening brackets.
fn title(text: &str) -> String {
    let mut out = String::new();
    let mut starts = true;
    for c in text.chars() {
        let separates = c.is_whitespace() || matches!(c, '-' | '(' | '{' | '[' | '<');
        if separates {
            out.push(c);
        } else if starts {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        starts = separates;
    }
    out
}

fn truncate(call: &mut Call<'_, '_>) -> Eval {
    let number = |at: usize, default: i64| call.int_or(at, default).map(|number| usize::try_from(number.max(0)).unwrap_or(0));
    let (length, leeway) = (number(0, 255)?, number(3, 5)?);
    let end = call.text_or(2, "...")?;
    let text = show(&call.input);
    if length < end.chars().count() {
        return Err(call.error(format!("`length` must be at least that of `end`, {}", end.chars().count())));
    }
    if text.chars().count() <= length + leeway {
        return Ok(Value::from(text));
    }
    let cut: String = text.chars().take(length - end.chars().count()).collect();
    let kept = if call.is_set(1, false) { cut.as_str() } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(kept, _)| kept) };
    Ok(Value::from(format!("{kept}{end}")))
}

fn indent(call: &mut Call<'_, '_>) -> Eval {
    let by = match call.some(0) {
        Some(text) if data::text(text).is_some() => show(text),
        _ => " ".repeat(usize::try_from(call.int_or(0, 4)?.clamp(0, 10_000)).unwrap_or(4)),
    };
    let (first, blank) = (call.is_set(1, false), call.is_set(2, false));
    // The line break that is added keeps one at the end as an empty line.
    let lines = python::lines(&format!("{}\n", show(&call.input)), false);
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        if at == 0 && first || at > 0 && (blank || !line.is_empty()) {
            out.push_str(&by);
        }
        out.push_str(line);
    }
    Ok(Value::from(out))
}

/// A text as one word of a POSIX shell.
pub(crate) fn quote(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\"'\"'")) }
}

fn comment(call: &mut Call<'_, '_>) -> Eval {
    let style = call.text_or(0, "plain")?;
    let (mut beginning, mut decoration, mut end) = match style.as_str() {
        "plain" | "decoration" => (String::new(), "# ".to_owned(), String::new()),
        "erlang" => (String::new(), "% ".to_owned(), String::new()),
        "c" => (String::new(), "// ".to_owned(), String::new()),
        "cblock" => ("/*".to_owned(), " * ".to_owned(), " */".to_owned()),
        "xml" => ("<!--".to_owned(), " - ".to_owned(), "-->".to_owned()),
        other => return Err(call.error(format!("`{other}` is no style")).hint("it is `plain`, `erlang`, `c`, `cblock` or `xml`")),
    };
    let mut newline = "\n".to_owned();
    let (mut prefix, mut postfix): (Option<String>, Option<String>) = (None, None);
    let (mut prefix_count, mut postfix_count) = (1usize, 1usize);
    for (name, value) in &call.named {
        let count = || data::integer(value).and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= 1000);
        match &**name {
            "beginning" => beginning = show(value),
            "decoration" => decoration = show(value),
            "end" => end = show(value),
            "newline" => newline = show(value),
            "prefix" => prefix = Some(show(value)),
            "postfix" => postfix = Some(show(value)),
            "prefix_count" => prefix_count = count().ok_or_else(|| call.error("`prefix_count` must be a small whole number"))?,
            "postfix_count" => postfix_count = count().ok_or_else(|| call.error("`postfix_count` must be a small whole number"))?,
            other => return Err(call.error(format!("there is no argument `{other}`"))),
        }
    }
    let bare = decoration.trim_end().to_owned();
    let opening = if beginning.is_empty() { String::new() } else { format!("{beginning}{newline}") };
    let before = match prefix.unwrap_or_else(|| bare.clone()) {
        prefix if prefix.is_empty() => String::new(),
        prefix => format!("{prefix}{newline}").repeat(prefix_count),
    };
    let decorated = |line: &str| if line.is_empty() { bare.clone() } else { format!("{decoration}{line}") };
    let text = show(&call.input);
    let body: Vec<String> = text.split('\n').map(decorated).collect();
    let body = body.join(&newline);
    let postfix = postfix.unwrap_or_else(|| bare.clone());
    let after = vec![postfix; postfix_count].join(&newline);
    let closing = if end.is_empty() { String::new() } else { format!("{newline}{end}") };
    let separator = if postfix_count == 0 { "" } else { newline.as_str() };
    Ok(Value::from(format!("{opening}{before}{body}{separator}{after}{closing}")))
}
