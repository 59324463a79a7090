//! Which service manager answers.

use std::path::Path;

use super::{systemd, sysvinit};
use crate::system::{Follow, Result, Service, System};

/// A service of the machine's service manager; `None` when it knows no such unit.
///
/// # Errors
/// When the service manager cannot be asked.
pub fn service(system: &dyn System, name: &str) -> Result<Option<Service>> {
    if name.is_empty() || name.starts_with('-') {
        return Ok(None);
    }
    // The directory exists exactly while systemd is the init of the machine; see sd_booted(3).
    if system.stat(Path::new("/run/systemd/system"), Follow::Yes)?.is_some() {
        systemd::service(system, name)
    } else {
        sysvinit::service(system, name)
    }
}

/// The full name of a unit: `ssh` is `ssh.service`.
pub fn unit_name(name: &str) -> String {
    const SUFFIXES: &[&str] = &["service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer", "slice", "scope"];
    match name.rsplit_once('.') {
        Some((_, suffix)) if SUFFIXES.contains(&suffix) => name.to_owned(),
        _ => format!("{name}.service"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_names_get_their_suffix() {
        let table = [("ssh", "ssh.service"), ("ssh.service", "ssh.service"), ("apt.timer", "apt.timer"), ("v1.2", "v1.2.service")];
        for (name, expected) in table {
            assert_eq!(unit_name(name), expected);
        }
    }
}
