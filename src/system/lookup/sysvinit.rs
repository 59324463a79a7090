//! Services where systemd is not the init: OpenRC, and scripts in `/etc/init.d`.

use std::collections::BTreeMap;
use std::path::Path;

use super::plain;
use crate::system::{ErrorKind, Follow, Result, Service, System};

/// The service whose script is `/etc/init.d/NAME`.
pub(super) fn service(system: &dyn System, name: &str) -> Result<Option<Service>> {
    let name = name.strip_suffix(".service").unwrap_or(name);
    if name.contains('/') {
        return Ok(None);
    }
    let script = Path::new("/etc/init.d").join(name);
    if !system.stat(&script, Follow::Yes)?.is_some_and(|stat| stat.is_file()) {
        return Ok(None);
    }
    let openrc = system.which("rc-service")?.is_some();
    let script = script.to_string_lossy().into_owned();
    let argv: &[&str] = if openrc { &["rc-service", name, "status"] } else { &[&script, "status"] };
    let active = system.probe(&plain(argv.iter().copied()))?.success();
    let enabled = if openrc { is_linked(system, "/etc/runlevels", name, openrc)? } else { is_linked(system, "/etc", name, openrc)? };
    Ok(Some(Service { name: name.to_owned(), active, enabled, masked: false, properties: BTreeMap::new() }))
}

/// Whether a runlevel starts it: `/etc/runlevels/LEVEL/NAME`, or `/etc/rcN.d/SNNNAME` for the levels 2 to 5.
fn is_linked(system: &dyn System, dir: &str, name: &str, openrc: bool) -> Result<bool> {
    let levels = match system.list(Path::new(dir)) {
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(false),
        levels => levels?,
    };
    for level in levels {
        let level_name = level.name.to_string_lossy();
        let is_level = openrc || ["rc2.d", "rc3.d", "rc4.d", "rc5.d"].contains(&&*level_name);
        let path = Path::new(dir).join(&level.name);
        if !is_level || !system.stat(&path, Follow::Yes)?.is_some_and(|stat| stat.is_dir()) {
            continue;
        }
        let starts = |entry: &str| {
            if openrc {
                return entry == name;
            }
            let number = entry.strip_prefix('S').and_then(|rest| rest.split_at_checked(2));
            number.is_some_and(|(number, rest)| number.bytes().all(|b| b.is_ascii_digit()) && rest == name)
        };
        if system.list(&path)?.iter().any(|entry| starts(&entry.name.to_string_lossy())) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::fake::Fake;

    #[test]
    fn scripts_and_their_links() {
        let fake = Fake::new()
            .program("/etc/init.d/ntp")
            .program("/etc/init.d/off")
            .link("/etc/rc2.d/S01ntp", "../init.d/ntp")
            .link("/etc/rc0.d/S01off", "../init.d/off")
            .answer(&["/etc/init.d/ntp", "status"], 0, "", "")
            .answer(&["/etc/init.d/off", "status"], 3, "", "");
        let ntp = service(&fake, "ntp.service").unwrap().unwrap();
        assert_eq!((ntp.active, ntp.enabled), (true, true));
        let off = service(&fake, "off").unwrap().unwrap();
        assert_eq!((off.active, off.enabled), (false, false));
        assert_eq!(service(&fake, "missing").unwrap(), None);
    }

    #[test]
    fn openrc_runlevels() {
        let fake = Fake::new()
            .program("/sbin/rc-service")
            .program("/etc/init.d/sshd")
            .link("/etc/runlevels/default/sshd", "/etc/init.d/sshd")
            .answer(&["rc-service", "sshd", "status"], 0, "", "");
        let sshd = service(&fake, "sshd").unwrap().unwrap();
        assert_eq!((sshd.active, sshd.enabled), (true, true));
    }
}
