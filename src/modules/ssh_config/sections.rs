//! The lines of the configuration of an SSH client, and what becomes of them.

use std::ops::Range;

/// The lines of a section, its `Host` line first. What comes behind its last option is not its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    lines: Range<usize>,
}

/// The word of a line in lower case, and its value without quotes around it; `None` for comments and empty lines.
fn parse(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let value = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).filter(|value| !value.contains('"'));
    Some((word.to_ascii_lowercase(), bare.unwrap_or(value)))
}

fn is_start(line: &str) -> bool {
    parse(line).is_some_and(|(word, _)| matches!(word.as_str(), "host" | "match"))
}

/// The first section of the host.
pub(super) fn section(text: &str, host: &str) -> Option<Section> {
    let lines: Vec<&str> = text.lines().collect();
    let is_own = |line: &&str| parse(line).is_some_and(|(word, value)| word == "host" && value.split_whitespace().eq(host.split(' ')));
    let start = lines.iter().position(is_own)?;
    let own = lines.iter().enumerate().skip(start + 1).take_while(|(_, line)| !is_start(line));
    let last = own.filter(|(_, line)| parse(line).is_some()).last().map_or(start, |(at, _)| at);
    Some(Section { lines: start..last + 1 })
}

/// Words and values of a section.
pub(super) fn options(text: &str, section: &Section) -> Vec<(String, String)> {
    let lines = text.lines().skip(section.lines.start + 1).take(section.lines.len() - 1);
    lines.filter_map(parse).map(|(word, value)| (word, value.to_owned())).collect()
}

/// The text without all sections of the host.
pub(super) fn without(text: &str, host: &str) -> String {
    let mut left = text.to_owned();
    while let Some(section) = section(&left, host) {
        left = join(left.lines().enumerate().filter(|(at, _)| !section.lines.contains(at)).map(|(_, line)| line));
    }
    left
}

/// The text with a new section.
pub(super) fn with_new(text: &str, host: &str, wanted: &[(String, String)]) -> String {
    let options = wanted.iter().map(|(word, value)| format!("    {}", line(word, value)));
    let new: Vec<String> = std::iter::once(format!("Host {host}")).chain(options).collect();
    join(text.lines().chain(new.iter().map(String::as_str)))
}

/// The text in which the section says what is wanted; `None` when it does so already.
pub(super) fn with(text: &str, section: &Section, wanted: &[(String, String)]) -> Option<String> {
    let mut lines: Vec<Option<String>> = text.lines().map(|line| Some(line.to_owned())).collect();
    let old: Vec<&str> = text.lines().collect();
    let within = section.lines.start + 1..section.lines.end;
    let says = |at: usize| old.get(at).copied().and_then(parse);
    let indent = within
        .clone()
        .find(|at| says(*at).is_some())
        .and_then(|at| old.get(at))
        .map_or("    ", |line| line.get(..line.len() - line.trim_start().len()).unwrap_or_default());
    let mut new = Vec::new();
    for (word, value) in wanted {
        let own: Vec<usize> = within.clone().filter(|at| says(*at).is_some_and(|(other, _)| other == *word)).collect();
        let Some((first, more)) = own.split_first() else {
            new.push(format!("{indent}{}", line(word, value)));
            continue;
        };
        if says(*first).is_some_and(|(_, is)| is != value)
            && let (Some(slot), Some(is)) = (lines.get_mut(*first), old.get(*first))
        {
            let written = is
                .trim_start()
                .find(|c: char| c.is_whitespace() || c == '=')
                .map_or(word.as_str(), |end| is.trim_start().get(..end).unwrap_or(word));
            let own_indent = is.get(..is.len() - is.trim_start().len()).unwrap_or_default();
            *slot = Some(format!("{own_indent}{}", line(written, value)));
        }
        for at in more {
            if let Some(slot) = lines.get_mut(*at) {
                *slot = None;
            }
        }
    }
    let (head, tail) = lines.split_at(section.lines.end.min(lines.len()));
    let all = head.iter().flatten().chain(&new).chain(tail.iter().flatten()).map(String::as_str);
    let changed = join(all);
    (!changed.lines().eq(text.lines())).then_some(changed)
}

/// A path with blanks in it stands in quotes.
fn line(word: &str, value: &str) -> String {
    if word.eq_ignore_ascii_case("identityfile") && value.contains(char::is_whitespace) {
        return format!("{word} \"{value}\"");
    }
    format!("{word} {value}")
}

fn join<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    lines.flat_map(|line| [line, "\n"]).collect()
}
