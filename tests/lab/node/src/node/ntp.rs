//! The clock check at start (since v1.10.0): more than a second off means the node does not start.
//!
//! Unlike the original, the default server on the internet is not asked: a lab must not talk to the outside.
//! It counts as unreachable, which the original treats as a warning too.

use std::net::UdpSocket;
use std::time::Duration;

use crate::{clock, log};

pub const DEFAULT_SERVER: &str = "pool.ntp.org:123";
const TRIES: u32 = 10;
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);
/// Seconds from 1900, where NTP counts from, to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;
const TOLERANCE_MS: u64 = 1000;

/// Compares the clock with `server` (host:port).
pub fn check(server: &str) -> Result<(), String> {
    let mut reason = "the stand-in does not ask servers outside the lab".to_owned();
    if server != DEFAULT_SERVER {
        for _ in 0..TRIES {
            match query(server) {
                Ok(theirs) => return compare(clock::now_ms(), theirs),
                Err(e) => reason = e,
            }
        }
    }
    log::warn("Failed to check the time with the NTP server", &[("server", &server), ("err", &reason)]);
    Ok(())
}

fn compare(ours: u64, theirs: u64) -> Result<(), String> {
    let drift = ours.abs_diff(theirs);
    if drift > TOLERANCE_MS {
        return Err(format!("System time is out of sync: local clock is {drift}ms off the NTP server"));
    }
    Ok(())
}

/// The server's time in milliseconds since 1970.
fn query(server: &str) -> Result<u64, String> {
    let ask = || -> std::io::Result<[u8; 48]> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        socket.connect(server)?;
        let mut packet = [0; 48];
        packet[0] = 0x23; // version 4, client
        socket.send(&packet)?;
        let size = socket.recv(&mut packet)?;
        if size < 48 { Err(std::io::Error::other("short answer")) } else { Ok(packet) }
    };
    let packet = ask().map_err(|e| e.to_string())?;
    let word = |at: usize| packet[at..at + 4].iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let (seconds, fraction) = (word(40), word(44));
    Ok(seconds.saturating_sub(NTP_EPOCH) * 1000 + ((fraction * 1000) >> 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A time server that answers once with the given offset.
    fn server(offset_ms: i64) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let mut packet = [0; 48];
            let (_, from) = socket.recv_from(&mut packet).unwrap();
            let time = clock::now_ms().saturating_add_signed(offset_ms);
            let seconds = (time / 1000 + NTP_EPOCH) as u32;
            let fraction = ((time % 1000) << 32) / 1000;
            packet[40..44].copy_from_slice(&seconds.to_be_bytes());
            packet[44..48].copy_from_slice(&(fraction as u32).to_be_bytes());
            socket.send_to(&packet, from).unwrap();
        });
        address
    }

    #[test]
    fn a_clock_more_than_a_second_off_is_refused() {
        assert!(check(&server(0)).is_ok());
        assert!(check(&server(5000)).is_err());
        assert!(check(&server(-5000)).is_err());
    }

    #[test]
    fn the_default_server_is_only_warned_about() {
        assert!(check(DEFAULT_SERVER).is_ok());
    }
}
