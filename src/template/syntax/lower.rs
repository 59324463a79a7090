//! From minijinja's tree to ours.

use std::ops::Range;
use std::sync::Arc;

use minijinja::Value;
use minijinja::machinery::{Span, Token, ast as mj, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::ast::{Args, Binary, Block, Compare, Expr, For, IfExpr, Kind, MacroDef, Stmt, Target, Template};
use super::calls::{self, Calls};
use super::{Markers, Mode, SyntaxFault, strings};
use crate::base::text::did_you_mean;
use crate::template::{filters, tests};

/// What a loop knows without its later elements.
const KNOWN_FROM_THE_START: &[&str] = &["index", "index0", "first", "previtem", "depth", "depth0", "cycle", "changed"];

struct Lower<'s> {
    text: &'s str,
    faults: Vec<SyntaxFault>,
    blocks: Vec<Arc<Block>>,
    /// Backslashes in quotes stand for themselves.
    raw_strings: bool,
    /// Quoted texts may be templates.
    condition: bool,
    /// What was read since the innermost macro began.
    reads: Reads,
    /// A body asked its loop for what only a loop knows that knows all of its elements.
    looks_ahead: bool,
    /// `{{ }}` of a value in YAML.
    yaml: bool,
    /// How the text is written.
    markers: Arc<Markers>,
    /// What is called, to be checked at the end.
    calls: Calls,
}

/// Names with a meaning inside of macros.
#[derive(Clone, Copy, Default)]
struct Reads {
    varargs: bool,
    kwargs: bool,
    caller: bool,
}

/// A whole template.
pub(super) fn template(parsed: &mj::Stmt<'_>, text: &str, mode: &Mode) -> Result<Template, Vec<SyntaxFault>> {
    let mut lower = Lower::new(text, *mode == Mode::Text, false);
    if let Mode::File(markers) = mode {
        lower.markers = markers.clone();
    }
    let body = match parsed {
        mj::Stmt::Template(template) => lower.body(&template.children),
        other => lower.body(std::slice::from_ref(other)),
    };
    lower.finish(body, trailing_breaks(text))
}

/// A lone expression.
pub(super) fn expression(parsed: &mj::Expr<'_>, text: &str) -> Result<Template, Vec<SyntaxFault>> {
    let mut lower = Lower::new(text, false, true);
    let expr = lower.expr(parsed);
    lower.finish(vec![Stmt::Emit(expr)], 0)
}

/// How many line breaks a text ends in.
pub(crate) fn trailing_breaks(text: &str) -> usize {
    text.len() - text.trim_end_matches('\n').len()
}

fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

impl<'s> Lower<'s> {
    fn new(text: &'s str, yaml: bool, condition: bool) -> Self {
        let (faults, blocks, reads, markers) = (Vec::new(), Vec::new(), Reads::default(), Arc::default());
        let calls = Calls::default();
        Self { text, faults, blocks, raw_strings: false, condition, reads, looks_ahead: false, yaml, markers, calls }
    }

    fn finish(mut self, body: Vec<Stmt>, last_breaks: usize) -> Result<Template, Vec<SyntaxFault>> {
        // A file may call the macros of the one that includes it.
        if self.yaml || self.condition {
            self.faults.extend(self.calls.unknown());
        }
        let last_newline = self.markers.last_newline.clone();
        if self.faults.is_empty() { Ok(Template { body, blocks: self.blocks, last_breaks, last_newline }) } else { Err(self.faults) }
    }

    fn fault(&mut self, message: impl Into<String>, range: Range<usize>, hint: Option<String>) {
        self.faults.push(SyntaxFault { message: message.into(), hint, range });
    }

