//! Mappings: unique keys and merge keys.

use std::collections::HashMap;

use super::node::{Entry, Mapping, Node, Style, Value};
use crate::base::{Diagnostic, Diagnostics};

/// The mapping of `entries`: what `<<` merges comes first, keys of the mapping's own win, of keys written twice the last wins
/// with a warning.
pub(super) fn build(entries: Vec<(Node, Node)>, warnings: &mut Diagnostics) -> Result<Mapping, Diagnostics> {
    let mut merged = Vec::new();
    let mut own = Vec::new();
    for (key, value) in entries {
        if is_merge(&key) { sources(value, &mut merged)? } else { own.push((key, value)) }
    }
    let mut unique = Unique::default();
    for entry in merged {
        unique.insert(entry.key, entry.value);
    }
    let mut written: HashMap<String, Node> = HashMap::new();
    for (key, value) in own {
        if let Some(first) = written.insert(identity(&key), key.clone()) {
            warnings.push(
                Diagnostic::warning(format!("duplicate key `{}`, the last one is used", key.span.text()))
                    .with_span(&key.span)
                    .with_related(&first.span, "first written here"),
            );
        }
        unique.insert(key, value);
    }
    Ok(Mapping { entries: unique.entries })
}

/// Collects what a merge key's value holds; in a list the first mapping wins, so the list is taken backwards.
fn sources(value: Node, into: &mut Vec<Entry>) -> Result<(), Diagnostics> {
    let refuse = |node: &Node| {
        Diagnostic::at(&node.span, format!("what `<<` merges must be a mapping or a list of mappings, this is {}", node.kind_name()))
    };
    match value.value {
        Value::Map(map) => into.extend(map.entries),
        Value::List(items) => {
            for item in items.into_iter().rev() {
                match item.value {
                    Value::Map(map) => into.extend(map.entries),
                    _ => return Err(refuse(&item).into()),
                }
            }
        }
        _ => return Err(refuse(&value).into()),
    }
    Ok(())
}

fn is_merge(key: &Node) -> bool {
    matches!(&key.value, Value::Str { text, style: Style::Plain, .. } if text == "<<")
}

/// What makes two keys the same: kind and value, as for the keys of a Python dict (`1` and `"1"` differ, `1` and `true` do not).
fn identity(key: &Node) -> String {
    match &key.value {
        Value::Null => "n".to_owned(),
        Value::Bool(value) => format!("#{}", i64::from(*value)),
        Value::Int(value) => format!("#{value}"),
        Value::Float(value) => format!("#{value}"),
        Value::Str { text, .. } => format!("\"{text}"),
        Value::Vault(text) => format!("!{text}"),
        Value::List(_) | Value::Map(_) => key.span.text().to_owned(),
    }
}

#[derive(Default)]
struct Unique {
    entries: Vec<Entry>,
    places: HashMap<String, usize>,
}

impl Unique {
    fn insert(&mut self, key: Node, value: Node) {
        let identity = identity(&key);
        match self.places.get(&identity).and_then(|at| self.entries.get_mut(*at)) {
            Some(entry) => *entry = Entry { key, value },
            None => {
                self.places.insert(identity, self.entries.len());
                self.entries.push(Entry { key, value });
            }
        }
    }
}
