//! Indexing and slicing.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::template::data::{self, integer, type_name};
use crate::template::fault::{Eval, Fault};

/// `value[key]`: an entry, an element (negative indices count from the end), a character.
pub(crate) fn index(value: &Value, key: &Value) -> Option<Value> {
    match value.kind() {
        ValueKind::Map | ValueKind::Plain => value.as_object()?.get_value(key),
        ValueKind::Seq | ValueKind::Iterable => {
            let at = position(key, value.len()?)?;
            value.as_object()?.get_value(&Value::from(at)).or_else(|| data::items(value)?.into_iter().nth(at))
        }
        ValueKind::String => {
            let text = value.as_str()?;
            let at = position(key, text.chars().count())?;
            text.chars().nth(at).map(|c| Value::from(c.to_string()))
        }
        ValueKind::Bytes => {
            let bytes = value.as_bytes()?;
            bytes.get(position(key, bytes.len())?).map(|byte| Value::from(u64::from(*byte)))
        }
        _ => None,
    }
}

fn position(key: &Value, length: usize) -> Option<usize> {
    let at = integer(key)?;
    let at = if at < 0 { at + i128::try_from(length).ok()? } else { at };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// `value[start:stop:step]`.
pub(crate) fn slice(value: &Value, start: Option<&Value>, stop: Option<&Value>, step: Option<&Value>) -> Eval {
    let bound = |part: Option<&Value>| match part.filter(|part| !part.is_none()) {
        None => Ok(None),
        Some(part) => match integer(part) {
            Some(at) => Ok(Some(at)),
            None => Err(Fault::error(format!("a slice needs whole numbers, not `{}`", type_name(part)))),
        },
    };
    let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?.unwrap_or(1));
    if step == 0 {
        return Err(Fault::error("the step of a slice cannot be zero"));
    }
    match value.kind() {
        ValueKind::String => {
            let chars: Vec<char> = value.as_str().unwrap_or("").chars().collect();
            let text: String = positions(chars.len(), start, stop, step).into_iter().filter_map(|at| chars.get(at)).collect();
            Ok(Value::from(text))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = data::items(value).unwrap_or_default();
            let sliced = positions(items.len(), start, stop, step).into_iter().filter_map(|at| items.get(at).cloned()).collect();
            Ok(if value.is_tuple() { data::tuple(sliced) } else { data::list(sliced) })
        }
        _ => Err(Fault::error(format!("`{}` cannot be sliced", type_name(value)))),
    }
}

/// The indices a slice names, in order.
fn positions(length: usize, start: Option<i128>, stop: Option<i128>, step: i128) -> Vec<usize> {
    let length = i128::try_from(length).unwrap_or(i128::MAX);
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clamp = |at: i128| (if at < 0 { at + length } else { at }).clamp(low, high);
    let (mut at, end) = match step > 0 {
        true => (start.map_or(0, clamp), stop.map_or(length, clamp)),
        false => (start.map_or(length - 1, clamp), stop.map_or(-1, clamp)),
    };
    let mut found = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        if let Ok(at) = usize::try_from(at) {
            found.push(at);
        }
        at = at.saturating_add(step);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_as_in_python() {
        let of = |start: Option<i64>, stop: Option<i64>, step: Option<i64>| {
            let value = |part: Option<i64>| part.map(Value::from);
            let (start, stop, step) = (value(start), value(stop), value(step));
            crate::template::python::show(&slice(&Value::from("abcdef"), start.as_ref(), stop.as_ref(), step.as_ref()).unwrap())
        };
        assert_eq!(of(None, None, Some(-1)), "fedcba");
        assert_eq!(of(Some(-2), None, None), "ef");
        assert_eq!(of(None, Some(-4), None), "ab");
        assert_eq!(of(Some(4), Some(1), Some(-1)), "edc");
        assert_eq!(of(Some(1), Some(100), Some(2)), "bdf");
        assert_eq!(of(Some(100), None, None), "");
        assert_eq!(of(Some(-100), Some(2), None), "ab");
    }
}
