//! The lines of a file of sections, and what becomes of them.

use std::ops::Range;

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) section: Option<&'a str>,
    /// Options that the section has to have, with the values they have to have.
    pub(super) has: Vec<(&'a str, Vec<&'a str>)>,
    pub(super) option: Option<&'a str>,
    /// None: the option stands alone.
    pub(super) values: Vec<&'a str>,
    pub(super) present: bool,
    /// Other lines of the option go.
    pub(super) exclusive: bool,
    /// What stands between option and value.
    pub(super) equals: &'a str,
    /// Lines that differ only in blanks stay.
    pub(super) ignore_spaces: bool,
    /// Lines behind a comment sign count as the option's.
    pub(super) inactive: bool,
}

/// A new text.
pub(super) struct Change {
    pub(super) text: String,
    /// What was done.
    pub(super) message: &'static str,
}

/// A line of an option.
struct Found<'l> {
    /// `None`: it stands alone.
    value: Option<&'l str>,
    /// Behind a comment sign.
    inactive: bool,
}

/// The text as it is to be; `None` when it is so already.
pub(super) fn change(text: &str, wanted: &Wanted<'_>) -> Option<Change> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push(String::new());
    }
    let message = match (region(&lines, wanted), wanted.option, wanted.present) {
        (Some(region), Some(option), true) => set(&mut lines, region, option, wanted)?,
        (Some(region), Some(option), false) => {
            let before = lines.len();
            for at in region.rev() {
                let goes = lines.get(at).and_then(|line| find(line, option)).is_some_and(|found| {
                    let named = found.value.is_some_and(|value| wanted.values.contains(&value));
                    !found.inactive && (wanted.exclusive || named)
                });
                if goes {
                    lines.remove(at);
                }
            }
            (lines.len() != before).then_some("option changed")?
        }
        (Some(region), None, false) => {
            lines.drain(region);
            "section removed"
        }
        (Some(_), None, true) | (None, _, false) => return None,
        (None, option, true) => {
            lines.push(format!("[{}]", wanted.section.unwrap_or_default()));
            for (option, values) in &wanted.has {
                lines.extend(assignments(option, values, wanted.equals));
            }
            match option {
                Some(option) => {
                    lines.extend(assignments(option, &wanted.values, wanted.equals));
                    "section and option added"
                }
                None => "only section added",
            }
        }
    };
    let text = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    Some(Change { text, message })
}

fn assignments(option: &str, values: &[&str], equals: &str) -> Vec<String> {
    if values.is_empty() {
        return vec![option.to_owned()];
    }
    values.iter().map(|value| format!("{option}{equals}{value}")).collect()
}

/// The name in the header of a section.
fn header(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.strip_suffix(']')
}

/// The lines of the section that is meant, its header among them.
fn region(lines: &[String], wanted: &Wanted<'_>) -> Option<Range<usize>> {
    let headers: Vec<usize> = lines.iter().enumerate().filter(|(_, line)| header(line).is_some()).map(|(at, _)| at).collect();
    let end = |from: usize| headers.iter().copied().find(|at| *at > from).unwrap_or(lines.len());
    let Some(name) = wanted.section else {
        let first = headers.first().copied().unwrap_or(lines.len());
        return Some(0..first);
    };
    let named = headers.iter().copied().filter(|at| lines.get(*at).and_then(|line| header(line)) == Some(name));
    let mut regions = named.map(|at| at..end(at));
    regions.find(|region| {
        let lines = lines.get(region.clone()).unwrap_or_default();
        wanted.has.iter().all(|(option, values)| {
            let found: Vec<Option<&str>> =
                lines.iter().filter_map(|line| find(line, option)).filter(|found| !found.inactive).map(|found| found.value).collect();
            !found.is_empty() && values.iter().all(|value| found.contains(&Some(value)))
        })
    })
}

/// What a line says of the option.
fn find<'l>(line: &'l str, option: &str) -> Option<Found<'l>> {
    let plain = line.trim_start();
    let active = plain.trim_start_matches(['#', ';']);
    let inactive = active.len() != plain.len();
    let rest = active.trim_start().strip_prefix(option)?.trim_start();
    if rest.is_empty() {
        return Some(Found { value: None, inactive });
    }
    Some(Found { value: Some(rest.strip_prefix('=')?.trim()), inactive })
}

/// Gives the option its values; what was done.
fn set(lines: &mut Vec<String>, region: Range<usize>, option: &str, wanted: &Wanted<'_>) -> Option<&'static str> {
    let alone = wanted.values.is_empty();
    // An option that stands alone is another one than one with a value, unless it is to stand alone.
    let counts = |found: &Found<'_>| (alone || found.value.is_some()) && (wanted.inactive || !found.inactive);
    let own: Vec<usize> =
        region.clone().filter(|at| lines.get(*at).and_then(|line| find(line, option)).is_some_and(|found| counts(&found))).collect();
    let value_at =
        |lines: &[String], at: usize| lines.get(at).and_then(|line| find(line, option)).and_then(|found| found.value.map(str::to_owned));
    let mut values = wanted.values.clone();
    // What each line becomes.
    let mut plan: Vec<(usize, Option<String>)> = Vec::new();
    let mut free = Vec::new();
    for at in own {
        let value = value_at(lines, at);
        match values.iter().position(|wanted| value.as_deref() == Some(*wanted)) {
            Some(place) => plan.push((at, Some(format!("{option}{}{}", wanted.equals, values.remove(place))))),
            None if alone && plan.is_empty() => plan.push((at, Some(option.to_owned()))),
            None => free.push(at),
        }
    }
    if wanted.exclusive {
        for at in free {
            let value = if values.is_empty() { None } else { Some(values.remove(0)) };
            plan.push((at, value.map(|value| format!("{option}{}{value}", wanted.equals))));
        }
    }
    let mut message = None;
    plan.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let is_alone_already = alone && !plan.is_empty();
    let mut end = region.end;
    for (at, new) in plan {
        let Some(new) = new else {
            lines.remove(at);
            end -= 1;
            message = Some("option changed");
            continue;
        };
        if let Some(line) = lines.get_mut(at)
            && *line != new
            && !(wanted.ignore_spaces && same(line, &new))
        {
            *line = new;
            message = Some("option changed");
        }
    }
    let new = if alone && !is_alone_already { vec![option.to_owned()] } else { Vec::new() };
    let new: Vec<String> = new.into_iter().chain(values.iter().map(|value| format!("{option}{}{value}", wanted.equals))).collect();
    if !new.is_empty() {
        let is_full =
            |at: &usize| lines.get(*at).map(|line| line.trim()).is_some_and(|line| !line.is_empty() && !line.starts_with(['#', ';']));
        let place = (region.start..end).rev().find(is_full).map_or(region.start, |at| at + 1);
        lines.splice(place..place, new);
        message = Some("option added");
    }
    message
}

/// Whether two lines are the same but for blanks around `=`.
fn same(one: &str, other: &str) -> bool {
    let parts = |line: &str| line.split_once('=').map(|(option, value)| (option.trim().to_owned(), value.trim().to_owned()));
    parts(one).is_some() && parts(one) == parts(other)
}
