//! Elements to be made, and their places.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use uppsala::{Attribute, Document, NodeId, NodeKind, QName};

use super::document;
use super::names::{leading, name_at, own_text, prefix_of};

/// The elements that `items` describe, not yet in their place.
pub(super) fn made(document: &mut Document<'static>, items: &[Value], as_xml: bool) -> Result<Vec<NodeId>, String> {
    let mut nodes = Vec::new();
    for item in items {
        nodes.push(if as_xml { parsed(document, item)? } else { described(document, item)? });
    }
    Ok(nodes)
}

fn parsed(document: &mut Document<'static>, item: &Value) -> Result<NodeId, String> {
    let Value::String(text) = item else { return Err(format!("`{item}` is no XML text; leave out `input_type: xml` for mappings")) };
    let source = document::read(text, false, false).map_err(|why| format!("`{text}` is no XML: {why}"))?;
    let root = source.document_element().ok_or_else(|| format!("`{text}` has no element"))?;
    document.import_subtree(&source, root).ok_or_else(|| format!("`{text}` cannot be used"))
}

fn described(document: &mut Document<'static>, item: &Value) -> Result<NodeId, String> {
    match item {
        Value::String(name) => element(document, name),
        Value::Object(map) => {
            let (Some((name, value)), 1) = (map.iter().next(), map.len()) else {
                return Err(format!("`{item}` has {} keys; each child is a mapping with one key, its name", map.len()));
            };
            let node = element(document, name)?;
            let Value::Object(parts) = value else {
                fill(document, node, value)?;
                return Ok(node);
            };
            for (key, value) in parts {
                match (key.as_str(), value) {
                    ("_", Value::Array(items)) => {
                        for child in made(document, items, false)? {
                            document.append_child(node, child);
                        }
                    }
                    ("_", _) => return Err(format!("`_` of `{name}` has to be a list")),
                    ("+value", value) => fill(document, node, value)?,
                    (key, value) => {
                        let text = scalar(value)?.unwrap_or_default();
                        set_attribute(document, node, &named(key, &BTreeMap::new())?, &text);
                    }
                }
            }
            Ok(node)
        }
        other => Err(format!("`{other}` is neither a name nor a mapping")),
    }
}

fn fill(document: &mut Document<'static>, node: NodeId, value: &Value) -> Result<(), String> {
    if let Some(text) = scalar(value)? {
        set_text(document, node, &text);
    }
    Ok(())
}

fn element(document: &mut Document<'static>, name: &str) -> Result<NodeId, String> {
    let (uri, local) = named(name, &BTreeMap::new())?;
    Ok(new_element(document, uri.as_deref(), &local))
}

/// An element without a place; its namespace is declared at it until it has one.
pub(super) fn new_element(document: &mut Document<'static>, uri: Option<&str>, local: &str) -> NodeId {
    let node = document.create_element(QName { namespace_uri: None, prefix: None, local_name: Cow::Owned(local.to_owned()) });
    let name = name_at(document, node, uri, local, false);
    if let Some(element) = document.element_mut(node) {
        element.name = name;
    }
    node
}

