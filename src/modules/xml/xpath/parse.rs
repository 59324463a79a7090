//! Tokens as expressions, by the grammar of XPath 1.0.

use std::collections::BTreeMap;

use super::functions::Function;
use super::token::{Token, tokens};
use super::{Axis, Comparison, Error, Expr, Operator, Path, Step, Test};
use crate::base::text;

/// As deep as expressions may be nested.
const DEPTH: usize = 40;

const AXES: &[(&str, Axis)] = &[
    ("ancestor", Axis::Ancestor),
    ("ancestor-or-self", Axis::AncestorOrSelf),
    ("attribute", Axis::Attribute),
    ("child", Axis::Child),
    ("descendant", Axis::Descendant),
    ("descendant-or-self", Axis::DescendantOrSelf),
    ("following", Axis::Following),
    ("following-sibling", Axis::FollowingSibling),
    ("parent", Axis::Parent),
    ("preceding", Axis::Preceding),
    ("preceding-sibling", Axis::PrecedingSibling),
    ("self", Axis::OneSelf),
];

struct Parser<'a> {
    tokens: Vec<(Token, usize)>,
    next: usize,
    end: usize,
    depth: usize,
    namespaces: &'a BTreeMap<String, String>,
}

pub(super) fn parse(text: &str, namespaces: &BTreeMap<String, String>) -> Result<Expr, Error> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, end: text.chars().count() + 1, depth: 0, namespaces };
    let expression = parser.or()?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.wrong("the expression was at its end here")),
    }
}

