//! Against templates that refer to themselves.

use std::cell::RefCell;

use crate::template::fault::{Eval, Fault};

/// How deep variables, macros and includes may nest. Each level costs native stack.
const DEPTH: usize = 60;

thread_local! {
    /// The variables that are being rendered, with the identity of their scope, and the nameless levels between them.
    static ACTIVE: RefCell<Vec<(usize, String)>> = const { RefCell::new(Vec::new()) };
}

/// One level; gone when dropped.
pub(super) struct Level(());

impl Drop for Level {
    fn drop(&mut self) {
        ACTIVE.with_borrow_mut(|active| {
            active.pop();
        });
    }
}

/// A level for a macro, an include, a loop inside of itself.
pub(super) fn level() -> Eval<Level> {
    push(0, "")
}

/// A level for rendering the variable `name` of the scope whose identity is `scope`. Fails when it is being rendered already.
pub(super) fn variable(scope: usize, name: &str) -> Eval<Level> {
    let cycle = ACTIVE.with_borrow(|active| {
        let start = active.iter().position(|(other, active)| *other == scope && active == name)?;
        let mut names: Vec<String> = active
            .iter()
            .skip(start)
            .map(|(_, name)| name.clone())
            .filter(|name| !name.is_empty())
            .map(|name| format!("`{name}`"))
            .collect();
        names.push(format!("`{name}`"));
        Some(names.join(" → "))
    });
    if let Some(cycle) = cycle {
        return Err(Fault::error(format!("variable `{name}` refers to itself: {cycle}"))
            .hint("a variable cannot be made from its own value; give one of them another name"));
    }
    push(scope, name)
}

fn push(scope: usize, name: &str) -> Eval<Level> {
    ACTIVE.with_borrow_mut(|active| {
        if active.len() >= DEPTH {
            return Err(Fault::error(format!("templates are nested more than {DEPTH} levels deep; something calls itself")));
        }
        active.push((scope, name.to_owned()));
        Ok(Level(()))
    })
}
