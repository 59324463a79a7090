//! Which variables a template needs, seen without running it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::core::Core;
use super::syntax::ast::{Args, Expr, Kind, MacroDef, Stmt, Target, Template};
use super::syntax::{Mode, is_template};

/// The variables of a text.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Those without which it fails, with the bytes of the text where they stand. What may not be evaluated (the second half of an
    /// `and`, a branch) is not among them.
    pub needed: Vec<(Arc<str>, Range<usize>)>,
    /// Those that it expects to be undefined at times: it asks for that, or has a default for them.
    pub optional: Vec<Arc<str>>,
}

/// The variables of `text`: a value in YAML, or with `condition` an expression. Nothing for what is no template.
pub(super) fn of(core: &Arc<Core>, text: &str, condition: bool) -> Names {
    let mode = if condition { Mode::Expression } else { Mode::Text };
    if !condition && !is_template(text) {
        return Names::default();
    }
    let Ok(template) = core.cache.compile(text, &mode) else { return Names::default() };
    let mut reader = Reader::default();
    reader.template(&template);
    let Reader { mut names, own, .. } = reader;
    names.needed.retain(|(name, _)| !own.contains(name));
    names
}

#[derive(Default)]
struct Reader {
    names: Names,
    /// What the text itself sets.
    own: HashSet<Arc<str>>,
    /// What is read now may never be evaluated, or may be undefined.
    aside: bool,
    /// What is read now may be undefined.
    optional: bool,
}

impl Reader {
    fn template(&mut self, template: &Template) {
        self.body(&template.body);
        for block in &template.blocks {
            self.aside(|reader| reader.body(&block.body));
        }
    }

