//! Mappings.

use minijinja::Value;

use super::basic::sorted_by_key;
use super::sequence::{flatten, folded};
use crate::template::call::{Call, Filter, Given, def};
use crate::template::data::{self, type_name};
use crate::template::eval::equal;
use crate::template::fault::{Eval, Fault, solid};
use crate::template::python::show;

pub(super) static TABLE: &[Filter] = &[
    def(
        "combine",
        &["*others", "**options"],
        "Mappings laid over each other, the last one winning; `recursive` for those inside, `list_merge` for lists.",
        "{'a': 1} | combine({'b': 2})",
        "{'a': 1, 'b': 2}",
        combine,
    ),
    def(
        "dict2items",
        &["key_name", "value_name"],
        "The entries as a list of mappings with `key` and `value`.",
        "{'a': 1} | dict2items",
        "[{'key': 'a', 'value': 1}]",
        |call| {
            let (key_name, value_name) = (call.text_or(0, "key")?, call.text_or(1, "value")?);
            let entries = call
                .input_pairs()?
                .into_iter()
                .map(|(key, value)| data::dict([(Value::from(key_name.as_str()), key), (Value::from(value_name.as_str()), value)]));
            Ok(data::list(entries.collect()))
        },
    ),
    def(
        "items2dict",
        &["key_name", "value_name"],
        "A mapping of a list of mappings with `key` and `value`.",
        "[{'key': 'a', 'value': 1}] | items2dict",
        "{'a': 1}",
        |call| {
            let name = |at: usize, default: &str| call.some(at).cloned().unwrap_or_else(|| Value::from(default));
            let (key_name, value_name) = (name(0, "key"), name(1, "value"));
            if !data::is_sequence(&call.input) {
                return Err(call.error(format!("a list is needed, not `{}`", type_name(&call.input))));
            }
            let mut entries = Vec::new();
            for item in call.input_items()? {
                // The elements of pairs have numbers for names.
                let part = |name: &Value| match name.as_usize() {
                    Some(at) if data::is_sequence(&item) => data::items(&item)?.get(at).cloned(),
                    _ => item.as_object().filter(|_| data::is_mapping(&item)).and_then(|object| object.get_value(name)),
                };
                match (part(&key_name), part(&value_name)) {
                    (Some(key), Some(value)) => entries.push((key, value)),
                    _ => {
                        return Err(call.error(format!(
                            "every element must be a mapping with `{}` and `{}`, this is {}",
                            show(&key_name),
                            show(&value_name),
                            show(&item)
                        )));
                    }
                }
            }
            Ok(data::dict(entries))
        },
    ),
    def("items", &[], "The entries as tuples of key and value.", "{'a': 1} | items | list", "[['a', 1]]", |call| {
        Ok(data::list(call.input_pairs()?.into_iter().map(|(key, value)| data::tuple(vec![key, value])).collect()))
    }),
    def(
        "dictsort",
        &["case_sensitive", "by", "reverse"],
        "The entries as tuples, in the order of their keys or values.",
        "{'b': 1, 'a': 2} | dictsort",
        "[['a', 2], ['b', 1]]",
        |call| {
            let case_sensitive = call.is_set(0, false);
            let by = call.text_or(1, "key")?;
            if !matches!(by.as_str(), "key" | "value") {
                return Err(call.error("`by` must be `key` or `value`"));
            }
            let mut keyed = Vec::new();
            for (key, value) in call.input_pairs()? {
                let sort_by = solid(if by == "key" { key.clone() } else { value.clone() })?;
                keyed.push((folded(sort_by, case_sensitive), data::tuple(vec![key, value])));
            }
            sorted_by_key(call, keyed, call.is_set(2, false)).map(data::list)
        },
    ),
    def(
        "rekey_on_member",
        &["key", "duplicates"],
        "A mapping of the elements by one of their members; `duplicates` is `error` or `overwrite`.",
        "[{'n': 'a', 'x': 1}] | rekey_on_member('n')",
        "{'a': {'n': 'a', 'x': 1}}",
        rekey,
    ),
    def(
        "subelements",
        &["subelements", "skip_missing"],
        "Pairs of each element and each part of a list inside of it.",
        "[{'n': 'a', 'k': [1, 2]}] | subelements('k') | map(attribute=1) | list",
        "[1, 2]",
        subelements,
    ),
    def("dict", &[], "A mapping of a list of pairs.", "[['a', 1]] | dict", "{'a': 1}", |call| {
        let items = call.input_items()?;
        let pairs = items.iter().map(|pair| match data::iterate(pair)?.as_slice() {
            [key, value] => Ok((key.clone(), value.clone())),
            _ => Err(call.error("every element must be a pair")),
        });
        Ok(data::dict(pairs.collect::<Eval<Vec<_>>>()?))
    })
    .also(&["community.general.dict"]),
];

/// What becomes of two lists under the same key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendOnce,
    PrependOnce,
}

impl ListMerge {
    pub(super) fn named(name: &str) -> Eval<Self> {
        Ok(match name {
            "replace" => Self::Replace,
            "keep" => Self::Keep,
            "append" => Self::Append,
            "prepend" => Self::Prepend,
            "append_rp" => Self::AppendOnce,
            "prepend_rp" => Self::PrependOnce,
            other => {
                return Err(Fault::error(format!("`{other}` is no way to merge lists"))
                    .hint("it is `replace`, `keep`, `append`, `prepend`, `append_rp` or `prepend_rp`"));
            }
        })
    }
}

