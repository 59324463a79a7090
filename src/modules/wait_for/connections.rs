//! Who is connected to a port, as `/proc/net/tcp` tells.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::super::{Context, Failure};
use super::Arguments;
use crate::system::{Command, System};

/// The tables of connections, over IPv4 and IPv6.
const TABLES: &[&str] = &["/proc/net/tcp", "/proc/net/tcp6"];
/// The states that can count, by their number in the table.
const STATES: &[(&str, &str)] =
    &[("ESTABLISHED", "01"), ("SYN_SENT", "02"), ("SYN_RECV", "03"), ("FIN_WAIT1", "04"), ("FIN_WAIT2", "05"), ("TIME_WAIT", "06")];
/// Machines that write the most significant byte of a number first.
const BIG_ENDIAN: &[&str] = &["s390x", "s390", "ppc", "ppc64", "mips", "mips64", "sparc64", "aarch64_be"];

#[derive(Debug, PartialEq, Eq)]
struct Connection<'t> {
    local: (IpAddr, u16),
    remote: IpAddr,
    state: &'t str,
}

/// How many connections to `port` there are that count.
pub(super) fn count(ctx: &Context<'_>, args: &Arguments, port: u16) -> Result<usize, Failure> {
    let own = addresses(ctx, &args.host)?;
    let any = own.iter().any(IpAddr::is_unspecified);
    let mut ignored = Vec::new();
    for host in args.exclude_hosts.iter().flatten() {
        ignored.extend(addresses(ctx, host)?);
    }
    let states: Vec<&str> = STATES
        .iter()
        .filter(|(name, _)| args.active_connection_states.iter().any(|wanted| wanted == name))
        .map(|(_, number)| *number)
        .collect();
    let is_big_endian = BIG_ENDIAN.contains(&ctx.system.platform()?.machine.as_str());
    let mut count = 0;
    for table in tables(ctx.system)? {
        count += table
            .lines()
            .skip(1)
            .filter_map(|line| parse(line, is_big_endian))
            .filter(|one| states.contains(&one.state) && one.local.1 == port)
            .filter(|one| (any || own.contains(&one.local.0)) && !ignored.contains(&one.remote))
            .count();
    }
    Ok(count)
}

fn tables(system: &dyn System) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for path in TABLES.iter().map(Path::new) {
        if super::super::shared::exists(system, path)? {
            found.push(String::from_utf8_lossy(&system.read(path)?).into_owned());
        }
    }
    if found.is_empty() {
        return Err(Failure::new("failed to count connections: the machine has no table of them at `/proc/net/tcp`"));
    }
    Ok(found)
}

fn parse(line: &str, is_big_endian: bool) -> Option<Connection<'_>> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, remote, state) = (fields.next()?, fields.next()?, fields.next()?);
    let (local, port) = local.split_once(':')?;
    let local = (address(local, is_big_endian)?, u16::from_str_radix(port, 16).ok()?);
    Some(Connection { local, remote: address(remote.split_once(':')?.0, is_big_endian)?, state })
}

/// An address written as hexadecimal numbers of 32 bits in the order of bytes that the machine uses.
fn address(text: &str, is_big_endian: bool) -> Option<IpAddr> {
    let mut bytes = Vec::new();
    for at in (0..text.len()).step_by(8) {
        let word = u32::from_str_radix(text.get(at..at + 8)?, 16).ok()?;
        bytes.extend(if is_big_endian { word.to_be_bytes() } else { word.to_le_bytes() });
    }
    if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(IpAddr::V4(Ipv4Addr::from(four)));
    }
    let sixteen = <[u8; 16]>::try_from(bytes.as_slice()).ok()?;
    Some(IpAddr::V6(Ipv6Addr::from(sixteen)).to_canonical())
}

/// The addresses of a name, as the machine resolves it.
fn addresses(ctx: &Context<'_>, host: &str) -> Result<Vec<IpAddr>, Failure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![address.to_canonical()]);
    }
    let command = Command::new(["getent", "ahosts", host]);
    let output = ctx.system.probe(&command)?;
    let text = output.stdout_text();
    let mut found: Vec<IpAddr> = text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    found.dedup();
    if found.is_empty() {
        return Err(Failure::command(format!("failed to look up `{host}`: the machine knows no address of it"), &command.argv, &output));
    }
    Ok(found.into_iter().map(|address| address.to_canonical()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_table() {
        let line = "   0: 0100007F:1F90 0202A8C0:C350 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0";
        let expected = Connection { local: ([127, 0, 0, 1].into(), 8080), remote: [192, 168, 2, 2].into(), state: "01" };
        assert_eq!(parse(line, false), Some(expected));
        let mapped = " 1: 0000000000000000FFFF00000100007F:0016 00000000000000000000000001000000:0001 06";
        let expected = Connection { local: ([127, 0, 0, 1].into(), 22), remote: "::1".parse().unwrap(), state: "06" };
        assert_eq!(parse(mapped, false), Some(expected));
        assert_eq!(parse(" 2: 7F000001:0016 0A000001:0001 06", true).map(|one| one.local.0), Some([127, 0, 0, 1].into()));
        for wrong in ["", "0: x", "0: 0100007F:1F90", "0: 0100:1F90 0100007F:1 01", "0: 0100007F1F90 0100007F:1 01"] {
            assert_eq!(parse(wrong, false), None, "{wrong}");
        }
    }
}
