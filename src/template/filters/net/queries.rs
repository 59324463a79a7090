//! What `ipaddr` can be asked.

use minijinja::Value;

use super::address::{Net, width};
use super::ranges;
use crate::template::data;
use crate::template::fault::{Eval, Fault};

/// All questions, for suggestions.
const NAMES: &[&str] = &[
    "6to4",
    "address",
    "address/prefix",
    "bool",
    "broadcast",
    "cidr",
    "first_usable",
    "gateway",
    "gw",
    "host",
    "host/prefix",
    "hostmask",
    "hostnet",
    "int",
    "ip",
    "ip/prefix",
    "ip_netmask",
    "ipv4",
    "ipv6",
    "last_usable",
    "link-local",
    "lo",
    "loopback",
    "multicast",
    "net",
    "netmask",
    "network",
    "network/prefix",
    "network_id",
    "network_netmask",
    "network_wildcard",
    "next_usable",
    "peer",
    "prefix",
    "previous_usable",
    "private",
    "public",
    "range_usable",
    "revdns",
    "router",
    "size",
    "size_usable",
    "subnet",
    "type",
    "unicast",
    "v4",
    "v6",
    "version",
    "wildcard",
    "wrap",
];

/// The answer to `query` about `net`, which was written as `text`.
pub(super) fn answer(net: Net, text: &str, query: &str) -> Eval {
    let some = |found: Option<String>| Ok(found.map_or_else(data::none, Value::from));
    let as_written = |holds: bool| some(holds.then(|| text.to_owned()));
    // An address that a host can have: not that of its network, where there is one.
    let is_host = net.is_single() || net.is_pair() || net.ip != net.first();
    match query {
        "" => Ok(Value::from(net.show_as_written())),
        "bool" => Ok(Value::from(true)),
        "version" => Ok(Value::from(if net.v6 { 6 } else { 4 })),
        "type" => Ok(Value::from(if net.is_network() { "network" } else { "address" })),
        "prefix" => Ok(Value::from(net.prefix)),
        "size" => Ok(count(size(net))),
        "size_usable" => Ok(count(match size(net) {
            Some(1) => Some(0),
            Some(2) => Some(2),
            other => other.map(|size| size - 2),
        })),
        "int" => Ok(if net.has_prefix { Value::from(format!("{}/{}", net.ip, net.prefix)) } else { count(Some(net.ip)) }),
        "ip" | "address" => some((is_host || net.v6).then(|| net.show_ip())),
        "ip/prefix" => some((is_host && !net.is_single()).then(|| net.show_cidr())),
        "ip_netmask" => some((is_host && !net.is_single()).then(|| format!("{} {}", net.show_ip(), net.netmask()))),
        "host" => some(is_host.then(|| net.show_cidr())),
        "gateway" | "gw" | "router" | "hostnet" | "address/prefix" | "host/prefix" => {
            let is_broadcast = !net.is_single() && !net.is_pair() && net.ip == net.last();
            Ok(if is_host && !is_broadcast { Value::from(net.show_cidr()) } else { Value::from(false) })
        }
        "cidr" => Ok(Value::from(net.show_cidr())),
        "netmask" => Ok(Value::from(net.netmask())),
        "hostmask" | "wildcard" => Ok(Value::from(net.hostmask())),
        "network" | "network_id" => Ok(Value::from(net.show(net.first()))),
        "subnet" | "network/prefix" => Ok(Value::from(net.network().show_cidr())),
        "network_netmask" => Ok(Value::from(format!("{} {}", net.show(net.first()), net.netmask()))),
        "network_wildcard" => Ok(Value::from(format!("{} {}", net.show(net.first()), net.hostmask()))),
        "net" => some(net.is_network().then(|| net.show_cidr())),
        "broadcast" => some((!net.is_single() && !net.is_pair()).then(|| net.show(net.last()))),
        "first_usable" => some(usable(net)?.map(|(first, _)| net.show(first))),
        "last_usable" => some(usable(net)?.map(|(_, last)| net.show(last))),
        "range_usable" => some(usable(net)?.map(|(first, last)| format!("{}-{}", net.show(first), net.show(last)))),
        "next_usable" => some(step(net, usable(net)?, 1)),
        "previous_usable" => some(step(net, usable(net)?, -1)),
        "peer" => peer(net).map(Value::from),
        "revdns" => Ok(Value::from(reverse_name(net))),
        "link-local" => as_written(ranges::is_link_local(net)),
        "lo" | "loopback" => as_written(ranges::is_loopback(net)),
        "multicast" => as_written(ranges::is_multicast(net)),
        "unicast" => as_written(!ranges::is_multicast(net)),
        "private" => as_written(ranges::is_private(net)),
        "public" => as_written(!ranges::is_private(net) && !ranges::is_multicast(net)),
        "wrap" if net.v6 => {
            let prefix = if net.has_prefix { format!("/{}", net.prefix) } else { String::new() };
            Ok(Value::from(format!("[{}]{prefix}", net.show_ip())))
        }
        "wrap" => Ok(Value::from(text)),
        "6to4" => Ok(match u32::try_from(net.ip) {
            Ok(ip) if !net.v6 && is_host && !net.is_network() && !ranges::is_multicast(net) => {
                Value::from(format!("2002:{:04x}:{:04x}::1/48", ip >> 16, ip & 0xffff))
            }
            _ => Value::from(false),
        }),
        "ipv4" | "v4" => Ok(ranges::as_v4(net, text).map_or(Value::from(false), Value::from)),
        "ipv6" | "v6" => Ok(Value::from(ranges::as_v6(net, text))),
        _ => by_value(net, query),
    }
}