/// Text for a value: numbers become text, nothing stays nothing.
pub(super) fn scalar(value: &Value) -> Result<Option<String>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => return Err(format!("`{other}` is no text; put it in quotes")),
    };
    let bad = text
        .chars()
        .find(|c| (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{7f}'..='\u{9f}')) || matches!(c, '\u{fffe}' | '\u{ffff}'));
    match bad {
        Some(bad) => Err(format!("XML cannot hold the character U+{:04X}", u32::from(bad))),
        None => Ok(Some(text)),
    }
}

/// `name`, `prefix:name` or `{namespace}name` as namespace and name.
pub(super) fn named(name: &str, namespaces: &BTreeMap<String, String>) -> Result<(Option<String>, String), String> {
    let (uri, local) = match (name.strip_prefix('{').and_then(|rest| rest.split_once('}')), name.split_once(':')) {
        (Some((uri, local)), _) => (Some(uri.to_owned()), local),
        (None, Some((prefix, local))) => match namespaces.get(prefix) {
            Some(uri) => (Some(uri.clone()), local),
            None if prefix == "xml" => (Some(super::names::XML.to_owned()), local),
            None if namespaces.is_empty() => return Err(format!("`{name}` is no name; write the namespace itself: `{{URI}}{local}`")),
            None => return Err(format!("`namespaces` has no prefix `{prefix}`, which `{name}` has")),
        },
        (None, None) => (None, name),
    };
    let is_name = local.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && local.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{b7}'));
    if is_name { Ok((uri, local.to_owned())) } else { Err(format!("`{name}` is no name")) }
}

/// Sets the text that an element begins with, or all of a comment; whether it was another one.
pub(super) fn set_text(document: &mut Document<'static>, node: NodeId, text: &str) -> bool {
    match document.node_kind_mut(node) {
        Some(NodeKind::Comment(old)) => {
            let changes = old != text;
            *old = Cow::Owned(text.to_owned());
            changes
        }
        Some(NodeKind::ProcessingInstruction(instruction)) => {
            let changes = instruction.data.as_deref().unwrap_or_default() != text;
            instruction.data = Some(Cow::Owned(text.to_owned()));
            changes
        }
        _ => {
            let old = leading(document, node);
            let said: String = old.iter().filter_map(|node| own_text(document, *node)).collect();
            if said == text && !(old.is_empty() && document.parent(node).is_none()) {
                return false;
            }
            old.into_iter().for_each(|node| document.detach(node));
            let new = document.create_text(text.to_owned());
            match document.first_child(node) {
                Some(first) => document.insert_before(node, new, first),
                None => document.append_child(node, new),
            }
            true
        }
    }
}

/// Sets an attribute; whether it was another one or none.
pub(super) fn set_attribute(document: &mut Document<'static>, node: NodeId, name: &(Option<String>, String), value: &str) -> bool {
    let (uri, local) = (name.0.as_deref(), name.1.as_str());
    let old = document
        .element_mut(node)
        .and_then(|element| element.attributes.iter_mut().find(|attribute| super::names::same_name(&attribute.name, uri, local)));
    if let Some(attribute) = old {
        let changes = attribute.value != value;
        attribute.value = Cow::Owned(value.to_owned());
        return changes;
    }
    let name = name_at(document, node, uri, local, true);
    if let Some(element) = document.element_mut(node) {
        element.attributes.push(Attribute { name, value: Cow::Owned(value.to_owned()) });
    }
    true
}

/// Removes a node with the text behind it, which counts as its own.
pub(super) fn remove(document: &mut Document<'static>, node: NodeId) {
    let mut next = document.next_sibling(node);
    document.detach(node);
    while let Some(text) = next.filter(|text| own_text(document, *text).is_some()) {
        next = document.next_sibling(text);
        document.detach(text);
    }
}

/// Declarations of namespaces that are known where an element was put are left out.
pub(super) fn settle(document: &mut Document<'static>, node: NodeId) {
    let Some(parent) = document.parent(node) else { return };
    for below in [node].into_iter().chain(document.descendants(node)) {
        let declared = document.element(below).map(|element| element.namespace_declarations.clone()).unwrap_or_default();
        for (prefix, uri) in declared {
            let above = if below == node { parent } else { document.parent(below).unwrap_or(parent) };
            let Some(known) = prefix_of(document, above, &uri, false) else { continue };
            let mut is_needed = false;
            for one in [below].into_iter().chain(document.descendants(below)) {
                let Some(element) = document.element_mut(one) else { continue };
                let has =
                    |name: &QName<'_>| name.namespace_uri.as_deref() == Some(&*uri) && name.prefix.as_deref().unwrap_or_default() == prefix;
                let renamed = Some(known.clone()).filter(|known| !known.is_empty()).map(Cow::Owned);
                if has(&element.name) {
                    element.name.prefix.clone_from(&renamed);
                }
                for attribute in element.attributes.iter_mut().filter(|attribute| has(&attribute.name)) {
                    if known.is_empty() {
                        is_needed = true;
                    } else {
                        attribute.name.prefix.clone_from(&renamed);
                    }
                }
            }
            if !is_needed && let Some(element) = document.element_mut(below) {
                element.namespace_declarations.retain(|(other, _)| *other != prefix);
            }
        }
    }
}

/// Whether two elements say the same.
pub(super) fn alike(document: &Document<'_>, one: NodeId, other: NodeId) -> bool {
    let same = match (document.node_kind(one), document.node_kind(other)) {
        (Some(NodeKind::Element(one)), Some(NodeKind::Element(other))) => {
            let attributes = |element: &uppsala::Element<'_>| -> Vec<(String, String)> {
                element.attributes.iter().map(|a| (super::names::full_name(&a.name), a.value.clone().into_owned())).collect()
            };
            super::names::full_name(&one.name) == super::names::full_name(&other.name) && attributes(one) == attributes(other)
        }
        (one, other) => return one == other,
    };
    let (left, right) = (document.children(one), document.children(other));
    same && left.len() == right.len() && left.iter().zip(&right).all(|(one, other)| alike(document, *one, *other))
}
