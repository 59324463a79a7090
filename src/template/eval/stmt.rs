//! Statements.

use std::sync::Arc;

use minijinja::Value;

use super::callables::{Macro, Namespace};
use super::{Frame, Interp, concat, finish};
use crate::template::data;
use crate::template::fault::{Eval, Fault, FaultKind, fault_of};
use crate::template::python::show;
use crate::template::syntax::ast::{Expr, Kind, Stmt, Target};

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

impl Interp<'_> {
    /// Runs statements; what they print goes to `out`.
    pub(super) fn body(&mut self, body: &[Stmt], out: &mut Vec<Value>) -> Eval<Flow> {
        for statement in body {
            let flow = self.statement(statement, out)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Stmt, out: &mut Vec<Value>) -> Eval<Flow> {
        match statement {
            Stmt::Text(text) => out.push(text.clone()),
            Stmt::Emit(expr) => self.emit(expr, out)?,
            Stmt::For(definition) => self.for_loop(definition, out)?,
            Stmt::If(condition, yes, no) => {
                let holds = self.solid(condition)?.is_true();
                return self.body(if holds { yes } else { no }, out);
            }
            Stmt::With(assignments, body) => {
                // The values are those from outside: none sees the name of another.
                let values = assignments.iter().map(|(_, value)| self.eval(value)).collect::<Eval<Vec<_>>>()?;
                return self.nested(|interp| {
                    for ((target, _), value) in assignments.iter().zip(values) {
                        interp.assign(target, value)?;
                    }
                    interp.body(body, out)
                });
            }
            Stmt::Set(target, value) => {
                let value = self.eval(value)?;
                self.assign(target, value)?;
            }
            Stmt::SetBlock(target, filter, body) => {
                let captured = self.capture(body)?;
                let value = match filter {
                    Some(filter) => self.filter_chain(filter, captured)?,
                    None => captured,
                };
                self.assign(target, value)?;
            }
            Stmt::FilterBlock(filter, body) => {
                let captured = self.capture(body)?;
                let value = self.filter_chain(filter, captured)?;
                out.push(value);
            }
            Stmt::Block(block) => {
                let result = self.block(&block.name, 0, out);
                result?;
            }
            Stmt::Extends(name) => {
                return Err(Fault::error("`extends` must stand at the top of a template").at(&self.origin, &name.at));
            }
            Stmt::Include { name, ignore_missing, with_context } => self.include(name, *ignore_missing, *with_context, out)?,
            Stmt::Import { name, target, with_context } => {
                let module = self.import(name, *with_context)?;
                self.assign(target, data::dict(module))?;
            }
            Stmt::FromImport { name, names, with_context } => {
                let module = self.import(name, *with_context)?;
                for (wanted, alias) in names {
                    let found = module.iter().find(|(key, _)| key.as_str() == Some(wanted)).map(|(_, value)| value.clone());
                    let value = found.unwrap_or_else(|| {
                        Fault::undefined(format!("the imported template does not define `{wanted}`"))
                            .at(&self.origin, &name.at)
                            .into_value()
                    });
                    self.frame.set(alias, value);
                }
            }
            Stmt::Macro(def) => {
                let value = Macro { def: def.clone(), frame: self.frame.clone(), origin: self.origin.clone() };
                self.frame.set(&def.name, Value::from_object(value));
            }
            Stmt::Call { callee, args, at, body } => {
                let caller =
                    Value::from_object(Macro { def: body.clone(), frame: Frame::inside(&self.frame), origin: self.origin.clone() });
                let callee_value = self.solid(callee)?;
                let mut given = self.given(args)?;
                let result = match callee_value.downcast_object::<Macro>() {
                    Some(called) => self.call_macro(&called, given, Some(caller)),
                    None => {
                        given.named.push((Arc::from("caller"), caller));
                        self.call_value(&callee_value, given)
                    }
                };
                out.push(self.place(result, at)?);
            }
            Stmt::Do(expr) => {
                self.solid(expr)?;
            }
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    /// Prints the value of an expression; `None` leaves no trace.
    fn emit(&mut self, expr: &Expr, out: &mut Vec<Value>) -> Eval<()> {
        let value = self.eval(expr)?;
        match fault_of(&value) {
            Some(fault) if *fault.kind() != FaultKind::Nothing => return Err(fault.at(&self.origin, &expr.at)),
            _ if value.is_none() => {}
            // What can still change is printed as it is now.
            _ if !out.is_empty() && data::can_change(&value) => {
                let now = finish(&value);
                out.push(Value::from(show(&self.place(now, &expr.at)?)));
            }
            _ => out.push(value),
        }
        Ok(())
    }

    /// Applies filters that stand on a block's tag.
    fn filter_chain(&mut self, expr: &Expr, input: Value) -> Eval {
        let Kind::Filter(filter, inner, args) = &expr.kind else { return Ok(input) };
        let input = match inner {
            Some(inner) => self.filter_chain(inner, input)?,
            None => input,
        };
        let given = self.given(args)?;
        let result = self.filter(filter, input, given);
        self.place(result, &expr.at)
    }

    /// Gives a target its value.
    pub(super) fn assign(&mut self, target: &Target, value: Value) -> Eval<()> {
        match target {
            Target::Name(name) => self.frame.set(name, value),
            Target::Attr(base, name) => {
                let object = self.solid(base)?;
                match object.downcast_object_ref::<Namespace>() {
                    Some(namespace) => namespace.set(name, value),
                    None => {
                        return Err(Fault::error(format!(
                            "an attribute can be set on a namespace only, not on a `{}`",
                            data::type_name(&object)
                        ))
                        .hint("make one with `{% set ns = namespace() %}`")
                        .at(&self.origin, &base.at));
                    }
                }
            }
            Target::Unpack(targets, at) => {
                let items = data::iterate(&value);
                let items = self.place(items, at)?;
                if items.len() != targets.len() {
                    let message = format!(
                        "{} cannot be unpacked into {}",
                        crate::base::text::count(items.len(), "value"),
                        crate::base::text::count(targets.len(), "name")
                    );
                    return Err(Fault::error(message).at(&self.origin, at));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item)?;
                }
            }
        }
        Ok(())
    }

    /// The value of a block, as `self.name()` gives it.
    pub(super) fn block_value(&mut self, name: &Arc<str>) -> Eval {
        let mut out = Vec::new();
        self.block(name, 0, &mut out)?;
        concat(&out)
    }
}
