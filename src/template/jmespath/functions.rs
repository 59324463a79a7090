//! The functions of JMESPath.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::{equal, order};

/// What `&expression` in the arguments gives for an element.
type Found = Result<Value, String>;

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// How many arguments a function takes; `None` is any number from one on.
fn arity(name: &str) -> Option<Option<usize>> {
    Some(match name {
        "abs" | "avg" | "ceil" | "floor" | "keys" | "length" | "max" | "min" | "reverse" | "sort" | "sum" | "to_array" | "to_string"
        | "to_number" | "type" | "values" => Some(1),
        "contains" | "ends_with" | "starts_with" | "join" | "map" | "max_by" | "min_by" | "sort_by" => Some(2),
        "merge" | "not_null" => None,
        _ => return None,
    })
}

/// Calls a function with the values of its `given` arguments, of which `by` is the one behind `&`.
pub(super) fn call(name: &str, given: usize, values: &[Value], by: Option<impl Fn(&Value) -> Found>) -> Found {
    match arity(name) {
        None => return Err(format!("there is no function `{name}`")),
        Some(Some(wanted)) if wanted != given => return Err(format!("`{name}` takes {wanted} arguments, not {given}")),
        Some(_) if given == 0 => return Err(format!("`{name}` needs an argument")),
        Some(_) => {}
    }
    if matches!(name, "map" | "max_by" | "min_by" | "sort_by") {
        let by = by.ok_or_else(|| format!("`{name}` needs an argument that begins with `&`"))?;
        let items = array(name, values.first())?;
        return over(name, items, by);
    }
    if by.is_some() {
        return Err(format!("`{name}` takes no argument that begins with `&`"));
    }
    let first = values.first().unwrap_or(&Value::Null);
    let second = values.get(1).unwrap_or(&Value::Null);
    Ok(match name {
        "abs" => match first.as_i64() {
            Some(whole) => whole.unsigned_abs().into(),
            None => number(name, first)?.abs().into(),
        },
        "ceil" => rounded(number(name, first)?.ceil()),
        "floor" => rounded(number(name, first)?.floor()),
        "avg" => match numbers(name, first)?.as_slice() {
            [] => Value::Null,
            #[expect(clippy::cast_precision_loss, reason = "there are not that many elements")]
            all => (all.iter().sum::<f64>() / all.len() as f64).into(),
        },
        "sum" => {
            let all = numbers(name, first)?;
            let whole = array(name, Some(first))?.iter().try_fold(0i64, |sum, item| sum.checked_add(item.as_i64()?));
            whole.map_or_else(|| all.iter().sum::<f64>().into(), Value::from)
        }
        "contains" => match first {
            Value::String(text) => second.as_str().is_some_and(|part| text.contains(part)).into(),
            Value::Array(items) => items.iter().any(|item| equal(item, second)).into(),
            other => return Err(wrong(name, "an array or a string", other)),
        },
        "starts_with" => text(name, first)?.starts_with(text(name, second)?).into(),
        "ends_with" => text(name, first)?.ends_with(text(name, second)?).into(),
        "join" => {
            let parts = array(name, Some(second))?.iter().map(|part| text(name, part)).collect::<Result<Vec<_>, _>>()?;
            parts.join(text(name, first)?).into()
        }
        "keys" => object(name, first)?.keys().map(String::as_str).collect(),
        "values" => object(name, first)?.values().cloned().collect(),
        "length" => match first {
            Value::String(text) => text.chars().count().into(),
            Value::Array(items) => items.len().into(),
            Value::Object(map) => map.len().into(),
            other => return Err(wrong(name, "an array, an object or a string", other)),
        },
        "max" => array(name, Some(first))?.iter().try_fold(Value::Null, |best, item| better(name, best, item, Ordering::Greater))?,
        "min" => array(name, Some(first))?.iter().try_fold(Value::Null, |best, item| better(name, best, item, Ordering::Less))?,
        "sort" => {
            let items = array(name, Some(first))?;
            sorted(name, items.iter().map(|item| (item.clone(), item.clone())).collect())?
        }
        "reverse" => match first {
            Value::String(text) => text.chars().rev().collect::<String>().into(),
            Value::Array(items) => items.iter().rev().cloned().collect(),
            other => return Err(wrong(name, "an array or a string", other)),
        },
        "to_array" => match first {
            Value::Array(_) => first.clone(),
            other => vec![other.clone()].into(),
        },
        "to_string" => match first {
            Value::String(_) => first.clone(),
            other => other.to_string().into(),
        },
        "to_number" => match first {
            Value::Number(_) => first.clone(),
            Value::String(text) => to_number(text),
            _ => Value::Null,
        },
        "type" => kind(first).into(),
        "merge" => {
            let mut merged = Map::new();
            for value in values {
                merged.extend(object(name, value)?.clone());
            }
            merged.into()
        }
        _ => values.iter().find(|value| !value.is_null()).cloned().unwrap_or_default(),
    })
}

