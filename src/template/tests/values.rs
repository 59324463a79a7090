//! What a value is, and how it compares.

use std::cmp::Ordering;

use minijinja::value::ValueKind;

use crate::template::call::{Call, Test, def};
use crate::template::data;
use crate::template::eval::{compare, contains, equal, same_object};
use crate::template::fault::{Eval, FaultKind, fault_of};
use crate::template::{filters, tests};

pub(super) static TABLE: &[Test] = &[
    def("defined", &[], "The value is there.", "nowhere is defined", "False", |call| is_defined(call)).undefined(),
    def("undefined", &[], "The value is not there.", "nowhere is undefined", "True", |call| is_defined(call).map(|defined| !defined))
        .undefined(),
    def("none", &[], "The value is `None`.", "none is none", "True", |call| Ok(call.input.is_none())),
    def("boolean", &[], "The value is true or false.", "true is boolean", "True", |call| Ok(call.input.kind() == ValueKind::Bool)),
    def("true", &[], "The value is `true` itself.", "1 is true", "False", |call| Ok(data::boolean(&call.input) == Some(true))),
    def("false", &[], "The value is `false` itself.", "false is false", "True", |call| Ok(data::boolean(&call.input) == Some(false))),
    def("integer", &[], "The value is a whole number.", "1.0 is integer", "False", |call| {
        Ok(call.input.kind() == ValueKind::Number && call.input.is_integer())
    }),
    def("float", &[], "The value is a number with a fraction.", "1.0 is float", "True", |call| Ok(data::float(&call.input).is_some())),
    def("number", &[], "The value is a number.", "1.5 is number", "True", |call| Ok(data::number(&call.input).is_some())),
    def("nan", &[], "The value is not a number, in the sense of floats.", "('nan' | float) is nan", "True", |call| {
        Ok(data::float(&call.input).is_some_and(f64::is_nan))
    })
    .also(&["isnan"]),
    def("string", &[], "The value is text.", "'x' is string", "True", |call| Ok(data::text(&call.input).is_some())),
    def("sequence", &[], "The value has elements: a list, a mapping, a text.", "[1] is sequence", "True", |call| {
        Ok(data::is_sequence(&call.input) || data::is_mapping(&call.input) || data::text(&call.input).is_some())
    }),
    def("iterable", &[], "The value can be looped over.", "5 is iterable", "False", |call| Ok(data::iterate(&call.input).is_ok())),
    def("mapping", &[], "The value is a mapping.", "{} is mapping", "True", |call| Ok(data::is_mapping(&call.input))),
    def("callable", &[], "The value can be called.", "range is callable", "True", |call| {
        Ok(call.input.kind() == ValueKind::Plain && !data::is_omit(&call.input))
    }),
    def("sameas", &["other"], "The value is the very same object.", "1 is sameas 1", "True", |call| {
        let other = call.need(0)?;
        Ok(match (call.input.as_object(), other.as_object()) {
            (Some(_), Some(_)) => same_object(&call.input, other),
            (None, None) => call.input.kind() == other.kind() && equal(&call.input, other)?,
            _ => false,
        })
    }),
    def("odd", &[], "The number is odd.", "3 is odd", "True", |call| Ok(whole(call)?.rem_euclid(2) == 1)),
    def("even", &[], "The number is even.", "3 is even", "False", |call| Ok(whole(call)?.rem_euclid(2) == 0)),
    def("divisibleby", &["num"], "The number divides without a rest.", "10 is divisibleby 5", "True", |call| {
        let by = i128::from(call.int(0)?.ok_or_else(|| call.error("a number is needed"))?);
        if by == 0 {
            return Err(call.error("division by zero"));
        }
        Ok(whole(call)?.rem_euclid(by) == 0)
    }),
    def("eq", &["other"], "The values are equal.", "1 is eq 1.0", "True", |call| equal(&call.input, call.need(0)?))
        .also(&["equalto", "=="]),
    def("ne", &["other"], "The values are not equal.", "1 is ne 2", "True", |call| equal(&call.input, call.need(0)?).map(|same| !same))
        .also(&["!="]),
    def("lt", &["other"], "The value is less than the other.", "1 is lt 2", "True", |call| {
        Ok(compare(&call.input, call.need(0)?, "<")? == Some(Ordering::Less))
    })
    .also(&["lessthan", "<"]),
    def("le", &["other"], "The value is less than the other or equal.", "2 is le 2", "True", |call| {
        Ok(matches!(compare(&call.input, call.need(0)?, "<=")?, Some(Ordering::Less | Ordering::Equal)))
    })
    .also(&["<="]),
    def("gt", &["other"], "The value is greater than the other.", "1 is gt 2", "False", |call| {
        Ok(compare(&call.input, call.need(0)?, ">")? == Some(Ordering::Greater))
    })
    .also(&["greaterthan", ">"]),
    def("ge", &["other"], "The value is greater than the other or equal.", "2 is ge 2", "True", |call| {
        Ok(matches!(compare(&call.input, call.need(0)?, ">=")?, Some(Ordering::Greater | Ordering::Equal)))
    })
    .also(&[">="]),
    def("in", &["seq"], "The value is an element of a list, a key of a mapping, a part of a text.", "1 is in [1, 2]", "True", |call| {
        contains(call.need(0)?, &call.input)
    }),
    def("contains", &["value"], "The list, mapping or text holds the value.", "[1, 2] is contains(1)", "True", |call| {
        contains(&call.input, call.need(0)?)
    }),
    def("subset", &["other"], "Every element is in the other list.", "[1] is subset([1, 2])", "True", |call| {
        all_in(&call.input, call.need(0)?)
    })
    .also(&["issubset"]),
    def("superset", &["other"], "Every element of the other list is in this one.", "[1, 2] is superset([1])", "True", |call| {
        all_in(call.need(0)?, &call.input)
    })
    .also(&["issuperset"]),
    def("all", &[], "Every element is true.", "[true, 1] is all", "True", |call| {
        Ok(call.input_items()?.iter().all(minijinja::Value::is_true))
    }),
    def("any", &[], "One element at least is true.", "[false, 1] is any", "True", |call| {
        Ok(call.input_items()?.iter().any(minijinja::Value::is_true))
    }),
    def(
        "truthy",
        &["convert_bool"],
        "The value counts as true; with `convert_bool`, texts like `no` count as what they say.",
        "'no' is truthy(convert_bool=true)",
        "False",
        truthy,
    ),
    def("falsy", &["convert_bool"], "The value counts as false.", "'' is falsy", "True", |call| truthy(call).map(|truthy| !truthy)),
    def("filter", &[], "There is a filter of this name.", "'default' is filter", "True", |call| {
        Ok(data::text(&call.input).is_some_and(|name| filters::find(name).is_some()))
    }),
    def("test", &[], "There is a test of this name.", "'odd' is test", "True", |call| {
        Ok(data::text(&call.input).is_some_and(|name| tests::find(name).is_some()))
    }),
];

fn is_defined(call: &Call<'_, '_>) -> Eval<bool> {
    match fault_of(&call.input) {
        Some(fault) if *fault.kind() == FaultKind::Error => Err(fault),
        Some(_) => Ok(false),
        None => Ok(true),
    }
}

fn whole(call: &Call<'_, '_>) -> Eval<i128> {
    data::integer(&call.input).ok_or_else(|| call.error(format!("a whole number is needed, not `{}`", data::type_name(&call.input))))
}

fn all_in(part: &minijinja::Value, all: &minijinja::Value) -> Eval<bool> {
    let all = data::list(data::iterate(all)?);
    for item in data::iterate(part)? {
        if !contains(&all, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn truthy(call: &mut Call<'_, '_>) -> Eval<bool> {
    if call.is_set(0, false)
        && let Some(text) = data::text(&call.input)
    {
        match text.trim().to_lowercase().as_str() {
            "yes" | "on" | "1" | "true" | "t" | "y" => return Ok(true),
            "no" | "off" | "0" | "false" | "f" | "n" => return Ok(false),
            _ => {}
        }
    }
    Ok(call.input.is_true())
}
