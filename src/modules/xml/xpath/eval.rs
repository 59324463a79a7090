//! What expressions find.

use uppsala::{Document, NodeId, NodeKind};

use super::super::names::{same_name, text_of};
use super::functions;
use super::{Axis, Comparison, Expr, Operator, Step, Test};

/// A node that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Found {
    Node(NodeId),
    /// An attribute: its element, and which one of it.
    Attribute(NodeId, usize),
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Value {
    /// In the order of the document, each once.
    Nodes(Vec<Found>),
    Bool(bool),
    Number(f64),
    Text(String),
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub node: Found,
    pub position: usize,
    pub size: usize,
}

pub(super) struct Evaluation<'d, 'a> {
    pub document: &'d Document<'a>,
    /// The place of each node in the document, by its number.
    rank: Vec<usize>,
}

impl<'d, 'a> Evaluation<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>) -> Self {
        let mut rank = Vec::new();
        for (place, node) in document.descendants(document.root()).into_iter().enumerate() {
            if rank.len() <= node.index() {
                rank.resize(node.index() + 1, 0);
            }
            if let Some(slot) = rank.get_mut(node.index()) {
                *slot = place + 1;
            }
        }
        Self { document, rank }
    }

    pub(super) fn run(&self, context: NodeId, expression: &Expr) -> Result<Value, String> {
        self.value(expression, Place { node: Found::Node(context), position: 1, size: 1 })
    }

    pub(super) fn value(&self, expression: &Expr, place: Place) -> Result<Value, String> {
        Ok(match expression {
            Expr::Or(left, right) => Value::Bool(self.is_true(left, place)? || self.is_true(right, place)?),
            Expr::And(left, right) => Value::Bool(self.is_true(left, place)? && self.is_true(right, place)?),
            Expr::Compare(comparison, left, right) => {
                Value::Bool(self.compares(*comparison, &self.value(left, place)?, &self.value(right, place)?))
            }
            Expr::Calculate(operator, left, right) => {
                let (left, right) = (self.number(&self.value(left, place)?), self.number(&self.value(right, place)?));
                Value::Number(match operator {
                    Operator::Plus => left + right,
                    Operator::Minus => left - right,
                    Operator::Times => left * right,
                    Operator::Divided => left / right,
                    Operator::Modulo => left % right,
                })
            }
            Expr::Negate(inner) => Value::Number(-self.number(&self.value(inner, place)?)),
            Expr::Union(left, right) => {
                let mut nodes = self.nodes(left, place)?;
                nodes.extend(self.nodes(right, place)?);
                Value::Nodes(self.ordered(nodes))
            }
            Expr::Literal(text) => Value::Text(text.clone()),
            Expr::Number(number) => Value::Number(*number),
            Expr::Call(function, arguments) => functions::call(self, *function, arguments, place)?,
            Expr::Path(path) => {
                let start = if path.absolute { Found::Node(self.document.root()) } else { place.node };
                Value::Nodes(self.steps(vec![start], &path.steps)?)
            }
            Expr::Filter(primary, predicates, steps) => {
                let mut nodes = self.nodes(primary, place)?;
                for predicate in predicates {
                    nodes = self.filtered(nodes, predicate)?;
                }
                Value::Nodes(self.steps(nodes, steps)?)
            }
        })
    }

    fn is_true(&self, expression: &Expr, place: Place) -> Result<bool, String> {
        Ok(truth(&self.value(expression, place)?))
    }

    pub(super) fn nodes(&self, expression: &Expr, place: Place) -> Result<Vec<Found>, String> {
        match self.value(expression, place)? {
            Value::Nodes(nodes) => Ok(nodes),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
                Err("nodes are needed where it has a text, a number or a truth".to_owned())
            }
        }
    }

    fn ordered(&self, mut nodes: Vec<Found>) -> Vec<Found> {
        nodes.sort_by_key(|found| match found {
            Found::Node(node) => (self.rank.get(node.index()).copied().unwrap_or(0), 0),
            Found::Attribute(node, which) => (self.rank.get(node.index()).copied().unwrap_or(0), which + 1),
        });
        nodes.dedup();
        nodes
    }

    fn steps(&self, mut nodes: Vec<Found>, steps: &[Step]) -> Result<Vec<Found>, String> {
        for step in steps {
            let mut next = Vec::new();
            for node in nodes {
                let mut found: Vec<Found> = self.along(node, step.axis).into_iter().filter(|found| self.fits(*found, step)).collect();
                for predicate in &step.predicates {
                    found = self.filtered(found, predicate)?;
                }
                next.extend(found);
            }
            nodes = self.ordered(next);
        }
        Ok(nodes)
    }

    fn filtered(&self, nodes: Vec<Found>, predicate: &Expr) -> Result<Vec<Found>, String> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (index, node) in nodes.into_iter().enumerate() {
            let position = index + 1;
            let is_kept = match self.value(predicate, Place { node, position, size })? {
                Value::Number(number) => number == count(position),
                other => truth(&other),
            };
            if is_kept {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    pub(super) fn parent(&self, found: Found) -> Option<NodeId> {
        match found {
            Found::Node(node) => self.document.parent(node),
            Found::Attribute(element, _) => Some(element),
        }
    }

    /// The nodes on an axis, nearest first.
    fn along(&self, found: Found, axis: Axis) -> Vec<Found> {
        let document = self.document;
        let ancestors = || std::iter::successors(self.parent(found), |node| document.parent(*node));
        let node = match found {
            Found::Node(node) => node,
            Found::Attribute(element, _) => match axis {
                Axis::OneSelf | Axis::DescendantOrSelf => return vec![found],
                Axis::Parent => return vec![Found::Node(element)],
                Axis::Ancestor => return ancestors().map(Found::Node).collect(),
                Axis::AncestorOrSelf => return [found].into_iter().chain(ancestors().map(Found::Node)).collect(),
                Axis::Following => {
                    return self.below(element).into_iter().chain(self.along(Found::Node(element), Axis::Following)).collect();
                }
                Axis::Preceding => return self.along(Found::Node(element), Axis::Preceding),
                Axis::Attribute | Axis::Child | Axis::Descendant | Axis::FollowingSibling | Axis::PrecedingSibling => return Vec::new(),
            },
        };
        let siblings = |next: bool| {
            let step = move |node: NodeId| if next { document.next_sibling(node) } else { document.previous_sibling(node) };
            std::iter::successors(step(node), move |node| step(*node))
        };
        match axis {
            Axis::OneSelf => vec![found],
            Axis::Parent => ancestors().take(1).map(Found::Node).collect(),
            Axis::Ancestor => ancestors().map(Found::Node).collect(),
            Axis::AncestorOrSelf => [found].into_iter().chain(ancestors().map(Found::Node)).collect(),
            Axis::Attribute => {
                let number = document.element(node).map_or(0, |element| element.attributes.len());
                (0..number).map(|which| Found::Attribute(node, which)).collect()
            }
            Axis::Child => document.children(node).into_iter().map(Found::Node).collect(),
            Axis::Descendant => self.below(node),
            Axis::DescendantOrSelf => [found].into_iter().chain(self.below(node)).collect(),
            Axis::FollowingSibling => siblings(true).map(Found::Node).collect(),
            Axis::PrecedingSibling => siblings(false).map(Found::Node).collect(),
            Axis::Following => {
                let up = [node].into_iter().chain(ancestors());
                up.flat_map(|one| self.along(Found::Node(one), Axis::FollowingSibling)).flat_map(|one| self.with_below(one)).collect()
            }
            Axis::Preceding => {
                let up = [node].into_iter().chain(ancestors());
                let before = up.flat_map(|one| self.along(Found::Node(one), Axis::PrecedingSibling));
                before.flat_map(|one| self.with_below(one).into_iter().rev().collect::<Vec<_>>()).collect()
            }
        }
    }

    fn below(&self, node: NodeId) -> Vec<Found> {
        self.document.descendants(node).into_iter().map(Found::Node).collect()
    }

    fn with_below(&self, found: Found) -> Vec<Found> {
        match found {
            Found::Node(node) => [found].into_iter().chain(self.below(node)).collect(),
            Found::Attribute(..) => vec![found],
        }
    }

    fn fits(&self, found: Found, step: &Step) -> bool {
        let name = match found {
            Found::Attribute(element, which) => {
                let attribute = self.document.element(element).and_then(|element| element.attributes.get(which));
                attribute.map(|attribute| &attribute.name)
            }
            Found::Node(node) => match (self.document.node_kind(node), &step.test) {
                (Some(_), Test::Node) => return true,
                (Some(NodeKind::Text(_) | NodeKind::CData(_)), test) => return *test == Test::Text,
                (Some(NodeKind::Comment(_)), test) => return *test == Test::Comment,
                (Some(NodeKind::ProcessingInstruction(instruction)), Test::Instruction(target)) => {
                    return target.as_ref().is_none_or(|target| *target == instruction.target);
                }
                (Some(NodeKind::Element(element)), _) => Some(&element.name),
                _ => None,
            },
        };
        match (&step.test, name) {
            (Test::Node | Test::Any, Some(_)) => true,
            (Test::InNamespace(uri), Some(name)) => name.namespace_uri.as_deref() == Some(uri),
            (Test::Name(namespace, local), Some(name)) => same_name(name, namespace.as_deref(), local),
            _ => false,
        }
    }

    pub(super) fn text(&self, value: &Value) -> String {
        match value {
            Value::Nodes(nodes) => nodes.first().map_or_else(String::new, |node| self.text_of(*node)),
            Value::Bool(truth) => truth.to_string(),
            Value::Number(number) => functions::number_text(*number),
            Value::Text(text) => text.clone(),
        }
    }

    pub(super) fn text_of(&self, found: Found) -> String {
        text_of(self.document, found)
    }

    pub(super) fn number(&self, value: &Value) -> f64 {
        match value {
            Value::Number(number) => *number,
            Value::Bool(truth) => f64::from(u8::from(*truth)),
            Value::Text(_) | Value::Nodes(_) => functions::number_of(&self.text(value)),
        }
    }

    fn compares(&self, comparison: Comparison, left: &Value, right: &Value) -> bool {
        let is_equality = matches!(comparison, Comparison::Equal | Comparison::Unequal);
        match (left, right) {
            (Value::Nodes(_), Value::Bool(_)) | (Value::Bool(_), Value::Nodes(_)) => {
                ordering(comparison, f64::from(u8::from(truth(left))), f64::from(u8::from(truth(right))))
            }
            (Value::Nodes(nodes), _) => nodes.iter().any(|node| self.compares(comparison, &Value::Text(self.text_of(*node)), right)),
            (_, Value::Nodes(nodes)) => nodes.iter().any(|node| self.compares(comparison, left, &Value::Text(self.text_of(*node)))),
            (Value::Bool(_), _) | (_, Value::Bool(_)) if is_equality => (truth(left) == truth(right)) == (comparison == Comparison::Equal),
            (Value::Text(left), Value::Text(right)) if is_equality => (left == right) == (comparison == Comparison::Equal),
            _ => ordering(comparison, self.number(left), self.number(right)),
        }
    }
}

#[expect(clippy::float_cmp, reason = "XPath compares numbers as they are")]
fn ordering(comparison: Comparison, left: f64, right: f64) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::Unequal => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    }
}

/// A number of nodes as XPath has numbers.
pub(super) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Nodes(nodes) => !nodes.is_empty(),
        Value::Bool(truth) => *truth,
        Value::Number(number) => *number != 0.0 && !number.is_nan(),
        Value::Text(text) => !text.is_empty(),
    }
}
