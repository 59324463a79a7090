//! JMESPath, the language of `json_query`.
//!
//! The crate `jmespath` parses; what an expression means is here, because the crate's own evaluation sorts the keys of mappings and
//! makes whole numbers floats, where Python keeps both.

mod functions;

use std::cmp::Ordering;

use jmespath::ast::{Ast, Comparator};
use serde_json::{Map, Value};

/// How deep expressions and data may nest.
const DEPTH: usize = 100;

/// What `expression` finds in `data`; nothing found is null.
///
/// # Errors
/// The expression is none, names a function that does not exist, or gives one what it cannot take.
pub(crate) fn search(expression: &str, data: &Value) -> Result<Value, String> {
    let ast = jmespath::parse(expression).map_err(|error| {
        let place = error.offset;
        format!("`{expression}` is no JMESPath expression, from character {} on", place + 1)
    })?;
    evaluate(&ast, data, 0)
}

/// Whether a value counts as true: all but null, false and what is empty.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Number(_) => true,
    }
}

fn evaluate(ast: &Ast, data: &Value, depth: usize) -> Result<Value, String> {
    if depth > DEPTH {
        return Err(format!("the expression is nested more than {DEPTH} levels deep"));
    }
    let of = |ast: &Ast, data: &Value| evaluate(ast, data, depth + 1);
    Ok(match ast {
        Ast::Identity { .. } => data.clone(),
        Ast::Field { name, .. } => data.get(name).cloned().unwrap_or_default(),
        Ast::Index { idx, .. } => data.as_array().and_then(|items| at(items, *idx)).cloned().unwrap_or_default(),
        Ast::Slice { start, stop, step, .. } => match data {
            Value::Array(items) => slice(items, *start, *stop, *step)?,
            _ => Value::Null,
        },
        Ast::Subexpr { lhs, rhs, .. } => of(rhs, &of(lhs, data)?)?,
        Ast::Or { lhs, rhs, .. } => match of(lhs, data)? {
            left if is_true(&left) => left,
            _ => of(rhs, data)?,
        },
        Ast::And { lhs, rhs, .. } => match of(lhs, data)? {
            left if is_true(&left) => of(rhs, data)?,
            left => left,
        },
        Ast::Not { node, .. } => Value::Bool(!is_true(&of(node, data)?)),
        Ast::Condition { predicate, then, .. } => {
            if is_true(&of(predicate, data)?) {
                of(then, data)?
            } else {
                Value::Null
            }
        }
        Ast::Comparison { comparator, lhs, rhs, .. } => compare(comparator, &of(lhs, data)?, &of(rhs, data)?),
        Ast::ObjectValues { node, .. } => match of(node, data)? {
            Value::Object(map) => Value::Array(map.into_iter().map(|(_, value)| value).collect()),
            _ => Value::Null,
        },
        Ast::Projection { lhs, rhs, .. } => match of(lhs, data)? {
            Value::Array(items) => {
                let found = items.iter().map(|item| of(rhs, item)).collect::<Result<Vec<_>, _>>()?;
                Value::Array(found.into_iter().filter(|value| !value.is_null()).collect())
            }
            _ => Value::Null,
        },
        Ast::Flatten { node, .. } => match of(node, data)? {
            Value::Array(items) => {
                let parts = items.into_iter().flat_map(|item| match item {
                    Value::Array(inner) => inner,
                    other => vec![other],
                });
                Value::Array(parts.collect())
            }
            _ => Value::Null,
        },
        Ast::Literal { value, .. } => serde_json::to_value(&**value).map_err(|error| error.to_string())?,
        Ast::MultiList { elements, .. } if !data.is_null() => {
            Value::Array(elements.iter().map(|element| of(element, data)).collect::<Result<_, _>>()?)
        }
        Ast::MultiHash { elements, .. } if !data.is_null() => {
            let pairs = elements.iter().map(|pair| Ok((pair.key.clone(), of(&pair.value, data)?)));
            Value::Object(pairs.collect::<Result<Map<_, _>, String>>()?)
        }
        Ast::MultiList { .. } | Ast::MultiHash { .. } => Value::Null,
        Ast::Function { name, args, .. } => {
            let mut values = Vec::new();
            let mut by = None;
            for arg in args {
                match arg {
                    Ast::Expref { ast, .. } => by = Some(&**ast),
                    other => values.push(of(other, data)?),
                }
            }
            functions::call(name, args.len(), &values, by.map(|ast| move |data: &Value| evaluate(ast, data, depth + 1)))?
        }
        Ast::Expref { .. } => return Err("`&` is for arguments of functions".to_owned()),
    })
}

fn at(items: &[Value], index: i32) -> Option<&Value> {
    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 { items.get(items.len().checked_sub(from_end)?) } else { items.get(from_end) }
}

fn slice(items: &[Value], start: Option<i32>, stop: Option<i32>, step: i32) -> Result<Value, String> {
    if step == 0 {
        return Err("the step of a slice must not be 0".to_owned());
    }
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let forward = step > 0;
    let (low, high) = if forward { (0, length) } else { (-1, length - 1) };
    let bound = |given: Option<i32>, default: i64| match given.map(i64::from) {
        None => default,
        Some(index) if index < 0 => (index + length).clamp(low, high),
        Some(index) => index.clamp(low, high),
    };
    let (mut index, end) = (bound(start, if forward { low } else { high }), bound(stop, if forward { high } else { low }));
    let mut kept = Vec::new();
    while if forward { index < end } else { index > end } {
        kept.extend(usize::try_from(index).ok().and_then(|index| items.get(index)).cloned());
        index += i64::from(step);
    }
    Ok(Value::Array(kept))
}

/// Equality; numbers are equal whether or not they are written with a point.
fn equal(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(a), Some(b)) => left == right || a == b,
        _ => left == right,
    }
}

/// The order of two numbers or two texts; there is none of others.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn compare(comparator: &Comparator, left: &Value, right: &Value) -> Value {
    let ordered = |holds: fn(Ordering) -> bool| order(left, right).map_or(Value::Null, |order| Value::Bool(holds(order)));
    match comparator {
        Comparator::Equal => Value::Bool(equal(left, right)),
        Comparator::NotEqual => Value::Bool(!equal(left, right)),
        Comparator::LessThan => ordered(Ordering::is_lt),
        Comparator::LessThanEqual => ordered(Ordering::is_le),
        Comparator::GreaterThan => ordered(Ordering::is_gt),
        Comparator::GreaterThanEqual => ordered(Ordering::is_ge),
    }
}
