//! Lists made of lists.

use minijinja::Value;

use super::{Lookup, Request, inline_options, listed, need_list};
use crate::template::data;
use crate::template::fault::Eval;
use crate::template::python::{percent, show};

pub(super) static TABLE: &[Lookup] = &[
    Lookup {
        name: "items",
        options: &[],
        doc: "The terms as a list, lists among them spread out one level.",
        example: "q('items', [1, [2, 3]], 4)",
        gives: "[1, [2, 3], 4]",
        run: |request| Ok(request.terms.iter().flat_map(listed).collect()),
    },
    Lookup {
        name: "list",
        options: &[],
        doc: "The terms as they are.",
        example: "q('list', 1, [2])",
        gives: "[1, [2]]",
        run: |request| Ok(std::mem::take(&mut request.terms)),
    },
    Lookup {
        name: "flattened",
        options: &[],
        doc: "The terms as one list, all lists among them spread out.",
        example: "q('flattened', [1, [2, [3]]])",
        gives: "[1, 2, 3]",
        run: |request| {
            let mut flat = Vec::new();
            crate::template::filters::flatten(&request.terms, None, true, &mut flat);
            Ok(flat)
        },
    },
    Lookup {
        name: "indexed_items",
        options: &[],
        doc: "Pairs of position and element.",
        example: "q('indexed_items', ['a', 'b'])",
        gives: "[[0, 'a'], [1, 'b']]",
        run: |request| {
            let items: Vec<Value> = request.terms.iter().flat_map(listed).collect();
            Ok(items.into_iter().enumerate().map(|(at, item)| data::tuple(vec![Value::from(at), item])).collect())
        },
    },
    Lookup {
        name: "nested",
        options: &[],
        doc: "Every combination of an element of each list.",
        example: "q('nested', [1, 2], ['a', 'b'])",
        gives: "[[1, 'a'], [1, 'b'], [2, 'a'], [2, 'b']]",
        run: nested,
    },
    Lookup {
        name: "cartesian",
        options: &[],
        doc: "Every combination of an element of each list.",
        example: "q('cartesian', [1], ['a', 'b'])",
        gives: "[[1, 'a'], [1, 'b']]",
        run: nested,
    },
    Lookup {
        name: "together",
        options: &[],
        doc: "The first elements of all lists, the second ones, and so on; shorter lists are filled up with `None`.",
        example: "q('together', [1, 2], ['a'])",
        gives: "[[1, 'a'], [2, None]]",
        run: |request| {
            let lists = request.terms.iter().map(|term| need_list(request, term)).collect::<Eval<Vec<_>>>()?;
            let length = lists.iter().map(Vec::len).max().unwrap_or(0);
            Ok((0..length)
                .map(|at| data::list(lists.iter().map(|list| list.get(at).cloned().unwrap_or_else(data::none)).collect()))
                .collect())
        },
    },
    Lookup {
        name: "dict",
        options: &[],
        doc: "The entries of mappings as mappings with `key` and `value`.",
        example: "q('dict', {'a': 1})",
        gives: "[{'key': 'a', 'value': 1}]",
        run: |request| {
            let mut entries = Vec::new();
            for term in request.terms.iter().flat_map(listed) {
                let Some(pairs) = data::pairs(&term) else {
                    return Err(request.error(format!("a mapping is needed, not `{}`", data::type_name(&term))));
                };
                entries
                    .extend(pairs.into_iter().map(|(key, value)| data::dict([(Value::from("key"), key), (Value::from("value"), value)])));
            }
            Ok(entries)
        },
    },
    Lookup {
        name: "subelements",
        options: &["skip_missing"],
        doc: "Pairs of each mapping of a list and each element of a list inside of it.",
        example: "q('subelements', [{'n': 'a', 'keys': [1, 2]}], 'keys') | map(attribute=1) | list",
        gives: "[1, 2]",
        run: subelements,
    },
    Lookup {
        name: "sequence",
        options: &["start", "end", "count", "stride", "format"],
        doc: "Numbers as texts: `start=1 end=9 stride=2 format=web%02d`, `count=5`, or short `1-9/2:web%02d`.",
        example: "q('sequence', 'start=1 end=5 stride=2 format=web%02d')",
        gives: "['web01', 'web03', 'web05']",
        run: sequence,
    },
    Lookup {
        name: "random_choice",
        options: &[],
        doc: "One element of a list, at random.",
        example: "q('random_choice', 'a')",
        gives: "['a']",
        run: |request| {
            let items = std::mem::take(&mut request.terms);
            if items.is_empty() {
                return Ok(Vec::new());
            }
            let at = usize::try_from(rand::random::<u64>() % items.len() as u64).unwrap_or(0);
            Ok(items.into_iter().nth(at).into_iter().collect())
        },
    },
];

