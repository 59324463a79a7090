//! Interfaces, addresses, routes, resolver.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::{Facts, Source};
use crate::system::Address;

pub(super) fn network(source: &Source<'_, '_>) -> Facts {
    let addresses = source.system().addresses().unwrap_or_default();
    let mut names: BTreeSet<String> = source.names("/sys/class/net").into_iter().filter(|name| name != "bonding_masters").collect();
    names.extend(addresses.iter().map(|address| address.interface.clone()));
    let interfaces: BTreeMap<String, Map<String, Value>> =
        names.iter().map(|name| (name.clone(), interface(source, name, &addresses))).collect();
    let mut facts = Facts::new();
    facts.insert("interfaces".into(), json!(names));
    let ipv4: Vec<String> = addresses.iter().filter(|a| a.ip.is_ipv4() && !a.ip.is_loopback()).map(|a| a.ip.to_string()).collect();
    let ipv6: Vec<String> = addresses.iter().filter(|a| a.ip.is_ipv6() && !a.ip.is_loopback()).map(|a| a.ip.to_string()).collect();
    facts.insert("all_ipv4_addresses".into(), ipv4.into());
    facts.insert("all_ipv6_addresses".into(), ipv6.into());
    facts.insert("default_ipv4".into(), default_ipv4(source, &addresses, &interfaces));
    facts.insert("default_ipv6".into(), default_ipv6(source, &addresses, &interfaces));
    facts.insert("locally_reachable_ips".into(), reachable(&addresses));
    for (name, value) in interfaces {
        facts.insert(name.replace(['-', ':', '.'], "_"), value.into());
    }
    facts
}

fn interface(source: &Source<'_, '_>, name: &str, addresses: &[Address]) -> Map<String, Value> {
    let folder = format!("/sys/class/net/{name}");
    let text = |file: &str| source.text(format!("{folder}/{file}"));
    let number = |file: &str| text(file).and_then(|text| text.parse::<i64>().ok());
    let last = |file: &str| {
        let path = source.system().real_path(format!("{folder}/{file}").as_ref()).ok()?;
        Some(path.file_name()?.to_string_lossy().into_owned())
    };
    let mut facts = Map::new();
    facts.insert("device".into(), name.into());
    if let Some(address) = text("address").filter(|address| !address.is_empty() && address != "00:00:00:00:00:00") {
        facts.insert("macaddress".into(), address.into());
    }
    if let Some(mtu) = number("mtu") {
        facts.insert("mtu".into(), mtu.into());
    }
    if let Some(state) = text("operstate") {
        facts.insert("active".into(), (state != "down").into());
    }
    if source.exists(format!("{folder}/device/driver/module")) {
        facts.extend(last("device/driver/module").map(|module| ("module".to_owned(), module.into())));
    }
    if source.exists(format!("{folder}/device")) {
        facts.extend(last("device").map(|id| ("pciid".to_owned(), id.into())));
    }
    if let Some(kind) = kind(source, &folder, number("type")) {
        facts.insert("type".into(), kind.into());
    }
    if let Some(flags) = text("flags").and_then(|text| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()) {
        facts.insert("promisc".into(), (flags & 0x100 != 0).into());
    }
    facts.extend(number("speed").map(|speed| ("speed".to_owned(), speed.into())));
    group(source, &folder, &mut facts);
    let own = || addresses.iter().filter(|address| address.interface == name);
    let mut ipv4: Vec<Value> = own().filter_map(ipv4_facts).map(Value::from).collect();
    if !ipv4.is_empty() {
        facts.insert("ipv4".into(), ipv4.remove(0));
    }
    if !ipv4.is_empty() {
        facts.insert("ipv4_secondaries".into(), ipv4.into());
    }
    let ipv6: Vec<Value> = own().filter_map(ipv6_facts).collect();
    if !ipv6.is_empty() {
        facts.insert("ipv6".into(), ipv6.into());
    }
    facts
}

fn kind(source: &Source<'_, '_>, folder: &str, number: Option<i64>) -> Option<&'static str> {
    if source.exists(format!("{folder}/bridge")) {
        return Some("bridge");
    }
    if source.exists(format!("{folder}/bonding")) {
        return Some("bonding");
    }
    match number? {
        1 => Some("ether"),
        32 => Some("infiniband"),
        512 => Some("ppp"),
        772 => Some("loopback"),
        65534 => Some("tunnel"),
        _ => Some("unknown"),
    }
}

