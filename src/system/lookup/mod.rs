//! Lookups of users, groups, packages, services and the platform, written once over the primitives of a [`System`].
//!
//! Imported by the implementations `os` and `shell`. Guarantees: only `read`, `open`, `list`, `stat`, `which` and `probe` are used, never NSS;
//! every command runs in the C locale. To add a package or service manager: a file here and a line in its dispatcher.

mod accounts;
mod apk;
mod dpkg;
mod packages;
mod rpm;
mod services;
mod systemd;
mod sysvinit;

use std::collections::BTreeMap;
use std::path::Path;

pub use accounts::{group, user};
pub use packages::{package, package_by_query};
pub use services::{service, unit_name};
pub use systemd::from_show;

use super::{Command, ErrorKind, Result, System};

/// Where commands are looked for beside the search path of the process.
pub const SEARCH_PATH: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The fields of `/etc/os-release` (or `/usr/lib/os-release`) without quotes; empty when there is neither.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn os_release(system: &dyn System) -> Result<BTreeMap<String, String>> {
    for path in ["/etc/os-release", "/usr/lib/os-release"] {
        if let Some(text) = read_if_there(system, Path::new(path))? {
            return Ok(parse_os_release(&text));
        }
    }
    Ok(BTreeMap::new())
}

fn parse_os_release(text: &str) -> BTreeMap<String, String> {
    let fields = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    fields.map(|(name, value)| (name.to_owned(), unquote(value))).collect()
}

fn unquote(value: &str) -> String {
    let inner = [('"', '"'), ('\'', '\'')].iter().find_map(|(open, close)| value.strip_prefix(*open)?.strip_suffix(*close));
    let Some(inner) = inner else { return value.to_owned() };
    let mut text = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        text.push(if c == '\\' { characters.next().unwrap_or(c) } else { c });
    }
    text
}

/// A file as text; `None` when it is not there.
fn read_if_there(system: &dyn System, path: &Path) -> Result<Option<String>> {
    match system.read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A command whose output we read: in the C locale.
fn plain<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Command {
    Command::new(argv).env("LC_ALL", "C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_loses_its_quotes() {
        let fields = parse_os_release("# comment\nID=debian\nPRETTY_NAME=\"Debian \\\"12\\\"\"\nV='a b'\n\nbroken\n");
        let expected = [("ID", "debian"), ("PRETTY_NAME", "Debian \"12\""), ("V", "a b")];
        assert_eq!(fields, expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
    }
}
