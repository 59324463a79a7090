//! Defaults, and conversions between the basic types.

use std::sync::Arc;

use minijinja::Value;

use crate::template::call::{Call, Filter, def};
use crate::template::data::{self, type_name};
use crate::template::eval::bound_method;
use crate::template::fault::{Eval, Fault, FaultKind, fault_of};
use crate::template::python::{self, methods, show};

pub(super) static TABLE: &[Filter] = &[
    def(
        "default",
        &["default_value", "boolean"],
        "Another value in place of an undefined one; with `boolean`, in place of an empty or false one too.",
        "nowhere | default('x') ~ ('' | default('y', true))",
        "xy",
        default,
    )
    .also(&["d"])
    .undefined(),
    def(
        "mandatory",
        &["msg"],
        "The value, or an error with the message when it is undefined.",
        "1 | mandatory('set the number')",
        "1",
        mandatory,
    )
    .undefined(),
    def(
        "ternary",
        &["true_val", "false_val", "none_val"],
        "The first value when the input is true, the second when it is false, the third (if given) when it is `None`.",
        "false | ternary('yes', 'no')",
        "no",
        |call| {
            let at = if call.input.is_none() && call.some(2).is_some() { 2 } else { usize::from(!call.input.is_true()) };
            call.need(at).cloned()
        },
    ),
    def("bool", &[], "A boolean from texts like `yes`, `on`, `1`; everything else is false.", "'yes' | bool", "True", |call| {
        Ok(to_bool(&call.input))
    }),
    def(
        "int",
        &["default", "base"],
        "A whole number from a number or text; the default (0) when it is none.",
        "'0x1f' | int(base=16) + '12.9' | int",
        "43",
        int,
    ),
    def("float", &["default"], "A number from a number or text; the default (0.0) when it is none.", "'1.5' | float", "1.5", |call| {
        let default = call.get(0).cloned().unwrap_or_else(|| Value::from(0.0));
        let parsed = data::number(&call.input).or_else(|| data::text(&call.input).and_then(parse_float));
        Ok(parsed.map_or(default, Value::from))
    }),
    def("string", &[], "The text a value prints as.", "[1, 'a'] | string", "[1, 'a']", |call| Ok(Value::from(show(&call.input)))),
    def("list", &[], "The elements as a list: the keys of a mapping, the characters of a text.", "'ab' | list", "['a', 'b']", |call| {
        Ok(data::list(call.input_items()?))
    }),
    def("length", &[], "How many elements, entries or characters.", "{'a': 1} | length", "1", |call| {
        Ok(Value::from(data::length(&call.input)?))
    })
    .also(&["count"]),
    def("type_debug", &[], "The name of the type of a value.", "[1] | type_debug", "list", |call| Ok(Value::from(type_name(&call.input))))
        .undefined(),
    def(
        "attr",
        &["name"],
        "The attribute of a value; unlike `.name`, never a key of a mapping.",
        "namespace(a=1) | attr('a')",
        "1",
        |call| {
            let name = call.need_text(0)?;
            if methods::exists(&call.input, &name) {
                return Ok(bound_method(call.input.clone(), &Arc::from(name)));
            }
            let found = call
                .input
                .as_object()
                .filter(|_| !data::is_mapping(&call.input))
                .and_then(|object| object.get_value(&Value::from(name.as_str())));
            let missing = || Fault::undefined(format!("this `{}` has no attribute `{name}`", type_name(&call.input))).into_value();
            Ok(found.unwrap_or_else(missing))
        },
    ),
];

fn default(call: &mut Call<'_, '_>) -> Eval {
    let replace = match fault_of(&call.input) {
        Some(fault) if *fault.kind() == FaultKind::Error => return Err(fault),
        Some(_) => true,
        None => call.is_set(1, false) && !call.input.is_true(),
    };
    Ok(if replace { call.get(0).cloned().unwrap_or_else(|| Value::from("")) } else { call.input.clone() })
}

fn mandatory(call: &mut Call<'_, '_>) -> Eval {
    match fault_of(&call.input) {
        None => Ok(call.input.clone()),
        Some(fault) => match call.some(0).map(show) {
            Some(message) => Err(fault.context(message).fatal()),
            None => Err(fault.context("a mandatory value is missing").fatal()),
        },
    }
}

/// The boolean a value means: as module arguments, but what means nothing is false.
pub(crate) fn to_bool(value: &Value) -> Value {
    if value.is_none() || data::boolean(value).is_some() {
        return if value.is_none() { Value::from(false) } else { value.clone() };
    }
    if let Some(text) = data::text(value) {
        return Value::from(matches!(text.trim().to_lowercase().as_str(), "yes" | "on" | "1" | "true" | "t" | "y"));
    }
    Value::from(data::number(value) == Some(1.0))
}

