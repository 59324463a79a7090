//! Writing documents, as libxml2 does.

use uppsala::{Document, NodeId, NodeKind};

use super::names::own_text;

/// The whole document; `pretty` puts what has only elements in it on lines of its own.
pub(super) fn document(document: &Document<'_>, pretty: bool) -> String {
    let version = document.xml_declaration.as_ref().map_or("1.0", |declaration| &declaration.version);
    let mut out = format!("<?xml version='{version}' encoding='UTF-8'?>\n");
    if let Some(doctype) = &document.doctype {
        out += &doctype_text(doctype);
        out.push('\n');
    }
    for child in document.children(document.root()) {
        if own_text(document, child).is_none() {
            node(document, child, pretty.then_some(0), &mut out);
            if pretty {
                out.push('\n');
            }
        }
    }
    out
}

/// The declaration with single blanks and double quotes; what is in its brackets stays as it is.
fn doctype_text(doctype: &str) -> String {
    let (outside, inside) = match doctype.split_once('[') {
        Some((outside, rest)) if !outside.contains(['"', '\'']) || is_balanced(outside) => {
            (outside, rest.rsplit_once(']').map(|(inside, _)| inside))
        }
        _ => (doctype.trim_end_matches('>'), None),
    };
    let mut words: Vec<String> = Vec::new();
    let mut rest = outside.trim();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (word, after) = match quote {
            Some(quote) => {
                let (inside, after) = rest.get(1..).and_then(|rest| rest.split_once(quote)).unwrap_or((rest, ""));
                let quote = if inside.contains('"') { '\'' } else { '"' };
                (format!("{quote}{inside}{quote}"), after)
            }
            None => {
                let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'')).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                (word.to_owned(), after)
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    let end = inside.map_or_else(String::new, |inside| format!(" [{inside}]"));
    format!("{}{end}>", words.join(" "))
}

fn is_balanced(text: &str) -> bool {
    ['"', '\''].iter().all(|quote| text.matches(*quote).count() % 2 == 0)
}

/// A node, at this depth when it is laid out.
fn node(document: &Document<'_>, id: NodeId, depth: Option<usize>, out: &mut String) {
    match document.node_kind(id) {
        Some(NodeKind::Text(text)) => escape(text, false, out),
        Some(NodeKind::CData(text)) => *out += &format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>")),
        Some(NodeKind::Comment(text)) => *out += &format!("<!--{text}-->"),
        Some(NodeKind::ProcessingInstruction(instruction)) => {
            let data = instruction.data.as_deref().filter(|data| !data.is_empty());
            *out += &format!("<?{}{}?>", instruction.target, data.map(|data| format!(" {data}")).unwrap_or_default());
        }
        Some(NodeKind::Element(element)) => {
            let name = element.name.prefixed_name();
            out.push('<');
            *out += &name;
            for (prefix, uri) in &element.namespace_declarations {
                let prefix = if prefix.is_empty() { String::new() } else { format!(":{prefix}") };
                *out += &format!(" xmlns{prefix}=\"");
                escape(uri, true, out);
                out.push('"');
            }
            for attribute in &element.attributes {
                *out += &format!(" {}=\"", attribute.name.prefixed_name());
                escape(&attribute.value, true, out);
                out.push('"');
            }
            let children = document.children(id);
            if children.is_empty() {
                *out += "/>";
                return;
            }
            out.push('>');
            let depth = depth.filter(|_| !children.iter().any(|child| own_text(document, *child).is_some()));
            for child in children {
                line(depth.map(|depth| depth + 1), out);
                node(document, child, depth.map(|depth| depth + 1), out);
            }
            line(depth, out);
            *out += &format!("</{name}>");
        }
        _ => {}
    }
}

fn line(depth: Option<usize>, out: &mut String) {
    if let Some(depth) = depth {
        out.push('\n');
        *out += &"  ".repeat(depth);
    }
}

fn escape(text: &str, in_attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => *out += "&lt;",
            '>' => *out += "&gt;",
            '&' => *out += "&amp;",
            '\r' => *out += "&#13;",
            '"' if in_attribute => *out += "&quot;",
            '\n' if in_attribute => *out += "&#10;",
            '\t' if in_attribute => *out += "&#9;",
            other => out.push(other),
        }
    }
}
