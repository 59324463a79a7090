//! Equality, order and membership, as Python defines them.

use std::cmp::Ordering;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::lazy::same_object;
use crate::template::data::{self, type_name};
use crate::template::fault::{Eval, Fault, fault_of};
use crate::template::python::show;
use crate::template::syntax::ast::Compare;

/// Whether `left operator right`.
pub(super) fn holds(operator: Compare, left: &Value, right: &Value) -> Eval<bool> {
    Ok(match operator {
        Compare::Eq => equal(left, right)?,
        Compare::Ne => !equal(left, right)?,
        Compare::Lt => compare(left, right, "<")? == Some(Ordering::Less),
        Compare::Gt => compare(left, right, ">")? == Some(Ordering::Greater),
        Compare::Le => matches!(compare(left, right, "<=")?, Some(Ordering::Less | Ordering::Equal)),
        Compare::Ge => matches!(compare(left, right, ">=")?, Some(Ordering::Greater | Ordering::Equal)),
        Compare::In => contains(right, left)?,
        Compare::NotIn => !contains(right, left)?,
    })
}

/// Whether two values are the same: numbers by their value (`true` is 1), texts by their characters, collections part by part. A list
/// is not a tuple, a text is not a number.
pub(crate) fn equal(left: &Value, right: &Value) -> Eval<bool> {
    for side in [left, right] {
        if let Some(fault) = fault_of(side) {
            return Err(fault);
        }
    }
    if same_object(left, right) {
        return Ok(true);
    }
    if let (Some(a), Some(b)) = (data::integer(left), data::integer(right)) {
        return Ok(a == b);
    }
    if let (Some(a), Some(b)) = (data::number(left), data::number(right)) {
        return Ok(a == b);
    }
    match (left.kind(), right.kind()) {
        (ValueKind::String, ValueKind::String) | (ValueKind::Bytes, ValueKind::Bytes) => Ok(left.as_bytes() == right.as_bytes()),
        (ValueKind::None, ValueKind::None) => Ok(true),
        (ValueKind::Map, ValueKind::Map) => equal_maps(left, right),
        (ValueKind::Plain, ValueKind::Plain) => Ok(left == right),
        _ if data::is_sequence(left) && data::is_sequence(right) && left.is_tuple() == right.is_tuple() => {
            let (a, b) = (data::iterate(left)?, data::iterate(right)?);
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(&b) {
                if !equal(a, b)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn equal_maps(left: &Value, right: &Value) -> Eval<bool> {
    if data::length(left)? != data::length(right)? {
        return Ok(false);
    }
    for (key, value) in data::pairs(left).unwrap_or_default() {
        let Some(other) = right.as_object().and_then(|object| object.get_value(&key)) else { return Ok(false) };
        if !equal(&value, &other)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of two values; `None` for not-a-number. `operator` is for the message.
///
/// # Errors
/// The two have no order: text and number, mappings, `None`.
pub(crate) fn compare(left: &Value, right: &Value, operator: &str) -> Eval<Option<Ordering>> {
    for side in [left, right] {
        if let Some(fault) = fault_of(side) {
            return Err(fault);
        }
    }
    if let (Some(a), Some(b)) = (data::integer(left), data::integer(right)) {
        return Ok(Some(a.cmp(&b)));
    }
    if let (Some(a), Some(b)) = (data::number(left), data::number(right)) {
        return Ok(a.partial_cmp(&b));
    }
    if let (Some(a), Some(b)) = (data::text(left), data::text(right)) {
        return Ok(Some(a.cmp(b)));
    }
    if data::is_sequence(left) && data::is_sequence(right) && left.is_tuple() == right.is_tuple() {
        let (a, b) = (data::iterate(left)?, data::iterate(right)?);
        for (a, b) in a.iter().zip(&b) {
            if !equal(a, b)? {
                return compare(a, b, operator);
            }
        }
        return Ok(Some(a.len().cmp(&b.len())));
    }
    if let Some(order) = crate::template::python::datetime::order(left, right) {
        return Ok(Some(order));
    }
    let fault = Fault::error(format!("`{operator}` cannot compare `{}` with `{}`", type_name(left), type_name(right)));
    let mixed = |a: &Value, b: &Value| data::text(a).is_some_and(|text| text.trim().parse::<f64>().is_ok()) && data::number(b).is_some();
    Err(if mixed(left, right) || mixed(right, left) { fault.hint("convert the text with `| int` or `| float`") } else { fault })
}

/// Whether `value` is in `container`: an element of a list, a key of a mapping, a part of a text.
pub(crate) fn contains(container: &Value, value: &Value) -> Eval<bool> {
    if let Some(text) = data::text(container) {
        return match data::text(value) {
            Some(part) => Ok(text.contains(part)),
            None => Err(Fault::error(format!("`in` a text needs a text on its left, not `{}`", type_name(value)))
                .hint(format!("compare with `'{}'`", show(value)))),
        };
    }
    if data::is_mapping(container) {
        return Ok(container.as_object().is_some_and(|object| object.get_value(value).is_some()));
    }
    if data::is_sequence(container) {
        for item in data::iterate(container)? {
            if equal(&item, value)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match fault_of(container) {
        Some(fault) => Err(fault),
        None => Err(Fault::error(format!("`in` needs a list, a mapping or a text on its right, not `{}`", type_name(container)))),
    }
}
