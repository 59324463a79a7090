//! `for` loops and what they know of themselves.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use super::stmt::Flow;
use super::{Frame, Interp, compare, concat, guard};
use crate::template::call::Given;
use crate::template::data;
use crate::template::fault::{Eval, Fault, Origin};
use crate::template::syntax::ast::For;

/// The variable `loop`.
pub(super) struct LoopObject {
    /// All elements; of a loop that does not look ahead, those that were reached.
    items: Arc<RwLock<Vec<Value>>>,
    at: usize,
    depth: usize,
    /// What `loop.changed` saw last.
    seen: Arc<Mutex<Option<Value>>>,
    /// To call the loop from inside of itself.
    definition: Arc<For>,
    frame: Arc<Frame>,
    origin: Arc<Origin>,
}

impl fmt::Debug for LoopObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loop {}", self.at + 1)
    }
}

impl Object for LoopObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let items = self.items.read().unwrap_or_else(PoisonError::into_inner);
        let length = items.len();
        Some(match key.as_str()? {
            "index" => Value::from(self.at + 1),
            "index0" => Value::from(self.at),
            "revindex" => Value::from(length - self.at),
            "revindex0" => Value::from(length - self.at - 1),
            "first" => Value::from(self.at == 0),
            "last" => Value::from(self.at + 1 == length),
            "length" => Value::from(length),
            "depth" => Value::from(self.depth),
            "depth0" => Value::from(self.depth - 1),
            "previtem" => match self.at.checked_sub(1).and_then(|at| items.get(at)) {
                Some(item) => item.clone(),
                None => Fault::undefined("there is no previous item").into_value(),
            },
            "nextitem" => match items.get(self.at + 1) {
                Some(item) => item.clone(),
                None => Fault::undefined("there is no next item").into_value(),
            },
            _ => return None,
        })
    }
}

impl LoopObject {
    /// Calls one of its methods; `None` when there is none of this name.
    pub(super) fn method(&self, name: &str, given: &Given) -> Option<Eval> {
        match name {
            "cycle" => Some(match given.positional.get(self.at % given.positional.len().max(1)) {
                Some(value) => Ok(value.clone()),
                None => Err(Fault::error("`loop.cycle` needs something to cycle through")),
            }),
            "changed" => {
                let now = data::tuple(given.positional.clone());
                let before = self.seen.lock().unwrap_or_else(PoisonError::into_inner).replace(now.clone());
                Some(match before {
                    Some(before) => compare::equal(&before, &now).map(|same| Value::from(!same)),
                    None => Ok(Value::from(true)),
                })
            }
            _ => None,
        }
    }
}

impl Interp<'_> {
    /// Runs a loop.
    pub(super) fn for_loop(&mut self, definition: &Arc<For>, out: &mut Vec<Value>) -> Eval<()> {
        let over = self.solid(&definition.over)?;
        let items = data::iterate(&over);
        let items = self.place(items, &definition.over.at)?;
        self.iterate(definition, items, 1, out)
    }

    fn iterate(&mut self, definition: &Arc<For>, items: Vec<Value>, depth: usize, out: &mut Vec<Value>) -> Eval<()> {
        let ahead = definition.filter.is_none() || definition.looks_ahead;
        let items = if ahead { self.chosen(definition, items)? } else { items };
        let known = Arc::new(RwLock::new(if ahead { items.clone() } else { Vec::new() }));
        let seen = Arc::default();
        let mut at = 0;
        for item in items {
            if !ahead {
                if !self.is_chosen(definition, &item)? {
                    continue;
                }
                known.write().unwrap_or_else(PoisonError::into_inner).push(item.clone());
            }
            let object = Value::from_object(LoopObject {
                items: known.clone(),
                at,
                depth,
                seen: Arc::clone(&seen),
                definition: definition.clone(),
                frame: self.frame.clone(),
                origin: self.origin.clone(),
            });
            at += 1;
            let flow = self.nested(|interp| {
                interp.frame.set(&Arc::from("loop"), object);
                interp.assign(&definition.target, item)?;
                interp.body(&definition.body, out)
            })?;
            if flow == Flow::Break {
                break;
            }
        }
        if at == 0 {
            return self.nested(|interp| interp.body(&definition.otherwise, out).map(drop));
        }
        Ok(())
    }

    /// The elements that the loop's `if` lets through.
    fn chosen(&mut self, definition: &For, items: Vec<Value>) -> Eval<Vec<Value>> {
        let mut kept = Vec::new();
        for item in items {
            if self.is_chosen(definition, &item)? {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    fn is_chosen(&mut self, definition: &For, item: &Value) -> Eval<bool> {
        let Some(filter) = &definition.filter else { return Ok(true) };
        self.nested(|interp| {
            interp.assign(&definition.target, item.clone())?;
            Ok(interp.solid(filter)?.is_true())
        })
    }

    /// `loop(items)` inside of a recursive loop.
    pub(super) fn recurse(&mut self, called: &LoopObject, given: Given) -> Eval {
        if !called.definition.recursive {
            return Err(Fault::error("the loop is not recursive").hint("write `recursive` at the end of the `for` tag"));
        }
        let _level = guard::level()?;
        let Some(items) = given.positional.into_iter().next() else { return Err(Fault::error("`loop` needs a list to go on with")) };
        let items = data::iterate(&items)?;
        let mut interp = Interp {
            ctx: self.ctx,
            origin: called.origin.clone(),
            frame: called.frame.clone(),
            blocks: self.blocks.clone(),
            block: self.block.clone(),
        };
        let mut out = Vec::new();
        interp.iterate(&called.definition, items, called.depth + 1, &mut out)?;
        concat(&out)
    }
}
