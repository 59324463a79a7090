//! The methods of texts.

use minijinja::Value;

use super::methods::Args;
use super::{format, show};
use crate::template::call::Given;
use crate::template::data;
use crate::template::fault::{Eval, Fault};

pub(super) const NAMES: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// `text` with the characters that `table` has, by their number, replaced by another, by a text, or by nothing.
fn translate(text: &str, table: &Value) -> Eval<String> {
    let entries = data::pairs(table).ok_or_else(|| Fault::error("`translate` needs a mapping of character numbers"))?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let entry = entries.iter().find(|(key, _)| data::integer(key) == Some(i128::from(u32::from(c))));
        match entry.map(|(_, value)| value) {
            None => out.push(c),
            Some(value) if value.is_none() => {}
            Some(value) => match data::integer(value) {
                Some(number) => {
                    let c = u32::try_from(number).ok().and_then(char::from_u32);
                    out.push(c.ok_or_else(|| Fault::error(format!("there is no character {number}")))?);
                }
                None => out.push_str(&show(value)),
            },
        }
    }
    Ok(out)
}

/// Calls a method; `None` when there is none of this name.
pub(super) fn call(text: &str, name: &str, args: &mut Args) -> Eval<Option<Value>> {
    let all = |test: fn(char) -> bool| Value::from(!text.is_empty() && text.chars().all(test));
    Ok(Some(match name {
        "capitalize" => capitalize(text).into(),
        "casefold" | "lower" => text.to_lowercase().into(),
        "upper" => text.to_uppercase().into(),
        "swapcase" => text
            .chars()
            .flat_map(|c| if c.is_uppercase() { c.to_lowercase().collect::<Vec<_>>() } else { c.to_uppercase().collect() })
            .collect::<String>()
            .into(),
        "title" => title(text).into(),
        "center" | "ljust" | "rjust" => {
            let width = usize::try_from(args.int("width")?.unwrap_or(0).clamp(0, 100_000)).unwrap_or(0);
            let fill = args.text("fillchar")?.unwrap_or_else(|| " ".to_owned());
            justify(text, width, &fill, name).into()
        }
        "zfill" => {
            let width = usize::try_from(args.int("width")?.unwrap_or(0).clamp(0, 100_000)).unwrap_or(0);
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
            let missing = width.saturating_sub(text.chars().count());
            format!("{sign}{}{digits}", "0".repeat(missing)).into()
        }
        "count" => {
            let part = args.need_text("sub")?;
            let (within, _) = range(text, args)?;
            Value::from(if part.is_empty() { within.chars().count() + 1 } else { within.matches(&part).count() })
        }
        "find" | "rfind" | "index" | "rindex" => {
            let part = args.need_text("sub")?;
            let (within, start) = range(text, args)?;
            let found = if name.starts_with('r') { within.rfind(&part) } else { within.find(&part) };
            match found {
                Some(at) => Value::from(start + within.get(..at).unwrap_or("").chars().count()),
                None if name.ends_with("index") => return Err(Fault::error(format!("`{part}` is not in the text"))),
                None => Value::from(-1),
            }
        }
        "startswith" | "endswith" => {
            let affixes = args.need("prefix")?;
            let (within, _) = range(text, args)?;
            let fits = |affix: &str| if name == "startswith" { within.starts_with(affix) } else { within.ends_with(affix) };
            match (data::text(&affixes), data::items(&affixes)) {
                (Some(affix), _) => Value::from(fits(affix)),
                (None, Some(several)) => Value::from(several.iter().any(|affix| data::text(affix).is_some_and(fits))),
                _ => return Err(Fault::error(format!("`{name}` needs a text or a tuple of texts"))),
            }
        }
        "translate" => translate(text, &args.need("table")?)?.into(),
        "removeprefix" => text.strip_prefix(args.need_text("prefix")?.as_str()).unwrap_or(text).into(),
        "removesuffix" => text.strip_suffix(args.need_text("suffix")?.as_str()).unwrap_or(text).into(),
        "replace" => {
            let (old, new) = (args.need_text("old")?, args.need_text("new")?);
            let count = args.int("count")?.and_then(|count| usize::try_from(count).ok());
            replaced(text, &old, &new, count)?.into()
        }
        "strip" | "lstrip" | "rstrip" => {
            let chars = args.text("chars")?;
            let unwanted = |c: char| chars.as_ref().map_or(c.is_whitespace(), |chars| chars.contains(c));
            match name {
                "strip" => text.trim_matches(unwanted),
                "lstrip" => text.trim_start_matches(unwanted),
                _ => text.trim_end_matches(unwanted),
            }
            .into()
        }
        "split" | "rsplit" => {
            let separator = args.text("sep")?;
            let limit = args.int("maxsplit")?.and_then(|limit| usize::try_from(limit).ok());
            texts(split(text, separator.as_deref(), limit, name == "rsplit")?)
        }
        "splitlines" => {
            let keep = args.next("keepends").is_some_and(|keep| keep.is_true());
            texts(lines(text, keep))
        }
        "partition" | "rpartition" => {
            let separator = args.need_text("sep")?;
            let found = if name == "partition" { text.split_once(&separator) } else { text.rsplit_once(&separator) };
            let parts = match (found, name) {
                (Some((before, after)), _) => [before, &separator, after],
                (None, "partition") => [text, "", ""],
                (None, _) => ["", "", text],
            };
            data::tuple(parts.iter().map(|part| Value::from(*part)).collect())
        }
        "join" => {
            let parts = args.need("iterable")?;
            let mut joined = String::new();
            for (at, part) in data::iterate(&parts)?.iter().enumerate() {
                let Some(part) = data::text(part) else {
                    let message = format!("`join` needs texts, element {} is a `{}`", at + 1, data::type_name(part));
                    return Err(Fault::error(message).hint("use the filter `join`, which converts"));
                };
                if at > 0 {
                    joined.push_str(text);
                }
                joined.push_str(part);
            }
            joined.into()
        }
        "format" => {
            let given = std::mem::take(&mut args.given);
            return format::format(text, &given).map(Some);
        }
        "format_map" => {
            let mapping = args.need("mapping")?;
            let named = data::pairs(&mapping).unwrap_or_default().into_iter().map(|(key, value)| (show(&key).into(), value)).collect();
            return format::format(text, &Given { positional: Vec::new(), named }).map(Some);
        }
        "encode" => {
            let _encoding = args.text("encoding")?;
            let _errors = args.text("errors")?;
            Value::from_bytes(text.as_bytes().to_vec())
        }
        "expandtabs" => {
            let size = usize::try_from(args.int("tabsize")?.unwrap_or(8).clamp(0, 100)).unwrap_or(8);
            expand_tabs(text, size).into()
        }
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => text.is_ascii().into(),
        "isdecimal" | "isdigit" => all(|c| c.is_ascii_digit()),
        "isnumeric" => all(char::is_numeric),
        "isprintable" => (!text.chars().any(char::is_control)).into(),
        "isspace" => all(char::is_whitespace),
        "isidentifier" => {
            (text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(|c| c.is_alphanumeric() || c == '_')).into()
        }
        "islower" => (text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)).into(),
        "isupper" => (text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)).into(),
        "istitle" => (text.chars().any(char::is_alphabetic) && title(text) == text).into(),
        _ => return Ok(None),
    }))
}

