//! Reading documents.

use uppsala::{Document, NodeId, NodeKind, XmlError};

use super::names::{XML, own_text};

/// The bytes of a document as text.
pub(super) fn decode(bytes: &[u8]) -> Result<String, String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let pairs: Vec<u16> = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(from)).collect();
        let text = String::from_utf16(&pairs).map_err(|_| "it is no UTF-16".to_owned())?;
        Ok(text.trim_start_matches('\u{feff}').to_owned())
    };
    match bytes {
        [0xff, 0xfe, ..] => return wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => return wide(u16::from_be_bytes),
        _ => {}
    }
    let start: String = bytes.iter().take(200).map(|byte| char::from(*byte)).collect();
    let declaration = start.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or("", |(inside, _)| inside);
    let encoding = declaration.split_once("encoding").map(|(_, rest)| rest.trim_start_matches([' ', '=', '\t']));
    let quoted = encoding.and_then(|rest| rest.get(1..)?.split(['"', '\'']).next()).unwrap_or("utf-8").to_ascii_lowercase();
    match quoted.as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => {
            let text = std::str::from_utf8(bytes).map_err(|error| format!("byte {} is no UTF-8", error.valid_up_to() + 1))?;
            Ok(text.trim_start_matches('\u{feff}').to_owned())
        }
        "iso-8859-1" | "latin1" | "latin-1" => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
        other => Err(format!("the encoding `{other}` is not supported, only UTF-8, UTF-16, US-ASCII and ISO-8859-1")),
    }
}

/// A document; with `drop_blanks` without the blanks that only lay it out, with `strip_cdata` without marks around texts.
pub(super) fn read(text: &str, drop_blanks: bool, strip_cdata: bool) -> Result<Document<'static>, String> {
    let text = if text.trim_start().starts_with("<?xml ") { text } else { text.trim_start() };
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let mut document = uppsala::parse(text).map_err(|error| explained(&error))?;
    if document.doctype.as_deref().is_some_and(|doctype| doctype.contains("//DTD XHTML 1.0 ") || doctype.contains("/xhtml1/DTD/xhtml1-")) {
        return Err("it is XHTML 1.0, which is written by rules of its own that are not supported".to_owned());
    }
    if drop_blanks {
        let blank: Vec<NodeId> = document.document_element().map(|root| blanks(&document, root)).unwrap_or_default();
        blank.into_iter().for_each(|node| document.detach(node));
    }
    if strip_cdata {
        for node in document.descendants(document.root()) {
            if let Some(kind) = document.node_kind_mut(node)
                && let NodeKind::CData(text) = kind
            {
                *kind = NodeKind::Text(text.clone());
            }
        }
    }
    Ok(document.into_static())
}

fn explained(error: &XmlError) -> String {
    let (message, line, column) = match error {
        XmlError::WellFormedness(error) => (&error.message, error.line, error.column),
        XmlError::Namespace(error) => (&error.message, error.line, error.column),
        XmlError::Parse(error) => (&error.message, error.line, error.column),
        other => return other.to_string(),
    };
    format!("line {line}, column {column}: {message}")
}

/// The blank texts among the elements below `element`. A text next to other text is content, as is the only thing in an element.
fn blanks(document: &Document<'_>, element: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut open = vec![(element, false)];
    while let Some((element, kept)) = open.pop() {
        let space = document.element(element).and_then(|one| one.get_attribute_ns(XML, "space"));
        let kept = space.map_or(kept, |space| space == "preserve");
        let children = document.children(element);
        let mut remaining: Vec<NodeId> = Vec::new();
        for (index, child) in children.iter().enumerate() {
            if document.element(*child).is_some() {
                open.push((*child, kept));
            }
            let is_blank = matches!(document.node_kind(*child), Some(NodeKind::Text(_)))
                && document.node_source(*child).is_some_and(|source| source.chars().all(|c| c.is_ascii_whitespace()));
            let is_text = |node: Option<&NodeId>| node.is_some_and(|node| own_text(document, *node).is_some());
            let is_only = remaining.is_empty() && index + 1 == children.len();
            if is_blank && !kept && !is_only && !is_text(remaining.last()) && !is_text(remaining.first()) {
                found.push(*child);
            } else {
                remaining.push(*child);
            }
        }
    }
    found
}
