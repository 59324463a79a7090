//! XPath 1.0 over documents: all of it but the namespace axis, variables, and the function `id`, which are refused by name.

mod eval;
mod functions;
mod parse;
mod token;

use std::collections::BTreeMap;

use uppsala::{Document, NodeId};

pub(super) use eval::{Found, Value};

/// An expression that was read.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Calculate(Operator, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Union(Box<Expr>, Box<Expr>),
    Literal(String),
    Number(f64),
    Call(functions::Function, Vec<Expr>),
    Path(Path),
    /// An expression, what its nodes have to be, and the steps from there.
    Filter(Box<Expr>, Vec<Expr>, Vec<Step>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Divided,
    Modulo,
}

/// A location path.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// Whether it begins at the top of the document.
    pub absolute: bool,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    pub axis: Axis,
    pub test: Test,
    pub predicates: Vec<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    OneSelf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// `*`
    Any,
    /// `x:*`, by the namespace.
    InNamespace(String),
    /// A namespace, if any, and a name.
    Name(Option<String>, String),
    /// `node()`
    Node,
    /// `text()`
    Text,
    /// `comment()`
    Comment,
    /// `processing-instruction()`, with its target if one is named.
    Instruction(Option<String>),
}

/// What is wrong with an expression.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Error {
    /// Why.
    pub message: String,
    /// Which character of the expression, from 1.
    pub at: usize,
}

/// Reads an expression whose prefixes mean `namespaces`.
///
/// # Errors
/// When it is none, or has something that is not supported.
pub(super) fn parse(text: &str, namespaces: &BTreeMap<String, String>) -> Result<Expr, Error> {
    parse::parse(text, namespaces)
}

/// What an expression finds from `context` on.
///
/// # Errors
/// When something that is no set of nodes is used as one.
pub(super) fn evaluate(document: &Document<'_>, context: NodeId, expression: &Expr) -> Result<Value, String> {
    eval::Evaluation::new(document).run(context, expression)
}