fn nested(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let lists: Vec<Vec<Value>> = request.terms.iter().map(listed).collect();
    let size = lists.iter().try_fold(1usize, |size, list| size.checked_mul(list.len())).filter(|size| *size <= 1_000_000);
    if size.is_none() {
        return Err(request.error("more than a million combinations"));
    }
    if lists.is_empty() {
        return Err(request.error("at least one list is needed"));
    }
    let mut combinations: Vec<Vec<Value>> = vec![Vec::new()];
    for list in &lists {
        combinations =
            combinations.iter().flat_map(|so_far| list.iter().map(move |item| so_far.iter().chain([item]).cloned().collect())).collect();
    }
    Ok(combinations.into_iter().map(data::list).collect())
}

fn subelements(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let (Some(elements), Some(path)) = (request.terms.first(), request.terms.get(1).map(show)) else {
        return Err(request.error("a list of mappings and the name of a key are needed"));
    };
    let flags = request.terms.get(2).and_then(|flags| flags.as_object()?.get_value(&Value::from("skip_missing")));
    let skip_missing = flags.map_or_else(|| request.flag("skip_missing", false), |flag| crate::template::filters::to_bool(&flag).is_true());
    let elements = match data::pairs(elements) {
        Some(pairs) => pairs.into_iter().map(|(_, value)| value).collect(),
        None => need_list(request, elements)?,
    };
    let mut pairs = Vec::new();
    for element in elements {
        if element.as_object().and_then(|object| object.get_value(&Value::from("skipped"))).is_some_and(|skipped| skipped.is_true()) {
            continue;
        }
        let keys: Vec<&str> = path.split('.').collect();
        let mut inner = Some(element.clone());
        for key in &keys {
            inner = inner.and_then(|value| value.as_object()?.get_value(&Value::from(*key)));
        }
        match inner.as_ref().map(|inner| (inner, data::items(inner))) {
            Some((_, Some(items))) => {
                let rest = without(&element, &keys);
                pairs.extend(items.into_iter().map(|item| data::tuple(vec![rest.clone(), item])));
            }
            None if skip_missing => {}
            None => {
                return Err(request
                    .error(format!("an element has no key `{path}`"))
                    .hint("give `skip_missing` to leave such elements out"));
            }
            Some((inner, None)) => return Err(request.error(format!("`{path}` must be a list, it is a `{}`", data::type_name(inner)))),
        }
    }
    Ok(pairs)
}

/// A copy of a mapping without the entry at a path of keys.
fn without(value: &Value, keys: &[&str]) -> Value {
    let (Some((first, rest)), Some(pairs)) = (keys.split_first(), data::pairs(value)) else { return value.clone() };
    let kept = pairs.into_iter().filter_map(|(key, inner)| match key.as_str() == Some(*first) {
        true if rest.is_empty() => None,
        true => Some((key, without(&inner, rest))),
        false => Some((key, inner)),
    });
    data::dict(kept)
}

