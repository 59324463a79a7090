//! Lists: order, ends, pieces.

use minijinja::Value;

use super::basic::{path_value, sorted_by_key};
use super::select::extract;
use crate::template::call::{Call, Filter, def};
use crate::template::data;
use crate::template::eval::equal;
use crate::template::fault::{Eval, Fault, solid};
use crate::template::python::show;

pub(super) static TABLE: &[Filter] = &[
    def("first", &[], "The first element.", "[3, 1, 2] | first", "3", |call| {
        let first = call.input_items()?.into_iter().next();
        Ok(first.unwrap_or_else(|| Fault::undefined("there is no first element, the list is empty").into_value()))
    }),
    def("last", &[], "The last element.", "[3, 1, 2] | last", "2", |call| {
        let last = call.input_items()?.into_iter().next_back();
        Ok(last.unwrap_or_else(|| Fault::undefined("there is no last element, the list is empty").into_value()))
    }),
    def("reverse", &[], "The elements, or the characters of a text, backwards.", "[1, 2, 3] | reverse | list", "[3, 2, 1]", |call| {
        if let Some(text) = data::text(&call.input) {
            return Ok(Value::from(text.chars().rev().collect::<String>()));
        }
        let mut items = call.input_items()?;
        items.reverse();
        Ok(data::list(items))
    }),
    def(
        "join",
        &["d", "attribute"],
        "The elements as one text with a separator between them; with `attribute`, that of each.",
        "['a', 1, none] | join('-')",
        "a-1-None",
        join,
    ),
    def(
        "sort",
        &["reverse", "case_sensitive", "attribute"],
        "The elements in order; texts without regard to upper and lower case unless asked.",
        "['b', 'A', 'c'] | sort(reverse=true)",
        "['c', 'b', 'A']",
        sort,
    ),
    def(
        "batch",
        &["linecount", "fill_with"],
        "Lists of so many elements each, the last one filled up if asked.",
        "[1, 2, 3] | batch(2, 0) | list",
        "[[1, 2], [3, 0]]",
        batch,
    ),
    def(
        "slice",
        &["slices", "fill_with"],
        "So many lists of about the same length.",
        "[1, 2, 3] | slice(2) | list",
        "[[1, 2], [3]]",
        slice,
    ),
    def(
        "groupby",
        &["attribute", "default", "case_sensitive"],
        "The elements in groups by an attribute: tuples of its value and the elements that have it.",
        "[{'a': 1, 'b': 2}, {'a': 1, 'b': 3}] | groupby('a') | map('first') | list",
        "[1]",
        groupby,
    ),
    def(
        "flatten",
        &["levels", "skip_nulls"],
        "Lists inside of the list spread out, all levels or so many.",
        "[1, [2, [3, none]]] | flatten",
        "[1, 2, 3]",
        |call| {
            let levels = call.int(0)?;
            let skip = call.is_set(1, true);
            let mut flat = Vec::new();
            flatten(&call.input_items()?, levels, skip, &mut flat);
            Ok(data::list(flat))
        },
    ),
    def(
        "extract",
        &["container", "morekeys"],
        "The element of a container at the input, and further down by more keys.",
        "['a', 'b'] | map('extract', {'a': 1, 'b': 2}) | list",
        "[1, 2]",
        |call| {
            let more = match call.some(1) {
                None => Vec::new(),
                Some(keys) if data::is_sequence(keys) => data::iterate(keys)?,
                Some(key) => vec![key.clone()],
            };
            let container = call.need(0)?.clone();
            extract(&container, &call.input, &more)
        },
    ),
    def(
        "zip",
        &["*others", "**options"],
        "Lists of the first elements, of the second ones, and so on, up to the shortest.",
        "[1, 2] | zip(['a', 'b']) | list",
        "[[1, 'a'], [2, 'b']]",
        |call| {
            let (lists, _) = zipped(call)?;
            let length = lists.iter().map(Vec::len).min().unwrap_or(0);
            let row = |at: usize| data::tuple(lists.iter().filter_map(|list| list.get(at).cloned()).collect());
            Ok(data::list((0..length).map(row).collect()))
        },
    ),
    def(
        "zip_longest",
        &["*others", "**options"],
        "Like `zip`, up to the longest, filled up with `fillvalue`.",
        "[1, 2] | zip_longest(['a'], fillvalue='-') | list",
        "[[1, 'a'], [2, '-']]",
        |call| {
            let (lists, fill) = zipped(call)?;
            let length = lists.iter().map(Vec::len).max().unwrap_or(0);
            let row = |at: usize| data::tuple(lists.iter().map(|list| list.get(at).unwrap_or(&fill).clone()).collect());
            Ok(data::list((0..length).map(row).collect()))
        },
    ),
];

fn join(call: &mut Call<'_, '_>) -> Eval {
    let separator = call.some(0).map(show).unwrap_or_default();
    let attribute = call.some(1).cloned();
    let mut joined = String::new();
    for (at, item) in call.input_items()?.iter().enumerate() {
        if at > 0 {
            joined.push_str(&separator);
        }
        let item = match &attribute {
            Some(attribute) => solid(path_value(item, attribute))?,
            None => solid(item.clone())?,
        };
        joined.push_str(&show(&item));
    }
    Ok(Value::from(joined))
}

