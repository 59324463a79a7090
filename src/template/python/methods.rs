//! The methods of Python's built-in types.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::{methods_collection as collection, methods_text as text};
use crate::template::call::Given;
use crate::template::data::{self, type_name};
use crate::template::fault::{Eval, Fault};

/// Whether values of this type have a method of this name.
pub(crate) fn exists(value: &Value, name: &str) -> bool {
    names(value).contains(&name)
}

/// The names of a value's methods.
pub(crate) fn names(value: &Value) -> &'static [&'static str] {
    match value.kind() {
        ValueKind::String => text::NAMES,
        ValueKind::Map => collection::MAPPING,
        ValueKind::Seq | ValueKind::Iterable if value.is_tuple() => collection::TUPLE,
        ValueKind::Seq | ValueKind::Iterable => collection::LIST,
        ValueKind::Bytes => &["decode", "hex"],
        ValueKind::Number if !value.is_integer() => &["is_integer"],
        ValueKind::Number => &["bit_length"],
        _ => &[],
    }
}

/// Calls a method that [`exists`].
pub(crate) fn call(receiver: &Value, name: &str, given: Given) -> Eval {
    let mut args = Args { method: name.to_owned(), given };
    let result = match receiver.kind() {
        ValueKind::String => text::call(receiver.as_str().unwrap_or(""), name, &mut args)?,
        ValueKind::Map => collection::mapping(receiver, name, &mut args)?,
        ValueKind::Seq | ValueKind::Iterable => collection::list(receiver, name, &mut args)?,
        ValueKind::Bytes => bytes(receiver.as_bytes().unwrap_or_default(), name, &mut args)?,
        _ => number(receiver, name),
    };
    args.finish()?;
    result.ok_or_else(|| Fault::error(format!("a `{}` has no method `{name}`", type_name(receiver))))
}

fn bytes(bytes: &[u8], name: &str, args: &mut Args) -> Eval<Option<Value>> {
    Ok(match name {
        "decode" => {
            let _encoding = args.text("encoding")?;
            let errors = args.text("errors")?.unwrap_or_else(|| "strict".to_owned());
            match std::str::from_utf8(bytes) {
                Ok(text) => Some(Value::from(text)),
                Err(_) if errors != "strict" => Some(Value::from(String::from_utf8_lossy(bytes).into_owned())),
                Err(error) => return Err(Fault::error(format!("the bytes are not UTF-8: {error}"))),
            }
        }
        "hex" => Some(Value::from(hex::encode(bytes))),
        _ => None,
    })
}

fn number(value: &Value, name: &str) -> Option<Value> {
    match name {
        "is_integer" => data::float(value).map(|float| Value::from(float.fract() == 0.0)),
        "bit_length" => data::integer(value).map(|whole| Value::from(128 - whole.unsigned_abs().leading_zeros())),
        _ => None,
    }
}

/// The arguments of a method, taken one after the other.
pub(super) struct Args {
    method: String,
    pub(super) given: Given,
}

impl Args {
    /// The next argument, by position or as `name`.
    pub(super) fn next(&mut self, name: &str) -> Option<Value> {
        if self.given.positional.is_empty() { self.given.take(name) } else { Some(self.given.positional.remove(0)) }
    }

    pub(super) fn need(&mut self, name: &str) -> Eval {
        self.next(name).ok_or_else(|| Fault::error(format!("the method `{}` needs the argument `{name}`", self.method)))
    }

    /// A text; `None` and what was not given are nothing.
    pub(super) fn text(&mut self, name: &str) -> Eval<Option<String>> {
        match self.next(name).filter(|value| !value.is_none()) {
            None => Ok(None),
            Some(value) => self.as_text(name, &value).map(Some),
        }
    }

    pub(super) fn need_text(&mut self, name: &str) -> Eval<String> {
        let value = self.need(name)?;
        self.as_text(name, &value)
    }

    fn as_text(&self, name: &str, value: &Value) -> Eval<String> {
        data::text(value)
            .map(str::to_owned)
            .ok_or_else(|| Fault::error(format!("`{name}` of the method `{}` must be text, not `{}`", self.method, type_name(value))))
    }

    pub(super) fn int(&mut self, name: &str) -> Eval<Option<i64>> {
        match self.next(name).filter(|value| !value.is_none()) {
            None => Ok(None),
            Some(value) => data::integer(&value).and_then(|number| i64::try_from(number).ok()).map(Some).ok_or_else(|| {
                Fault::error(format!("`{name}` of the method `{}` must be a whole number, not `{}`", self.method, type_name(&value)))
            }),
        }
    }

    /// Everything must have been taken.
    fn finish(&self) -> Eval<()> {
        if !self.given.positional.is_empty() {
            return Err(Fault::error(format!("the method `{}` got too many arguments", self.method)));
        }
        match self.given.named.first() {
            Some((name, _)) => Err(Fault::error(format!("the method `{}` has no argument `{name}`", self.method))),
            None => Ok(()),
        }
    }
}
