//! `kconf inventory`.

use std::io::IsTerminal;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::args::{HostOutput, Inventory as Args, InventoryList, ListOutput};
use super::super::context::Context;
use super::super::exit::{self, Failure};
use super::super::messages;
use crate::base::Diagnostic;
use crate::base::text::{count, did_you_mean};
use crate::inventory::{Inventory, output};
use crate::template::{self, MapScope, Scope};

/// Runs the command.
pub async fn run(command: Args) -> Result<u8, Failure> {
    match command {
        Args::List(args) => list(args).await,
        Args::Graph(args) => {
            let context = Context::new(&args.inventory)?;
            let inventory = context.inventory(&args.inventory, &[]).await?;
            if !inventory.groups.contains_key(&args.group) {
                let hint = did_you_mean(&args.group, inventory.groups.keys().map(String::as_str));
                return Err(Failure::usage(Diagnostic::error(format!("the inventory has no group `{}`", args.group)).maybe_hint(hint)));
            }
            let vars_of = |host: &str| written_vars(&inventory, host);
            let vars: Option<&dyn Fn(&str) -> Map<String, Value>> = if args.vars { Some(&vars_of) } else { None };
            messages::data(&format!("{}\n", output::graph(&inventory, &args.group, vars)));
            Ok(exit::OK)
        }
        Args::Host(args) => {
            let context = Context::new(&args.inventory)?;
            let inventory = context.inventory(&args.inventory, &[]).await?;
            if !inventory.hosts.contains_key(&args.host) {
                let hint = did_you_mean(&args.host, inventory.hosts.keys().map(String::as_str));
                return Err(Failure::usage(Diagnostic::error(format!("the inventory has no host `{}`", args.host)).maybe_hint(hint)));
            }
            let vars = Value::Object(written_vars(&inventory, &args.host));
            match args.output {
                HostOutput::Json => print_json(&vars),
                HostOutput::Yaml => print_yaml(&vars)?,
            }
            Ok(exit::OK)
        }
        Args::Hosts(args) => {
            let context = Context::new(&args.inventory)?;
            let inventory = context.inventory(&args.inventory, &[]).await?;
            for host in context.hosts(&inventory, &args.pattern, None)? {
                messages::data(&format!("{host}\n"));
            }
            Ok(exit::OK)
        }
    }
}

async fn list(args: InventoryList) -> Result<u8, Failure> {
    let context = Context::new(&args.inventory)?;
    let mut inventory = context.inventory(&args.inventory, &[]).await?;
    if let Some(limit) = &args.limit {
        let keep = context.hosts(&inventory, limit, None)?;
        inventory.hosts.retain(|name, _| keep.contains(name));
        inventory.groups.values_mut().for_each(|group| group.hosts.retain(|host| keep.contains(host)));
    }
    let default = if std::io::stdout().is_terminal() { ListOutput::Table } else { ListOutput::Json };
    match args.output.unwrap_or(default) {
        ListOutput::Table => table(&context, &inventory),
        ListOutput::Json => print_json(&output::list(&inventory, |host| written_vars(&inventory, host))),
        ListOutput::Yaml => print_yaml(&output::tree(&inventory, |host| written_vars(&inventory, host)))?,
    }
    Ok(exit::OK)
}

/// The variables of a host as they are written, as `ansible-inventory` prints them: templates are not rendered.
fn written_vars(inventory: &Inventory, host: &str) -> Map<String, Value> {
    let mut vars = Map::new();
    for layer in inventory.host_layers(host) {
        for (name, node) in layer.iter() {
            vars.insert(name.clone(), node.to_json());
        }
    }
    vars
}

fn print_json(value: &Value) {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    // Writing a value to memory cannot fail.
    let _ = serde::Serialize::serialize(value, &mut serializer);
    text.push(b'\n');
    messages::data(&String::from_utf8_lossy(&text));
}

fn print_yaml(value: &Value) -> Result<(), Failure> {
    let text = serde_yaml::to_string(value).map_err(|error| Diagnostic::error("failed to write YAML").caused_by(error.to_string()))?;
    messages::data(&text);
    Ok(())
}

/// Name, address, groups, state, bastion: what an operator wants to see first.
fn table(context: &Context, inventory: &Inventory) {
    let hosts: Vec<&String> = inventory.hosts.iter().filter(|(_, host)| !host.implicit).map(|(name, _)| name).collect();
    let mut rows = vec![["HOST", "ADDRESS", "STATE", "THROUGH", "GROUPS"].map(str::to_owned)];
    for host in &hosts {
        let scope = Shown::new(inventory, host);
        let text = |name: &str| scope.text(context, name);
        let through = text("kconf_bastion").filter(|bastion| !bastion.is_empty()).map(|bastion| first_host(inventory, &bastion));
        let groups: Vec<String> = inventory.group_names(host).into_iter().filter(|group| group != "ungrouped").collect();
        rows.push([
            (*host).clone(),
            text("ansible_host").unwrap_or_else(|| (*host).clone()),
            scope.state(context).unwrap_or_else(|| "-".to_owned()),
            through.unwrap_or_else(|| "-".to_owned()),
            groups.join(" "),
        ]);
    }
    messages::table(&rows);
    messages::status(&format!("{} in {}", count(hosts.len(), "host"), count(inventory.groups.len().saturating_sub(2), "group")));
}

/// A bastion may be named by a pattern: shown is the host it stands for.
fn first_host(inventory: &Inventory, pattern: &str) -> String {
    let selected = crate::inventory::pattern::select(inventory, pattern, None).ok();
    selected.and_then(|selection| selection.hosts.first().cloned()).unwrap_or_else(|| pattern.to_owned())
}

/// The variables of one host, rendered for showing.
struct Shown {
    scope: Arc<dyn Scope>,
}

impl Shown {
    fn new(inventory: &Inventory, host: &str) -> Self {
        let mut scope = MapScope::new();
        for layer in inventory.host_layers(host) {
            for (name, node) in layer.iter() {
                scope = scope.with_template(name.clone(), node.clone());
            }
        }
        let groups: Map<String, Value> =
            inventory.groups.keys().map(|name| (name.clone(), Value::from(inventory.group_hosts(name)))).collect();
        scope = scope.with_value("inventory_hostname", host).with_value("groups", template::from_json(&Value::Object(groups)));
        Self { scope: Arc::new(scope) }
    }

    /// A variable as text; nothing when it is missing or cannot be rendered outside of a run.
    fn text(&self, context: &Context, name: &str) -> Option<String> {
        let value = self.value(context, name)?;
        Some(match value {
            Value::String(text) => text,
            Value::Null => return None,
            other => other.to_string(),
        })
    }

    fn value(&self, context: &Context, name: &str) -> Option<Value> {
        let span = crate::base::Span::synthetic("inventory list");
        let value = context.templates.expression(name, &span, &self.scope).ok()?;
        (!value.is_undefined()).then(|| template::to_json(&value))
    }

    /// The state of an EC2 machine.
    fn state(&self, context: &Context) -> Option<String> {
        self.value(context, "state")?.get("name")?.as_str().map(str::to_owned)
    }
}