/// The functions that look at each element through an expression.
fn over(name: &str, items: &[Value], by: impl Fn(&Value) -> Found) -> Found {
    let keyed = items.iter().map(|item| Ok((by(item)?, item.clone()))).collect::<Result<Vec<_>, String>>()?;
    if name == "map" {
        return Ok(keyed.into_iter().map(|(found, _)| found).collect());
    }
    if name == "sort_by" {
        return sorted(name, keyed);
    }
    let wanted = if name == "max_by" { Ordering::Greater } else { Ordering::Less };
    let mut best: Option<(Value, Value)> = None;
    for (key, item) in keyed {
        let comparison = best.as_ref().map(|(best, _)| order(&key, best).ok_or_else(|| mixed(name))).transpose()?;
        if comparison.is_none() && order(&key, &key).is_none() {
            return Err(wrong(name, "numbers or strings to compare", &key));
        }
        if comparison.is_none_or(|order| order == wanted) {
            best = Some((key, item));
        }
    }
    Ok(best.map(|(_, item)| item).unwrap_or_default())
}

/// The second parts in the order of the first ones, equal ones as they were.
fn sorted(name: &str, mut keyed: Vec<(Value, Value)>) -> Found {
    let comparable = keyed.iter().all(|(key, _)| keyed.first().is_some_and(|(first, _)| order(first, key).is_some()));
    if !comparable && !keyed.is_empty() {
        return Err(mixed(name));
    }
    keyed.sort_by(|(a, _), (b, _)| order(a, b).unwrap_or(Ordering::Equal));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

fn better(name: &str, best: Value, item: &Value, wanted: Ordering) -> Found {
    if order(item, item).is_none() {
        return Err(wrong(name, "numbers or strings", item));
    }
    match best {
        Value::Null => Ok(item.clone()),
        best => match order(item, &best) {
            Some(order) if order == wanted => Ok(item.clone()),
            Some(_) => Ok(best),
            None => Err(mixed(name)),
        },
    }
}

fn to_number(text: &str) -> Value {
    if let Ok(whole) = text.trim().parse::<i64>() {
        return whole.into();
    }
    text.trim().parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

/// A float without fraction as a whole number.
fn rounded(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "beyond its range the nearest number is as good")]
    Value::from(value as i64)
}

fn wrong(name: &str, wanted: &str, value: &Value) -> String {
    format!("`{name}` takes {wanted}, not {}", kind(value))
}

fn mixed(name: &str) -> String {
    format!("`{name}` cannot compare what is there: it must be all numbers or all strings")
}

fn number(name: &str, value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| wrong(name, "a number", value))
}

fn numbers(name: &str, value: &Value) -> Result<Vec<f64>, String> {
    array(name, Some(value))?.iter().map(|item| number(name, item)).collect()
}

fn text<'v>(name: &str, value: &'v Value) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| wrong(name, "a string", value))
}

fn array<'v>(name: &str, value: Option<&'v Value>) -> Result<&'v Vec<Value>, String> {
    match value {
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(wrong(name, "an array", other)),
        None => Err(format!("`{name}` needs an array")),
    }
}

fn object<'v>(name: &str, value: &'v Value) -> Result<&'v Map<String, Value>, String> {
    value.as_object().ok_or_else(|| wrong(name, "an object", value))
}