    fn body(&mut self, statements: &[mj::Stmt<'_>]) -> Vec<Stmt> {
        statements.iter().filter_map(|statement| self.statement(statement)).collect()
    }

    /// Whether the text at `at` begins behind `{% raw %}` and a line break, which the grammar leaves out. Python's keeps it: it is part
    /// of what is raw.
    fn is_behind_raw(&self, at: usize) -> bool {
        let (open, close) = &self.markers.block;
        let tag = || {
            let end = at - usize::from(self.text.get(..at)?.ends_with('\n'));
            let (before, behind) = self.text.split_at_checked(end)?;
            let tag = before.strip_suffix(close.as_str()).filter(|_| behind.starts_with('\n'))?.trim_end();
            Some(tag.strip_suffix("raw")?.trim_end().trim_end_matches(['-', '+']).ends_with(open.as_str()))
        };
        self.markers.trim_blocks && tag() == Some(true)
    }

    fn statement(&mut self, statement: &mj::Stmt<'_>) -> Option<Stmt> {
        Some(match statement {
            mj::Stmt::Template(template) => {
                self.fault("a template inside of a template", range(template.span()), None);
                return None;
            }
            mj::Stmt::EmitRaw(raw) => {
                let break_ = if self.is_behind_raw(range(raw.span()).start) { "\n" } else { "" };
                let text = format!("{break_}{}", raw.raw);
                Stmt::Text(Value::from(if self.markers.newline == "\n" { text } else { text.replace('\n', &self.markers.newline) }))
            }
            mj::Stmt::EmitExpr(emit) => {
                self.raw_strings = self.yaml;
                let expr = self.expr(&emit.expr);
                self.raw_strings = false;
                Stmt::Emit(expr)
            }
            mj::Stmt::ForLoop(for_loop) => {
                let (target, over) = (self.target(&for_loop.target), self.expr(&for_loop.iter));
                let filter = for_loop.filter_expr.as_ref().map(|filter| self.expr(filter));
                let outer = std::mem::take(&mut self.looks_ahead);
                let body = self.body(&for_loop.body);
                let looks_ahead = std::mem::replace(&mut self.looks_ahead, outer);
                let otherwise = self.body(&for_loop.else_body);
                Stmt::For(Arc::new(For { target, over, filter, recursive: for_loop.recursive, looks_ahead, body, otherwise }))
            }
            mj::Stmt::IfCond(condition) => {
                Stmt::If(self.expr(&condition.expr), self.body(&condition.true_body), self.body(&condition.false_body))
            }
            mj::Stmt::WithBlock(with) => Stmt::With(
                with.assignments.iter().map(|(target, value)| (self.target(target), self.expr(value))).collect(),
                self.body(&with.body),
            ),
            mj::Stmt::Set(set) => Stmt::Set(self.target(&set.target), self.expr(&set.expr)),
            mj::Stmt::SetBlock(set) => {
                Stmt::SetBlock(self.target(&set.target), set.filter.as_ref().map(|filter| self.expr(filter)), self.body(&set.body))
            }
            mj::Stmt::AutoEscape(escape) => {
                self.fault(
                    "`autoescape` is not supported",
                    range(escape.span()),
                    Some("use the filter `escape` where it is needed".to_owned()),
                );
                return None;
            }
            mj::Stmt::FilterBlock(filter) => Stmt::FilterBlock(self.expr(&filter.filter), self.body(&filter.body)),
            mj::Stmt::Block(block) => {
                let block = Arc::new(Block { name: Arc::from(block.name), required: block.required, body: self.body(&block.body) });
                self.blocks.push(block.clone());
                Stmt::Block(block)
            }
            mj::Stmt::Extends(extends) => Stmt::Extends(self.expr(&extends.name)),
            mj::Stmt::Include(include) => Stmt::Include {
                name: self.expr(&include.name),
                ignore_missing: include.ignore_missing,
                with_context: self.context(include.span(), true),
            },
            mj::Stmt::Import(import) => Stmt::Import {
                name: self.expr(&import.expr),
                target: self.target(&import.name),
                with_context: self.context(import.span(), false),
            },
            mj::Stmt::FromImport(import) => Stmt::FromImport {
                name: self.expr(&import.expr),
                names: import
                    .names
                    .iter()
                    .filter_map(|(name, alias)| {
                        let name = variable_name(name)?;
                        let alias = alias.as_ref().and_then(variable_name).unwrap_or_else(|| name.clone());
                        self.calls.defined.insert(alias.clone());
                        Some((name, alias))
                    })
                    .collect(),
                with_context: self.context(import.span(), false),
            },
            mj::Stmt::Macro(definition) => Stmt::Macro(Arc::new(self.macro_def(definition))),
            mj::Stmt::CallBlock(call) => Stmt::Call {
                callee: self.expr(&call.call.expr),
                args: self.args(&call.call.args),
                at: range(call.call.span()),
                body: Arc::new(self.macro_def(&call.macro_decl)),
            },
            mj::Stmt::Do(call) => {
                let at = range(call.call.span());
                Stmt::Do(Expr { kind: Kind::Call(Box::new(self.expr(&call.call.expr)), self.args(&call.call.args)), at })
            }
            mj::Stmt::Continue(_) => Stmt::Continue,
            mj::Stmt::Break(_) => Stmt::Break,
        })
    }

    /// Whether an `include` or `import` sees the variables around it: the parser drops the words that say so.
    fn context(&self, span: Span, default: bool) -> bool {
        let written = self.text.get(range(span)).unwrap_or("");
        let words: Vec<String> = tokenize(written, true, SyntaxConfig::default())
            .map_while(Result::ok)
            .map(|(token, _)| match token {
                Token::Ident(word) => word.to_owned(),
                _ => String::new(),
            })
            .collect();
        words
            .windows(2)
            .find_map(|pair| match pair {
                [first, second] if second == "context" => match first.as_str() {
                    "with" => Some(true),
                    "without" => Some(false),
                    _ => None,
                },
                _ => None,
            })
            .unwrap_or(default)
    }

    fn macro_def(&mut self, definition: &mj::Macro<'_>) -> MacroDef {
        let outer = std::mem::take(&mut self.reads);
        self.calls.defined.insert(Arc::from(definition.name));
        self.calls.defined.extend(definition.args.iter().filter_map(variable_name));
        let without_default = definition.args.len().saturating_sub(definition.defaults.len());
        let params = definition
            .args
            .iter()
            .enumerate()
            .filter_map(|(at, param)| {
                let default = at.checked_sub(without_default).and_then(|at| definition.defaults.get(at));
                Some((variable_name(param)?, default.map(|default| self.expr(default))))
            })
            .collect();
        let body = self.body(&definition.body);
        let reads = std::mem::replace(&mut self.reads, outer);
        let (takes_rest, takes_named, takes_caller) = (reads.varargs, reads.kwargs, reads.caller);
        MacroDef { name: Arc::from(definition.name), params, body, takes_rest, takes_named, takes_caller }
    }

    fn target(&mut self, target: &mj::Expr<'_>) -> Target {
        match target {
            mj::Expr::Var(name) => {
                self.calls.defined.insert(Arc::from(name.id));
                Target::Name(Arc::from(name.id))
            }
            mj::Expr::GetAttr(attr) => Target::Attr(self.expr(&attr.expr), Arc::from(attr.name)),
            mj::Expr::List(list) => Target::Unpack(list.items.iter().map(|item| self.target(item)).collect(), range(list.span())),
            other => {
                self.fault("this cannot be assigned to", range(other.span()), None);
                Target::Name(Arc::from(""))
            }
        }
    }

    fn expr(&mut self, expr: &mj::Expr<'_>) -> Expr {
        let mut at = range(expr.span());
        let kind = match expr {
            mj::Expr::Const(value) => self.constant(&value.value, &at),
            mj::Expr::Var(name) => {
                match name.id {
                    "varargs" => self.reads.varargs = true,
                    "kwargs" => self.reads.kwargs = true,
                    "caller" => self.reads.caller = true,
                    "loop" => self.looks_ahead = true,
                    _ => {}
                }
                Kind::Var(Arc::from(name.id))
            }
            mj::Expr::GetAttr(attr) => {
                let before = self.looks_ahead;
                let base = self.expr(&attr.expr);
                if matches!(&base.kind, Kind::Var(name) if &**name == "loop") && KNOWN_FROM_THE_START.contains(&attr.name) {
                    self.looks_ahead = before;
                }
                at.start = base.at.start;
                Kind::Attr(Box::new(base), Arc::from(attr.name))
            }
            mj::Expr::GetItem(item) => {
                let base = self.expr(&item.expr);
                at.start = base.at.start;
                Kind::Item(Box::new(base), Box::new(self.expr(&item.subscript_expr)))
            }
            mj::Expr::Slice(slice) => {
                let base = self.expr(&slice.expr);
                at.start = base.at.start;
                let mut part = |part: &Option<mj::Expr<'_>>| part.as_ref().map(|part| self.expr(part));
                let parts = [part(&slice.start), part(&slice.stop), part(&slice.step)];
                Kind::Slice(Box::new(base), Box::new(parts))
            }
            mj::Expr::List(list) => Kind::List(self.exprs(&list.items)),
            mj::Expr::Tuple(tuple) => Kind::Tuple(self.exprs(&tuple.items)),
            mj::Expr::Map(map) => {
                Kind::Dict(map.keys.iter().zip(&map.values).map(|(key, value)| (self.expr(key), self.expr(value))).collect())
            }
            mj::Expr::UnaryOp(unary) => {
                let operand = Box::new(self.expr(&unary.expr));
                match unary.op {
                    mj::UnaryOpKind::Not => Kind::Not(operand),
                    mj::UnaryOpKind::Neg => Kind::Neg(operand),
                }
            }
            mj::Expr::BinOp(binary) => {
                let left = Box::new(self.expr(&binary.left));
                let right = self.expr(&binary.right);
                at = left.at.start..right.at.end;
                binary_kind(binary.op, left, right)
            }
            mj::Expr::Compare(compare) => {
                let first = self.expr(&compare.expr);
                at.start = first.at.start;
                Kind::Compare(Box::new(first), compare.ops.iter().map(|op| (comparison(op.op), self.expr(&op.expr))).collect())
            }
            mj::Expr::IfExpr(choice) => {
                let then = self.expr(&choice.true_expr);
                at.start = then.at.start;
                let test = self.expr(&choice.test_expr);
                let otherwise = choice.false_expr.as_ref().map(|otherwise| self.expr(otherwise));
                Kind::If(Box::new(IfExpr { test, then, otherwise }))
            }
            mj::Expr::Filter(filter) => {
                let input = filter.expr.as_ref().map(|input| Box::new(self.expr(input)));
                let args = self.args(&filter.args);
                let name = plain_name(filter.name);
                match filters::find(&name) {
                    Some(filter) => {
                        at.start = input.as_ref().map_or(at.start, |input| input.at.start);
                        Kind::Filter(filter, input, args)
                    }
                    None => {
                        let place = at.start..at.start + filter.name.len();
                        let hint = did_you_mean(&name, filters::names()).or_else(|| calls::of_collection(&name, "filters"));
                        self.fault(format!("unknown filter `{name}`"), place, hint);
                        Kind::Const(Value::from(()))
                    }
                }
            }
            mj::Expr::Test(test) => {
                let input = Box::new(self.expr(&test.expr));
                let args = self.args(&test.args);
                let name = plain_name(test.name);
                match tests::find(&name) {
                    Some(test) => {
                        at.start = input.at.start;
                        Kind::Test(test, input, args)
                    }
                    None => {
                        let place = at.start..at.start + test.name.len();
                        let hint = did_you_mean(&name, tests::names()).or_else(|| calls::of_collection(&name, "tests"));
                        self.fault(format!("unknown test `{name}`"), place, hint);
                        Kind::Const(Value::from(()))
                    }
                }
            }
            mj::Expr::Call(call) => {
                let before = self.looks_ahead;
                let callee = self.expr(&call.expr);
                if matches!(&callee.kind, Kind::Var(name) if &**name == "loop") {
                    self.looks_ahead = before;
                }
                at.start = callee.at.start;
                let args = self.args(&call.args);
                self.faults.extend(self.calls.note(&callee, &args));
                Kind::Call(Box::new(callee), args)
            }
        };
        Expr { at, kind }
    }

    fn exprs(&mut self, exprs: &[mj::Expr<'_>]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn args(&mut self, args: &[mj::CallArg<'_>]) -> Args {
        let mut lowered = Args::default();
        for arg in args {
            match arg {
                mj::CallArg::Pos(expr) => lowered.positional.push((self.expr(expr), false)),
                mj::CallArg::PosSplat(expr) => lowered.positional.push((self.expr(expr), true)),
                mj::CallArg::Kwarg(name, expr) => lowered.named.push((Arc::from(*name), self.expr(expr))),
                mj::CallArg::KwargSplat(expr) => lowered.spread.push(self.expr(expr)),
            }
        }
        lowered
    }

    fn constant(&mut self, value: &Value, at: &Range<usize>) -> Kind {
        let Some(text) = value.as_str() else { return Kind::Const(value.clone()) };
        let written = self.text.get(at.clone()).unwrap_or("");
        if written.contains('\\') {
            return Kind::Const(Value::from(strings::content(written, self.raw_strings)));
        }
        if self.condition && super::is_template(text) {
            return Kind::Embedded(Arc::from(text));
        }
        Kind::Const(value.clone())
    }
}

/// A filter's or test's name without the collection that all the builtin ones are in.
pub(super) fn plain_name(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    match name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")) {
        Some(plain) => plain.to_owned(),
        None => name,
    }
}

