//! Names of hosts.

use serde_json::{Map, Value};

use super::config::{Config, HostnameRule};

/// The names under which an instance is a host: the first that a rule gives, or all of them where duplicates are allowed.
pub fn hostnames(config: &Config, instance: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for rule in &config.hostnames {
        for name in by_rule(rule, instance) {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        if !names.is_empty() && !config.allow_duplicates {
            names.truncate(1);
            break;
        }
    }
    names
}

fn by_rule(rule: &HostnameRule, instance: &Map<String, Value>) -> Vec<String> {
    let names = values(&rule.name, instance);
    match &rule.prefix {
        None => names,
        Some(prefix) => {
            let prefix = values(prefix, instance).into_iter().next().unwrap_or_default();
            if prefix.is_empty() { names } else { names.into_iter().map(|name| format!("{prefix}{}{name}", rule.separator)).collect() }
        }
    }
}

/// What an EC2 filter name, or `tag:NAME[=VALUE][,…]`, is for an instance.
fn values(name: &str, instance: &Map<String, Value>) -> Vec<String> {
    if let Some(tags) = name.strip_prefix("tag:") {
        return tags.split(',').filter_map(|tag| by_tag(tag, instance)).collect();
    }
    if let Some(rest) = name.strip_prefix("network-interface.") {
        let interfaces = instance.get("network_interfaces").and_then(Value::as_array);
        return interfaces.into_iter().flatten().flat_map(|interface| walk(interface, rest)).collect();
    }
    let path = match name {
        "ip-address" => "public_ip_address".to_owned(),
        "dns-name" => "public_dns_name".to_owned(),
        "instance-state-name" => "state.name".to_owned(),
        "instance-state-code" => "state.code".to_owned(),
        "availability-zone" => "placement.availability_zone".to_owned(),
        "tenancy" => "placement.tenancy".to_owned(),
        "placement-group-name" => "placement.group_name".to_owned(),
        other => other.replace('-', "_"),
    };
    walk(&Value::Object(instance.clone()), &path)
}

fn by_tag(tag: &str, instance: &Map<String, Value>) -> Option<String> {
    let tags = instance.get("tags")?.as_object()?;
    match tag.split_once('=') {
        Some((key, value)) => (tags.get(key)?.as_str()? == value).then(|| format!("{key}_{value}")),
        None => tags.get(tag)?.as_str().map(str::to_owned),
    }
}

/// The texts at a dotted path; lists on the way are gone through.
fn walk(value: &Value, path: &str) -> Vec<String> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    // The interface's own names: `addresses.private-ip-address`.
    let first = match first {
        "addresses" => "private_ip_addresses".to_owned(),
        other => other.replace('-', "_"),
    };
    let Some(found) = value.get(&first) else { return Vec::new() };
    match (found, rest) {
        (Value::Array(items), Some(rest)) => items.iter().flat_map(|item| walk(item, rest)).collect(),
        (found, Some(rest)) => walk(found, rest),
        (Value::String(text), None) => vec![text.clone()],
        (Value::Array(items), None) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        (Value::Null | Value::Object(_), None) => Vec::new(),
        (other, None) => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_come_from_tags_addresses_and_prefixes() {
        let instance = json!({
            "tags": {"Name": "scn-1", "Env": "prod"}, "private_ip_address": "10.0.0.1", "public_ip_address": "1.2.3.4",
            "network_interfaces": [{"private_ip_addresses": [{"private_ip_address": "10.0.0.9"}]}],
        });
        let instance = instance.as_object().unwrap();
        for (rule, expected) in [
            ("tag:Name", "scn-1"),
            ("tag:Env=prod", "Env_prod"),
            ("tag:Env=test", ""),
            ("tag:Missing,Name", "scn-1"),
            ("private-ip-address", "10.0.0.1"),
            ("ip-address", "1.2.3.4"),
            ("network-interface.addresses.private-ip-address", "10.0.0.9"),
            ("dns-name", ""),
        ] {
            assert_eq!(values(rule, instance).join(" "), expected, "{rule}");
        }
        let rule = HostnameRule { name: "tag:Name".to_owned(), prefix: Some("tag:Env".to_owned()), separator: "-".to_owned() };
        assert_eq!(by_rule(&rule, instance), ["prod-scn-1"]);
    }
}
