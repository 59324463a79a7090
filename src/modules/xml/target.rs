//! Making what an XPath asks for and does not find.

use uppsala::{Document, NodeId};

use super::children::{new_element, set_attribute, set_text, settle};
use super::xpath::{self, Axis, Comparison, Expr, Found, Path, Step, Test, Value};

/// Makes it; whether that changed anything.
pub(super) fn make(document: &mut Document<'static>, expression: &Expr) -> Result<bool, String> {
    let top = document.root();
    make_at(document, top, expression)
}

fn make_at(document: &mut Document<'static>, context: NodeId, expression: &Expr) -> Result<bool, String> {
    match expression {
        Expr::Path(path) => make_path(document, context, path, None),
        Expr::Compare(Comparison::Equal, left, right) => match (&**left, &**right) {
            (Expr::Path(path), Expr::Literal(text)) => make_path(document, context, path, Some(text)),
            _ => Err(refused()),
        },
        Expr::And(left, right) => {
            let left = make_at(document, context, left)?;
            Ok(make_at(document, context, right)? || left)
        }
        _ => Err(refused()),
    }
}

fn refused() -> String {
    "it finds nothing, and what would have to be made does not follow from it; only names, attributes, and conditions like `@a='b'` and \
     `text()='c'` can be made"
        .to_owned()
}

/// Elements get `text` where one is asked for, as in `/a/b/text()='x'`.
fn make_path(document: &mut Document<'static>, context: NodeId, path: &Path, text: Option<&str>) -> Result<bool, String> {
    let Some((last, before)) = path.steps.split_last() else { return Err(refused()) };
    match (last.axis, &last.test, text) {
        (Axis::Attribute, Test::Name(uri, local), _) if last.predicates.is_empty() => {
            let mut changed = false;
            for element in parents(document, context, path.absolute, before, &mut changed)? {
                changed |= set_attribute(document, element, &(uri.clone(), local.clone()), text.unwrap_or_default());
            }
            Ok(changed)
        }
        (Axis::Child, Test::Text, Some(text)) if last.predicates.is_empty() => {
            if before.is_empty() && !path.absolute {
                return Ok(set_text(document, context, text));
            }
            let Some((element, above)) = before.split_last() else { return Err(refused()) };
            let new = add(document, context, path.absolute, above, element)?;
            set_text(document, new, text);
            Ok(true)
        }
        (Axis::Child, Test::Name(..), None) => add(document, context, path.absolute, before, last).map(|_| true),
        _ => Err(refused()),
    }
}

/// Adds the element of the last step to the last of those that the steps before find.
fn add(document: &mut Document<'static>, context: NodeId, absolute: bool, before: &[Step], step: &Step) -> Result<NodeId, String> {
    let Test::Name(uri, local) = &step.test else { return Err(refused()) };
    let mut changed = false;
    let parents = parents(document, context, absolute, before, &mut changed)?;
    let parent = parents.last().copied().ok_or_else(refused)?;
    let new = new_element(document, uri.as_deref(), local);
    document.append_child(parent, new);
    settle(document, new);
    for predicate in &step.predicates {
        make_at(document, new, predicate)?;
    }
    Ok(new)
}

/// The elements that steps find; they are made when there are none.
fn parents(
    document: &mut Document<'static>,
    context: NodeId,
    absolute: bool,
    steps: &[Step],
    changed: &mut bool,
) -> Result<Vec<NodeId>, String> {
    if steps.iter().any(|step| step.axis == Axis::DescendantOrSelf) {
        return Err("it finds nothing, and `//` does not say where something is to be made".to_owned());
    }
    if steps.is_empty() {
        return if absolute || context == document.root() {
            Err("a document has one outermost element, and it is another one".to_owned())
        } else {
            Ok(vec![context])
        };
    }
    let path = Path { absolute, steps: steps.to_vec() };
    let expression = Expr::Path(path.clone());
    let found = elements(document, context, &expression)?;
    if !found.is_empty() {
        return Ok(found);
    }
    *changed |= make_path(document, context, &path, None)?;
    elements(document, context, &expression)
}

fn elements(document: &Document<'_>, context: NodeId, expression: &Expr) -> Result<Vec<NodeId>, String> {
    let Value::Nodes(nodes) = xpath::evaluate(document, context, expression)? else { return Err(refused()) };
    let nodes = nodes.into_iter().filter_map(|found| match found {
        Found::Node(node) => document.element(node).map(|_| node),
        Found::Attribute(..) => None,
    });
    Ok(nodes.collect())
}
