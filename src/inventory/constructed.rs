//! Groups and variables that follow from other variables: `compose`, `groups`, `keyed_groups`.

use std::sync::Arc;

use super::model::Inventory;
use super::source::Options;
use crate::base::text::did_you_mean;
use crate::base::{Diagnostic, Diagnostics};
use crate::template::{self, MapScope, Scope, Templates, Value};
use crate::yaml::{self, Mapping, Node};

/// The keys of a plugin file that this file understands, for plugins that have more.
pub const KEYS: [&str; 6] = ["compose", "groups", "keyed_groups", "strict", "leading_separator", "use_extra_vars"];

const KEYED_GROUP_KEYS: [&str; 6] = ["key", "prefix", "separator", "parent_group", "default_value", "trailing_separator"];

/// The rules of a plugin file.
pub struct Rules {
    compose: Vec<(String, Node)>,
    groups: Vec<(String, Node)>,
    keyed: Vec<KeyedGroup>,
    strict: bool,
    leading_separator: bool,
}

struct KeyedGroup {
    key: Node,
    prefix: Option<Node>,
    separator: String,
    parent: Option<Node>,
    default_value: Option<String>,
    trailing_separator: bool,
}

/// The plugin `constructed`: applies the rules of the file to every host that is known already.
///
/// # Errors
/// A key it does not have, or with `strict` an expression that fails.
pub fn read(root: &Node, options: &Options, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    let mut errors = Diagnostics::default();
    check_keys(root, &["plugin"], &KEYS, &mut errors);
    let rules = Rules::parse(root, &mut errors);
    if errors.has_errors() {
        return Err(errors);
    }
    inventory.settle();
    let hosts: Vec<String> = inventory.hosts.keys().cloned().collect();
    for host in hosts {
        let mut scope = MapScope::new();
        for layer in inventory.host_layers(&host) {
            for (name, node) in layer.iter() {
                scope = scope.with_template(name.clone(), node.clone());
            }
        }
        scope = scope.with_value("inventory_hostname", host.clone()).with_value("group_names", Value::from(inventory.group_names(&host)));
        rules.apply(&host, scope, &options.templates, inventory)?;
    }
    Ok(())
}

/// Reports keys of a plugin file that are neither in `own` nor in `common`.
pub fn check_keys(root: &Node, own: &[&str], common: &[&str], errors: &mut Diagnostics) {
    for entry in root.as_map().into_iter().flat_map(|map| &map.entries) {
        let key = entry.key.as_str().unwrap_or_default();
        if !own.contains(&key) && !common.contains(&key) {
            let known = own.iter().chain(common).copied();
            errors.push(
                Diagnostic::at(&entry.key.span, format!("unknown option `{key}` of the inventory plugin"))
                    .maybe_hint(did_you_mean(key, known)),
            );
        }
    }
}

/// A key that is true or false; `default` when it is not there.
pub fn flag(map: &Mapping, name: &str, default: bool, errors: &mut Diagnostics) -> bool {
    match map.get(name).map(|node| (&node.value, node)) {
        None => default,
        Some((yaml::Value::Bool(value), _)) => *value,
        Some((_, node)) => {
            errors.push(Diagnostic::at(&node.span, format!("`{name}` must be true or false, found {}", node.kind_name())));
            default
        }
    }
}

impl Rules {
    /// The rules in the top level of a plugin file.
    pub fn parse(root: &Node, errors: &mut Diagnostics) -> Self {
        let empty = Mapping::default();
        let map = root.as_map().unwrap_or(&empty);
        let keyed = match map.get("keyed_groups") {
            None => Vec::new(),
            Some(node) => match node.as_list() {
                Some(items) => items.iter().filter_map(|item| KeyedGroup::parse(item, errors)).collect(),
                None => {
                    errors.push(Diagnostic::at(&node.span, format!("`keyed_groups` must be a list, found {}", node.kind_name())));
                    Vec::new()
                }
            },
        };
        Self {
            compose: expressions(map, "compose", errors),
            groups: expressions(map, "groups", errors),
            keyed,
            strict: flag(map, "strict", false, errors),
            leading_separator: flag(map, "leading_separator", true, errors),
        }
    }

