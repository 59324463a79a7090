//! The inventory plugin `aws_ec2`: hosts from the EC2 API.
//!
//! Imported by `source.rs` of the inventory only. Guarantees: the same file gives the same hosts, groups and variables as
//! `amazon.aws.aws_ec2`; all regions are asked at the same time; what goes wrong is told apart by what one has to do about it.
//! To add an option: a field in `config.rs` and its use; an option that is not there is refused.

mod cache;
mod client;
mod config;
mod names;
mod trouble;
mod vars;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::model::Inventory;
use super::source::Options;
use crate::base::Diagnostics;
use crate::template::{self, MapScope};
use crate::yaml::{self, Node};
use config::Config;

/// Reads the instances that the file `root` describes into `inventory`.
///
/// # Errors
/// A wrong option, or EC2 cannot be asked: no credentials, refused, not reached.
pub async fn read(root: &Node, options: &Options, inventory: &mut Inventory) -> Result<(), Diagnostics> {
    let config = Config::parse(root)?;
    let instances = match cache::fresh(&config, options) {
        Some(instances) => instances,
        None => {
            let instances = client::instances(&config).await?;
            cache::store(&config, &instances)?;
            instances
        }
    };
    inventory.add_group("aws_ec2");
    let mut errors = Diagnostics::default();
    for instance in &instances {
        for host in names::hostnames(&config, instance) {
            if let Err(found) = add(&config, &host, instance, options, inventory) {
                errors.extend(found);
            }
        }
    }
    if errors.has_errors() { Err(errors) } else { Ok(()) }
}

fn add(
    config: &Config,
    host: &str,
    instance: &Map<String, Value>,
    options: &Options,
    inventory: &mut Inventory,
) -> Result<(), Diagnostics> {
    inventory.add_to_group(host, "aws_ec2");
    let mut scope = MapScope::new();
    for (name, node) in options.extra_vars.iter() {
        scope = scope.with_template(name.clone(), node.clone());
    }
    for (name, value) in host_vars(config, instance) {
        let node = Node::from_json(&value, &config.span);
        inventory.add_host(host).vars.insert(name.clone(), Arc::new(never_a_template(node)));
        scope = scope.with_value(name, template::from_json(&value));
    }
    scope = scope.with_value("inventory_hostname", host);
    config.rules.apply(host, scope, &options.templates, inventory)
}

/// The variables of an instance as the file wants them named.
fn host_vars(config: &Config, instance: &Map<String, Value>) -> Vec<(String, Value)> {
    let affixed = |name: &str| format!("{}{name}{}", config.hostvars_prefix, config.hostvars_suffix);
    let mut vars: Vec<(String, Value)> = instance.iter().map(|(name, value)| (affixed(name), value.clone())).collect();
    if config.contrib_tag_keys {
        for (key, value) in instance.get("tags").and_then(Value::as_object).into_iter().flatten() {
            vars.push((format!("ec2_tag_{}", super::constructed::safe_name(key)), value.clone()));
        }
    }
    vars
}

/// Tags and names come from whoever may write them: no text among them is ever rendered.
fn never_a_template(mut node: Node) -> Node {
    match &mut node.value {
        yaml::Value::Str { is_unsafe, .. } => *is_unsafe = true,
        yaml::Value::List(items) => items.iter_mut().for_each(|item| *item = never_a_template(item.clone())),
        yaml::Value::Map(map) => map.entries.iter_mut().for_each(|entry| entry.value = never_a_template(entry.value.clone())),
        _ => {}
    }
    node
}
