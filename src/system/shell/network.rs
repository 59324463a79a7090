//! The network as the host sees it, through its tools.

use std::io::{self, Cursor, Read, Write};
use std::net::IpAddr;
use std::time::Duration;

use super::{ShellSystem, quote};
use crate::system::{Address, Error, ErrorKind, Result};

impl<S: Read + Write + Send> ShellSystem<S> {
    pub(super) fn get_addresses(&self) -> Result<Vec<Address>> {
        let attempt = "list the network interfaces";
        let reply = self.ask(|| attempt.to_owned(), "command -v ip >/dev/null || k_fail no-ip; ip -o addr show")?;
        if reply.rc != 0 {
            let reason = if reply.reported().is_some() { "the host has no `ip`".to_owned() } else { reply.complaint().1 };
            return Err(Error::new(ErrorKind::Unsupported, attempt, reason));
        }
        Ok(String::from_utf8_lossy(&reply.stdout).lines().filter_map(parse_address).collect())
    }

    /// By `nc`: whether the port is open is found out now, what it sends is read when it is asked for.
    pub(super) fn open_connection(&self, host: &str, port: u16, timeout: Duration) -> Result<Box<dyn Read + '_>> {
        let attempt = format!("connect to `{host}` port {port}");
        if host.is_empty() || host.starts_with('-') {
            return Err(Error::new(ErrorKind::Other, attempt, "no host can have this name"));
        }
        let limit = timeout.as_secs().max(1);
        let place = format!("-w {limit} {} {port}", quote::text(host));
        let script = format!("command -v nc >/dev/null || k_fail no-nc\nnc -z {place}");
        let reply = self.ask(|| attempt.clone(), &script)?;
        if reply.reported().is_some() {
            let reason = "the host is managed through its shell alone and has no `nc`";
            return Err(Error::new(ErrorKind::Unsupported, attempt, reason));
        }
        let talk = format!("nc {place}");
        if reply.rc == 0 {
            return Ok(Box::new(Conversation { system: self, script: talk, reply: None }));
        }
        let complaint = String::from_utf8_lossy(&reply.stderr).to_lowercase();
        if !["invalid option", "unrecognized option", "illegal option", "usage"].iter().any(|words| complaint.contains(words)) {
            return Err(Error::new(ErrorKind::Other, attempt, connection_reason(&complaint)));
        }
        // A `nc` that cannot only look.
        let reply = self.ask(|| attempt.clone(), &talk)?;
        if reply.rc != 0 && reply.stdout.is_empty() {
            return Err(Error::new(ErrorKind::Other, attempt, connection_reason(&String::from_utf8_lossy(&reply.stderr).to_lowercase())));
        }
        Ok(Box::new(Cursor::new(reply.stdout)))
    }
}

fn connection_reason(complaint: &str) -> &'static str {
    if complaint.contains("timed out") { "Connection timed out" } else { "the connection failed: refused, or no answer" }
}

/// What the other side sends, once it is asked for.
struct Conversation<'a, S> {
    system: &'a ShellSystem<S>,
    script: String,
    reply: Option<Cursor<Vec<u8>>>,
}

impl<S: Read + Write + Send> Read for Conversation<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.reply.is_none() {
            let reply = self.system.ask(|| "read from a connection".to_owned(), &self.script).map_err(io::Error::other)?;
            self.reply = Some(Cursor::new(reply.stdout));
        }
        self.reply.as_mut().map_or(Ok(0), |reply| reply.read(buffer))
    }
}

/// A line of `ip -o addr`: "2: eth0    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0".
fn parse_address(line: &str) -> Option<Address> {
    let mut words = line.split_whitespace().skip(1);
    let interface = words.next()?.split('@').next()?.trim_end_matches(':').to_owned();
    words.next().filter(|family| family.starts_with("inet"))?;
    let (ip, prefix) = words.next()?.split_once('/')?;
    let ip: IpAddr = ip.parse().ok()?;
    let broadcast = words.next().filter(|word| *word == "brd").and_then(|_| words.next()?.parse().ok());
    Some(Address { interface, ip, prefix: prefix.parse().ok()?, broadcast })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_ip() {
        let eth = parse_address("2: eth0@if5    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever").unwrap();
        assert_eq!(
            (eth.interface.as_str(), eth.prefix, eth.broadcast.map(|ip| ip.to_string()).as_deref()),
            ("eth0", 24, Some("10.0.0.255"))
        );
        assert_eq!(parse_address("1: lo    inet6 ::1/128 scope host").unwrap().broadcast, None);
        assert_eq!(parse_address("1: lo    link/loopback"), None);
    }
}
