//! The methods of lists, tuples and mappings.

use minijinja::Value;

use super::methods::Args;
use crate::template::data::{self, Dict, List};
use crate::template::eval::{compare, equal};
use crate::template::fault::{Eval, Fault};

pub(super) const LIST: &[&str] = &["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];
pub(super) const TUPLE: &[&str] = &["count", "index"];
pub(super) const MAPPING: &[&str] = &["clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];

/// Calls a method of a list or tuple; `None` when there is none of this name. What changes the list needs a [`List`].
pub(super) fn list(receiver: &Value, name: &str, args: &mut Args) -> Eval<Option<Value>> {
    let items = data::items(receiver).unwrap_or_default();
    match name {
        "count" => {
            let wanted = args.need("value")?;
            let mut count = 0;
            for item in &items {
                count += usize::from(equal(item, &wanted)?);
            }
            return Ok(Some(Value::from(count)));
        }
        "index" => {
            let wanted = args.need("value")?;
            let start = usize::try_from(args.int("start")?.unwrap_or(0)).unwrap_or(0);
            let stop = args.int("stop")?.and_then(|stop| usize::try_from(stop).ok()).unwrap_or(items.len());
            for (at, item) in items.iter().enumerate().take(stop).skip(start) {
                if equal(item, &wanted)? {
                    return Ok(Some(Value::from(at)));
                }
            }
            return Err(Fault::error(format!("`{}` is not in the list", super::show(&wanted))));
        }
        "copy" => return Ok(Some(data::list(items))),
        _ => {}
    }
    let Some(list) = receiver.downcast_object_ref::<List>() else { return Ok(None) };
    let position = |at: i64| {
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        usize::try_from(if at < 0 { (at + length).max(0) } else { at.min(length) }).unwrap_or(0)
    };
    match name {
        "append" => list.write().push(args.need("object")?),
        "extend" => {
            let more = data::iterate(&args.need("iterable")?)?;
            list.write().extend(more);
        }
        "insert" => {
            let at = position(args.int("index")?.unwrap_or(0));
            let item = args.need("object")?;
            list.write().insert(at, item);
        }
        "clear" => list.write().clear(),
        "reverse" => list.write().reverse(),
        "pop" => {
            let wanted = args.int("index")?.unwrap_or(-1);
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            if wanted >= length || wanted < -length {
                return Err(Fault::error(if items.is_empty() { "`pop` from an empty list" } else { "`pop`: there is no such element" }));
            }
            return Ok(Some(list.write().remove(position(wanted))));
        }
        "remove" => {
            let wanted = args.need("value")?;
            for (at, item) in items.iter().enumerate() {
                if equal(item, &wanted)? {
                    list.write().remove(at);
                    return Ok(Some(data::none()));
                }
            }
            return Err(Fault::error(format!("`remove`: `{}` is not in the list", super::show(&wanted))));
        }
        "sort" => {
            let reverse = args.given.take("reverse").is_some_and(|reverse| reverse.is_true());
            let mut sorted = sorted(items.clone())?;
            if reverse {
                sorted.reverse();
            }
            *list.write() = sorted;
        }
        _ => return Ok(None),
    }
    Ok(Some(data::none()))
}

/// `items` in order; equal ones stay in theirs.
///
/// # Errors
/// Two of them have no order.
fn sorted(mut items: Vec<Value>) -> Eval<Vec<Value>> {
    let mut failed = None;
    items.sort_by(|a, b| match compare(a, b, "<") {
        Ok(order) => order.unwrap_or(std::cmp::Ordering::Equal),
        Err(fault) => {
            failed.get_or_insert(fault);
            std::cmp::Ordering::Equal
        }
    });
    match failed {
        Some(fault) => Err(fault),
        None => Ok(items),
    }
}

/// Calls a method of a mapping; `None` when there is none of this name. What changes the mapping needs a [`Dict`].
pub(super) fn mapping(receiver: &Value, name: &str, args: &mut Args) -> Eval<Option<Value>> {
    let entry = |key: &Value| receiver.as_object().and_then(|object| object.get_value(key));
    // Going through the values reads them all.
    let pairs = || data::solid_pairs(receiver).map(Option::unwrap_or_default);
    match name {
        "get" => {
            let key = args.need("key")?;
            let default = args.next("default").unwrap_or_else(data::none);
            return Ok(Some(entry(&key).unwrap_or(default)));
        }
        "items" => return Ok(Some(data::list(pairs()?.into_iter().map(|(key, value)| data::tuple(vec![key, value])).collect()))),
        "keys" => return Ok(Some(data::list(data::iterate(receiver)?))),
        "values" => return Ok(Some(data::list(pairs()?.into_iter().map(|(_, value)| value).collect()))),
        "copy" => return Ok(Some(data::dict(pairs()?))),
        _ => {}
    }
    let Some(dict) = receiver.downcast_object_ref::<Dict>() else { return Ok(None) };
    Ok(Some(match name {
        "clear" => {
            dict.write().clear();
            data::none()
        }
        "pop" => {
            let key = args.need("key")?;
            let default = args.next("default");
            match (dict.write().shift_remove(&key), default) {
                (Some(value), _) | (None, Some(value)) => value,
                (None, None) => return Err(Fault::error(format!("`pop`: the mapping has no key `{}`", super::show(&key)))),
            }
        }
        "popitem" => match dict.write().pop() {
            Some((key, value)) => data::tuple(vec![key, value]),
            None => return Err(Fault::error("`popitem` from an empty mapping")),
        },
        "setdefault" => {
            let key = args.need("key")?;
            let default = args.next("default").unwrap_or_else(data::none);
            dict.write().entry(key).or_insert(default).clone()
        }
        "update" => {
            let mut changes = match args.next("other") {
                None => Vec::new(),
                Some(other) => match data::pairs(&other) {
                    Some(pairs) => pairs,
                    None => data::iterate(&other)?
                        .iter()
                        .map(|pair| match data::items(pair).as_deref() {
                            Some([key, value]) => Ok((key.clone(), value.clone())),
                            _ => Err(Fault::error("`update` needs a mapping or a list of pairs")),
                        })
                        .collect::<Eval<_>>()?,
                },
            };
            changes.extend(std::mem::take(&mut args.given.named).into_iter().map(|(name, value)| (Value::from(&*name), value)));
            dict.write().extend(changes);
            data::none()
        }
        _ => return Ok(None),
    }))
}
