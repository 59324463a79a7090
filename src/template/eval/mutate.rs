//! Methods that change a list or mapping.
//!
//! Values of variables are shared and never change. `x.append(1)` on one makes a copy that can change, puts it where the expression
//! `x` reads it for the rest of this rendering, and changes that.

use minijinja::Value;

use super::Interp;
use crate::template::data::{self, Dict, List};
use crate::template::fault::{Eval, solid};
use crate::template::syntax::ast::{Expr, Kind};

/// Whether calling `name` on `receiver` would change something that cannot be changed in place.
pub(super) fn changes(receiver: &Value, name: &str) -> bool {
    let shared = receiver.downcast_object_ref::<List>().is_none() && receiver.downcast_object_ref::<Dict>().is_none();
    let is_list = data::is_sequence(receiver) && !receiver.is_tuple();
    shared
        && (is_list && matches!(name, "append" | "extend" | "insert" | "pop" | "remove" | "sort" | "reverse" | "clear")
            || data::is_mapping(receiver) && matches!(name, "update" | "pop" | "popitem" | "setdefault" | "clear"))
}

/// A copy that can change; its elements are the same.
fn thawed(value: &Value) -> Value {
    if value.downcast_object_ref::<List>().is_some() || value.downcast_object_ref::<Dict>().is_some() || value.is_tuple() {
        return value.clone();
    }
    match (data::items(value), data::pairs(value)) {
        (Some(items), _) => data::list(items),
        (None, Some(pairs)) => data::dict(pairs),
        (None, None) => value.clone(),
    }
}

impl Interp<'_> {
    /// The value of `expr` as something that can change, put where `expr` reads it.
    pub(super) fn thaw(&mut self, expr: &Expr) -> Eval {
        match &expr.kind {
            Kind::Var(name) => {
                let value = solid(self.eval(expr)?)?;
                let thawed = thawed(&value);
                // Other names of the same value see the change too.
                self.frame.replace_same(&value, &thawed);
                self.ctx.replace_same(&value, &thawed);
                if !self.frame.replace(name, &thawed) {
                    self.ctx.replace(name, &thawed);
                }
                Ok(thawed)
            }
            Kind::Attr(base, name) => self.thaw_part(base, &Value::from(&**name), expr),
            Kind::Item(base, key) => {
                let key = self.solid(key)?;
                self.thaw_part(base, &key, expr)
            }
            _ => Ok(thawed(&solid(self.eval(expr)?)?)),
        }
    }

    fn thaw_part(&mut self, base: &Expr, key: &Value, whole: &Expr) -> Eval {
        let container = self.thaw(base)?;
        let value = self.solid(whole)?;
        let thawed = thawed(&value);
        if let Some(dict) = container.downcast_object_ref::<Dict>() {
            dict.write().insert(key.clone(), thawed.clone());
        } else if let Some(list) = container.downcast_object_ref::<List>() {
            if let Some(slot) = key.as_usize().and_then(|at| list.write().get_mut(at).map(|slot| std::mem::replace(slot, thawed.clone()))) {
                drop(slot);
            }
        } else if let Some(namespace) = container.downcast_object_ref::<super::callables::Namespace>()
            && let Some(name) = key.as_str()
        {
            namespace.set(name, thawed.clone());
        }
        Ok(thawed)
    }
}
