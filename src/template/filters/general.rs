//! Filters of `community.general`.

use std::cmp::Ordering;

use indexmap::IndexMap;
use minijinja::Value;

use super::mappings::{ListMerge, merge};
use super::sequence::flatten;
use crate::template::call::{Call, Filter, def};
use crate::template::data::{self, type_name};
use crate::template::eval::{equal, finish};
use crate::template::fault::{Eval, Fault};
use crate::template::python::show;
use crate::template::value::{from_json, to_json};
use crate::template::{jmespath, pattern, version};

pub(super) static TABLE: &[Filter] = &[
    def(
        "json_query",
        &["expr"],
        "What a JMESPath expression finds in data.",
        "[{'n': 'a'}, {'n': 'b'}] | json_query('[*].n')",
        "['a', 'b']",
        |call| {
            let expression = call.need_text(0)?;
            let found = jmespath::search(&expression, &to_json(&finish(&call.input)?));
            found.map(|found| from_json(&found)).map_err(|error| call.error(error))
        },
    )
    .also(&["community.general.json_query"]),
    def("dict_kv", &["key"], "A mapping with the value under one key.", "'v' | dict_kv('k')", "{'k': 'v'}", |call| {
        Ok(data::dict([(call.need(0)?.clone(), call.input.clone())]))
    })
    .also(&["community.general.dict_kv"]),
    def(
        "keep_keys",
        &["target", "matching_parameter"],
        "The mappings of a list with these keys only.",
        "[{'a': 1, 'b': 2}] | keep_keys(target=['a'])",
        "[{'a': 1}]",
        |call| chosen_keys(call, true),
    )
    .also(&["community.general.keep_keys"]),
    def(
        "remove_keys",
        &["target", "matching_parameter"],
        "The mappings of a list without these keys.",
        "[{'a': 1, 'b': 2}] | remove_keys(target=['a'])",
        "[{'b': 2}]",
        |call| chosen_keys(call, false),
    )
    .also(&["community.general.remove_keys"]),
    def(
        "replace_keys",
        &["target", "matching_parameter"],
        "The mappings of a list with keys `before` called `after`.",
        "[{'a': 1}] | replace_keys(target=[{'before': 'a', 'after': 'b'}])",
        "[{'b': 1}]",
        replace_keys,
    )
    .also(&["community.general.replace_keys"]),
    def(
        "lists_mergeby",
        &["*others", "**options"],
        "Lists of mappings joined by the value of one key, whose name comes last.",
        "[{'n': 'a', 'v': 1}] | lists_mergeby([{'n': 'a', 'w': 2}], 'n')",
        "[{'n': 'a', 'v': 1, 'w': 2}]",
        lists_mergeby,
    )
    .also(&["community.general.lists_mergeby"]),
    def(
        "groupby_as_dict",
        &["attribute"],
        "A mapping of the elements by a key that no two have the same.",
        "[{'n': 'a'}] | groupby_as_dict('n')",
        "{'a': {'n': 'a'}}",
        |call| {
            let key = call.need(0)?.clone();
            let mut groups: IndexMap<Value, Value> = IndexMap::new();
            for item in mappings(call)? {
                let name = member(call, &item, &key)?;
                if groups.insert(name.clone(), item).is_some() {
                    return Err(call.error(format!("two elements have `{}` under `{}`", show(&name), show(&key))));
                }
            }
            Ok(data::dict(groups))
        },
    )
    .also(&["community.general.groupby_as_dict"]),
    def("lists_union", &["*others", "**options"], "What is in any of the lists, once.", "[1] | lists_union([2, 1])", "[1, 2]", |call| {
        Ok(data::list(once(lists(call)?.concat())?))
    })
    .also(&["community.general.lists_union"]),
    def(
        "lists_intersect",
        &["*others", "**options"],
        "What is in all of the lists, once.",
        "[1, 2] | lists_intersect([2, 3])",
        "[2]",
        |call| {
            let lists = lists(call)?;
            let common = lists.iter().flatten().filter_map(|item| {
                let everywhere = lists.iter().map(|list| holds(list, item)).collect::<Eval<Vec<bool>>>();
                everywhere.map(|found| found.into_iter().all(|found| found).then(|| item.clone())).transpose()
            });
            Ok(data::list(once(common.collect::<Eval<_>>()?)?))
        },
    )
    .also(&["community.general.lists_intersect"]),
    def(
        "lists_difference",
        &["*others", "**options"],
        "What is in the first list and in none of the others, once.",
        "[1, 2] | lists_difference([2])",
        "[1]",
        |call| {
            let mut lists = lists(call)?.into_iter();
            let first = lists.next().unwrap_or_default();
            Ok(data::list(lists.try_fold(once(first)?, |kept, list| without(kept, &list))?))
        },
    )
    .also(&["community.general.lists_difference"]),
    def(
        "lists_symmetric_difference",
        &["*others", "**options"],
        "What is in one of two lists only, once.",
        "[1, 2] | lists_symmetric_difference([2, 3])",
        "[1, 3]",
        |call| {
            let mut lists = lists(call)?.into_iter();
            let first = once(lists.next().unwrap_or_default())?;
            let found = lists.try_fold(first, |a, b| Ok::<_, Fault>([without(a.clone(), &b)?, without(once(b)?, &a)?].concat()))?;
            Ok(data::list(found))
        },
    )
    .also(&["community.general.lists_symmetric_difference"]),
    def("version_sort", &[], "Versions in their order.", "['1.10', '1.9'] | version_sort", "['1.9', '1.10']", |call| {
        let mut items = call.input_items()?;
        let mut failed = None;
        items.sort_by(|a, b| {
            version::compare(&show(a), &show(b), "loose").unwrap_or_else(|fault| {
                failed = Some(fault);
                Ordering::Equal
            })
        });
        failed.map_or(Ok(data::list(items)), Err)
    })
    .also(&["community.general.version_sort"]),
    def("counter", &[], "How often each element is there.", "['a', 'b', 'a'] | counter", "{'a': 2, 'b': 1}", |call| {
        let mut counts: IndexMap<Value, i64> = IndexMap::new();
        for item in call.input_items()? {
            *counts.entry(item).or_default() += 1;
        }
        Ok(data::dict(counts.into_iter().map(|(item, count)| (item, Value::from(count)))))
    })
    .also(&["community.general.counter"]),
];

