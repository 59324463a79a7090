//! `add_host`: adds a host to the inventory of this run.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use super::Action;
use crate::base::python;
use crate::engine::task::{Call, Effect, Reply, Trouble};

/// Options that are no variables of the new host.
const OPTIONS: &[&str] = &["name", "groups"];

/// See the module documentation.
pub struct AddHost;

#[async_trait]
impl Action for AddHost {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let written = python::text(call.arg("name"));
        if written.trim().is_empty() {
            return Err(call.wrong_at("name", "the name of the host is empty").into());
        }
        let (name, port) = split_port(&written);
        let groups: Vec<String> = match call.arg("groups") {
            Json::Array(groups) => groups.iter().map(python::text).collect(),
            Json::Null => Vec::new(),
            text => python::text(text).split(',').map(|group| group.trim().to_owned()).filter(|group| !group.is_empty()).collect(),
        };
        let mut vars: Vec<(String, Json)> = Vec::new();
        vars.extend(port.map(|port| ("ansible_port".to_owned(), port.into())));
        let given = call.ready.args.iter().filter(|(name, _)| !OPTIONS.contains(&name.as_str()));
        vars.extend(given.map(|(name, value)| (name.clone(), value.clone())));
        let inventory = call.job.world.inventory();
        let known = inventory.hosts.get(&name);
        let is_new =
            |(name, value): &(String, Json)| known.is_none_or(|host| host.vars.get(name).is_none_or(|node| node.to_json() != *value));
        let is_member = |group: &String| inventory.groups.get(group).is_some_and(|group| group.hosts.contains(&name));
        let changed = known.is_none() || vars.iter().any(is_new) || !groups.iter().all(is_member);
        let shown: serde_json::Map<String, Json> = vars.iter().cloned().collect();
        let add_host = json!({"host_name": name, "groups": groups, "host_vars": shown});
        let effect = Effect::AddHost { name, groups, vars };
        Ok(Reply::of([("changed", changed.into()), ("add_host", add_host)]).with(effect))
    }
}

/// `name:port`, where the port is a number and the name no bare IPv6 address.
fn split_port(written: &str) -> (String, Option<u16>) {
    let written = written.trim();
    if let Some((name, port)) = written.strip_prefix('[').and_then(|rest| rest.split_once("]:"))
        && let Ok(port) = port.parse()
    {
        return (name.to_owned(), Some(port));
    }
    match written.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => match port.parse() {
            Ok(port) => (name.to_owned(), Some(port)),
            Err(_) => (written.to_owned(), None),
        },
        _ => (written.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_told_from_an_address() {
        assert_eq!(split_port("web:2222"), ("web".to_owned(), Some(2222)));
        assert_eq!(split_port("web"), ("web".to_owned(), None));
        assert_eq!(split_port("fe80::1"), ("fe80::1".to_owned(), None));
        assert_eq!(split_port("[fe80::1]:22"), ("fe80::1".to_owned(), Some(22)));
        assert_eq!(split_port("web:x"), ("web:x".to_owned(), None));
    }
}
