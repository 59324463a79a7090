//! Executable inventories: programs that print JSON when called with `--list`.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use super::ini::set_group_var;
use super::model::Inventory;
use crate::base::{Diagnostic, Diagnostics, Source};
use crate::yaml::{self, Node};

/// Runs the script and reads what it prints into `inventory`.
///
/// # Errors
/// It could not be started, failed, or printed something else than the documented JSON.
pub fn read(path: &Path, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    let list = call(path, &["--list"])?;
    let Some(groups) = list.as_map() else {
        return Err(Diagnostic::at(&list.span, format!("expected a JSON object of groups, found {}", list.kind_name())).into());
    };
    let meta = groups.get("_meta").and_then(|m| m.as_map()).and_then(|m| m.get("hostvars"));
    for entry in &groups.entries {
        let Some(name) = entry.key.as_str().filter(|n| *n != "_meta") else { continue };
        group(inventory, name, &entry.value)?;
    }
    match meta.and_then(Node::as_map) {
        Some(hostvars) => {
            for entry in &hostvars.entries {
                let Some(host) = entry.key.as_str() else { continue };
                set_host_vars(inventory, host, &entry.value);
            }
        }
        // Without `_meta` the script is asked for each host: slow, but documented.
        None => {
            let hosts: Vec<String> = inventory.hosts.keys().cloned().collect();
            for host in hosts {
                let vars = call(path, &["--host", &host])?;
                set_host_vars(inventory, &host, &vars);
            }
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "running inventory scripts is what this file is for")]
fn call(path: &Path, args: &[&str]) -> Result<Node, Diagnostics> {
    let name = path.display();
    let full = if path.is_absolute() || path.starts_with(".") { path.to_owned() } else { Path::new(".").join(path) };
    let output = Command::new(full)
        .args(args)
        .output()
        .map_err(|error| Diagnostic::error(format!("failed to run the inventory script `{name}`")).caused_by(error.to_string()))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let code = output.status.code().map_or_else(|| output.status.to_string(), |code| format!("exit code {code}"));
        return Err(Diagnostic::error(format!("the inventory script `{name} {}` failed with {code}", args.join(" ")))
            .caused_by(stderr)
            .into());
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| Diagnostic::error(format!("the inventory script `{name}` printed something that is not UTF-8")))?;
    let source = Source::new(format!("{name} {}", args.join(" ")), text);
    yaml::load(&source)?.ok_or_else(|| Diagnostic::error(format!("the inventory script `{name}` printed nothing")).into())
}

fn group(inventory: &mut Inventory, name: &str, node: &Node) -> Result<(), Diagnostic> {
    inventory.add_group(name);
    if let Some(hosts) = node.as_list() {
        for host in hosts.iter().filter_map(Node::as_str) {
            inventory.add_to_group(host, name);
        }
        return Ok(());
    }
    let Some(map) = node.as_map() else {
        return Err(Diagnostic::at(&node.span, format!("group `{name}` must be a list of hosts or an object, found {}", node.kind_name())));
    };
    for host in map.get("hosts").and_then(Node::as_list).unwrap_or_default().iter().filter_map(Node::as_str) {
        inventory.add_to_group(host, name);
    }
    for child in map.get("children").and_then(Node::as_list).unwrap_or_default() {
        if let Some(child_name) = child.as_str() {
            inventory.add_child(name, child_name).map_err(|why| Diagnostic::at(&child.span, why))?;
        }
    }
    for var in map.get("vars").and_then(Node::as_map).map(|m| m.entries.as_slice()).unwrap_or_default() {
        if let Some(key) = var.key.as_str() {
            set_group_var(inventory, name, key, var.value.clone());
        }
    }
    Ok(())
}

fn set_host_vars(inventory: &mut Inventory, host: &str, vars: &Node) {
    let entries = vars.as_map().map(|m| m.entries.clone()).unwrap_or_default();
    let host = inventory.add_host(host);
    for entry in entries {
        if let Some(key) = entry.key.as_str() {
            host.vars.insert(key.to_owned(), Arc::new(entry.value));
        }
    }
}