    /// Applies them to one host whose variables `scope` has. Without `strict` an expression that fails is passed over, as documented.
    ///
    /// # Errors
    /// With `strict`: an expression that fails.
    pub fn apply(&self, host: &str, mut scope: MapScope, templates: &Templates, inventory: &mut Inventory) -> Result<(), Diagnostics> {
        for (name, expression) in &self.compose {
            match evaluate(expression, templates, &(Arc::new(scope.clone()) as Arc<dyn Scope>)) {
                Ok(value) if !value.is_undefined() => {
                    let node = yaml::Node::from_json(&template::to_json(&value), &expression.span);
                    inventory.add_host(host).vars.insert(name.clone(), Arc::new(node));
                    scope = scope.with_value(name.clone(), value);
                }
                Ok(_) => {}
                Err(error) => self.failed(error.context(format!("`compose` of `{name}` for the host `{host}`")))?,
            }
        }
        let scope: Arc<dyn Scope> = Arc::new(scope);
        for (group, expression) in &self.groups {
            match evaluate(expression, templates, &scope) {
                Ok(value) if value.is_true() => inventory.add_to_group(host, &safe_name(group)),
                Ok(_) => {
                    inventory.add_group(&safe_name(group));
                }
                Err(error) => self.failed(error.context(format!("condition of the group `{group}` for the host `{host}`")))?,
            }
        }
        for keyed in &self.keyed {
            let value = match evaluate(&keyed.key, templates, &scope) {
                Ok(value) => value,
                Err(error) => {
                    self.failed(error.context(format!("`keyed_groups` for the host `{host}`")))?;
                    continue;
                }
            };
            let prefix = self.text(keyed.prefix.as_ref(), templates, &scope)?;
            let parent = self.text(keyed.parent.as_ref(), templates, &scope)?;
            for bare in keyed.names(&template::to_json(&value)) {
                let separator = if prefix.is_empty() && !self.leading_separator { "" } else { &keyed.separator };
                let group = safe_name(&format!("{prefix}{separator}{bare}"));
                inventory.add_to_group(host, &group);
                if !parent.is_empty() {
                    inventory.add_child(&safe_name(&parent), &group).map_err(|why| Diagnostic::at(&keyed.key.span, why))?;
                }
            }
        }
        Ok(())
    }

    fn failed(&self, error: Diagnostic) -> Result<(), Diagnostics> {
        if self.strict { Err(error.into()) } else { Ok(()) }
    }

    fn text(&self, node: Option<&Node>, templates: &Templates, scope: &Arc<dyn Scope>) -> Result<String, Diagnostics> {
        let Some(node) = node else { return Ok(String::new()) };
        match templates.render_node(node, scope) {
            Ok(value) => Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            Err(error) => self.failed(error).map(|()| String::new()),
        }
    }
}

/// The value of an expression as written in a plugin file; a value that is no text stands for itself.
fn evaluate(node: &Node, templates: &Templates, scope: &Arc<dyn Scope>) -> Result<Value, Diagnostic> {
    match node.as_str() {
        Some(text) => templates.expression(text, &node.span, scope),
        None => Ok(template::from_json(&node.to_json())),
    }
}

fn expressions(map: &Mapping, name: &str, errors: &mut Diagnostics) -> Vec<(String, Node)> {
    let Some(node) = map.get(name) else { return Vec::new() };
    let Some(entries) = node.as_map() else {
        errors.push(Diagnostic::at(&node.span, format!("`{name}` must be a mapping of expressions, found {}", node.kind_name())));
        return Vec::new();
    };
    let entry = |entry: &yaml::Entry| Some((entry.key.as_str()?.to_owned(), entry.value.clone()));
    entries.entries.iter().filter_map(entry).collect()
}