/// A number is the place of an address in the network, a network says whether the address lies in it.
fn by_value(net: Net, query: &str) -> Eval {
    if let Ok(index) = query.parse::<i64>() {
        if net.is_single() {
            return Ok(Value::from(net.show_as_written()));
        }
        return Ok(net.nth(index).map_or(Value::from(false), |ip| Value::from(format!("{}/{}", net.show(ip), net.prefix))));
    }
    match Net::parse(query) {
        Some(within) if within.contains(net) => Ok(Value::from(net.show_as_written())),
        Some(_) => Ok(data::none()),
        None => Err(Fault::error(format!("`ipaddr` does not know the question `{query}`"))
            .maybe_hint(crate::base::text::did_you_mean(query, NAMES.iter().copied()))),
    }
}

/// How many addresses the network has; all of IPv6 are more than can be counted.
fn size(net: Net) -> Option<u128> {
    (net.last() - net.first()).checked_add(1)
}

/// A number of addresses.
fn count(number: Option<u128>) -> Value {
    match number.map(u64::try_from) {
        Some(Ok(small)) => Value::from(small),
        _ => Value::from(number.unwrap_or(u128::MAX)),
    }
}

/// The usable addresses of what must be a network.
fn usable(net: Net) -> Eval<Option<(u128, u128)>> {
    if net.has_prefix { Ok(net.usable()) } else { Err(Fault::error(format!("`{}` is an address and no network", net.show_ip()))) }
}

/// The address `offset` further, if a host can have it.
pub(super) fn step(net: Net, usable: Option<(u128, u128)>, offset: i64) -> Option<String> {
    let (first, last) = usable?;
    let moved = net.plus(offset)?;
    (first <= moved && moved <= last).then(|| net.show(moved))
}

/// The other end of a line between two points.
fn peer(net: Net) -> Eval<String> {
    usable(net)?;
    let refused = |why: &str| Err(Fault::error(format!("`{}` has no peer: {why}", net.show_cidr())));
    match width(net.v6) - net.prefix {
        1 => Ok(net.show(net.ip ^ 1)),
        2 if net.ip == net.first() => refused("it is the address of the network"),
        2 if net.ip == net.last() => refused("it is the broadcast address"),
        2 => Ok(net.show(net.ip ^ 3)),
        _ => refused("it is no network between two points"),
    }
}

/// The name under which DNS has the name of an address.
fn reverse_name(net: Net) -> String {
    if net.v6 {
        let digits: Vec<String> = format!("{:032x}", net.ip).chars().rev().map(String::from).collect();
        return format!("{}.ip6.arpa.", digits.join("."));
    }
    let text = net.show_ip();
    let parts: Vec<&str> = text.split('.').rev().collect();
    format!("{}.in-addr.arpa.", parts.join("."))
}
