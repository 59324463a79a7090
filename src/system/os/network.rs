//! The network as this machine sees it.

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use nix::sys::socket::SockaddrStorage;

use super::resolve::addresses_of;
use crate::base::text;
use crate::system::{Address, Cancel, Error, ErrorKind, Result};

pub(super) fn addresses() -> Result<Vec<Address>> {
    let failed = |errno: nix::errno::Errno| Error::new(ErrorKind::Other, "list the network interfaces", errno.desc());
    let interfaces = nix::ifaddrs::getifaddrs().map_err(failed)?;
    let addresses = interfaces.filter_map(|interface| {
        Some(Address {
            ip: to_ip(interface.address.as_ref()?)?,
            prefix: interface.netmask.as_ref().and_then(to_ip).map_or(0, prefix),
            // For a point-to-point interface the same field holds the address of the other side.
            broadcast: interface
                .broadcast
                .as_ref()
                .filter(|_| interface.flags.contains(nix::net::if_::InterfaceFlags::IFF_BROADCAST))
                .and_then(to_ip),
            interface: interface.interface_name,
        })
    });
    Ok(addresses.collect())
}

fn to_ip(address: &SockaddrStorage) -> Option<IpAddr> {
    match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
        (Some(v4), _) => Some(IpAddr::V4(v4.ip())),
        (_, Some(v6)) => Some(IpAddr::V6(v6.ip())),
        _ => None,
    }
}

fn prefix(mask: IpAddr) -> u8 {
    let ones = match mask {
        IpAddr::V4(mask) => u32::from(mask).count_ones(),
        IpAddr::V6(mask) => u128::from(mask).count_ones(),
    };
    u8::try_from(ones).unwrap_or(0)
}

/// See [`crate::system::System::connect`].
pub(super) fn connect(host: &str, port: u16, timeout: Duration, cancel: &Cancel) -> Result<Box<dyn Read>> {
    let attempt = format!("connect to `{host}` port {port}");
    cancel.check(&attempt)?;
    let timeout = timeout.max(Duration::from_millis(1));
    let mut last = Error::new(ErrorKind::Other, attempt.clone(), "it has no address");
    for address in addresses_of(host, timeout, cancel)? {
        let connected = TcpStream::connect_timeout(&SocketAddr::new(address, port), timeout);
        match connected.and_then(|stream| stream.set_read_timeout(Some(timeout)).map(|()| stream)) {
            Ok(stream) => return Ok(Box::new(Patient { stream })),
            Err(error) => last = explain(&attempt, &error),
        }
    }
    Err(last)
}

fn explain(attempt: &str, error: &io::Error) -> Error {
    let kind = if is_timeout(error) { ErrorKind::TimedOut } else { ErrorKind::from(error.kind()) };
    Error::new(kind, attempt, text::reason(error))
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// A stream whose reads time out with the kind that says so.
struct Patient {
    stream: TcpStream,
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buffer) {
            Err(error) if is_timeout(&error) => Err(io::Error::new(io::ErrorKind::TimedOut, "no data came in time")),
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn reads_what_the_other_side_sends_and_does_not_wait_for_ever() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut reader = connect("localhost", port, Duration::from_millis(200), &Cancel::new()).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(b"SSH-2.0").unwrap();
        let mut banner = [0; 7];
        reader.read_exact(&mut banner).unwrap();
        assert_eq!(&banner, b"SSH-2.0");
        assert_eq!(reader.read(&mut banner).unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop((listener, peer));
        let error = connect("127.0.0.1", port, Duration::from_secs(5), &Cancel::new()).err().unwrap();
        assert_eq!(error.to_string(), format!("failed to connect to `127.0.0.1` port {port}: Connection refused"));
    }

    #[test]
    fn the_loopback_interface_is_among_the_addresses() {
        let all = addresses().unwrap();
        assert!(all.iter().any(|address| address.interface == "lo" && address.ip.is_loopback() && address.prefix == 8), "{all:?}");
    }
}