fn mappings(call: &Call<'_, '_>) -> Eval<Vec<Value>> {
    let items = data::items(&call.input).ok_or_else(|| call.error(format!("a list is needed, not `{}`", type_name(&call.input))))?;
    match items.iter().find(|item| !data::is_mapping(item)) {
        Some(other) => Err(call.error(format!("every element must be a mapping, not `{}`", type_name(other)))),
        None => Ok(items),
    }
}

fn member(call: &Call<'_, '_>, item: &Value, key: &Value) -> Eval {
    let found = item.as_object().and_then(|object| object.get_value(key));
    found.ok_or_else(|| call.error(format!("every element must have the key `{}`", show(key))))
}

/// Whether a key is meant by `target`, in the way the argument `matching_parameter` says.
fn means(call: &Call<'_, '_>, target: &str, key: &str) -> Eval<bool> {
    Ok(match call.text_or(1, "equal")?.as_str() {
        "equal" => key == target,
        "starts_with" => key.starts_with(target),
        "ends_with" => key.ends_with(target),
        "regex" => pattern::compile(target, false, false)?.match_start(key)?.is_some(),
        other => {
            return Err(call
                .error(format!("`{other}` is no way to match keys"))
                .hint("`matching_parameter` is `equal`, `starts_with`, `ends_with` or `regex`"));
        }
    })
}

fn chosen_keys(call: &mut Call<'_, '_>, keep: bool) -> Eval {
    let target = call.need(0)?;
    let targets: Vec<String> = data::items(target).map_or_else(|| vec![show(target)], |items| items.iter().map(show).collect());
    if call.text_or(1, "equal")? == "regex" && targets.len() > 1 {
        return Err(call.error("there can be one regular expression only"));
    }
    let mut result = Vec::new();
    for item in mappings(call)? {
        let mut kept = Vec::new();
        for (key, value) in data::pairs(&item).unwrap_or_default() {
            let meant = targets.iter().map(|target| means(call, target, &show(&key))).collect::<Eval<Vec<bool>>>()?;
            if meant.contains(&true) == keep {
                kept.push((key, value));
            }
        }
        result.push(data::dict(kept));
    }
    Ok(data::list(result))
}

