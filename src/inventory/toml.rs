//! TOML inventories: a table for each group with `hosts`, `vars` and `children`, the last a list of names.

use std::sync::Arc;

use super::model::Inventory;
use super::tree;
use crate::base::{Diagnostic, Diagnostics, Source, Span};
use crate::yaml::{Entry, Mapping, Node, Value};

/// Reads `source` into `inventory`.
///
/// # Errors
/// Text that is no TOML, and every table of the wrong kind.
pub fn read(source: &Arc<Source>, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    let table: toml::Table = source.text().parse().map_err(|error: toml::de::Error| {
        let range = error.span().unwrap_or(0..0);
        Diagnostic::at(&Span::new(source.clone(), range), "this is not valid TOML").caused_by(error.message().to_owned())
    })?;
    let span = Span::new(source.clone(), 0..0);
    let entries = table.iter().map(|(name, value)| Entry { key: Node::text(span.clone(), name), value: group(value, &span) }).collect();
    tree::read(&Node::new(span.clone(), Value::Map(Mapping { entries })), inventory)
}

/// A group as the YAML form has it: there the children are a mapping.
fn group(value: &toml::Value, span: &Span) -> Node {
    let toml::Value::Table(table) = value else { return node(value, span) };
    let entries = table.iter().map(|(key, value)| {
        let value = match (key.as_str(), value) {
            ("children", toml::Value::Array(names)) => {
                let names = names.iter().map(|name| Entry { key: node(name, span), value: Node::new(span.clone(), Value::Null) });
                Node::new(span.clone(), Value::Map(Mapping { entries: names.collect() }))
            }
            _ => node(value, span),
        };
        Entry { key: Node::text(span.clone(), key), value }
    });
    Node::new(span.clone(), Value::Map(Mapping { entries: entries.collect() }))
}

fn node(value: &toml::Value, span: &Span) -> Node {
    let json = serde_json::to_value(value).unwrap_or_default();
    Node::from_json(&json, span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_hosts_variables_and_children() {
        let text = "[web]\nchildren = ['front']\nvars = { a = 1 }\n[web.hosts]\nw1 = { b = 'x' }\n[front.hosts]\n'f[1:2]' = {}\n";
        let mut inventory = Inventory::default();
        read(&Source::new("x.toml", text), &mut inventory).unwrap();
        inventory.settle();
        assert_eq!(inventory.group_hosts("web"), ["w1", "f1", "f2"]);
        assert_eq!(inventory.groups["web"].vars["a"].to_json(), 1);
        assert_eq!(inventory.hosts["w1"].vars["b"].to_json(), "x");
        let wrong = read(&Source::new("x.toml", "a = \n"), &mut inventory).unwrap_err().to_string();
        assert!(wrong.contains("this is not valid TOML") && wrong.contains("x.toml:1"), "{wrong}");
    }
}
