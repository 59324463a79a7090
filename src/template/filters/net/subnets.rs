//! Networks inside of networks.

use minijinja::Value;

use super::address::{Net, width};
use super::{input_net, net_of, queries, query};
use crate::template::call::{Call, Filter, def};
use crate::template::data;
use crate::template::fault::{Eval, Fault};
use crate::template::python::show;

/// A list of addresses is not made longer than this.
const LISTED: u128 = 65_536;

pub(super) static TABLE: &[Filter] = &[
    def(
        "ipsubnet",
        &["query", "index"],
        "The network; with a length how many networks of it fit inside, with an index the one at that place; with a network the place in it.",
        "'192.168.144.0/20' | ipsubnet(24, 0)",
        "192.168.144.0/24",
        ipsubnet,
    )
    .also(&["ansible.utils.ipsubnet", "ansible.netcommon.ipsubnet"]),
    def("ipmath", &["amount"], "The address so many further.", "'192.168.1.5' | ipmath(5)", "192.168.1.10", |call| {
        let amount = call.int(0)?.ok_or_else(|| call.error("an amount is needed"))?;
        let net = input_net(call)?.ok_or_else(|| call.error(format!("`{}` is no address", show(&call.input))))?;
        net.plus(amount)
            .map(|ip| Value::from(net.show(ip)))
            .ok_or_else(|| call.error(format!("there is no address {amount} from `{}`", net.show_ip())))
    })
    .also(&["ansible.utils.ipmath", "ansible.netcommon.ipmath"]),
    def(
        "network_in_network",
        &["test"],
        "Whether the network contains another, or an address.",
        "'192.168.0.0/24' | network_in_network('192.168.0.1')",
        "True",
        |call| Ok(Value::from(matches!(two(call)?, Some((net, inner)) if holds(net, inner)))),
    )
    .also(&["ansible.utils.network_in_network", "ansible.netcommon.network_in_network"]),
    def(
        "network_in_usable",
        &["test"],
        "Whether what hosts can have of the network contains another, or an address.",
        "'192.168.0.0/24' | network_in_usable('192.168.0.255')",
        "False",
        |call| {
            let Some((net, inner)) = two(call)? else { return Ok(Value::from(false)) };
            let (first, last) = net.usable().unwrap_or((net.ip, net.ip));
            Ok(Value::from(net.v6 == inner.v6 && first <= inner.first() && inner.last() <= last))
        },
    )
    .also(&["ansible.utils.network_in_usable", "ansible.netcommon.network_in_usable"]),
    def(
        "reduce_on_network",
        &["network"],
        "The addresses of a list that are in the network.",
        "['192.168.0.34', '10.3.0.3'] | reduce_on_network('192.168.0.0/24')",
        "['192.168.0.34']",
        |call| {
            let network = net_of(call.need(0)?).ok_or_else(|| call.error("a network is needed"))?;
            let items = data::items(&call.input).unwrap_or_else(|| vec![call.input.clone()]);
            Ok(data::list(items.into_iter().filter(|item| net_of(item).is_some_and(|inner| holds(network, inner))).collect()))
        },
    )
    .also(&["ansible.utils.reduce_on_network", "ansible.netcommon.reduce_on_network"]),
    def("nthhost", &["query"], "The address at this place of the network.", "'10.0.0.0/8' | nthhost(305)", "10.0.1.49", |call| {
        let index = query(call, 0)?.parse::<i64>().ok();
        let found = input_net(call)?.and_then(|net| net.nth(index?).map(|ip| net.show(ip)));
        Ok(found.map_or(Value::from(false), Value::from))
    })
    .also(&["ansible.utils.nthhost", "ansible.netcommon.nthhost"]),
    def(
        "next_nth_usable",
        &["offset"],
        "The address so many further that a host can have.",
        "'192.168.122.1/24' | next_nth_usable(2)",
        "192.168.122.3",
        |call| nth_usable(call, 1),
    )
    .also(&["ansible.utils.next_nth_usable", "ansible.netcommon.next_nth_usable"]),
    def(
        "previous_nth_usable",
        &["offset"],
        "The address so many before that a host can have.",
        "'192.168.122.10/24' | previous_nth_usable(2)",
        "192.168.122.8",
        |call| nth_usable(call, -1),
    )
    .also(&["ansible.utils.previous_nth_usable", "ansible.netcommon.previous_nth_usable"]),
    def(
        "cidr_merge",
        &["action"],
        "The fewest networks that are the same addresses; with `span` the smallest network that contains all.",
        "['10.0.0.0/24', '10.0.1.0/24'] | cidr_merge",
        "['10.0.0.0/23']",
        cidr_merge,
    )
    .also(&["ansible.utils.cidr_merge", "ansible.netcommon.cidr_merge"]),
    def(
        "usable_range",
        &[],
        "All addresses of a network, and how many they are.",
        "('10.0.0.0/31' | usable_range).usable_ips",
        "['10.0.0.0', '10.0.0.1']",
        |call| {
            let net = input_net(call)?.ok_or_else(|| call.error(format!("`{}` is no network", show(&call.input))))?;
            if net.last() - net.first() >= LISTED {
                return Err(call.error(format!("`{}` has more than {LISTED} addresses", net.show_cidr())));
            }
            let all: Vec<Value> = (net.first()..=net.last()).map(|ip| Value::from(net.show(ip))).collect();
            let count = Value::from(all.len());
            Ok(data::dict([(Value::from("usable_ips"), data::list(all)), (Value::from("number_of_ips"), count)]))
        },
    )
    .also(&["ansible.utils.usable_range"]),
];

