//! What addresses are for, by the registries of special addresses (RFC 6890), and between IPv4 and IPv6.

use super::address::{Net, low_bits};

/// Not to be reached from everywhere.
const PRIVATE: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "::/127",
    "::ffff:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "fc00::/7",
    "fe80::/10",
];

/// Parts of those that are reached from everywhere.
const PUBLIC: &[&str] =
    &["192.0.0.9/32", "192.0.0.10/32", "2001:1::1/128", "2001:1::2/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28", "2001:30::/28"];

fn is_among(net: Net, list: &[&str]) -> bool {
    let address = Net::address(net.v6, net.ip);
    list.iter().filter_map(|text| Net::parse(text)).any(|range| range.contains(address))
}

pub(super) fn is_private(net: Net) -> bool {
    is_among(net, PRIVATE) && !is_among(net, PUBLIC)
}

pub(super) fn is_loopback(net: Net) -> bool {
    is_among(net, &["127.0.0.0/8", "::1/128"])
}

pub(super) fn is_link_local(net: Net) -> bool {
    is_among(net, &["169.254.0.0/16", "fe80::/10"])
}

pub(super) fn is_multicast(net: Net) -> bool {
    is_among(net, &["224.0.0.0/4", "ff00::/8"])
}

/// As IPv4: itself as it was written, or the address that an IPv6 address stands for.
pub(super) fn as_v4(net: Net, text: &str) -> Option<String> {
    if !net.v6 {
        return Some(text.to_owned());
    }
    let mapped = is_among(net, &["::ffff:0:0/96", "::/96"]) && net.prefix >= 96;
    mapped.then(|| Net { v6: false, ip: net.ip & low_bits(32), prefix: net.prefix - 96, has_prefix: true }.show_cidr())
}

/// As IPv6: itself as it was written, or the address that stands for an IPv4 address.
pub(super) fn as_v6(net: Net, text: &str) -> String {
    if net.v6 {
        return text.to_owned();
    }
    Net { v6: true, ip: 0xffff_0000_0000 | net.ip, prefix: net.prefix + 96, has_prefix: true }.show_cidr()
}