fn replace_keys(call: &mut Call<'_, '_>) -> Eval {
    let target = call.need(0)?;
    let entries = data::items(target).unwrap_or_else(|| vec![target.clone()]);
    let part = |entry: &Value, name: &str| entry.as_object().and_then(|object| object.get_value(&Value::from(name)));
    let pairs = entries.iter().map(|entry| {
        part(entry, "before")
            .zip(part(entry, "after"))
            .ok_or_else(|| call.error("every target must be a mapping with `before` and `after`"))
    });
    let pairs = pairs.collect::<Eval<Vec<_>>>()?;
    let mut result = Vec::new();
    for item in mappings(call)? {
        let mut renamed = Vec::new();
        for (key, value) in data::pairs(&item).unwrap_or_default() {
            let mut name = key.clone();
            for (before, after) in &pairs {
                if means(call, &show(before), &show(&key))? {
                    name = after.clone();
                    break;
                }
            }
            renamed.push((name, value));
        }
        result.push(data::dict(renamed));
    }
    Ok(data::list(result))
}

fn lists_mergeby(call: &mut Call<'_, '_>) -> Eval {
    let mut rest = std::mem::take(&mut call.rest);
    let mut option = |name: &str| {
        let at = call.named.iter().position(|(given, _)| &**given == name)?;
        Some(call.named.remove(at).1)
    };
    let (index, recursive, how) = (option("index"), option("recursive"), option("list_merge"));
    let key = index.or_else(|| rest.pop()).ok_or_else(|| call.error("the name of the key is needed"))?;
    if let Some((name, _)) = call.named.first() {
        return Err(call.error(format!("there is no argument `{name}`")));
    }
    let how = how.map_or(Ok(ListMerge::Replace), |how| ListMerge::named(&show(&how)))?;
    let recursive = recursive.is_some_and(|recursive| recursive.is_true());
    let mut items = Vec::new();
    flatten(&std::iter::once(call.input.clone()).chain(rest).collect::<Vec<_>>(), Some(2), false, &mut items);
    let mut joined: IndexMap<Value, Value> = IndexMap::new();
    for item in items {
        if !data::is_mapping(&item) {
            return Err(call.error(format!("every element must be a mapping, not `{}`", type_name(&item))));
        }
        let name = member(call, &item, &key)?;
        let both = match joined.get(&name) {
            Some(below) => merge(below, &item, recursive, how)?,
            None => item,
        };
        joined.insert(name, both);
    }
    joined.sort_by(|a, _, b, _| show(a).cmp(&show(b)));
    Ok(data::list(joined.into_values().collect()))
}

/// The lists: the input and the arguments, or with `flatten` the elements of those.
fn lists(call: &mut Call<'_, '_>) -> Eval<Vec<Vec<Value>>> {
    let mut flat = false;
    for (name, value) in &call.named {
        match &**name {
            "flatten" => flat = value.is_true(),
            other => return Err(call.error(format!("there is no argument `{other}`"))),
        }
    }
    let all: Vec<Value> = std::iter::once(call.input.clone()).chain(std::mem::take(&mut call.rest)).collect();
    let of = |value: &Value| data::items(value).ok_or_else(|| call.error(format!("lists are needed, not `{}`", type_name(value))));
    let lists = all.iter().map(of).collect::<Eval<Vec<_>>>()?;
    if flat { lists.concat().iter().map(of).collect() } else { Ok(lists) }
}

fn holds(list: &[Value], item: &Value) -> Eval<bool> {
    for other in list {
        if equal(item, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn once(items: Vec<Value>) -> Eval<Vec<Value>> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !holds(&kept, &item)? {
            kept.push(item);
        }
    }
    Ok(kept)
}

fn without(items: Vec<Value>, others: &[Value]) -> Eval<Vec<Value>> {
    items.into_iter().filter_map(|item| holds(others, &item).map(|found| (!found).then_some(item)).transpose()).collect()
}
