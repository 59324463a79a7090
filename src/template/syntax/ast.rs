//! The tree of a template.

use std::ops::Range;
use std::sync::Arc;

use minijinja::Value;

use crate::template::call::{Filter, Test};

/// A compiled text.
#[derive(Debug)]
pub(crate) struct Template {
    /// What it says, in order. A lone expression is one [`Stmt::Emit`].
    pub body: Vec<Stmt>,
    /// Every block in it, nested ones included.
    pub blocks: Vec<Arc<Block>>,
    /// How many line breaks the text ends in. The grammar leaves the last one out.
    pub last_breaks: usize,
    /// What each of them becomes.
    pub last_newline: String,
}

/// An expression.
#[derive(Debug)]
pub(crate) struct Expr {
    /// The bytes of the text it is written in.
    pub at: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum Kind {
    Const(Value),
    /// A text in a condition that is a template itself.
    Embedded(Arc<str>),
    Var(Arc<str>),
    Attr(Box<Expr>, Arc<str>),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Box<[Option<Expr>; 3]>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Vec<(Compare, Expr)>),
    If(Box<IfExpr>),
    /// Without input inside of filter blocks, where the block is the input.
    Filter(&'static Filter, Option<Box<Expr>>, Args),
    Test(&'static Test, Box<Expr>, Args),
    Call(Box<Expr>, Args),
}

/// `then if test else otherwise`.
#[derive(Debug)]
pub(crate) struct IfExpr {
    pub test: Expr,
    pub then: Expr,
    pub otherwise: Option<Expr>,
}

/// An operator of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    Pow,
    Concat,
}

impl Binary {
    /// As it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::FloorDiv => "//",
            Self::Rem => "%",
            Self::Pow => "**",
            Self::Concat => "~",
        }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

/// The arguments of a call.
#[derive(Debug, Default)]
pub(crate) struct Args {
    /// By position; `true` for `*expression`.
    pub positional: Vec<(Expr, bool)>,
    /// By name.
    pub named: Vec<(Arc<str>, Expr)>,
    /// `**expression`.
    pub spread: Vec<Expr>,
}

/// A statement.
#[derive(Debug)]
pub(crate) enum Stmt {
    Text(Value),
    Emit(Expr),
    For(Arc<For>),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    With(Vec<(Target, Expr)>, Vec<Stmt>),
    Set(Target, Expr),
    SetBlock(Target, Option<Expr>, Vec<Stmt>),
    FilterBlock(Expr, Vec<Stmt>),
    Block(Arc<Block>),
    Extends(Expr),
    Include { name: Expr, ignore_missing: bool, with_context: bool },
    Import { name: Expr, target: Target, with_context: bool },
    FromImport { name: Expr, names: Vec<(Arc<str>, Arc<str>)>, with_context: bool },
    Macro(Arc<MacroDef>),
    Call { callee: Expr, args: Args, at: Range<usize>, body: Arc<MacroDef> },
    Do(Expr),
    Break,
    Continue,
}

/// What is assigned to.
#[derive(Debug)]
pub(crate) enum Target {
    Name(Arc<str>),
    /// An attribute of a namespace.
    Attr(Expr, Arc<str>),
    /// Several at once.
    Unpack(Vec<Target>, Range<usize>),
}

/// A `for` loop.
#[derive(Debug)]
pub(crate) struct For {
    pub target: Target,
    pub over: Expr,
    pub filter: Option<Expr>,
    pub recursive: bool,
    /// Its body asks for what needs all elements (`loop.last`); else each is tested by `filter` only when its turn comes.
    pub looks_ahead: bool,
    pub body: Vec<Stmt>,
    pub otherwise: Vec<Stmt>,
}

/// A named block.
#[derive(Debug)]
pub(crate) struct Block {
    pub name: Arc<str>,
    pub required: bool,
    pub body: Vec<Stmt>,
}

/// A macro, or the body of a `call` block.
#[derive(Debug)]
pub(crate) struct MacroDef {
    pub name: Arc<str>,
    /// Parameters with their defaults.
    pub params: Vec<(Arc<str>, Option<Expr>)>,
    pub body: Vec<Stmt>,
    /// It reads `varargs`, so that it takes any number of arguments.
    pub takes_rest: bool,
    /// It reads `kwargs`, so that it takes any name.
    pub takes_named: bool,
    /// It reads `caller`, the body of a `call` block.
    pub takes_caller: bool,
}