type Parsed = Result<Expr, Error>;

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _)| token)
    }

    fn ahead(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.next + 1), Some((Token::Sign(other), _)) if *other == sign)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(_, at)| *at)
    }

    fn wrong(&self, message: impl Into<String>) -> Error {
        Error { message: message.into(), at: self.at() }
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(other)) if *other == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        self.next += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &str) -> Result<(), Error> {
        if self.take(sign) { Ok(()) } else { Err(self.wrong(format!("`{sign}` is missing"))) }
    }

    fn or(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.wrong("the expression is nested too deeply"));
        }
        let mut left = self.and()?;
        while self.take("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.equality()?;
        while self.take("and") {
            left = Expr::And(Box::new(left), Box::new(self.equality()?));
        }
        Ok(left)
    }

    fn one_of<T: Copy>(&mut self, signs: &[(&str, T)]) -> Option<T> {
        let found = signs.iter().find(|(sign, _)| self.is(sign)).map(|(_, what)| *what);
        self.next += usize::from(found.is_some());
        found
    }

    fn equality(&mut self) -> Parsed {
        let mut left = self.relation()?;
        while let Some(comparison) = self.one_of(&[("=", Comparison::Equal), ("!=", Comparison::Unequal)]) {
            left = Expr::Compare(comparison, Box::new(left), Box::new(self.relation()?));
        }
        Ok(left)
    }

    fn relation(&mut self) -> Parsed {
        let signs =
            [("<", Comparison::Less), ("<=", Comparison::LessOrEqual), (">", Comparison::Greater), (">=", Comparison::GreaterOrEqual)];
        let mut left = self.sum()?;
        while let Some(comparison) = self.one_of(&signs) {
            left = Expr::Compare(comparison, Box::new(left), Box::new(self.sum()?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some(operator) = self.one_of(&[("+", Operator::Plus), ("-", Operator::Minus)]) {
            left = Expr::Calculate(operator, Box::new(left), Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.negation()?;
        while let Some(operator) = self.one_of(&[("*", Operator::Times), ("div", Operator::Divided), ("mod", Operator::Modulo)]) {
            left = Expr::Calculate(operator, Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed {
        let mut signs = 0;
        while self.take("-") {
            signs += 1;
        }
        let mut inner = self.union()?;
        for _ in 0..signs.min(2 + signs % 2) {
            inner = Expr::Negate(Box::new(inner));
        }
        Ok(inner)
    }

    fn union(&mut self) -> Parsed {
        let mut left = self.path()?;
        while self.take("|") {
            left = Expr::Union(Box::new(left), Box::new(self.path()?));
        }
        Ok(left)
    }

    fn path(&mut self) -> Parsed {
        if !self.is_primary() {
            return self.location().map(Expr::Path);
        }
        let primary = self.primary()?;
        let predicates = self.predicates()?;
        let steps = self.more_steps(Vec::new())?;
        Ok(if predicates.is_empty() && steps.is_empty() { primary } else { Expr::Filter(Box::new(primary), predicates, steps) })
    }

    fn is_primary(&self) -> bool {
        match self.peek() {
            Some(Token::Literal(_) | Token::Number(_)) => true,
            Some(Token::Sign(sign)) => *sign == "(",
            Some(Token::Name(None, name)) => {
                self.ahead("(") && !matches!(name.as_str(), "node" | "text" | "comment" | "processing-instruction")
            }
            Some(Token::Name(Some(_), _)) => self.ahead("("),
            None => false,
        }
    }

    fn primary(&mut self) -> Parsed {
        let at = self.at();
        let token = self.peek().cloned();
        self.next += 1;
        match token {
            Some(Token::Literal(text)) => Ok(Expr::Literal(text)),
            Some(Token::Number(number)) => Ok(Expr::Number(number)),
            Some(Token::Sign(_)) => {
                let inner = self.or()?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Name(prefix, name)) => {
                let name = prefix.map_or_else(|| name.clone(), |prefix| format!("{prefix}:{name}"));
                let function = Function::find(&name).map_err(|message| Error { message, at })?;
                self.expect("(")?;
                let mut arguments = Vec::new();
                while !self.take(")") {
                    if !arguments.is_empty() {
                        self.expect(",")?;
                    }
                    arguments.push(self.or()?);
                }
                function.check(arguments.len()).map_err(|message| Error { message, at })?;
                Ok(Expr::Call(function, arguments))
            }
            None => Err(self.wrong("something is missing")),
        }
    }

    fn location(&mut self) -> Result<Path, Error> {
        let absolute = self.is("/") || self.is("//");
        if self.take("/") {
            let is_step = matches!(self.peek(), Some(Token::Name(..))) || ["@", ".", ".."].iter().any(|sign| self.is(sign));
            if !is_step {
                return Ok(Path { absolute, steps: Vec::new() });
            }
        } else if self.is("//") {
            return Ok(Path { absolute, steps: self.more_steps(Vec::new())? });
        }
        let first = self.step()?;
        Ok(Path { absolute, steps: self.more_steps(vec![first])? })
    }

    fn more_steps(&mut self, mut steps: Vec<Step>) -> Result<Vec<Step>, Error> {
        loop {
            if self.take("//") {
                steps.push(Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() });
            } else if !self.take("/") {
                return Ok(steps);
            }
            steps.push(self.step()?);
        }
    }

    fn step(&mut self) -> Result<Step, Error> {
        for (sign, axis) in [("..", Axis::Parent), (".", Axis::OneSelf)] {
            if self.take(sign) {
                return Ok(Step { axis, test: Test::Node, predicates: Vec::new() });
            }
        }
        let axis = if self.take("@") {
            Axis::Attribute
        } else if self.ahead("::") {
            let axis = match self.peek() {
                Some(Token::Name(None, name)) => self.axis(name)?,
                _ => return Err(self.wrong("the name of an axis is missing")),
            };
            self.next += 2;
            axis
        } else {
            Axis::Child
        };
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&self, name: &str) -> Result<Axis, Error> {
        if name == "namespace" {
            return Err(self.wrong("the axis `namespace` is not supported"));
        }
        let found = AXES.iter().find(|(known, _)| *known == name).map(|(_, axis)| *axis);
        found.ok_or_else(|| {
            let names: Vec<&str> = AXES.iter().map(|(name, _)| *name).collect();
            self.wrong(format!("there is no axis `{name}`, only {}", text::list(&names)))
        })
    }

    fn test(&mut self) -> Result<Test, Error> {
        let Some(Token::Name(prefix, name)) = self.peek().cloned() else { return Err(self.wrong("the name of a node is missing")) };
        if prefix.is_none() && self.ahead("(") {
            let test = match name.as_str() {
                "node" => Test::Node,
                "text" => Test::Text,
                "comment" => Test::Comment,
                "processing-instruction" => Test::Instruction(None),
                _ => return Err(self.wrong(format!("`{name}()` is no kind of node"))),
            };
            self.next += 2;
            let target = match self.peek() {
                Some(Token::Literal(target)) if test == Test::Instruction(None) => Some(target.clone()),
                _ => None,
            };
            self.next += usize::from(target.is_some());
            self.expect(")")?;
            return Ok(if target.is_some() { Test::Instruction(target) } else { test });
        }
        let namespace = match &prefix {
            None => None,
            Some(prefix) if prefix == "xml" => Some(super::super::names::XML.to_owned()),
            Some(prefix) => match self.namespaces.get(prefix) {
                Some(uri) => Some(uri.clone()),
                None => return Err(self.wrong(format!("`namespaces` has no prefix `{prefix}`"))),
            },
        };
        self.next += 1;
        Ok(match (namespace, name.as_str()) {
            (None, "*") => Test::Any,
            (Some(uri), "*") => Test::InNamespace(uri),
            (namespace, _) => Test::Name(namespace, name),
        })
    }

    fn predicates(&mut self) -> Result<Vec<Expr>, Error> {
        let mut predicates = Vec::new();
        while self.take("[") {
            predicates.push(self.or()?);
            self.expect("]")?;
        }
        Ok(predicates)
    }
}
