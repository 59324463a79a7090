//! The version this binary claims, and its behaviour mode.
//!
//! Both live in a slot of fixed width inside the binary. `package` overwrites the slot when it makes a
//! tarball, so each packaged version has its own bytes (and SHA-256) without compiling again.

use std::hint::black_box;

/// Width of the slot in bytes; `package` relies on it.
const SLOT_WIDTH: usize = 96;
/// Length of the marker in front of the settings.
const MARKER_WIDTH: usize = "LAB-NODE-SLOT ".len();

#[used]
static SLOT: [u8; SLOT_WIDTH] = padded("LAB-NODE-SLOT version=v1.12.1 mode=normal");

const fn padded(text: &str) -> [u8; SLOT_WIDTH] {
    let mut slot = [b' '; SLOT_WIDTH];
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        slot[i] = bytes[i];
        i += 1;
    }
    slot
}

/// How this binary behaves when it is started as a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As the original does.
    Normal,
    /// Writes a log line and exits 1 (a bad release that does not come up).
    Exit,
    /// Connects, follows the chain and answers RPC, but never votes (a bad release that looks healthy).
    Deaf,
}

/// Which of the two names the software goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Klaytn,
    Kaia,
}

/// A release number such as `v1.12.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    number: (u32, u32, u32),
}

impl Version {
    /// Reads a release number; parts that are not numbers count as 0.
    pub fn parse(text: &str) -> Version {
        let mut parts = text.trim_start_matches('v').split('.').map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().unwrap_or(0)
        });
        let mut next = || parts.next().unwrap_or(0);
        Version { text: text.to_owned(), number: (next(), next(), next()) }
    }

    /// Kaia started again at v1.0.0 after Klaytn v1.12.1 and goes on with v2; Klaytn's early releases are not modelled.
    pub fn family(&self) -> Family {
        match self.number {
            (1, 0, _) => Family::Kaia,
            (major, _, _) if major >= 2 => Family::Kaia,
            _ => Family::Klaytn,
        }
    }

    /// Whether this release has what came with Klaytn `major.minor.patch`; every Kaia release has it.
    pub fn since(&self, major: u32, minor: u32, patch: u32) -> bool {
        self.family() == Family::Kaia || self.number >= (major, minor, patch)
    }

    /// `Klaytn` or `Kaia`.
    pub fn brand(&self) -> &'static str {
        match self.family() {
            Family::Klaytn => "Klaytn",
            Family::Kaia => "Kaia",
        }
    }

    /// What `klay_clientVersion` answers and peers are told.
    pub fn client(&self) -> String {
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        format!("{}/{}/linux-{arch}/lab-node", self.brand(), self.text)
    }

    /// The number as packaged, with its `v`.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Reads the slot. The black box keeps the compiler from folding in the content it knew at build time.
pub fn this() -> (Version, Mode) {
    parse_slot(&String::from_utf8_lossy(black_box(&SLOT)))
}

fn parse_slot(slot: &str) -> (Version, Mode) {
    let mut version = Version::parse("v0.0.0");
    let mut mode = Mode::Normal;
    for setting in slot.get(MARKER_WIDTH..).unwrap_or_default().split_whitespace() {
        match setting.split_once('=') {
            Some(("version", text)) => version = Version::parse(text),
            Some(("mode", "exit")) => mode = Mode::Exit,
            Some(("mode", "deaf")) => mode = Mode::Deaf,
            _ => {}
        }
    }
    (version, mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slot_gives_version_and_mode() {
        let (version, mode) = parse_slot("LAB-NODE-SLOT version=v2.2.1 mode=deaf     ");
        assert_eq!(version.text(), "v2.2.1");
        assert_eq!(version.family(), Family::Kaia);
        assert_eq!(mode, Mode::Deaf);
        assert_eq!(this().0.text(), "v1.12.1");
    }

    #[test]
    fn releases_order_across_families() {
        assert!(!Version::parse("v1.9.1").since(1, 10, 0));
        assert!(Version::parse("v1.10.2").since(1, 10, 0));
        assert!(Version::parse("v1.0.3").since(1, 12, 1), "Kaia v1.0.3 is newer than every Klaytn release");
        assert_eq!(Version::parse("v1.12.1-rc.2").family(), Family::Klaytn);
    }
}
