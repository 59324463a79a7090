//! Filters that apply other filters and tests to each element.

use std::sync::Arc;

use minijinja::Value;

use super::basic::{path_value, path_value_or};
use crate::template::call::{Call, Filter, Given, Test, def};
use crate::template::data;
use crate::template::fault::{Eval, Fault, fault_of, solid};
use crate::template::python::{self, show};
use crate::template::{filters, tests};

pub(super) static TABLE: &[Filter] = &[
    def(
        "map",
        &["*args", "**options"],
        "Each element through the filter of this name, or its attribute with `attribute=` (and `default=`).",
        "[{'n': 1}, {'n': 2}] | map(attribute='n') | map('string') | list",
        "['1', '2']",
        map,
    ),
    def(
        "select",
        &["*args", "**options"],
        "The elements that pass the test of this name; without one, those that are true.",
        "[1, 2, 3] | select('odd') | list",
        "[1, 3]",
        |call| choose(call, true, false),
    ),
    def(
        "reject",
        &["*args", "**options"],
        "The elements that do not pass the test of this name; without one, those that are false.",
        "[1, 2, 3] | reject('odd') | list",
        "[2]",
        |call| choose(call, false, false),
    ),
    def(
        "selectattr",
        &["*args", "**options"],
        "The elements whose attribute passes the test of this name; without one, those where it is true.",
        "[{'n': 1}, {'n': 2}] | selectattr('n', 'eq', 2) | list",
        "[{'n': 2}]",
        |call| choose(call, true, true),
    ),
    def(
        "rejectattr",
        &["*args", "**options"],
        "The elements whose attribute does not pass the test of this name; without one, those where it is false.",
        "[{'n': 1}, {'n': 2}] | rejectattr('n', 'eq', 2) | list",
        "[{'n': 1}]",
        |call| choose(call, false, true),
    ),
];

fn map(call: &mut Call<'_, '_>) -> Eval {
    let items = call.input_items()?;
    let mut given = Given { positional: std::mem::take(&mut call.rest), named: std::mem::take(&mut call.named) };
    if given.positional.is_empty()
        && let Some(attribute) = given.take("attribute")
    {
        let default = given.take("default");
        if let Some((name, _)) = given.named.first() {
            return Err(call.error(format!("there is no argument `{name}` beside `attribute`")));
        }
        let values = items.iter().map(|item| path_value_or(item, &attribute, default.as_ref()));
        return Ok(data::list(values.collect()));
    }
    if given.positional.is_empty() {
        return Err(call.error("the name of a filter, or `attribute=`, is needed"));
    }
    let name = show(&given.positional.remove(0));
    let filter = filters::find(&name).ok_or_else(|| {
        call.error(format!("unknown filter `{name}`")).maybe_hint(crate::base::text::did_you_mean(&name, filters::names()))
    })?;
    let mut mapped = Vec::with_capacity(items.len());
    for item in items {
        mapped.push(call.interp.filter(filter, item, given.clone())?);
    }
    Ok(data::list(mapped))
}

fn choose(call: &mut Call<'_, '_>, keep: bool, by_attribute: bool) -> Eval {
    let items = call.input_items()?;
    let mut args = std::mem::take(&mut call.rest).into_iter();
    let attribute = match by_attribute {
        true => Some(args.next().ok_or_else(|| call.error("the name of an attribute is needed"))?),
        false => None,
    };
    let test: Option<(&'static Test, String)> = match args.next() {
        None => None,
        Some(name) => {
            let name = show(&name);
            let test = tests::find(&name).ok_or_else(|| {
                call.error(format!("unknown test `{name}`")).maybe_hint(crate::base::text::did_you_mean(&name, tests::names()))
            })?;
            Some((test, name))
        }
    };
    let named: Vec<(Arc<str>, Value)> = std::mem::take(&mut call.named);
    let given = Given { positional: args.collect(), named };
    let mut chosen = Vec::new();
    for item in items {
        let value = match &attribute {
            Some(attribute) => path_value(&item, attribute),
            None => item.clone(),
        };
        let passes = match test {
            Some((test, _)) => call.interp.test(test, value, given.clone())?,
            None => solid(value)?.is_true(),
        };
        if passes == keep {
            chosen.push(item);
        }
    }
    Ok(data::list(chosen))
}

/// The filter `map('extract', container)` and friends share this: an element by key, with further keys below it.
pub(super) fn extract(container: &Value, key: &Value, more: &[Value]) -> Eval {
    let step = |container: &Value, key: &Value| {
        python::index(container, key)
            .ok_or_else(|| Fault::undefined(format!("this `{}` has no element `{}`", data::type_name(container), show(key))))
    };
    let found = step(container, key).and_then(|first| {
        more.iter().try_fold(first, |current, key| if fault_of(&current).is_some() { Ok(current) } else { step(&current, key) })
    });
    // Undefined, not an error: `default` may follow.
    Ok(found.unwrap_or_else(Fault::into_value))
}
