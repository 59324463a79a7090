//! What can be called: functions, macros, methods, loops inside of themselves, and the small objects that functions make.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{Object, ObjectRepr, ValueKind};

use super::loops::LoopObject;
use super::{Frame, Interp, guard, mutate};
use crate::template::call::{Call, Function, Given};
use crate::template::data::{self, type_name};
use crate::template::fault::{Eval, Fault, Origin, fault_of, solid};
use crate::template::functions;
use crate::template::python::{datetime, methods};
use crate::template::syntax::ast::{Args, Expr, Kind, MacroDef};

macro_rules! plain_object {
    ($type:ty, $shown:expr) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($shown)
            }
        }
    };
}

/// A built-in function as a value.
struct FunctionRef(&'static Function);
plain_object!(FunctionRef, "function");
impl Object for FunctionRef {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// A method with the value it belongs to.
struct BoundMethod {
    receiver: Value,
    name: Arc<str>,
}
plain_object!(BoundMethod, "method");
impl Object for BoundMethod {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// A macro with the names it can see.
pub(super) struct Macro {
    pub def: Arc<MacroDef>,
    pub frame: Arc<Frame>,
    pub origin: Arc<Origin>,
}
plain_object!(Macro, "macro");
impl Object for Macro {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "name" => Some(Value::from(&*self.def.name)),
            "arguments" => Some(data::tuple(self.def.params.iter().map(|(name, _)| Value::from(&**name)).collect())),
            "catch_varargs" => Some(Value::from(self.def.takes_rest)),
            "caller" => Some(Value::from(self.def.takes_caller)),
            "catch_kwargs" => Some(Value::from(self.def.takes_named)),
            _ => None,
        }
    }
}

/// `namespace(...)`: attributes that inner levels can set.
#[derive(Default)]
pub(crate) struct Namespace(Mutex<IndexMap<String, Value>>);
plain_object!(Namespace, "namespace");

impl Namespace {
    pub(crate) fn make(attributes: impl IntoIterator<Item = (String, Value)>) -> Value {
        Value::from_object(Self(Mutex::new(attributes.into_iter().collect())))
    }

    pub(super) fn set(&self, name: &str, value: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value);
    }
}

impl Object for Namespace {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key.as_str()?).cloned()
    }
}

/// `cycler(...)`.
pub(crate) struct Cycler {
    items: Vec<Value>,
    at: AtomicUsize,
}
plain_object!(Cycler, "cycler");

impl Cycler {
    pub(crate) fn make(items: Vec<Value>) -> Value {
        Value::from_object(Self { items, at: AtomicUsize::new(0) })
    }

    fn current(&self) -> Value {
        self.items.get(self.at.load(Ordering::Relaxed) % self.items.len().max(1)).cloned().unwrap_or_default()
    }

    fn call(&self, name: &str) -> Option<Value> {
        match name {
            "next" => {
                let current = self.current();
                self.at.fetch_add(1, Ordering::Relaxed);
                Some(current)
            }
            "reset" => {
                self.at.store(0, Ordering::Relaxed);
                Some(data::none())
            }
            _ => None,
        }
    }
}

impl Object for Cycler {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "current").then(|| self.current())
    }
}

/// `joiner(...)`: nothing the first time, then the separator.
pub(crate) struct Joiner {
    separator: Value,
    used: AtomicBool,
}
plain_object!(Joiner, "joiner");

impl Joiner {
    pub(crate) fn make(separator: Value) -> Value {
        Value::from_object(Self { separator, used: AtomicBool::new(false) })
    }
}

impl Object for Joiner {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// The built-in function or value `name`.
pub(super) fn builtin(name: &str) -> Option<Value> {
    match name {
        "omit" => Some(data::omit()),
        _ => functions::find(name).map(function),
    }
}

/// A function as a value.
pub(crate) fn function(function: &'static Function) -> Value {
    Value::from_object(FunctionRef(function))
}

/// A method of a value, to be called later.
pub(crate) fn bound_method(receiver: Value, name: &Arc<str>) -> Value {
    Value::from_object(BoundMethod { receiver, name: name.clone() })
}

impl Interp<'_> {
    /// `callee(args)`.
    pub(super) fn call_expr(&mut self, callee: &Expr, args: &Args, at: &Range<usize>) -> Eval {
        match &callee.kind {
            Kind::Var(name) if &**name == "super" && self.block.is_some() => {
                let result = self.super_block();
                return self.place(result, at);
            }
            Kind::Attr(base, name) => return self.call_attribute(base, name, callee, args, at),
            _ => {}
        }
        let value = self.eval(callee)?;
        let value = self.place(solid(value), &callee.at)?;
        let looks_up = matches!(&callee.kind, Kind::Var(name) if matches!(&**name, "lookup" | "query" | "q"));
        let given = if looks_up { self.given_rendered(args)? } else { self.given(args)? };
        let result = self.call_value(&value, given);
        self.place(result, at)
    }

