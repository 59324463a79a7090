//! From fragments to a value, and from a value with lazy parts to plain data.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::template::data::{is_omit, items, none, pairs, type_name};
use crate::template::fault::{Eval, Fault, FaultKind, fault_of};
use crate::template::python::{datetime, show};

/// How deep a value may nest; a list that was appended to itself ends here.
const DEPTH: usize = 100;

/// What a template gives: nothing is `None`, a single fragment is kept as it is, several are joined as text.
///
/// # Errors
/// A fragment of several has a part that is undefined.
pub(crate) fn concat(fragments: &[Value]) -> Eval {
    let kept: Vec<&Value> = fragments.iter().filter(|fragment| !is_omit(fragment)).collect();
    match kept.as_slice() {
        [] => Ok(fragments.first().cloned().unwrap_or_else(none)),
        [single] => Ok((*single).clone()),
        several => {
            let mut joined = String::new();
            for fragment in several {
                match fragment.as_str() {
                    Some(text) => joined.push_str(text),
                    // An inline `if` without `else` prints nothing.
                    None if fault_of(fragment).is_some_and(|fault| *fault.kind() == FaultKind::Nothing) => {}
                    None => joined.push_str(&show(&finish(fragment)?)),
                }
            }
            Ok(Value::from(joined))
        }
    }
}

/// `value` with every lazy part rendered, tuples as lists and without the entries and elements that are `omit`.
///
/// # Errors
/// The fault of the first undefined part; a function that was not called.
pub(crate) fn finish(value: &Value) -> Eval {
    finish_at(value, 0)
}

fn finish_at(value: &Value, depth: usize) -> Eval {
    if depth > DEPTH {
        return Err(Fault::error(format!("the value is nested more than {DEPTH} levels deep")));
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            let items = items(value).unwrap_or_default();
            let finished: Vec<Value> =
                items.iter().filter(|item| !is_omit(item)).map(|item| finish_at(item, depth + 1)).filter(kept).collect::<Eval<_>>()?;
            Ok(Value::from(finished))
        }
        ValueKind::Map => {
            let mut finished = Vec::new();
            for (key, value) in pairs(value).unwrap_or_default() {
                let value = finish_at(&value, depth + 1)?;
                if !is_omit(&value) {
                    finished.push((finish_at(&key, depth + 1)?, value));
                }
            }
            Ok(Value::from_pairs(finished))
        }
        ValueKind::Plain | ValueKind::Undefined | ValueKind::Invalid => match fault_of(value) {
            Some(fault) => Err(fault),
            None if is_omit(value) => Ok(value.clone()),
            // A point in time is kept as its text.
            None if datetime::shown(value).is_some() => Ok(Value::from(datetime::shown(value))),
            None => Err(Fault::error(format!("a `{}` is not a value that can be kept", type_name(value)))
                .hint("call it: put `()` behind its name, or read a key of this name with `['name']`")),
        },
        _ => Ok(value.clone()),
    }
}

fn kept(result: &Eval) -> bool {
    !matches!(result, Ok(value) if is_omit(value))
}
