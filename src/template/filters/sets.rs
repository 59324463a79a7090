//! Lists as sets, and combinations.

use minijinja::Value;

use super::basic::path_value;
use super::sequence::folded;
use crate::template::call::{Call, Filter, def};
use crate::template::data;
use crate::template::eval::equal;
use crate::template::fault::{Eval, fault_of, solid};

pub(super) static TABLE: &[Filter] = &[
    def(
        "unique",
        &["case_sensitive", "attribute"],
        "Without repetitions; texts without regard to upper and lower case unless asked.",
        "[1, 2, 1, 'a', 'A'] | unique",
        "[1, 2, 'a']",
        |call| {
            let case_sensitive = call.is_set(0, false);
            let attribute = call.some(1).cloned();
            let mut seen = Vec::new();
            let mut kept = Vec::new();
            for item in call.input_items()? {
                let key = match &attribute {
                    Some(attribute) => {
                        let found = path_value(&item, attribute);
                        if fault_of(&found).is_some() { data::none() } else { found }
                    }
                    None => solid(item.clone())?,
                };
                let key = folded(key, case_sensitive);
                if !has(&seen, &key)? {
                    seen.push(key);
                    kept.push(item);
                }
            }
            Ok(data::list(kept))
        },
    ),
    def("union", &["other"], "The elements of both lists, each once.", "[1, 2] | union([2, 3])", "[1, 2, 3]", |call| {
        let (own, other) = both(call)?;
        once(own.into_iter().chain(other), |_| Ok(true))
    }),
    def("intersect", &["other"], "The elements that are in both lists, each once.", "[1, 2] | intersect([2, 3])", "[2]", |call| {
        let (own, other) = both(call)?;
        once(own, |item| has(&other, item))
    }),
    def("difference", &["other"], "The elements that are not in the other list, each once.", "[1, 2] | difference([2])", "[1]", |call| {
        let (own, other) = both(call)?;
        once(own, |item| has(&other, item).map(|found| !found))
    }),
    def(
        "symmetric_difference",
        &["other"],
        "The elements that are in one of the lists only, each once.",
        "[1, 2] | symmetric_difference([2, 3])",
        "[1, 3]",
        |call| {
            let (own, other) = both(call)?;
            once(own.iter().chain(&other).cloned(), |item| Ok(!(has(&own, item)? && has(&other, item)?)))
        },
    ),
    def(
        "product",
        &["*others", "**options"],
        "Every combination of an element of each list; with `repeat`, of the lists so many times.",
        "[1, 2] | product(['a']) | list",
        "[[1, 'a'], [2, 'a']]",
        product,
    ),
    def("permutations", &["list_size"], "Every order of so many of the elements.", "[1, 2, 3] | permutations(2) | length", "6", |call| {
        let items = call.input_items()?;
        let size = size(call, items.len())?;
        let mut found = Vec::new();
        choose(&items, size, &mut Vec::new(), false, &mut found);
        Ok(data::list(found))
    }),
    def(
        "combinations",
        &["set_size"],
        "Every choice of so many of the elements.",
        "[1, 2, 3] | combinations(2) | list",
        "[[1, 2], [1, 3], [2, 3]]",
        |call| {
            let items = call.input_items()?;
            let size = size(call, items.len())?;
            let mut found = Vec::new();
            choose(&items, size, &mut Vec::new(), true, &mut found);
            Ok(data::list(found))
        },
    ),
];

/// No more results than this.
const MOST: usize = 200_000;

/// Whether `items` has `wanted`.
fn has(items: &[Value], wanted: &Value) -> Eval<bool> {
    for item in items {
        if equal(item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn both(call: &Call<'_, '_>) -> Eval<(Vec<Value>, Vec<Value>)> {
    Ok((call.input_items()?, data::iterate(call.need(0)?)?))
}

fn once(items: impl IntoIterator<Item = Value>, wanted: impl Fn(&Value) -> Eval<bool>) -> Eval {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if wanted(&item)? && !has(&kept, &item)? {
            kept.push(item);
        }
    }
    Ok(data::list(kept))
}

fn product(call: &mut Call<'_, '_>) -> Eval {
    let mut repeat = 1;
    for (name, value) in &call.named {
        match (&**name, data::integer(value).and_then(|repeat| usize::try_from(repeat).ok())) {
            ("repeat", Some(number)) => repeat = number,
            ("repeat", None) => return Err(call.error("`repeat` must be a whole number")),
            (other, _) => return Err(call.error(format!("there is no argument `{other}`"))),
        }
    }
    let mut lists = vec![call.input_items()?];
    for other in &call.rest {
        lists.push(data::iterate(other)?);
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for list in (0..repeat).flat_map(|_| &lists) {
        if rows.len().saturating_mul(list.len()) > MOST {
            return Err(call.error(format!("more than {MOST} combinations")));
        }
        rows = rows.iter().flat_map(|row| list.iter().map(move |item| row.iter().chain([item]).cloned().collect())).collect();
    }
    Ok(data::list(rows.into_iter().map(data::tuple).collect()))
}

fn size(call: &Call<'_, '_>, length: usize) -> Eval<usize> {
    let size = match call.int(0)? {
        None => length,
        Some(size) => usize::try_from(size).map_err(|_| call.error("the size cannot be negative"))?,
    };
    // The number of results grows so fast that this bound is close enough.
    let estimate = (0..size.min(length)).try_fold(1usize, |product, at| product.checked_mul(length - at));
    if length > 20 && estimate.is_none_or(|estimate| estimate > MOST) || estimate.is_none() {
        return Err(call.error(format!("more than {MOST} results")));
    }
    Ok(size)
}

/// Chooses `left` more elements: in rising order, or in every order.
fn choose(items: &[Value], left: usize, chosen: &mut Vec<usize>, rising: bool, found: &mut Vec<Value>) {
    if left == 0 {
        found.push(data::tuple(chosen.iter().filter_map(|at| items.get(*at).cloned()).collect()));
        return;
    }
    let start = if rising { chosen.last().map_or(0, |last| last + 1) } else { 0 };
    for at in start..items.len() {
        if found.len() >= MOST || chosen.contains(&at) {
            continue;
        }
        chosen.push(at);
        choose(items, left - 1, chosen, rising, found);
        chosen.pop();
    }
}