/// What bridges and bonds are made of.
fn group(source: &Source<'_, '_>, folder: &str, facts: &mut Map<String, Value>) {
    let text = |file: &str| source.text(format!("{folder}/{file}"));
    if source.exists(format!("{folder}/bridge")) {
        facts.insert("interfaces".into(), source.names(format!("{folder}/brif")).into());
        facts.extend(text("bridge/bridge_id").map(|id| ("id".to_owned(), id.into())));
        facts.extend(text("bridge/stp_state").map(|state| ("stp".to_owned(), (state == "1").into())));
    }
    if source.exists(format!("{folder}/bonding")) {
        let words = |file: &str| text(file).unwrap_or_default().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        facts.insert("slaves".into(), words("bonding/slaves").into());
        facts.extend(words("bonding/mode").into_iter().next().map(|mode| ("mode".to_owned(), mode.into())));
        facts.extend(text("bonding/miimon").map(|time| ("miimon".to_owned(), time.into())));
        facts.extend(words("bonding/lacp_rate").into_iter().next().map(|rate| ("lacp_rate".to_owned(), rate.into())));
        facts.extend(text("bonding/primary").filter(|name| !name.is_empty()).map(|name| ("primary".to_owned(), name.into())));
    }
}

fn ipv4_facts(address: &Address) -> Option<Map<String, Value>> {
    let IpAddr::V4(ip) = address.ip else { return None };
    let mask = u32::MAX.checked_shl(32 - u32::from(address.prefix.min(32))).unwrap_or(0);
    let value = json!({
        "address": ip.to_string(),
        "broadcast": address.broadcast.filter(|ip| *ip != address.ip).map(|ip| ip.to_string()).unwrap_or_default(),
        "netmask": Ipv4Addr::from(mask).to_string(),
        "network": Ipv4Addr::from(u32::from(ip) & mask).to_string(),
        "prefix": address.prefix.to_string(),
    });
    value.as_object().cloned()
}

fn ipv6_facts(address: &Address) -> Option<Value> {
    let IpAddr::V6(ip) = address.ip else { return None };
    Some(json!({"address": ip.to_string(), "prefix": address.prefix.to_string(), "scope": scope(ip)}))
}

fn scope(ip: Ipv6Addr) -> &'static str {
    match ip.segments().first().copied().unwrap_or(0) {
        _ if ip.is_loopback() => "host",
        first if first & 0xffc0 == 0xfe80 => "link",
        first if first & 0xffc0 == 0xfec0 => "site",
        _ => "global",
    }
}

/// The address that traffic to the world has, with its interface and gateway.
fn default_ipv4(source: &Source<'_, '_>, addresses: &[Address], interfaces: &BTreeMap<String, Map<String, Value>>) -> Value {
    let text = source.text("/proc/net/route").unwrap_or_default();
    let Some((name, gateway)) = ipv4_route(&text) else { return json!({}) };
    let Some(address) = addresses.iter().find(|address| address.interface == name && address.ip.is_ipv4()) else { return json!({}) };
    let mut facts = ipv4_facts(address).unwrap_or_default();
    facts.insert("interface".into(), name.as_str().into());
    facts.insert("alias".into(), name.as_str().into());
    facts.insert("gateway".into(), gateway.to_string().into());
    copy_of(interfaces.get(&name), &["macaddress", "mtu", "type"], &mut facts);
    facts.into()
}

fn default_ipv6(source: &Source<'_, '_>, addresses: &[Address], interfaces: &BTreeMap<String, Map<String, Value>>) -> Value {
    let text = source.text("/proc/net/ipv6_route").unwrap_or_default();
    let Some((name, gateway)) = ipv6_route(&text) else { return json!({}) };
    let own = |wanted: &str| {
        addresses
            .iter()
            .filter(|address| address.interface == name)
            .filter_map(ipv6_facts)
            .find(|facts| facts.get("scope").is_some_and(|scope| scope == wanted))
    };
    let Some(Value::Object(mut facts)) = own("global").or_else(|| own("link")) else { return json!({}) };
    facts.insert("interface".into(), name.as_str().into());
    facts.insert("gateway".into(), gateway.to_string().into());
    copy_of(interfaces.get(&name), &["macaddress", "mtu", "type"], &mut facts);
    facts.into()
}

fn copy_of(from: Option<&Map<String, Value>>, names: &[&str], to: &mut Map<String, Value>) {
    for name in names {
        if let Some(value) = from.and_then(|facts| facts.get(*name)) {
            to.insert((*name).to_owned(), value.clone());
        }
    }
}

