//! Lists, mappings and the other kinds of values, as expressions see them.
//!
//! Lists and mappings that an expression makes can be changed by their methods (`append`, `update`), as in Python. Those that
//! come from variables cannot; a method that changes one works on a copy (see `eval/mutate.rs`).

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple, Value, ValueKind};

use super::fault::{Eval, Fault, fault_of};

/// A list that its methods can change.
#[derive(Default)]
pub(crate) struct List(RwLock<Vec<Value>>);

impl List {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Vec<Value>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Vec<Value>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "list of {}", self.read().len())
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.read().get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.read().clone())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.read().len())
    }
}

/// A mapping that its methods can change.
#[derive(Default)]
pub(crate) struct Dict(RwLock<IndexMap<Value, Value>>);

impl Dict {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, IndexMap<Value, Value>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, IndexMap<Value, Value>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mapping of {}", self.read().len())
    }
}

impl Object for Dict {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.read().get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let pairs: Vec<(Value, Value)> = self.read().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Enumerator::KeyValueIter(Box::new(pairs.into_iter()))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.read().len())
    }
}

/// Whether it is a list or mapping that methods can change.
pub(crate) fn can_change(value: &Value) -> bool {
    value.downcast_object_ref::<List>().is_some() || value.downcast_object_ref::<Dict>().is_some()
}

/// A list of `items`.
pub(crate) fn list(items: Vec<Value>) -> Value {
    Value::from_object(List(RwLock::new(items)))
}

/// A mapping of `pairs`; of equal keys the first is kept, with the last value. `true` and 1 are equal, as in Python.
pub(crate) fn dict(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
    let mut entries: IndexMap<Value, Value> = IndexMap::new();
    for (key, value) in pairs {
        let twin = match (boolean(&key), integer(&key)) {
            (Some(truth), _) => Some(Value::from(i64::from(truth))),
            (None, Some(whole @ (0 | 1))) => Some(Value::from(whole == 1)),
            _ => None,
        };
        entries.insert(twin.filter(|twin| entries.contains_key(twin)).unwrap_or(key), value);
    }
    Value::from_object(Dict(RwLock::new(entries)))
}

/// A tuple of `items`.
pub(crate) fn tuple(items: Vec<Value>) -> Value {
    Value::from(Tuple::from(items))
}

/// `null`.
pub(crate) fn none() -> Value {
    Value::from(())
}

/// The placeholder that removes the argument, entry or element it is given to.
#[derive(Debug)]
struct Omit;

impl Object for Omit {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<<Omit>>")
    }
}

/// The placeholder `omit`.
pub fn omit() -> Value {
    Value::from_object(Omit)
}

/// Whether a value is the placeholder `omit`: the argument it is for counts as not given.
pub fn is_omit(value: &Value) -> bool {
    value.downcast_object_ref::<Omit>().is_some()
}

/// The elements of a list or tuple; `None` for everything else, text and mappings included.
pub(crate) fn items(value: &Value) -> Option<Vec<Value>> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => Some(value.try_iter().ok()?.collect()),
        _ => None,
    }
}

/// The entries of a mapping.
pub(crate) fn pairs(value: &Value) -> Option<Vec<(Value, Value)>> {
    match value.kind() {
        ValueKind::Map => Some(value.as_object()?.try_iter_pairs()?.collect()),
        _ => None,
    }
}

/// The entries of a mapping, all of which must be there.
pub(crate) fn solid_pairs(value: &Value) -> Eval<Option<Vec<(Value, Value)>>> {
    let Some(pairs) = pairs(value) else { return Ok(None) };
    match pairs.iter().find_map(|(_, value)| fault_of(value)) {
        Some(fault) => Err(fault),
        None => Ok(Some(pairs)),
    }
}

/// Whether it is a list or tuple.
pub(crate) fn is_sequence(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

/// Whether it is a mapping.
pub(crate) fn is_mapping(value: &Value) -> bool {
    value.kind() == ValueKind::Map
}

/// The text of a text; `None` for everything else, bytes included.
pub(crate) fn text(value: &Value) -> Option<&str> {
    if value.kind() == ValueKind::String { value.as_str() } else { None }
}

/// The boolean of a boolean.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    if value.kind() == ValueKind::Bool { Some(value.is_true()) } else { None }
}

/// The whole number of an integer or boolean (which is one in Python).
pub(crate) fn integer(value: &Value) -> Option<i128> {
    match value.kind() {
        ValueKind::Bool => Some(i128::from(value.is_true())),
        ValueKind::Number if value.is_integer() => value.clone().try_into().ok(),
        _ => None,
    }
}

/// The number of a float; `None` for integers.
pub(crate) fn float(value: &Value) -> Option<f64> {
    if value.kind() == ValueKind::Number && !value.is_integer() { value.clone().try_into().ok() } else { None }
}

/// A number of any kind as a float.
pub(crate) fn number(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "Python converts large integers the same way")]
    float(value).or_else(|| integer(value).map(|whole| whole as f64))
}

/// A whole number as the narrowest value that holds it.
pub(crate) fn int(value: i128) -> Value {
    match i64::try_from(value) {
        Ok(small) => Value::from(small),
        Err(_) => Value::from(value),
    }
}

/// What Python calls the type of a value.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Undefined => "Undefined",
        ValueKind::None => "NoneType",
        ValueKind::Bool => "bool",
        ValueKind::Number if value.is_integer() => "int",
        ValueKind::Number => "float",
        ValueKind::String => "str",
        ValueKind::Bytes => "bytes",
        ValueKind::Seq if value.is_tuple() => "tuple",
        ValueKind::Seq | ValueKind::Iterable => "list",
        ValueKind::Map => "dict",
        _ if fault_of(value).is_some() => "UndefinedMarker",
        _ if is_omit(value) => "Omit",
        _ if super::python::datetime::shown(value).is_some() => "datetime",
        _ => "function",
    }
}

/// The elements to loop over: of a list, the keys of a mapping, the characters of a text.
pub(crate) fn iterate(value: &Value) -> Eval<Vec<Value>> {
    if let Some(fault) = fault_of(value) {
        return Err(fault);
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map | ValueKind::String => {
            value.try_iter().map(Iterator::collect).map_err(|error| Fault::error(error.to_string()))
        }
        _ => Err(Fault::error(format!("`{}` cannot be iterated over", type_name(value)))),
    }
}

/// How many elements, entries or characters.
pub(crate) fn length(value: &Value) -> Eval<usize> {
    if let Some(fault) = fault_of(value) {
        return Err(fault);
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map | ValueKind::String | ValueKind::Bytes => match value.len() {
            Some(length) => Ok(length),
            None => Ok(iterate(value)?.len()),
        },
        _ => Err(Fault::error(format!("`{}` has no length", type_name(value)))),
    }
}
