//! Names of hosts to addresses, without NSS: literals, `/etc/hosts`, then `getent`.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::commands;
use crate::system::{Cancel, Command, Error, ErrorKind, Result};

/// The addresses of `host`, at least one, the preferred one first.
pub(super) fn addresses_of(host: &str, timeout: Duration, cancel: &Cancel) -> Result<Vec<IpAddr>> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let attempt = format!("resolve the host name `{host}`");
    if host.is_empty() || host.starts_with('-') || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::new(ErrorKind::Other, attempt, "no host can have this name"));
    }
    let found = from_hosts(&fs::read_to_string("/etc/hosts").unwrap_or_default(), host);
    if !found.is_empty() {
        return Ok(found);
    }
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }
    let command = Command { timeout: Some(timeout), ..Command::new(["getent", "ahosts", host]) };
    let output = commands::run(&command, cancel, &mut |_, _| {}).map_err(|error| match error.kind {
        ErrorKind::NotFound => {
            Error::new(ErrorKind::Unsupported, attempt.clone(), "it is not in `/etc/hosts`, and this machine has no `getent`")
        }
        _ => Error { attempt: attempt.clone(), ..error },
    })?;
    let found = from_getent(&output.stdout_text());
    if found.is_empty() { Err(Error::new(ErrorKind::NotFound, attempt, "Name or service not known")) } else { Ok(found) }
}

fn from_hosts(text: &str, host: &str) -> Vec<IpAddr> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let matching = lines.filter_map(|line| {
        let mut fields = line.split_whitespace();
        let address = fields.next()?.parse().ok()?;
        fields.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
    });
    let mut found: Vec<IpAddr> = matching.collect();
    found.dedup();
    found
}

fn from_getent(text: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for address in text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_getent_are_read() {
        let hosts = "127.0.0.1 localhost # loop\n10.0.0.5\tNode1.lan node1\n# 10.0.0.9 node1\n::1 localhost\n";
        let table: [(&str, &[&str]); 3] = [("node1.lan", &["10.0.0.5"]), ("localhost", &["127.0.0.1", "::1"]), ("loop", &[])];
        for (host, expected) in table {
            let expected: Vec<IpAddr> = expected.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(from_hosts(hosts, host), expected, "{host}");
        }
        let ahosts = "10.1.1.1 STREAM a\n10.1.1.1 DGRAM \n10.1.1.1 RAW\n2001:db8::1 STREAM\n";
        assert_eq!(from_getent(ahosts).len(), 2);
    }

    #[test]
    fn literals_need_no_lookup() {
        let lookup = |host| addresses_of(host, Duration::from_secs(1), &Cancel::new());
        assert_eq!(lookup("[::1]").unwrap()[0].to_string(), "::1");
        assert!(lookup("-x").is_err());
        assert!(lookup("a b").is_err());
    }
}