/// What a value is sorted, grouped and compared by: texts in lower case unless case matters.
pub(super) fn folded(value: Value, case_sensitive: bool) -> Value {
    match data::text(&value) {
        Some(text) if !case_sensitive => Value::from(text.to_lowercase()),
        _ => value,
    }
}

fn sort(call: &mut Call<'_, '_>) -> Eval {
    let (reverse, case_sensitive) = (call.is_set(0, false), call.is_set(1, false));
    let attributes: Vec<Value> = match call.some(2) {
        None => Vec::new(),
        Some(attribute) => match data::text(attribute) {
            Some(text) => text.split(',').map(|part| Value::from(part.trim())).collect(),
            None => vec![attribute.clone()],
        },
    };
    let mut keyed = Vec::new();
    for item in call.input_items()? {
        let key = match attributes.as_slice() {
            [] => folded(solid(item.clone())?, case_sensitive),
            [single] => folded(solid(path_value(&item, single))?, case_sensitive),
            several => data::list(
                several.iter().map(|attribute| Ok(folded(solid(path_value(&item, attribute))?, case_sensitive))).collect::<Eval<_>>()?,
            ),
        };
        keyed.push((key, item));
    }
    sorted_by_key(call, keyed, reverse).map(data::list)
}

/// Parts, or items of a part, at most: a number must not fill the memory.
const MOST_PARTS: usize = 1_000_000;

fn count(call: &Call<'_, '_>, at: usize) -> Eval<usize> {
    match call.int(at)?.and_then(|number| usize::try_from(number).ok()) {
        Some(number @ 1..=MOST_PARTS) => Ok(number),
        Some(1..) => Err(call.error(format!("a number up to {MOST_PARTS} is needed"))),
        Some(0) | None => Err(call.error("a number above zero is needed")),
    }
}

fn batch(call: &mut Call<'_, '_>) -> Eval {
    let size = count(call, 0)?;
    let fill = call.some(1).cloned();
    let items = call.input_items()?;
    let batches = items.chunks(size).map(|chunk| {
        let mut chunk = chunk.to_vec();
        if let Some(fill) = &fill {
            chunk.resize(size, fill.clone());
        }
        data::list(chunk)
    });
    Ok(data::list(batches.collect()))
}

fn slice(call: &mut Call<'_, '_>) -> Eval {
    let slices = count(call, 0)?;
    let fill = call.some(1).cloned();
    let items = call.input_items()?;
    let (each, longer) = (items.len() / slices, items.len() % slices);
    let mut rest = items.as_slice();
    let mut sliced = Vec::new();
    for number in 0..slices {
        let (part, tail) = rest.split_at(each + usize::from(number < longer));
        rest = tail;
        let mut part = part.to_vec();
        if let Some(fill) = fill.as_ref().filter(|_| number >= longer && longer > 0) {
            part.push(fill.clone());
        }
        sliced.push(data::list(part));
    }
    Ok(data::list(sliced))
}

fn groupby(call: &mut Call<'_, '_>) -> Eval {
    let attribute = call.need(0)?.clone();
    let default = call.get(1).cloned();
    let case_sensitive = call.is_set(2, false);
    let mut keyed = Vec::new();
    for item in call.input_items()? {
        let found = path_value(&item, &attribute);
        let key = match (crate::template::fault::fault_of(&found), &default) {
            (Some(_), Some(default)) => default.clone(),
            _ => solid(found)?,
        };
        keyed.push((folded(key.clone(), case_sensitive), data::tuple(vec![key, item])));
    }
    let ordered = sorted_by_key(call, keyed, false)?;
    let mut groups: Vec<(Value, Value, Vec<Value>)> = Vec::new();
    for pair in ordered {
        let parts = data::items(&pair).unwrap_or_default();
        let [key, item] = parts.as_slice() else { continue };
        let by = folded(key.clone(), case_sensitive);
        match groups.last_mut() {
            Some((last, _, members)) if equal(last, &by)? => members.push(item.clone()),
            _ => groups.push((by, key.clone(), vec![item.clone()])),
        }
    }
    Ok(data::list(groups.into_iter().map(|(_, key, members)| data::tuple(vec![key, data::list(members)])).collect()))
}

/// Spreads lists out.
pub(crate) fn flatten(items: &[Value], levels: Option<i64>, skip_nulls: bool, into: &mut Vec<Value>) {
    for item in items {
        let is_null = item.is_none() || data::text(item).is_some_and(|text| matches!(text, "None" | "null"));
        match data::items(item).filter(|_| levels.is_none_or(|levels| levels >= 1)) {
            _ if skip_nulls && is_null => {}
            Some(inner) => flatten(&inner, levels.map(|levels| levels - 1), skip_nulls, into),
            None => into.push(item.clone()),
        }
    }
}

fn zipped(call: &mut Call<'_, '_>) -> Eval<(Vec<Vec<Value>>, Value)> {
    let mut lists = vec![call.input_items()?];
    for other in &call.rest {
        lists.push(data::iterate(other)?);
    }
    let mut fill = data::none();
    for (name, value) in &call.named {
        match &**name {
            "fillvalue" => fill = value.clone(),
            "strict" if value.is_true() && lists.windows(2).any(|pair| matches!(pair, [a, b] if a.len() != b.len())) => {
                return Err(call.error("the lists are of different length"));
            }
            "strict" => {}
            other => return Err(call.error(format!("there is no argument `{other}`"))),
        }
    }
    Ok((lists, fill))
}
