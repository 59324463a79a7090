//! Expressions.

use std::ops::Range;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::{Interp, callables, compare, lazy, ops};
use crate::base::text::did_you_mean;
use crate::template::call::{Call, Filter, Given, Test};
use crate::template::data::{self, type_name};
use crate::template::fault::{Eval, Fault, FaultKind, Origin, fault_of, solid};
use crate::template::python::{self, methods};
use crate::template::syntax::Mode;
use crate::template::syntax::ast::{Args, Expr, Kind};

impl Interp<'_> {
    /// The value of an expression; an undefined one carries its fault.
    pub(super) fn eval(&mut self, expr: &Expr) -> Eval {
        let at = &expr.at;
        match &expr.kind {
            Kind::Const(value) => Ok(value.clone()),
            Kind::Embedded(text) => {
                let origin = Origin::Place(self.origin.locate(at));
                self.ctx.render(text, &Mode::Text, origin)
            }
            Kind::Var(name) => self.name(name, at),
            Kind::Attr(base, name) => {
                let value = self.eval(base)?;
                self.attribute(&value, name, base, at)
            }
            Kind::Item(base, key) => {
                let value = self.eval(base)?;
                if fault_of(&value).is_some() {
                    return Ok(value);
                }
                let key = self.solid(key)?;
                self.item(&value, &key, base, at)
            }
            Kind::Slice(base, parts) => {
                let value = self.solid(base)?;
                let [start, stop, step] = &**parts;
                let mut part = |part: &Option<Expr>| part.as_ref().map(|part| self.solid(part)).transpose();
                let (start, stop, step) = (part(start)?, part(stop)?, part(step)?);
                let sliced = python::slice(&value, start.as_ref(), stop.as_ref(), step.as_ref());
                self.place(sliced, at)
            }
            Kind::List(items) => Ok(data::list(items.iter().map(|item| self.eval(item)).collect::<Eval<_>>()?)),
            Kind::Tuple(items) => Ok(data::tuple(items.iter().map(|item| self.eval(item)).collect::<Eval<_>>()?)),
            Kind::Dict(entries) => {
                let entries = entries.iter().map(|(key, value)| Ok((self.solid(key)?, self.eval(value)?))).collect::<Eval<Vec<_>>>()?;
                Ok(data::dict(entries))
            }
            Kind::Not(operand) => Ok(Value::from(!self.solid(operand)?.is_true())),
            Kind::Neg(operand) => {
                let value = self.solid(operand)?;
                self.place(ops::negate(&value), at)
            }
            Kind::And(left, right) => {
                let left = self.solid(left)?;
                if left.is_true() { self.eval(right) } else { Ok(left) }
            }
            Kind::Or(left, right) => {
                let left = self.solid(left)?;
                if left.is_true() { Ok(left) } else { self.eval(right) }
            }
            Kind::Binary(operator, left, right) => {
                let (left, right) = (self.operand(*operator, left)?, self.operand(*operator, right)?);
                self.place(ops::binary(*operator, &left, &right), at)
            }
            Kind::Compare(first, rest) => self.comparison(first, rest, at),
            Kind::If(choice) => {
                if self.solid(&choice.test)?.is_true() {
                    self.eval(&choice.then)
                } else if let Some(otherwise) = &choice.otherwise {
                    self.eval(otherwise)
                } else {
                    Ok(Fault::nothing("the condition is false and there is no `else`").at(&self.origin, at).into_value())
                }
            }
            Kind::Filter(filter, input, args) => {
                let input = match input {
                    Some(input) => self.eval(input)?,
                    None => data::none(),
                };
                // What these give is what they are given.
                let passes_on = matches!(filter.name, "default" | "d" | "ternary");
                let given = if passes_on { self.given_rendered(args)? } else { self.given(args)? };
                let result = self.filter(filter, input, given);
                self.place(result, at)
            }
            Kind::Test(test, input, args) => {
                let input = self.eval(input)?;
                let given = self.given(args)?;
                let result = self.test(test, input, given);
                self.place(result, at).map(Value::from)
            }
            Kind::Call(callee, args) => self.call_expr(callee, args, at),
        }
    }

    /// The value of an expression that must have one.
    pub(super) fn solid(&mut self, expr: &Expr) -> Eval {
        let value = self.eval(expr)?;
        let solid = solid(value);
        self.place(solid, &expr.at)
    }

    /// An operand: what prints as nothing may be joined with `~`.
    fn operand(&mut self, operator: crate::template::syntax::ast::Binary, expr: &Expr) -> Eval {
        let value = self.eval(expr)?;
        match fault_of(&value) {
            Some(fault) if *fault.kind() == FaultKind::Nothing && operator == crate::template::syntax::ast::Binary::Concat => {
                Ok(Value::from(""))
            }
            Some(fault) => Err(fault),
            None => Ok(value),
        }
    }

    /// Applies a filter.
    pub(crate) fn filter(&mut self, filter: &'static Filter, input: Value, given: Given) -> Eval {
        let mut call = Call::bind(self, filter, "filter", input, given)?;
        (filter.run)(&mut call)
    }

    /// Performs a test.
    pub(crate) fn test(&mut self, test: &'static Test, input: Value, given: Given) -> Eval<bool> {
        let mut call = Call::bind(self, test, "test", input, given)?;
        (test.run)(&mut call)
    }

    /// The arguments of a call.
    pub(super) fn given(&mut self, args: &Args) -> Eval<Given> {
        let mut given = Given::default();
        for (expr, spread) in &args.positional {
            if *spread {
                let value = self.solid(expr)?;
                let items = data::iterate(&value);
                given.positional.extend(self.place(items, &expr.at)?);
            } else {
                given.positional.push(self.eval(expr)?);
            }
        }
        for (name, expr) in &args.named {
            given.named.push((name.clone(), self.eval(expr)?));
        }
        for expr in &args.spread {
            let value = self.solid(expr)?;
            let Some(pairs) = data::pairs(&value) else {
                return Err(
                    Fault::error(format!("what follows `**` must be a mapping, not `{}`", type_name(&value))).at(&self.origin, &expr.at)
                );
            };
            given.named.extend(pairs.into_iter().map(|(key, value)| (Arc::from(python::show(&key)), value)));
        }
        Ok(given)
    }

    /// As [`Interp::given`], with texts that are templates themselves rendered: `lookup('file', '{{ name }}')`. Only what is written
    /// in the template counts, never what a variable holds.
    pub(super) fn given_rendered(&mut self, args: &Args) -> Eval<Given> {
        let mut given = self.given(args)?;
        let written = args.positional.iter().map(|(expr, _)| expr).zip(&mut given.positional);
        let named = args.named.iter().map(|(_, expr)| expr).zip(given.named.iter_mut().map(|(_, value)| value));
        // What `*` spreads is no longer in its place.
        let spread = args.positional.iter().any(|(_, spread)| *spread);
        for (expr, value) in written.filter(|_| !spread).chain(named) {
            let Kind::Const(text) = &expr.kind else { continue };
            if let Some(text) = data::text(text).filter(|text| text.contains("{{")) {
                *value = self.ctx.render(text, &Mode::Text, (*self.origin).clone())?;
            }
        }
        Ok(given)
    }

    /// What a name stands for: what the template set, a variable, something built in.
    fn name(&mut self, name: &Arc<str>, at: &Range<usize>) -> Eval {
        if let Some(value) = self.frame.get(name) {
            return Ok(value);
        }
        if !self.frame.is_isolated() {
            if let Some(value) = self.ctx.variable(name) {
                return match fault_of(&value) {
                    Some(fault) => {
                        let fault = match fault.has_place() {
                            true => fault.through(name, &self.origin, at),
                            false => fault.at(&self.origin, at),
                        };
                        if *fault.kind() == FaultKind::Error { Err(fault) } else { Ok(fault.into_value()) }
                    }
                    None => Ok(value),
                };
            }
            if &**name == "vars" {
                return Ok(lazy::scope_object(self.ctx.clone()));
            }
        }
        if let Some(value) = callables::builtin(name) {
            return Ok(value);
        }
        let mut known = self.frame.names();
        known.extend(self.ctx.scope.names());
        let hint = did_you_mean(name, known.iter().map(String::as_str)).or_else(|| {
            let of_host = name.starts_with("ansible_") && known.iter().any(|name| name == "inventory_hostname");
            of_host.then(|| format!("if it is a fact: {NO_FACTS}"))
        });
        Ok(Fault::undefined(format!("`{name}` is undefined")).maybe_hint(hint).at(&self.origin, at).into_value())
    }

    /// `base.name`.
    pub(super) fn attribute(&mut self, value: &Value, name: &Arc<str>, base: &Expr, at: &Range<usize>) -> Eval {
        if fault_of(value).is_some() {
            return Ok(value.clone());
        }
        if value.kind() == ValueKind::Plain {
            if let Some(found) = value.as_object().and_then(|object| object.get_value(&Value::from(&**name))) {
                return Ok(found);
            }
        } else if methods::exists(value, name) {
            return Ok(callables::bound_method(value.clone(), name));
        }
        if value.kind() == ValueKind::Map {
            return self.item(value, &Value::from(&**name), base, at);
        }
        Ok(self.missing(value, name, base, at).into_value())
    }

    /// `base[key]`.
    fn item(&mut self, value: &Value, key: &Value, base: &Expr, at: &Range<usize>) -> Eval {
        let Some(found) = python::index(value, key) else {
            return Ok(self.missing(value, &python::show(key), base, at).into_value());
        };
        // A part that could not be rendered says so now, unless it is only undefined.
        match fault_of(&found) {
            Some(fault) if *fault.kind() == FaultKind::Error => Err(fault.at(&self.origin, at)),
            _ => Ok(found),
        }
    }

    /// The fault of an attribute, key or index that is not there.
    fn missing(&self, value: &Value, name: &str, base: &Expr, at: &Range<usize>) -> Fault {
        let what = match path(base) {
            Some(path) => format!("`{path}`"),
            None => format!("this `{}`", type_name(value)),
        };
        let (lacks, hint) = match value.kind() {
            ValueKind::Map => {
                let keys: Vec<String> = data::iterate(value).unwrap_or_default().iter().map(python::show).collect();
                let why = || path(base).and_then(|path| lacking(&path, &keys));
                ("key", did_you_mean(name, keys.iter().map(String::as_str)).or_else(why))
            }
            ValueKind::Seq | ValueKind::Iterable | ValueKind::String if name.parse::<i64>().is_ok() => {
                let hint = data::length(value).ok().map(|length| format!("it has {}", crate::base::text::count(length, "element")));
                ("element", hint)
            }
            _ => ("attribute", None),
        };
        let message = match value.kind() {
            ValueKind::Map | ValueKind::Plain => format!("{what} has no {lacks} `{name}`"),
            _ if path(base).is_some() => format!("{what}, a `{}`, has no {lacks} `{name}`", type_name(value)),
            _ => format!("{what} has no {lacks} `{name}`"),
        };
        Fault::undefined(message).maybe_hint(hint).at(&self.origin, at)
    }

    fn comparison(&mut self, first: &Expr, rest: &[(crate::template::syntax::ast::Compare, Expr)], at: &Range<usize>) -> Eval {
        let mut left = self.solid(first)?;
        for (operator, right) in rest {
            let right = self.solid(right)?;
            let holds = compare::holds(*operator, &left, &right);
            if !self.place(holds, at)? {
                return Ok(Value::from(false));
            }
            left = right;
        }
        Ok(Value::from(true))
    }
}

/// Where facts come from.
const NO_FACTS: &str = "facts are known after `gather_facts: true` or the module `setup`";

/// Why a mapping, called `path`, may lack what is looked for in it.
fn lacking(path: &str, keys: &[String]) -> Option<String> {
    let has = |key: &str| keys.iter().any(|known| known == key);
    if has("skip_reason") || has("skipped") {
        return Some(format!("`{path}` is the result of a task that was skipped; test `{path} is not skipped` first"));
    }
    if path == "ansible_facts" && !has("distribution") {
        return Some(NO_FACTS.to_owned());
    }
    None
}

/// An expression as people write it, when it is names, attributes and constant keys only.
fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        Kind::Var(name) => Some(name.to_string()),
        Kind::Attr(base, name) => Some(format!("{}.{name}", path(base)?)),
        Kind::Item(base, key) => match &key.kind {
            Kind::Const(value) => Some(format!("{}[{}]", path(base)?, python::repr(value))),
            _ => None,
        },
        _ => None,
    }
}