    /// `base.name(args)`: a method of the value's type first, then something callable that it holds.
    fn call_attribute(&mut self, base: &Expr, name: &Arc<str>, callee: &Expr, args: &Args, at: &Range<usize>) -> Eval {
        if matches!(&base.kind, Kind::Var(this) if &**this == "self") && self.frame.get("self").is_none() && self.blocks.contains_key(name)
        {
            let result = self.block_value(name);
            return self.place(result, at);
        }
        let mut receiver = self.solid(base)?;
        let result = if receiver.kind() != ValueKind::Plain && methods::exists(&receiver, name) {
            if mutate::changes(&receiver, name) {
                receiver = self.thaw(base)?;
            }
            let given = self.given(args)?;
            self.method(&receiver, name, given)
        } else {
            let given = self.given(args)?;
            if let Some(value) = receiver.downcast_object_ref::<Cycler>().and_then(|cycler| cycler.call(name)) {
                return Ok(value);
            }
            if let Some(result) = datetime::method(&receiver, name, &given.positional) {
                return self.place(result, at);
            }
            if let Some(loop_object) = receiver.downcast_object_ref::<LoopObject>()
                && let Some(result) = loop_object.method(name, &given)
            {
                return self.place(result, at);
            }
            let value = self.attribute(&receiver, name, base, &callee.at)?;
            match fault_of(&value) {
                Some(_) if receiver.kind() != ValueKind::Map => {
                    let hint = crate::base::text::did_you_mean(name, methods::names(&receiver).iter().copied());
                    Err(Fault::error(format!("a `{}` has no method `{name}`", type_name(&receiver))).maybe_hint(hint))
                }
                Some(fault) => Err(fault),
                None => self.call_value(&value, given),
            }
        };
        self.place(result, at)
    }

    /// Calls a method of a built-in type.
    pub(super) fn method(&mut self, receiver: &Value, name: &str, given: Given) -> Eval {
        if let Some(fault) = given.positional.iter().chain(given.named.iter().map(|(_, value)| value)).find_map(fault_of) {
            // `d.get('a', undefined)` and the like carry what they are given; all else needs real values.
            if !matches!(name, "get" | "setdefault" | "append" | "insert" | "update" | "pop") {
                return Err(fault);
            }
        }
        methods::call(receiver, name, given)
    }

    /// Calls a value.
    pub(crate) fn call_value(&mut self, callee: &Value, given: Given) -> Eval {
        if let Some(function) = callee.downcast_object_ref::<FunctionRef>() {
            let mut call = Call::bind(self, function.0, "function", data::none(), given)?;
            return (function.0.run)(&mut call);
        }
        if let Some(definition) = callee.downcast_object::<Macro>() {
            return self.call_macro(&definition, given, None);
        }
        if let Some(method) = callee.downcast_object_ref::<BoundMethod>() {
            return self.method(&method.receiver.clone(), &method.name.clone(), given);
        }
        if let Some(joiner) = callee.downcast_object_ref::<Joiner>() {
            let first = !joiner.used.swap(true, Ordering::Relaxed);
            return Ok(if first { Value::from("") } else { joiner.separator.clone() });
        }
        if let Some(loop_object) = callee.downcast_object::<LoopObject>() {
            return self.recurse(&loop_object, given);
        }
        match fault_of(callee) {
            Some(fault) => Err(fault),
            None => Err(Fault::error(format!("a `{}` cannot be called", type_name(callee)))),
        }
    }

    /// Calls a macro; `caller` is the body of a `call` block.
    pub(super) fn call_macro(&mut self, called: &Macro, given: Given, caller: Option<Value>) -> Eval {
        let _level = guard::level()?;
        let def = &called.def;
        let frame = Frame::inside(&called.frame);
        let mut named: IndexMap<Arc<str>, Value> = given.named.into_iter().collect();
        let mut positional = given.positional.into_iter();
        let mut interp = Interp { ctx: self.ctx, origin: called.origin.clone(), frame, blocks: self.blocks.clone(), block: None };
        for (name, default) in &def.params {
            let value = match positional.next() {
                Some(_) if named.contains_key(name) => {
                    return Err(Fault::error(format!("macro `{}` got the argument `{name}` twice", def.name)));
                }
                Some(value) => value,
                None => match (named.shift_remove(name), default) {
                    (Some(value), _) => value,
                    (None, Some(default)) => interp.eval(default)?,
                    (None, None) => Fault::undefined(format!("argument `{name}` of macro `{}` was not given", def.name)).into_value(),
                },
            };
            interp.frame.set(name, value);
        }
        let rest: Vec<Value> = positional.collect();
        if def.takes_rest {
            interp.frame.set(&Arc::from("varargs"), data::tuple(rest));
        } else if !rest.is_empty() {
            let takes = crate::base::text::count(def.params.len(), "argument");
            return Err(Fault::error(format!("macro `{}` takes at most {takes}", def.name)));
        }
        let caller = caller.or_else(|| named.shift_remove("caller"));
        if let Some(caller) = caller {
            interp.frame.set(&Arc::from("caller"), caller);
        }
        if def.takes_named {
            interp.frame.set(&Arc::from("kwargs"), data::dict(named.into_iter().map(|(name, value)| (Value::from(&*name), value))));
        } else if let Some((name, _)) = named.first() {
            let known = def.params.iter().map(|(name, _)| &**name);
            return Err(Fault::error(format!("macro `{}` has no argument `{name}`", def.name))
                .maybe_hint(crate::base::text::did_you_mean(name, known)));
        }
        let mut out = Vec::new();
        interp.body(&def.body, &mut out)?;
        super::concat(&out)
    }
}
