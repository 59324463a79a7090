//! Entries of `roles:` and `dependencies:`, and the metadata of roles.

use crate::base::{Diagnostic, Diagnostics};
use crate::yaml::{Mapping, Node};

use super::ast::{Fields, RoleEntry, RoleMeta};
use super::fields::{check_variable_names, field, fields, head, wrong_kind};
use super::keywords::Place;
use super::plays::role_entries;

/// An element of `roles:` or `dependencies:`: the name alone, or a mapping with keywords and parameters.
pub(super) fn entry(node: &Node, out: &mut Diagnostics) -> Option<RoleEntry> {
    if let Some(name) = node.as_str() {
        if name.contains(',') {
            out.push(
                Diagnostic::at(&node.span, format!("`{name}` is not the name of a role"))
                    .hint("a version belongs to the role's installation"),
            );
            return None;
        }
        return Some(RoleEntry { span: node.span.clone(), name: node.clone(), fields: Fields::default(), params: Mapping::default() });
    }
    let Some(map) = node.as_map() else {
        out.push(Diagnostic::at(&node.span, format!("a role must be a name or a mapping with `role`, not {}", node.kind_name())));
        return None;
    };
    let mut all = Fields::default();
    let mut params = Mapping::default();
    for entry in &map.entries {
        match field(entry, Place::Role, out) {
            Some(found) => all.0.extend(found),
            None => params.entries.push(entry.clone()),
        }
    }
    check_variable_names(&params, out);
    let Some(name) = all.value("role").or_else(|| all.value("name")) else {
        out.push(Diagnostic::at(&head(node), "this entry does not name a role").hint("write `role:` with its name"));
        return None;
    };
    if name.as_str().is_none() {
        out.push(wrong_kind("role", &name, "the name of a role"));
        return None;
    }
    let rest = all.0.into_iter().filter(|f| !matches!(f.keyword.name, "role" | "name")).collect();
    Some(RoleEntry { span: node.span.clone(), name, fields: Fields(rest), params })
}

/// The metadata of a role: `meta/main.yml`.
pub fn role_meta(node: &Node, out: &mut Diagnostics) -> RoleMeta {
    if node.is_null() {
        return RoleMeta::default();
    }
    let Some(map) = node.as_map() else {
        out.push(Diagnostic::at(&node.span, format!("the metadata of a role must be a mapping, not {}", node.kind_name())));
        return RoleMeta::default();
    };
    let all = fields(map, Place::RoleMeta, out);
    let dependencies = all.get("dependencies").map_or_else(Vec::new, |node| role_entries(node, "dependencies", out));
    let rest = all.0.into_iter().filter(|f| f.keyword.name != "dependencies").collect();
    RoleMeta { dependencies, fields: Fields(rest) }
}
