//! Regular expressions.

use minijinja::Value;

use crate::base::regex::{Template, TextRegex, escape};
use crate::template::call::{Call, Filter, def};
use crate::template::data;
use crate::template::fault::Eval;
use crate::template::pattern;
use crate::template::python::show;

pub(super) static TABLE: &[Filter] = &[
    def(
        "regex_replace",
        &["pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"],
        "Every match replaced; the replacement refers to groups by `\\1` and `\\g<name>`.",
        "'ansible' | regex_replace('^a(.*)$', 'A\\1')",
        "Ansible",
        replace,
    ),
    def(
        "regex_search",
        &["pattern", "*groups", "**options"],
        "The first match, or its groups when some are named by `\\1` or `\\g<name>`.",
        "'foobar' | regex_search('(o+)b', '\\1')",
        "['oo']",
        search,
    ),
    def(
        "regex_findall",
        &["pattern", "multiline", "ignorecase"],
        "All matches; of a pattern with groups, what they matched.",
        "'a1 b2' | regex_findall('[a-z](\\d)')",
        "['1', '2']",
        |call| {
            let pattern = call.need_text(0)?;
            let regex = pattern::compile(&pattern, call.is_set(2, false), call.is_set(1, false))?;
            let text = show(&call.input);
            let mut found = Vec::new();
            for matched in regex.find_all(text.as_str())? {
                let part = |range: Option<std::ops::Range<usize>>| Value::from(range.and_then(|range| text.get(range)).unwrap_or(""));
                found.push(match regex.group_count() {
                    0 => part(matched.group(0)),
                    1 => part(matched.group(1)),
                    count => data::tuple((1..=count).map(|number| part(matched.group(number))).collect()),
                });
            }
            Ok(data::list(found))
        },
    ),
    def(
        "regex_escape",
        &["re_type"],
        "The text with every character escaped that means something in a pattern.",
        "'a.b' | regex_escape",
        "a\\.b",
        |call| {
            let text = show(&call.input);
            match call.text_or(0, "python")?.as_str() {
                "python" => Ok(Value::from(escape(&text))),
                "posix_basic" => Ok(Value::from(
                    text.chars().flat_map(|c| if ".*^$[]\\".contains(c) { vec!['\\', c] } else { vec![c] }).collect::<String>(),
                )),
                other => Err(call.error(format!("`{other}` is neither `python` nor `posix_basic`"))),
            }
        },
    ),
];

fn replace(call: &mut Call<'_, '_>) -> Eval {
    let (pattern, replacement) = (show(call.need(0)?), show(call.need(1)?));
    let regex = pattern::compile(&pattern, call.is_set(2, false), call.is_set(3, false))?;
    let template = Template::new(&replacement, &regex)?;
    let limit = usize::try_from(call.int_or(4, 0)?).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let text = show(&call.input);
    let (replaced, count) = regex.replace(text.as_str(), &template, limit)?;
    let wanted = usize::try_from(call.int_or(5, 0)?).unwrap_or(0);
    if wanted > 0 && wanted != count {
        return Err(call.error(format!("`{pattern}` should match {}, it matches {count} times", crate::base::text::count(wanted, "time"))));
    }
    Ok(Value::from(replaced))
}

/// The number of the group that `\1` or `\g<name>` names.
fn group_number(call: &Call<'_, '_>, regex: &TextRegex, reference: &str) -> Eval<usize> {
    let number = match reference.strip_prefix("\\g<").and_then(|rest| rest.strip_suffix('>')) {
        Some(name) => name.parse().ok().or_else(|| regex.number_of(name)),
        None => reference.strip_prefix('\\').and_then(|digits| digits.parse().ok()),
    };
    match number {
        Some(number) if number <= regex.group_count() => Ok(number),
        Some(number) => {
            Err(call
                .error(format!("the pattern has {}, there is no group {number}", crate::base::text::count(regex.group_count(), "group"))))
        }
        None => Err(call.error(format!("`{reference}` names no group")).hint("groups are named by `\\1` or `\\g<name>`")),
    }
}

fn search(call: &mut Call<'_, '_>) -> Eval {
    let (mut ignore_case, mut multi_line) = (false, false);
    for (name, value) in &call.named {
        match &**name {
            "ignorecase" => ignore_case = value.is_true(),
            "multiline" => multi_line = value.is_true(),
            other => return Err(call.error(format!("there is no argument `{other}`"))),
        }
    }
    let regex = pattern::compile(&show(call.need(0)?), ignore_case, multi_line)?;
    let groups = call.rest.iter().map(|group| group_number(call, &regex, &show(group))).collect::<Eval<Vec<_>>>()?;
    let text = show(&call.input);
    let Some(found) = regex.search(text.as_str())? else { return Ok(data::none()) };
    let part = |number: usize| found.group(number).and_then(|range| text.get(range)).map_or_else(data::none, Value::from);
    Ok(if groups.is_empty() { part(0) } else { data::list(groups.into_iter().map(part).collect()) })
}
