//! What a task does with a document.

use uppsala::{Document, NodeId};

use super::children::{alike, made, named, remove, scalar, set_attribute, set_text, settle};
use super::names::own_text;
use super::xpath::{self, Expr, Found, Value};
use super::{Arguments, target};
use crate::modules::shared::state::State;

/// Carries out what the arguments ask for; whether that changed the document.
pub(super) fn edit(document: &mut Document<'static>, args: &Arguments, expression: &Expr) -> Result<bool, String> {
    if args.state == State::Absent {
        return delete(document, expression);
    }
    let as_xml = args.input_type == "xml";
    if let Some(items) = &args.set_children {
        return set(document, expression, items, as_xml);
    }
    if let Some(items) = &args.add_children {
        return add(document, args, expression, items, as_xml);
    }
    let mut changed = false;
    let is_found = match xpath::evaluate(document, document.root(), expression)? {
        Value::Nodes(nodes) if nodes.contains(&Found::Node(document.root())) => {
            return Err("it finds the document itself; begin with its outermost element".to_owned());
        }
        Value::Nodes(nodes) => nodes.iter().any(|found| matches!(found, Found::Node(_))),
        Value::Bool(truth) => truth,
        Value::Number(_) | Value::Text(_) => return Err("it finds no nodes".to_owned()),
    };
    if !is_found {
        changed |= target::make(document, expression)?;
    }
    let Some(value) = scalar(&args.value)? else { return Ok(changed) };
    let nodes = match xpath::evaluate(document, document.root(), expression)? {
        Value::Nodes(nodes) => nodes,
        _ => return Err("it finds no nodes whose value could be set".to_owned()),
    };
    let attribute = match &args.attribute {
        Some(name) => Some(named(scalar(name)?.unwrap_or_default().as_str(), &args.namespaces)?),
        None => None,
    };
    for found in nodes {
        changed |= match (found, &attribute) {
            (Found::Node(node), Some(name)) if document.element(node).is_some() => set_attribute(document, node, name, &value),
            (Found::Node(node), None) if own_text(document, node).is_none() && document.parent(node).is_some() => {
                set_text(document, node, &value)
            }
            (Found::Attribute(..), _) => {
                return Err("it finds an attribute; let `xpath` find its element and name it in `attribute`".to_owned());
            }
            _ => return Err("it finds something that has no value to set; let it find elements".to_owned()),
        };
    }
    Ok(changed)
}

/// What an expression finds.
pub(super) fn find(document: &Document<'_>, expression: &Expr) -> Result<Vec<Found>, String> {
    match xpath::evaluate(document, document.root(), expression)? {
        Value::Nodes(nodes) => Ok(nodes),
        _ => Err("it finds no nodes, but a text, a number or a truth".to_owned()),
    }
}

fn elements(document: &Document<'_>, expression: &Expr) -> Result<Vec<NodeId>, String> {
    let mut nodes = Vec::new();
    for found in find(document, expression)? {
        match found {
            Found::Node(node) if document.element(node).is_some() => nodes.push(node),
            _ => return Err("it finds something that is no element and so has no children".to_owned()),
        }
    }
    Ok(nodes)
}

fn delete(document: &mut Document<'static>, expression: &Expr) -> Result<bool, String> {
    let nodes = find(document, expression)?;
    // From the last on, so that the numbers of the attributes before stay right.
    for found in nodes.iter().rev() {
        match *found {
            Found::Attribute(element, which) => {
                if let Some(element) = document.element_mut(element).filter(|element| which < element.attributes.len()) {
                    element.attributes.remove(which);
                }
            }
            Found::Node(node) if document.parent(node) == Some(document.root()) || node == document.root() => {
                return Err("it finds the outermost element or something beside it, which cannot be removed".to_owned());
            }
            Found::Node(node) if own_text(document, node).is_some() => {
                return Err("it finds a text; set `value: ''` for its element instead".to_owned());
            }
            Found::Node(node) => remove(document, node),
        }
    }
    Ok(!nodes.is_empty())
}

/// New children belong to one place only, so of several elements the last that differs has them in the end.
fn set(document: &mut Document<'static>, expression: &Expr, items: &[serde_json::Value], as_xml: bool) -> Result<bool, String> {
    let new = made(document, items, as_xml)?;
    let mut changed = false;
    for element in elements(document, expression)? {
        let old: Vec<NodeId> = document.children(element).into_iter().filter(|node| own_text(document, *node).is_none()).collect();
        if old.len() == new.len() && old.iter().zip(&new).all(|(old, new)| alike(document, *old, *new)) {
            continue;
        }
        old.into_iter().for_each(|node| remove(document, node));
        for child in &new {
            document.detach(*child);
            document.append_child(element, *child);
            settle(document, *child);
        }
        changed = true;
    }
    Ok(changed)
}

fn add(
    document: &mut Document<'static>,
    args: &Arguments,
    expression: &Expr,
    items: &[serde_json::Value],
    as_xml: bool,
) -> Result<bool, String> {
    let new = made(document, items, as_xml)?;
    let found = elements(document, expression)?;
    let (Some(first), Some(last)) = (found.first().copied(), found.last().copied()) else { return Ok(false) };
    if (args.insertbefore || args.insertafter) && found.iter().any(|node| document.parent(*node) == Some(document.root())) {
        return Err("it finds the outermost element, and nothing can be put beside that".to_owned());
    }
    // What new elements are put in front of.
    let mut behind = document.next_sibling(last);
    while let Some(text) = behind.filter(|node| own_text(document, *node).is_some()) {
        behind = document.next_sibling(text);
    }
    let parent = document.parent(last).unwrap_or(last);
    for child in &new {
        match (args.insertbefore, args.insertafter, behind) {
            (true, ..) => document.insert_before(document.parent(first).unwrap_or(parent), *child, first),
            (_, true, Some(behind)) => document.insert_before(parent, *child, behind),
            (_, true, None) => document.append_child(parent, *child),
            _ => document.append_child(last, *child),
        }
        settle(document, *child);
    }
    Ok(!new.is_empty())
}
