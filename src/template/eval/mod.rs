//! Walks the tree of a template.
//!
//! Why not minijinja's own machine: Ansible's templates need what it cannot be taught from outside. Undefined values travel
//! through attributes and fail only when used; comparing text with a number is an error, not an order; lists can be appended to;
//! a value keeps its type on the way out; a variable is rendered when it is read; every fault knows its place. Grammar and values
//! are minijinja's, the meaning of the tree is here.

mod callables;
mod compare;
mod context;
mod expr;
mod frame;
mod guard;
mod include;
mod lazy;
mod loops;
mod mutate;
mod ops;
mod output;
mod stmt;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use minijinja::Value;

pub(crate) use self::callables::{Cycler, Joiner, Namespace, bound_method};
pub(crate) use self::compare::{compare, contains, equal};
pub(crate) use self::context::{Ctx, syntax_fault};
pub(crate) use self::frame::Frame;
pub(crate) use self::lazy::{same_object, scope_object};
pub(crate) use self::ops::add as plus;
pub(crate) use self::output::{concat, finish};

use super::fault::{Eval, Origin};
use super::syntax::ast::{Block, Template};
use super::syntax::trailing_breaks;

/// Blocks by name, each with the template it stands in.
type Blocks = HashMap<Arc<str>, Vec<(Arc<Block>, Arc<Origin>)>>;

/// Evaluates one template: expressions to values, statements to a list of fragments.
pub(crate) struct Interp<'c> {
    pub ctx: &'c Arc<Ctx>,
    pub origin: Arc<Origin>,
    pub frame: Arc<Frame>,
    /// Blocks by name, the one of the innermost child first.
    blocks: Arc<Blocks>,
    /// The block that is running and its place among those of its name.
    block: Option<(Arc<str>, usize)>,
}

impl<'c> Interp<'c> {
    pub(crate) fn new(ctx: &'c Arc<Ctx>, origin: Arc<Origin>, frame: Arc<Frame>) -> Self {
        Self { ctx, origin, frame, blocks: Arc::default(), block: None }
    }

    /// Runs a template that is not inherited from: its fragments, joined as [`concat`] does.
    pub(crate) fn run(&mut self, template: &Template) -> Eval {
        let fragments = self.fragments(template)?;
        let value = concat(&fragments)?;
        // Text ends in as many line breaks as its template, unless it has more of its own.
        let missing = |text: &str| template.last_breaks.saturating_sub(trailing_breaks(text));
        match value.as_str() {
            Some(text) if missing(text) > 0 => Ok(Value::from(format!("{text}{}", template.last_newline.repeat(missing(text))))),
            _ => Ok(value),
        }
    }

    /// Runs `body` in a new frame and gives its fragments, joined.
    fn capture(&mut self, body: &[super::syntax::ast::Stmt]) -> Eval {
        let mut out = Vec::new();
        self.nested(|interp| interp.body(body, &mut out).map(drop))?;
        concat(&out)
    }

    /// Runs `work` in a new frame.
    fn nested<T>(&mut self, work: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        let inner = Frame::inside(&self.frame);
        let outer = std::mem::replace(&mut self.frame, inner);
        let result = work(self);
        self.frame = outer;
        result
    }

    /// The fault, placed in this template unless it has a place already.
    fn place<T>(&self, result: Eval<T>, at: &Range<usize>) -> Eval<T> {
        result.map_err(|fault| fault.at(&self.origin, at))
    }
}