impl KeyedGroup {
    fn parse(node: &Node, errors: &mut Diagnostics) -> Option<Self> {
        let Some(map) = node.as_map() else {
            errors.push(Diagnostic::at(&node.span, format!("an entry of `keyed_groups` must be a mapping, found {}", node.kind_name())));
            return None;
        };
        check_keys(node, &KEYED_GROUP_KEYS, &[], errors);
        let Some(key) = map.get("key") else {
            errors.push(Diagnostic::at(&node.span, "an entry of `keyed_groups` needs a `key`"));
            return None;
        };
        if map.get("default_value").is_some() && map.get("trailing_separator").is_some() {
            errors.push(Diagnostic::at(&node.span, "`default_value` and `trailing_separator` of `keyed_groups` exclude each other"));
            return None;
        }
        Some(Self {
            key: key.clone(),
            prefix: map.get("prefix").cloned(),
            separator: map.get("separator").map_or_else(|| "_".to_owned(), |node| node.as_str().unwrap_or_default().to_owned()),
            parent: map.get("parent_group").cloned(),
            default_value: map.get("default_value").and_then(Node::as_str).map(str::to_owned),
            trailing_separator: flag(map, "trailing_separator", true, errors),
        })
    }

    /// The names that a key's value stands for, without prefix.
    fn names(&self, value: &serde_json::Value) -> Vec<String> {
        let or_default = |text: String| match (&self.default_value, text.is_empty()) {
            (Some(default), true) => default.clone(),
            _ => text,
        };
        match value {
            serde_json::Value::Object(map) => map
                .iter()
                .map(|(name, value)| match text_of(value) {
                    text if !text.is_empty() => format!("{name}{}{text}", self.separator),
                    _ => match &self.default_value {
                        Some(default) => format!("{name}{}{default}", self.separator),
                        None if self.trailing_separator => format!("{name}{}", self.separator),
                        None => name.clone(),
                    },
                })
                .collect(),
            serde_json::Value::Array(items) => items.iter().map(text_of).map(or_default).filter(|name| !name.is_empty()).collect(),
            other => [text_of(other)].into_iter().map(or_default).filter(|name| !name.is_empty()).collect(),
        }
    }
}

fn text_of(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Bool(true) => "True".to_owned(),
        serde_json::Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

/// The name of a group with everything that no variable name may have replaced by `_`.
pub fn safe_name(name: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut safe: String = name.chars().map(|c| if word(c) { c } else { '_' }).collect();
    if safe.starts_with(|c: char| c.is_ascii_digit()) {
        safe.replace_range(..1, "_");
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_groups_are_made_safe() {
        assert_eq!(safe_name("_scn-master"), "_scn_master");
        assert_eq!(safe_name("1st zone"), "_st_zone");
        assert_eq!(safe_name("größe"), "größe");
    }

    #[test]
    fn keys_stand_for_names() {
        let keyed = |default: Option<&str>, trailing: bool| KeyedGroup {
            key: Node::text(crate::base::Span::synthetic("test"), "x"),
            prefix: None,
            separator: "_".to_owned(),
            parent: None,
            default_value: default.map(str::to_owned),
            trailing_separator: trailing,
        };
        assert_eq!(keyed(None, true).names(&json!("a")), ["a"]);
        assert_eq!(keyed(None, true).names(&json!("")), Vec::<String>::new());
        assert_eq!(keyed(Some("none"), true).names(&json!("")), ["none"]);
        assert_eq!(keyed(None, true).names(&json!(["a", "b"])), ["a", "b"]);
        assert_eq!(keyed(None, true).names(&json!({"k": "v", "e": ""})), ["k_v", "e_"]);
        assert_eq!(keyed(None, false).names(&json!({"e": ""})), ["e"]);
    }
}