/// The input and the first argument, if both are addresses or networks.
fn two(call: &Call<'_, '_>) -> Eval<Option<(Net, Net)>> {
    let other = net_of(call.need(0)?);
    Ok(input_net(call)?.zip(other))
}

/// Whether `net` contains `inner`. Of two addresses, Ansible's filter counts the first only.
fn holds(net: Net, inner: Net) -> bool {
    net.contains(inner) && (!net.is_pair() || inner.last() == net.first())
}

fn nth_usable(call: &Call<'_, '_>, direction: i64) -> Eval {
    let offset = call.int(0)?.ok_or_else(|| call.error("a whole number is needed"))?;
    let Some(net) = input_net(call)? else { return Ok(Value::from(false)) };
    Ok(queries::step(net, net.usable(), offset.saturating_mul(direction)).map_or_else(data::none, Value::from))
}

/// The place in a list of `length` that `index` names, from its end if negative.
fn place(index: i64, length: u128) -> Option<u128> {
    let distance = u128::from(index.unsigned_abs());
    if index < 0 { length.checked_sub(distance) } else { Some(distance).filter(|place| *place < length) }
}

fn ipsubnet(call: &mut Call<'_, '_>) -> Eval {
    let Some(net) = input_net(call)? else { return Ok(Value::from(false)) };
    let query = query(call, 0)?;
    let index = call.int(1)?;
    if query.is_empty() {
        return Ok(Value::from(net.network().show_cidr()));
    }
    let Ok(length) = query.parse::<u8>() else {
        let outer = Net::parse(&query).ok_or_else(|| call.error(format!("`{query}` is neither a length nor a network")))?;
        if !outer.contains(net) {
            return Err(call.error(format!("`{}` is not in `{}`", net.network().show_cidr(), outer.network().show_cidr())));
        }
        let place = (net.first() - outer.first()) >> u32::from((width(net.v6) - net.prefix).min(127));
        return Ok(Value::from((place + 1).to_string()));
    };
    if length > width(net.v6) {
        return Ok(Value::from(false));
    }
    if length >= net.prefix && !net.is_single() {
        let Some(count) = 1u128.checked_shl(u32::from(length - net.prefix)) else { return Ok(Value::from(false)) };
        let Some(index) = index else { return Ok(Value::from(count.to_string())) };
        return Ok(match place(index, count) {
            Some(place) => {
                let ip = net.first() + (place << u32::from((width(net.v6) - length).min(127)));
                Value::from(Net { ip, prefix: length, ..net }.show_cidr())
            }
            None => Value::from(false),
        });
    }
    // Networks around it, the largest first.
    let around = |length: u8| Value::from(Net { prefix: length, ..net }.network().show_cidr());
    match index {
        None if net.is_single() => Ok(around(length)),
        None => Err(call.error(format!("a network of length {length} does not fit into `{}`", net.network().show_cidr()))),
        Some(index) => {
            let place = place(index, u128::from(net.prefix.saturating_sub(length))).and_then(|place| u8::try_from(place).ok());
            place.map(|place| around(length + place)).ok_or_else(|| call.error(format!("there is no network at place {index}")))
        }
    }
}

fn cidr_merge(call: &mut Call<'_, '_>) -> Eval {
    let items = data::items(&call.input).unwrap_or_else(|| vec![call.input.clone()]);
    let nets = items.iter().map(|item| net_of(item).ok_or_else(|| call.error(format!("`{}` is no network", show(item)))));
    let mut nets = nets.collect::<Eval<Vec<Net>>>()?;
    nets.sort_by_key(|net| (net.v6, net.first(), net.last()));
    match call.text_or(0, "merge")?.as_str() {
        "merge" => Ok(data::list(merged(&nets).into_iter().map(Value::from).collect())),
        "span" => spanned(&nets).map(Value::from),
        other => Err(call.error(format!("unknown action `{other}`")).hint("it is `merge` or `span`")),
    }
}

/// The fewest networks of the same addresses as `nets`, which are in order.
fn merged(nets: &[Net]) -> Vec<String> {
    let mut ranges: Vec<(Net, u128)> = Vec::new();
    for net in nets {
        match ranges.last_mut() {
            Some((first, last)) if first.v6 == net.v6 && net.first() <= last.saturating_add(1) => *last = net.last().max(*last),
            _ => ranges.push((net.network(), net.last())),
        }
    }
    let mut found = Vec::new();
    for (net, last) in ranges {
        let mut next = Some(net.ip);
        while let Some(ip) = next {
            // The largest network that begins here and does not go beyond the last address.
            let fits = |prefix: &u8| {
                let candidate = Net { ip, prefix: *prefix, ..net };
                candidate.first() == ip && candidate.last() <= last
            };
            let prefix = (0..=width(net.v6)).find(fits).unwrap_or(width(net.v6));
            let part = Net { ip, prefix, ..net };
            found.push(part.show_cidr());
            next = part.last().checked_add(1).filter(|ip| *ip <= last);
        }
    }
    found
}

/// The smallest network that contains all of `nets`, which are in order.
fn spanned(nets: &[Net]) -> Eval<String> {
    let (Some(first), Some(last)) = (nets.first(), nets.iter().max_by_key(|net| (net.v6, net.last()))) else {
        return Err(Fault::error("`cidr_merge`: there is nothing to span"));
    };
    if first.v6 != last.v6 {
        return Err(Fault::error("`cidr_merge`: no network contains IPv4 and IPv6"));
    }
    let around = |prefix: u8| Net { prefix, ..*first }.network();
    let contains = |prefix: &u8| around(*prefix).last() >= last.last();
    Ok(around((0..=first.prefix).rev().find(contains).unwrap_or(0)).show_cidr())
}
