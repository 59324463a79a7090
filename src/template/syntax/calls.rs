//! Functions and lookups that a text calls: those that do not exist are found before anything is rendered.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::SyntaxFault;
use super::ast::{Args, Expr, Kind};
use super::lower::plain_name;
use crate::base::text::did_you_mean;
use crate::template::{filters, functions, lookups};

/// What can be called besides functions and what a text itself defines.
const CALLABLE: &[&str] = &["caller", "loop", "self", "super", "lookup", "query", "q"];

/// The calls of a text.
#[derive(Default)]
pub(super) struct Calls {
    /// Names that the text itself defines: macros, variables, imports.
    pub defined: HashSet<Arc<str>>,
    /// Names that are called.
    called: Vec<(Arc<str>, Range<usize>)>,
}

impl Calls {
    /// Notes a call; the fault of one that names a lookup that is misspelt.
    pub(super) fn note(&mut self, callee: &Expr, args: &Args) -> Option<SyntaxFault> {
        let Kind::Var(function) = &callee.kind else { return None };
        self.called.push((function.clone(), callee.at.clone()));
        // `errors='ignore'` passes over any fault, this one as well.
        if args.named.iter().any(|(name, _)| &**name == "errors") || !args.spread.is_empty() {
            return None;
        }
        let Some((Expr { kind: Kind::Const(name), at }, false)) = args.positional.first() else { return None };
        let name = plain_name(name.as_str().filter(|_| matches!(&**function, "lookup" | "query" | "q"))?);
        if lookups::find(&name).is_some() {
            return None;
        }
        // One that only kconf does not have may stand where it is never called.
        let hint = did_you_mean(&name, lookups::names())?;
        Some(SyntaxFault { message: format!("unknown lookup `{name}`"), hint: Some(hint), range: at.clone() })
    }

    /// The faults of calls of what is no function.
    pub(super) fn unknown(&mut self) -> Vec<SyntaxFault> {
        let known = || functions::FUNCTIONS.iter().map(|function| function.name).chain(CALLABLE.iter().copied());
        let called = std::mem::take(&mut self.called).into_iter();
        let unknown =
            called.filter(|(name, _)| !self.defined.contains(name) && functions::find(name).is_none() && !CALLABLE.contains(&&**name));
        let fault = |(name, range): (Arc<str>, Range<usize>)| {
            let hint = match filters::find(&name) {
                Some(_) => Some(format!("`{name}` is a filter: write `value | {name}`")),
                // To a name of one letter everything is near.
                None if name.len() < 3 => None,
                None => did_you_mean(&name, known()),
            };
            SyntaxFault { message: format!("unknown function `{name}`"), hint, range }
        };
        unknown.map(fault).collect()
    }
}

/// What to say of a name with a collection.
pub(super) fn of_collection(name: &str, what: &str) -> Option<String> {
    let (collection, short) = name.rsplit_once('.')?;
    Some(format!("kconf has no {what} of the collection `{collection}`, `{short}` neither"))
}