/// Interface and gateway of the default route with the lowest metric, from `/proc/net/route`.
fn ipv4_route(text: &str) -> Option<(String, Ipv4Addr)> {
    let routes = text.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (name, destination, gateway) = (fields.first()?, fields.get(1)?, fields.get(2)?);
        let (flags, metric, mask) = (u32::from_str_radix(fields.get(3)?, 16).ok()?, fields.get(6)?.parse::<u32>().ok()?, fields.get(7)?);
        let gateway = u32::from_str_radix(gateway, 16).ok()?;
        // Up and through a gateway.
        let is_default = *destination == "00000000" && *mask == "00000000" && flags & 3 == 3;
        is_default.then(|| (metric, (*name).to_owned(), Ipv4Addr::from(gateway.to_le_bytes())))
    });
    routes.min_by_key(|(metric, ..)| *metric).map(|(_, name, gateway)| (name, gateway))
}

/// Interface and gateway of the default route with the lowest metric, from `/proc/net/ipv6_route`.
fn ipv6_route(text: &str) -> Option<(String, Ipv6Addr)> {
    let routes = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (destination, prefix, gateway) = (fields.first()?, fields.get(1)?, fields.get(4)?);
        let (metric, flags, name) =
            (u32::from_str_radix(fields.get(5)?, 16).ok()?, u32::from_str_radix(fields.get(8)?, 16).ok()?, fields.get(9)?);
        let gateway = Ipv6Addr::from(u128::from_str_radix(gateway, 16).ok()?);
        let is_default = destination.chars().all(|c| c == '0') && *prefix == "00" && flags & 3 == 3;
        is_default.then(|| (metric, (*name).to_owned(), gateway))
    });
    routes.min_by_key(|(metric, ..)| *metric).map(|(_, name, gateway)| (name, gateway))
}

/// The addresses that the host answers to itself.
fn reachable(addresses: &[Address]) -> Value {
    let mut ipv4 = BTreeSet::new();
    let mut ipv6 = BTreeSet::new();
    for address in addresses {
        match address.ip {
            IpAddr::V4(ip) => {
                ipv4.insert(ip.to_string());
                if ip.is_loopback() && address.prefix < 32 {
                    ipv4.extend(
                        ipv4_facts(address).and_then(|facts| Some(format!("{}/{}", facts.get("network")?.as_str()?, address.prefix))),
                    );
                }
            }
            IpAddr::V6(ip) => {
                ipv6.insert(ip.to_string());
            }
        }
    }
    json!({"ipv4": ipv4, "ipv6": ipv6})
}

pub(super) fn dns(source: &Source<'_, '_>) -> Facts {
    let mut dns = Map::new();
    for line in source.text("/etc/resolv.conf").unwrap_or_default().lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => {
                let servers = dns.entry("nameservers").or_insert_with(|| json!([]));
                if let Some(list) = servers.as_array_mut() {
                    list.extend(words.map(Value::from));
                }
            }
            Some("domain") => {
                dns.extend(words.next().map(|domain| ("domain".to_owned(), domain.into())));
            }
            Some("search") => {
                dns.insert("search".into(), words.collect::<Vec<_>>().into());
            }
            Some("sortlist") => {
                dns.insert("sortlist".into(), words.collect::<Vec<_>>().into());
            }
            Some("options") => {
                let options: Map<String, Value> = words
                    .map(|option| match option.split_once(':') {
                        Some((name, value)) => (name.to_owned(), value.into()),
                        None => (option.to_owned(), true.into()),
                    })
                    .collect();
                dns.insert("options".into(), options.into());
            }
            _ => {}
        }
    }
    [("dns".to_owned(), dns.into())].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_default_routes() {
        let text = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                    eth1\t00000000\t0102000A\t0003\t0\t0\t200\t00000000\t0\t0\t0\n\
                    eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
                    eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(ipv4_route(text), Some(("eth0".to_owned(), Ipv4Addr::new(192, 0, 2, 1))));
        let zero = "0".repeat(32);
        let gateway = "fd000000000000000000000000000001";
        let text = format!("{zero} 00 {zero} 00 {gateway} 00000400 00000001 00000000 00000003     eth0\n");
        assert_eq!(ipv6_route(&text), Some(("eth0".to_owned(), "fd00::1".parse().unwrap_or(Ipv6Addr::UNSPECIFIED))));
    }

    #[test]
    fn tells_network_and_mask() {
        let address = Address { interface: "eth0".into(), ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), prefix: 24, broadcast: None };
        assert_eq!(
            ipv4_facts(&address).map(Value::from),
            Some(json!({"address": "192.0.2.2", "broadcast": "", "netmask": "255.255.255.0", "network": "192.0.2.0", "prefix": "24"}))
        );
    }
}