fn int(call: &mut Call<'_, '_>) -> Eval {
    let default = call.get(0).cloned().unwrap_or_else(|| Value::from(0));
    let base = u32::try_from(call.int_or(1, 10)?).ok().filter(|base| *base == 0 || (2..=36).contains(base));
    let Some(base) = base else { return Err(call.error("`base` must be 0 or between 2 and 36")) };
    if let Some(whole) = data::integer(&call.input) {
        return Ok(data::int(whole));
    }
    let truncated = |number: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be within the range")]
        (number.is_finite() && number.abs() < 1e38).then(|| data::int(number.trunc() as i128))
    };
    if let Some(number) = data::float(&call.input) {
        return Ok(truncated(number).unwrap_or(default));
    }
    let Some(text) = data::text(&call.input) else { return Ok(default) };
    match parse_int(text, base) {
        Some(whole) => Ok(data::int(whole)),
        None => Ok(parse_float(text).and_then(truncated).unwrap_or(default)),
    }
}

/// A whole number as Python's `int(text, base)` reads it.
pub(crate) fn parse_int(text: &str, base: u32) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let lower = digits.to_lowercase();
    let prefixed = |prefix: &str| lower.strip_prefix(prefix).map(str::to_owned);
    let (base, digits) = match (base, prefixed("0x"), prefixed("0o"), prefixed("0b")) {
        (16 | 0, Some(digits), ..) => (16, digits),
        (8 | 0, _, Some(digits), _) => (8, digits),
        (2 | 0, .., Some(digits)) => (2, digits),
        (0, ..) => (10, lower),
        (base, ..) => (base, lower),
    };
    if digits.is_empty() || digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") || digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i128::from_str_radix(&digits.replace('_', ""), base).ok()?;
    Some(if negative { -number } else { number })
}

/// A number as Python's `float(text)` reads it.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.starts_with('_') || text.ends_with('_') || text.contains("__") {
        return None;
    }
    let plain = text.replace('_', "");
    let lower = plain.trim_start_matches(['-', '+']).to_lowercase();
    let named = matches!(lower.as_str(), "inf" | "infinity" | "nan");
    if !named && !lower.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    plain.parse().ok()
}

/// Values in the order of Python's `sorted`, by a key for each.
pub(super) fn sorted_by_key(call: &Call<'_, '_>, items: Vec<(Value, Value)>, reverse: bool) -> Eval<Vec<Value>> {
    let mut failed = None;
    let mut items = items;
    let mut order = |a: &Value, b: &Value| match crate::template::eval::compare(a, b, "<") {
        Ok(order) => order.unwrap_or(std::cmp::Ordering::Equal),
        Err(fault) => {
            failed.get_or_insert(fault);
            std::cmp::Ordering::Equal
        }
    };
    // Python keeps equal elements in their order when it sorts backwards too.
    if reverse {
        items.sort_by(|a, b| order(&b.0, &a.0))
    } else {
        items.sort_by(|a, b| order(&a.0, &b.0))
    }
    match failed {
        Some(fault) => Err(call.error(fault.message())),
        None => Ok(items.into_iter().map(|(_, value)| value).collect()),
    }
}

/// The value at a dotted path of attributes, keys and indices: `a.b.0`. The fault of what is not there otherwise.
pub(super) fn path_value(value: &Value, path: &Value) -> Value {
    path_value_or(value, path, None)
}

/// The same; `default` stands in wherever a step leads nowhere, and the steps behind go on from it.
pub(super) fn path_value_or(value: &Value, path: &Value, default: Option<&Value>) -> Value {
    let Some(path) = data::text(path) else {
        return python::index(value, path).unwrap_or_else(|| default.cloned().unwrap_or_else(|| missing(value, &show(path))));
    };
    let mut current = value.clone();
    for part in path.split('.') {
        let by_number = part.parse::<i64>().ok().and_then(|at| python::index(&current, &Value::from(at)));
        let next = by_number.or_else(|| python::index(&current, &Value::from(part)));
        current = match next {
            Some(next) => next,
            None => missing(&current, part),
        };
        if fault_of(&current).is_some() {
            match default {
                Some(default) => current = default.clone(),
                None => return current,
            }
        }
    }
    current
}

fn missing(value: &Value, name: &str) -> Value {
    let what = if data::is_mapping(value) { "key" } else { "attribute" };
    Fault::undefined(format!("this `{}` has no {what} `{name}`", type_name(value))).into_value()
}