fn variable_name(expr: &mj::Expr<'_>) -> Option<Arc<str>> {
    match expr {
        mj::Expr::Var(name) => Some(Arc::from(name.id)),
        _ => None,
    }
}

fn binary_kind(op: mj::BinOpKind, left: Box<Expr>, right: Expr) -> Kind {
    let operator = match op {
        mj::BinOpKind::ScAnd => return Kind::And(left, Box::new(right)),
        mj::BinOpKind::ScOr => return Kind::Or(left, Box::new(right)),
        mj::BinOpKind::Eq => return Kind::Compare(left, vec![(Compare::Eq, right)]),
        mj::BinOpKind::Ne => return Kind::Compare(left, vec![(Compare::Ne, right)]),
        mj::BinOpKind::Lt => return Kind::Compare(left, vec![(Compare::Lt, right)]),
        mj::BinOpKind::Lte => return Kind::Compare(left, vec![(Compare::Le, right)]),
        mj::BinOpKind::Gt => return Kind::Compare(left, vec![(Compare::Gt, right)]),
        mj::BinOpKind::Gte => return Kind::Compare(left, vec![(Compare::Ge, right)]),
        mj::BinOpKind::In => return Kind::Compare(left, vec![(Compare::In, right)]),
        mj::BinOpKind::Add => Binary::Add,
        mj::BinOpKind::Sub => Binary::Sub,
        mj::BinOpKind::Mul => Binary::Mul,
        mj::BinOpKind::Div => Binary::Div,
        mj::BinOpKind::FloorDiv => Binary::FloorDiv,
        mj::BinOpKind::Rem => Binary::Rem,
        mj::BinOpKind::Pow => Binary::Pow,
        mj::BinOpKind::Concat => Binary::Concat,
    };
    Kind::Binary(operator, left, Box::new(right))
}

fn comparison(op: mj::CompareOpKind) -> Compare {
    match op {
        mj::CompareOpKind::Eq => Compare::Eq,
        mj::CompareOpKind::Ne => Compare::Ne,
        mj::CompareOpKind::Lt => Compare::Lt,
        mj::CompareOpKind::Lte => Compare::Le,
        mj::CompareOpKind::Gt => Compare::Gt,
        mj::CompareOpKind::Gte => Compare::Ge,
        mj::CompareOpKind::In => Compare::In,
        mj::CompareOpKind::NotIn => Compare::NotIn,
    }
}