fn combine(call: &mut Call<'_, '_>) -> Eval {
    let mut given = Given { positional: Vec::new(), named: std::mem::take(&mut call.named) };
    let recursive = given.take("recursive").is_some_and(|recursive| recursive.is_true());
    let list_merge = given.take("list_merge").map_or(Ok(ListMerge::Replace), |merge| ListMerge::named(&show(&merge)))?;
    if let Some((name, _)) = given.named.first() {
        return Err(call.error(format!("there is no argument `{name}`")));
    }
    let mut layers = Vec::new();
    let all: Vec<Value> = std::iter::once(call.input.clone()).chain(std::mem::take(&mut call.rest)).collect();
    flatten(&all, Some(1), false, &mut layers);
    let mut result: Option<Value> = None;
    for layer in layers {
        let layer = solid(layer)?;
        if !data::is_mapping(&layer) {
            return Err(call.error(format!("mappings are needed, not `{}`", type_name(&layer))));
        }
        result = Some(match result {
            None => layer,
            Some(below) => merge(&below, &layer, recursive, list_merge)?,
        });
    }
    Ok(data::dict(result.as_ref().and_then(data::pairs).unwrap_or_default()))
}

pub(super) fn merge(below: &Value, above: &Value, recursive: bool, list_merge: ListMerge) -> Eval {
    let (below, above) = (data::solid_pairs(below)?.unwrap_or_default(), data::solid_pairs(above)?.unwrap_or_default());
    let mut merged: indexmap::IndexMap<Value, Value> = below.into_iter().collect();
    for (key, value) in above {
        let joined = match merged.get(&key) {
            Some(old) if recursive && data::is_mapping(old) && data::is_mapping(&value) => merge(old, &value, recursive, list_merge)?,
            Some(old) if data::is_sequence(old) && data::is_sequence(&value) => merge_lists(old, &value, list_merge)?,
            _ => value,
        };
        merged.insert(key, joined);
    }
    Ok(data::dict(merged))
}

fn merge_lists(old: &Value, new: &Value, how: ListMerge) -> Eval {
    let (old_items, new_items) = (data::iterate(old)?, data::iterate(new)?);
    let without = |items: &[Value], others: &[Value]| -> Eval<Vec<Value>> {
        let mut kept = Vec::new();
        for item in items {
            let mut found = false;
            for other in others {
                found |= equal(item, other)?;
            }
            if !found {
                kept.push(item.clone());
            }
        }
        Ok(kept)
    };
    let chain = |a: Vec<Value>, b: Vec<Value>| data::list(a.into_iter().chain(b).collect());
    Ok(match how {
        ListMerge::Replace => new.clone(),
        ListMerge::Keep => old.clone(),
        ListMerge::Append => chain(old_items, new_items),
        ListMerge::Prepend => chain(new_items, old_items),
        ListMerge::AppendOnce => chain(without(&old_items, &new_items)?, new_items),
        ListMerge::PrependOnce => {
            let rest = without(&old_items, &new_items)?;
            chain(new_items, rest)
        }
    })
}

fn rekey(call: &mut Call<'_, '_>) -> Eval {
    let key = call.need(0)?.clone();
    let overwrite = match call.text_or(1, "error")?.as_str() {
        "error" => false,
        "overwrite" => true,
        other => return Err(call.error(format!("`duplicates` must be `error` or `overwrite`, not `{other}`"))),
    };
    let items = match data::pairs(&call.input) {
        Some(pairs) => pairs.into_iter().map(|(_, value)| value).collect(),
        None => call.input_items()?,
    };
    let mut entries: indexmap::IndexMap<Value, Value> = indexmap::IndexMap::new();
    for item in items {
        let member = item.as_object().filter(|_| data::is_mapping(&item)).and_then(|object| object.get_value(&key));
        let member = member.ok_or_else(|| call.error(format!("every element must be a mapping with the key `{}`", show(&key))))?;
        if entries.contains_key(&member) && !overwrite {
            return Err(call.error(format!("`{}` is not unique", show(&member))).hint("`duplicates='overwrite'` keeps the last one"));
        }
        entries.insert(member, item);
    }
    Ok(data::dict(entries))
}

fn subelements(call: &mut Call<'_, '_>) -> Eval {
    let path: Vec<Value> = match call.need(0)? {
        list if data::is_sequence(list) => data::iterate(list)?,
        text => show(text).split('.').map(Value::from).collect(),
    };
    let skip_missing = call.is_set(1, false);
    let elements = match data::pairs(&call.input) {
        Some(pairs) => pairs.into_iter().map(|(_, value)| value).collect(),
        None => call.input_items()?,
    };
    let mut pairs = Vec::new();
    for element in elements {
        let mut inner = Some(element.clone());
        for key in &path {
            inner = inner.and_then(|value| if data::is_mapping(&value) { value.as_object()?.get_value(key) } else { None });
        }
        match inner {
            Some(inner) => {
                let Some(items) = data::items(&inner) else {
                    return Err(call.error(format!(
                        "what is below `{}` must be a list, it is a `{}`",
                        path.iter().map(show).collect::<Vec<_>>().join("."),
                        type_name(&inner)
                    )));
                };
                pairs.extend(items.into_iter().map(|item| data::tuple(vec![element.clone(), item])));
            }
            None if skip_missing => {}
            None => {
                return Err(call
                    .error(format!("an element has no key `{}`", path.iter().map(show).collect::<Vec<_>>().join(".")))
                    .hint("`skip_missing=true` leaves such elements out"));
            }
        }
    }
    Ok(data::list(pairs))
}