    fn aside(&mut self, read: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.aside, true);
        read(self);
        self.aside = outer;
    }

    fn optional(&mut self, read: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.optional, true);
        self.aside(read);
        self.optional = outer;
    }

    fn body(&mut self, body: &[Stmt]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Text(_) | Stmt::Break | Stmt::Continue => {}
            Stmt::Emit(expr) | Stmt::Do(expr) | Stmt::Extends(expr) => self.expr(expr),
            Stmt::For(each) => {
                self.target(&each.target);
                self.own.insert(Arc::from("loop"));
                self.expr(&each.over);
                self.aside(|reader| {
                    each.filter.iter().for_each(|filter| reader.expr(filter));
                    reader.body(&each.body);
                    reader.body(&each.otherwise);
                });
            }
            Stmt::If(test, then, otherwise) => {
                self.expr(test);
                self.aside(|reader| {
                    reader.body(then);
                    reader.body(otherwise);
                });
            }
            Stmt::With(assignments, body) => {
                for (target, value) in assignments {
                    self.target(target);
                    self.expr(value);
                }
                self.body(body);
            }
            Stmt::Set(target, value) => {
                self.target(target);
                self.expr(value);
            }
            Stmt::SetBlock(target, filter, body) => {
                self.target(target);
                self.body(body);
                self.aside(|reader| filter.iter().for_each(|filter| reader.expr(filter)));
            }
            Stmt::FilterBlock(filter, body) => {
                self.aside(|reader| reader.expr(filter));
                self.body(body);
            }
            Stmt::Block(block) => self.aside(|reader| reader.body(&block.body)),
            Stmt::Include { name, .. } => self.expr(name),
            Stmt::Import { name, target, .. } => {
                self.target(target);
                self.expr(name);
            }
            Stmt::FromImport { name, names, .. } => {
                self.own.extend(names.iter().map(|(_, alias)| alias.clone()));
                self.expr(name);
            }
            Stmt::Macro(definition) => self.definition(definition),
            Stmt::Call { callee, args, body, .. } => {
                self.callee(callee);
                self.args(args);
                self.definition(body);
            }
        }
    }

    fn definition(&mut self, definition: &MacroDef) {
        self.own.insert(definition.name.clone());
        self.own.extend(definition.params.iter().map(|(name, _)| name.clone()));
        self.own.extend(["varargs", "kwargs", "caller"].map(Arc::from));
        self.aside(|reader| reader.body(&definition.body));
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Name(name) => drop(self.own.insert(name.clone())),
            Target::Attr(expr, _) => self.expr(expr),
            Target::Unpack(targets, _) => targets.iter().for_each(|target| self.target(target)),
        }
    }

    fn callee(&mut self, callee: &Expr) {
        // Functions are checked where templates are compiled.
        if !matches!(callee.kind, Kind::Var(_)) {
            self.expr(callee);
        }
    }

    fn args(&mut self, args: &Args) {
        args.positional
            .iter()
            .map(|(expr, _)| expr)
            .chain(args.named.iter().map(|(_, expr)| expr))
            .chain(&args.spread)
            .for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            Kind::Const(_) | Kind::Embedded(_) => {}
            Kind::Var(name) => {
                if self.optional {
                    self.names.optional.push(name.clone());
                } else if !self.aside {
                    self.names.needed.push((name.clone(), expr.at.clone()));
                }
            }
            Kind::Attr(base, _) | Kind::Not(base) | Kind::Neg(base) => self.expr(base),
            Kind::Item(base, key) => {
                self.expr(base);
                self.expr(key);
            }
            Kind::Slice(base, parts) => {
                self.expr(base);
                parts.iter().flatten().for_each(|part| self.expr(part));
            }
            Kind::List(items) | Kind::Tuple(items) => items.iter().for_each(|item| self.expr(item)),
            Kind::Dict(pairs) => {
                for (key, value) in pairs {
                    self.expr(key);
                    self.expr(value);
                }
            }
            Kind::And(left, right) | Kind::Or(left, right) => {
                self.expr(left);
                self.aside(|reader| reader.expr(right));
            }
            Kind::Binary(_, left, right) => {
                self.expr(left);
                self.expr(right);
            }
            Kind::Compare(first, rest) => {
                self.expr(first);
                rest.iter().for_each(|(_, expr)| self.expr(expr));
            }
            Kind::If(choice) => {
                self.expr(&choice.test);
                self.aside(|reader| {
                    reader.expr(&choice.then);
                    choice.otherwise.iter().for_each(|otherwise| reader.expr(otherwise));
                });
            }
            Kind::Filter(filter, input, args) => {
                match input {
                    Some(input) if matches!(filter.name, "default" | "d" | "mandatory") => self.optional(|reader| reader.expr(input)),
                    Some(input) => self.expr(input),
                    None => {}
                }
                self.args(args);
            }
            Kind::Test(test, input, args) => {
                match test.name {
                    "defined" | "undefined" => self.optional(|reader| reader.expr(input)),
                    _ => self.expr(input),
                }
                self.args(args);
            }
            Kind::Call(callee, args) => {
                self.callee(callee);
                self.args(args);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certainly_evaluated_is_needed_and_what_has_a_default_is_not() {
        for (text, condition, needed, optional) in [
            ("{{ a }} {{ b.c[d] }}", false, "a b d", ""),
            ("{{ a | default(b) }}", false, "b", "a"),
            ("{{ a.x | d('') }}{{ b is defined }}", false, "", "a b"),
            ("{% for x in a %}{{ x }}{{ b }}{% endfor %}", false, "a", ""),
            ("{% set x = a %}{{ x }}", false, "a", ""),
            ("{{ a if b else c }}", false, "b", ""),
            ("{{ lookup('env', a) }}", false, "a", ""),
            ("a and b", true, "a", ""),
            ("a is not defined or b", true, "", "a"),
            ("no template", false, "", ""),
        ] {
            let names = of(&Arc::new(Core::new(crate::vault::Keyring::default(), Arc::default())), text, condition);
            let shown: Vec<&str> = names.needed.iter().map(|(name, _)| &**name).collect();
            assert_eq!(shown.join(" "), needed, "{text}");
            assert_eq!(names.optional.join(" "), optional, "{text}");
        }
    }
}