fn texts(parts: Vec<String>) -> Value {
    data::list(parts.into_iter().map(Value::from).collect())
}

/// The part of a text that optional start and end arguments name, and how many characters lie before it.
fn range<'t>(text: &'t str, args: &mut Args) -> Eval<(&'t str, usize)> {
    let (start, end) = (args.int("start")?, args.int("end")?);
    if start.is_none() && end.is_none() {
        return Ok((text, 0));
    }
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let clamp = |at: i64| (if at < 0 { at + length } else { at }).clamp(0, length);
    let (start, end) = (start.map_or(0, clamp), end.map_or(length, clamp).max(0));
    let byte = |at: i64| text.char_indices().nth(usize::try_from(at).unwrap_or(0)).map_or(text.len(), |(byte, _)| byte);
    Ok((text.get(byte(start)..byte(end).max(byte(start))).unwrap_or(""), usize::try_from(start).unwrap_or(0)))
}

/// First letter upper case, the rest lower case.
pub(crate) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect(),
        None => String::new(),
    }
}

/// Every word that way, where a word is a run of letters.
pub(crate) fn title(text: &str) -> String {
    let mut in_word = false;
    let mut out = String::new();
    for c in text.chars() {
        if in_word {
            out.extend(c.to_lowercase())
        } else {
            out.extend(c.to_uppercase())
        }
        in_word = c.is_alphabetic();
    }
    out
}

