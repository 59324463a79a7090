//! An address with the length of its network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv4 or IPv6 address and its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Net {
    /// IPv6 and not IPv4.
    pub v6: bool,
    /// The address.
    pub ip: u128,
    /// Leading bits that are those of the network.
    pub prefix: u8,
    /// Whether the length was written, and not only an address.
    pub has_prefix: bool,
}

impl Net {
    /// An address without network.
    pub fn address(v6: bool, ip: u128) -> Self {
        Self { v6, ip, prefix: width(v6), has_prefix: false }
    }

    /// `10.0.0.1`, `10.0.0.1/8`, `10.0.0.1/255.0.0.0` or the same of IPv6; a whole number is the address of that value.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::from_number(text.parse().ok()?);
        }
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.trim())),
            None => (text, None),
        };
        let (v6, ip) = number_of(address.parse().ok()?);
        let Some(written) = prefix else { return Some(Self::address(v6, ip)) };
        let prefix = match written.parse::<u8>() {
            Ok(prefix) => prefix,
            Err(_) => {
                let (mask_v6, mask) = number_of(written.parse().ok()?);
                if mask_v6 != v6 {
                    return None;
                }
                mask_length(v6, mask)?
            }
        };
        (prefix <= width(v6)).then_some(Self { v6, ip, prefix, has_prefix: true })
    }

    /// The address of this value: IPv4 as far as it goes.
    pub fn from_number(value: u128) -> Option<Self> {
        Some(Self::address(value > u128::from(u32::MAX), value))
    }

    /// Bits of an address that are those of the host.
    fn host_bits(self) -> u128 {
        low_bits(width(self.v6) - self.prefix)
    }

    /// The first address of the network.
    pub fn first(self) -> u128 {
        self.ip & !self.host_bits()
    }

    /// The last address of the network.
    pub fn last(self) -> u128 {
        self.ip | self.host_bits()
    }

    /// Whether the network has one address only.
    pub fn is_single(self) -> bool {
        self.prefix == width(self.v6)
    }

    /// Whether the network has two addresses: a line between two points.
    pub fn is_pair(self) -> bool {
        self.prefix + 1 == width(self.v6)
    }

    /// Whether the address is the network's own, in a network that has one.
    pub fn is_network(self) -> bool {
        !self.is_single() && self.ip == self.first()
    }

    /// The first and last address that a host can have; none in a network of one address.
    pub fn usable(self) -> Option<(u128, u128)> {
        match (self.is_single(), self.is_pair()) {
            (true, _) => None,
            (_, true) => Some((self.first(), self.last())),
            _ => Some((self.first() + 1, self.last() - 1)),
        }
    }

    /// The network that it is in, without the address.
    pub fn network(self) -> Self {
        Self { ip: self.first(), has_prefix: true, ..self }
    }

    /// Whether the network of `other` lies in that of this.
    pub fn contains(self, other: Self) -> bool {
        self.v6 == other.v6 && self.first() <= other.first() && other.last() <= self.last()
    }

    /// Another address of the same kind as text.
    pub fn show(self, ip: u128) -> String {
        match u32::try_from(ip) {
            Ok(ip) if !self.v6 => Ipv4Addr::from_bits(ip).to_string(),
            _ => Ipv6Addr::from_bits(ip).to_string(),
        }
    }

    /// The address as text.
    pub fn show_ip(self) -> String {
        self.show(self.ip)
    }

    /// Address and length as text.
    pub fn show_cidr(self) -> String {
        format!("{}/{}", self.show_ip(), self.prefix)
    }

    /// As it was written: with its length if there was one.
    pub fn show_as_written(self) -> String {
        if self.has_prefix { self.show_cidr() } else { self.show_ip() }
    }

    /// The mask of the network as text.
    pub fn netmask(self) -> String {
        self.show(low_bits(width(self.v6)) & !self.host_bits())
    }

    /// The mask of the hosts as text.
    pub fn hostmask(self) -> String {
        self.show(self.host_bits())
    }

    /// The address `offset` further, if there is one.
    pub fn plus(self, offset: i64) -> Option<u128> {
        let moved = self.ip.checked_add_signed(i128::from(offset))?;
        (moved <= low_bits(width(self.v6))).then_some(moved)
    }

    /// The address at this place of the network, counted from its end if negative.
    pub fn nth(self, index: i64) -> Option<u128> {
        let distance = u128::from(index.unsigned_abs());
        let found = if index < 0 { self.last().checked_sub(distance - 1)? } else { self.first().checked_add(distance)? };
        (self.first() <= found && found <= self.last()).then_some(found)
    }
}

/// Bits of an address.
pub(super) fn width(v6: bool) -> u8 {
    if v6 { 128 } else { 32 }
}

/// A number of this many ones.
pub(super) fn low_bits(count: u8) -> u128 {
    if count >= 128 { u128::MAX } else { (1 << count) - 1 }
}

fn number_of(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (false, u128::from(address.to_bits())),
        IpAddr::V6(address) => (true, address.to_bits()),
    }
}

/// The length that a mask of the network, or of the hosts, stands for.
fn mask_length(v6: bool, mask: u128) -> Option<u8> {
    let all = low_bits(width(v6));
    (0..=width(v6)).find(|length| {
        let hosts = low_bits(width(v6) - length);
        mask == all & !hosts || (mask == hosts && mask != all)
    })
}
