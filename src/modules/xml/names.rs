//! Names with namespaces, and what nodes say.

use std::borrow::Cow;

use uppsala::{Document, NodeId, NodeKind, QName};

use super::xpath::Found;

/// The namespace that the prefix `xml` always stands for.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

pub(super) fn same_name(name: &QName<'_>, namespace: Option<&str>, local: &str) -> bool {
    name.local_name == local && name.namespace_uri.as_deref().filter(|uri| !uri.is_empty()) == namespace
}

/// `{namespace}name`
pub(super) fn full_name(name: &QName<'_>) -> String {
    match name.namespace_uri.as_deref().filter(|uri| !uri.is_empty()) {
        Some(uri) => format!("{{{uri}}}{}", name.local_name),
        None => name.local_name.clone().into_owned(),
    }
}

/// All text in a node.
pub(super) fn text_of(document: &Document<'_>, found: Found) -> String {
    match found {
        Found::Attribute(element, which) => {
            let attribute = document.element(element).and_then(|element| element.attributes.get(which));
            attribute.map_or_else(String::new, |attribute| attribute.value.clone().into_owned())
        }
        Found::Node(node) => match document.node_kind(node) {
            Some(NodeKind::Text(text) | NodeKind::CData(text) | NodeKind::Comment(text)) => text.clone().into_owned(),
            Some(NodeKind::ProcessingInstruction(instruction)) => instruction.data.clone().unwrap_or_default().into_owned(),
            _ => document.descendants(node).into_iter().filter_map(|below| own_text(document, below)).collect(),
        },
    }
}

/// What a text says; nothing for other nodes.
pub(super) fn own_text<'d>(document: &'d Document<'_>, node: NodeId) -> Option<&'d str> {
    match document.node_kind(node) {
        Some(NodeKind::Text(text) | NodeKind::CData(text)) => Some(text),
        _ => None,
    }
}

/// The texts that an element begins with.
pub(super) fn leading(document: &Document<'_>, element: NodeId) -> Vec<NodeId> {
    document.children(element).into_iter().take_while(|child| own_text(document, *child).is_some()).collect()
}

/// The prefix under which a namespace is known at `element`, if it is; the empty one is that of elements only.
pub(super) fn prefix_of(document: &Document<'_>, element: NodeId, uri: &str, for_attribute: bool) -> Option<String> {
    if uri == XML {
        return Some("xml".to_owned());
    }
    let mut hidden: Vec<String> = Vec::new();
    for node in std::iter::successors(Some(element), |node| document.parent(*node)) {
        let Some(one) = document.element(node) else { break };
        for (prefix, declared) in &one.namespace_declarations {
            if declared == uri && !hidden.iter().any(|name| name == prefix) && !(for_attribute && prefix.is_empty()) {
                return Some(prefix.clone().into_owned());
            }
        }
        hidden.extend(one.namespace_declarations.iter().map(|(prefix, _)| prefix.clone().into_owned()));
    }
    None
}

/// A name for use at `element`; a namespace that is not known there is declared at it.
pub(super) fn name_at(document: &mut Document<'_>, element: NodeId, uri: Option<&str>, local: &str, for_attribute: bool) -> QName<'static> {
    let local = Cow::Owned(local.to_owned());
    let Some(uri) = uri else { return QName { namespace_uri: None, prefix: None, local_name: local } };
    let prefix = prefix_of(document, element, uri, for_attribute).unwrap_or_else(|| {
        let taken = |prefix: &str| document.element(element).is_some_and(|one| one.namespace_declarations.iter().any(|(p, _)| p == prefix));
        let prefix = (0..).map(|number| format!("ns{number}")).find(|prefix| !taken(prefix)).unwrap_or_default();
        document.declare_namespace(element, Some(&prefix), uri.to_owned());
        prefix
    });
    let prefix = Some(prefix).filter(|prefix| !prefix.is_empty()).map(Cow::Owned);
    QName { namespace_uri: Some(Cow::Owned(uri.to_owned())), prefix, local_name: local }
}

/// Where a node is, as an XPath that finds just it.
pub(super) fn path_of(document: &Document<'_>, node: NodeId) -> String {
    let mut steps = Vec::new();
    for one in std::iter::successors(Some(node), |one| document.parent(*one)) {
        let Some(parent) = document.parent(one) else { break };
        let name = step_of(document, one);
        let like = |other: NodeId| {
            let is_element = document.element(other).is_some();
            step_of(document, other) == name || (name == "*" && is_element)
        };
        let alike: Vec<NodeId> = document.children(parent).into_iter().filter(|other| like(*other)).collect();
        let place = alike.iter().position(|other| *other == one).unwrap_or_default() + 1;
        steps.push(if alike.len() > 1 { format!("/{name}[{place}]") } else { format!("/{name}") });
    }
    steps.into_iter().rev().collect()
}

fn step_of(document: &Document<'_>, node: NodeId) -> String {
    match document.node_kind(node) {
        Some(NodeKind::Element(element)) if element.name.namespace_uri.is_some() && element.name.prefix.is_none() => "*".to_owned(),
        Some(NodeKind::Element(element)) => element.name.prefixed_name().into_owned(),
        Some(NodeKind::Comment(_)) => "comment()".to_owned(),
        Some(NodeKind::ProcessingInstruction(instruction)) => format!("processing-instruction('{}')", instruction.target),
        _ => "text()".to_owned(),
    }
}