fn justify(text: &str, width: usize, fill: &str, how: &str) -> String {
    let missing = width.saturating_sub(text.chars().count());
    let (left, right) = match how {
        "ljust" => (0, missing),
        "rjust" => (missing, 0),
        // Python puts the odd space on the left when the width is odd.
        _ => {
            let left = missing / 2 + (missing & width & 1);
            (left, missing - left)
        }
    };
    format!("{}{text}{}", fill.repeat(left), fill.repeat(right))
}

/// `split` and `rsplit`: at whitespace, or at `separator`, at most `limit` times.
pub(crate) fn split(text: &str, separator: Option<&str>, limit: Option<usize>, from_right: bool) -> Eval<Vec<String>> {
    let Some(separator) = separator else { return Ok(split_whitespace(text, limit, from_right)) };
    if separator.is_empty() {
        return Err(Fault::error("a text cannot be split at the empty text"));
    }
    let own = str::to_owned;
    Ok(match (limit, from_right) {
        (None, _) => text.split(separator).map(own).collect(),
        (Some(limit), false) => text.splitn(limit + 1, separator).map(own).collect(),
        (Some(limit), true) => {
            let mut parts: Vec<String> = text.rsplitn(limit + 1, separator).map(own).collect();
            parts.reverse();
            parts
        }
    })
}

fn split_whitespace(text: &str, limit: Option<usize>, from_right: bool) -> Vec<String> {
    let Some(limit) = limit else { return text.split_whitespace().map(str::to_owned).collect() };
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let cut = if from_right { rest.rfind(char::is_whitespace) } else { rest.find(char::is_whitespace) };
        match cut.filter(|_| parts.len() < limit) {
            None => {
                parts.push(rest.to_owned());
                break;
            }
            Some(at) => {
                let (before, after) = rest.split_at(at);
                if from_right {
                    parts.push(after.trim_start().to_owned());
                    rest = before.trim_end();
                } else {
                    parts.push(before.to_owned());
                    rest = after.trim_start();
                }
            }
        }
    }
    if from_right {
        parts.reverse();
    }
    parts
}

/// The lines of a text.
pub(crate) fn lines(text: &str, keep_ends: bool) -> Vec<String> {
    let is_break =
        |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}' | '\u{1d}' | '\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find(is_break).unwrap_or(rest.len());
        let tail = rest.get(at..).unwrap_or("");
        let width = if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(0, char::len_utf8) };
        lines.push(rest.get(..if keep_ends { at + width } else { at }).unwrap_or("").to_owned());
        rest = tail.get(width..).unwrap_or("");
    }
    lines
}

fn expand_tabs(text: &str, size: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let spaces = size - column % size;
                out.push_str(&" ".repeat(spaces));
                column += spaces;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

/// Bytes that a text made by replacing may have.
const REPLACED: usize = 100_000_000;

/// A text with `old` replaced by `new`, everywhere or so many times.
///
/// # Errors
/// The result would be too large.
pub(crate) fn replaced(text: &str, old: &str, new: &str, count: Option<usize>) -> Eval<String> {
    let count = count.unwrap_or(usize::MAX);
    let places = text.matches(old).take(count).count();
    let size = places.checked_mul(new.len()).and_then(|added| added.checked_add(text.len()));
    match size.is_some_and(|size| size <= REPLACED) {
        true => Ok(text.replacen(old, new, count)),
        false => Err(Fault::error("the text with all that is put into it would be too large")),
    }
}