/// What a sequence is made of.
struct Steps {
    start: i64,
    end: Option<i64>,
    count: Option<i64>,
    stride: Option<i64>,
    format: String,
}

fn sequence(request: &mut Request<'_>) -> Eval<Vec<Value>> {
    let mut numbers = Vec::new();
    let terms = if request.terms.is_empty() { vec![String::new()] } else { request.text_terms() };
    for term in terms {
        let option = |name: &str| request.option(name).map(|_| request.int_or(name, 0)).transpose();
        let mut steps = Steps {
            start: request.int_or("start", 1)?,
            end: option("end")?,
            count: option("count")?,
            stride: option("stride")?,
            format: request.text_or("format", "%d"),
        };
        if !shortcut(&term, &mut steps) {
            let (words, options) = inline_options(&term);
            if !words.is_empty() {
                return Err(request.error(format!("`{term}` is not a sequence")).hint("write `start=1 end=5`, `count=5` or `1-5`"));
            }
            for (name, value) in options {
                let number = || whole(&value).ok_or_else(|| request.error(format!("`{name}` must be a whole number, not `{value}`")));
                match name.as_str() {
                    "start" => steps.start = number()?,
                    "end" => steps.end = Some(number()?),
                    "count" => steps.count = Some(number()?),
                    "stride" => steps.stride = Some(number()?),
                    "format" => steps.format = value,
                    other => return Err(request.error(format!("there is no option `{other}`"))),
                }
            }
        }
        run_sequence(request, &steps, &mut numbers)?;
    }
    Ok(numbers)
}

/// A whole number in decimal, hexadecimal (`0x`) or octal (`0`) digits.
fn whole(text: &str) -> Option<i64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    i64::from_str_radix(digits, radix).ok()
}

/// `[start-]end[/stride][:format]`.
fn shortcut(term: &str, steps: &mut Steps) -> bool {
    let (range, format) = term.split_once(':').map_or((term, None), |(range, format)| (range, Some(format)));
    let (range, stride) = range.split_once('/').map_or((range, None), |(range, stride)| (range, Some(stride)));
    let (start, end) = range.split_once('-').map_or((None, range), |(start, end)| (Some(start), end));
    let (Some(end), Some(start), Some(stride)) =
        (whole(end), start.map_or(Some(None), |start| whole(start).map(Some)), stride.map_or(Some(None), |stride| whole(stride).map(Some)))
    else {
        return false;
    };
    steps.end = Some(end);
    steps.start = start.unwrap_or(steps.start);
    steps.stride = stride.or(steps.stride);
    if let Some(format) = format {
        format.clone_into(&mut steps.format);
    }
    true
}

fn run_sequence(request: &Request<'_>, steps: &Steps, numbers: &mut Vec<Value>) -> Eval<()> {
    let start = steps.start;
    let (end, stride) = match (steps.count, steps.end) {
        (Some(_), Some(_)) => return Err(request.error("`count` and `end` exclude each other")),
        (None, None) => return Err(request.error("`count` or `end` is needed")),
        (Some(0), None) => return Ok(()),
        (Some(count), None) => {
            let stride = steps.stride.unwrap_or(1);
            (start.saturating_add(count.saturating_sub(1).saturating_mul(stride)), stride)
        }
        (None, Some(end)) => (end, steps.stride.unwrap_or(if end < start { -1 } else { 1 })),
    };
    if stride == 0 {
        return Ok(());
    }
    if stride > 0 && end < start || stride < 0 && end > start {
        return Err(request.error(format!("from {start} to {end} cannot be counted in steps of {stride}")));
    }
    if start.abs_diff(end) / stride.unsigned_abs() > 1_000_000 {
        return Err(request.error("more than a million numbers"));
    }
    let mut at = start;
    while if stride > 0 { at <= end } else { at >= end } {
        numbers.push(percent::format(&steps.format, &Value::from(at))?);
        at = at.saturating_add(stride);
    }
    Ok(())
}
