//! SELinux, AppArmor, capabilities, keys of the SSH server.

use serde_json::{Value, json};

use super::{Facts, Source};
use crate::system::Follow;

fn one(name: &str, value: impl Into<Value>) -> Facts {
    [(name.to_owned(), value.into())].into_iter().collect()
}

pub(super) fn selinux(source: &Source<'_, '_>) -> Facts {
    let Some(enforce) = source.text("/sys/fs/selinux/enforce") else { return one("selinux", json!({"status": "disabled"})) };
    let config = source.text("/etc/selinux/config").unwrap_or_default();
    let setting = |name: &str| {
        let line = config.lines().find_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix('='));
        line.map_or_else(|| "unknown".to_owned(), |value| value.trim().to_owned())
    };
    let version: Value =
        source.text("/sys/fs/selinux/policyvers").and_then(|text| text.parse::<u32>().ok()).map_or("unknown".into(), Value::from);
    let mode = match enforce.as_str() {
        "1" => "enforcing",
        "0" => "permissive",
        _ => "unknown",
    };
    one(
        "selinux",
        json!({"status": "enabled", "policyvers": version, "config_mode": setting("SELINUX"), "mode": mode, "type": setting("SELINUXTYPE")}),
    )
}

pub(super) fn apparmor(source: &Source<'_, '_>) -> Facts {
    let status = if source.exists("/sys/kernel/security/apparmor") { "enabled" } else { "disabled" };
    one("apparmor", json!({"status": status}))
}

pub(super) fn fips(source: &Source<'_, '_>) -> Facts {
    one("fips", source.text("/proc/sys/crypto/fips_enabled").as_deref() == Some("1"))
}

pub(super) fn chroot(source: &Source<'_, '_>) -> Facts {
    let at = |path: &str| source.system().stat(path.as_ref(), Follow::Yes).ok().flatten();
    let is_chroot = match (at("/"), at("/proc/1/root/.")) {
        (Some(own), Some(first)) => (own.inode, own.device) != (first.inode, first.device),
        // The root directory of an ordinary file system has the inode 2.
        (Some(own), None) => own.inode != 2,
        _ => false,
    };
    one("is_chroot", is_chroot || source.ctx.environment.contains_key("debian_chroot"))
}

pub(super) fn capabilities(source: &Source<'_, '_>) -> Facts {
    let mut facts = Facts::new();
    facts.insert("system_capabilities_enforced".into(), "NA".into());
    facts.insert("system_capabilities".into(), json!([]));
    if !source.has_program("capsh") {
        return facts;
    }
    let asked = || {
        let text = source.output(&["capsh", "--print"])?;
        text.lines().find_map(|line| line.strip_prefix("Current:")).map(str::to_owned)
    };
    let Some(current) = all_or_none(source).map(str::to_owned).or_else(asked) else { return facts };
    if current.trim() == "=ep" {
        facts.insert("system_capabilities_enforced".into(), "False".into());
    } else {
        let list: Vec<&str> = current.split_once('=').map_or("", |(_, list)| list).split(',').map(str::trim).collect();
        facts.insert("system_capabilities_enforced".into(), "True".into());
        facts.insert("system_capabilities".into(), list.into());
    }
    facts
}

/// What `capsh` writes of a process that may do everything or nothing; of others it is asked.
fn all_or_none(source: &Source<'_, '_>) -> Option<&'static str> {
    let status = source.text("/proc/self/status")?;
    let set = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        u64::from_str_radix(line.trim(), 16).ok()
    };
    let last: u32 = source.text("/proc/sys/kernel/cap_last_cap")?.parse().ok()?;
    let all = u64::MAX.checked_shr(63u32.checked_sub(last)?)?;
    match (set("CapInh:")?, set("CapPrm:")?, set("CapEff:")?) {
        (0, 0, 0) => Some("="),
        (0, permitted, effective) if permitted == all && effective == all => Some("=ep"),
        _ => None,
    }
}

pub(super) fn ssh_keys(source: &Source<'_, '_>) -> Facts {
    let mut facts = Facts::new();
    for folder in ["/etc/ssh", "/etc/openssh", "/etc"] {
        for kind in ["dsa", "rsa", "ecdsa", "ed25519"] {
            let Some(text) = source.text(format!("{folder}/ssh_host_{kind}_key.pub")) else { continue };
            let mut words = text.split_whitespace();
            if let (Some(keytype), Some(key)) = (words.next(), words.next()) {
                facts.insert(format!("ssh_host_key_{kind}_public"), key.into());
                facts.insert(format!("ssh_host_key_{kind}_public_keytype"), keytype.into());
            }
        }
        if !facts.is_empty() {
            break;
        }
    }
    facts
}
