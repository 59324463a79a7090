//! The package manager, the service manager, and facts of other programs.

use serde_json::{Value, json};

use super::{Facts, Source, distribution};

fn one(name: &str, value: impl Into<Value>) -> Facts {
    [(name.to_owned(), value.into())].into_iter().collect()
}

pub(super) fn package_manager(source: &Source<'_, '_>) -> Facts {
    let facts = distribution::distribution(source);
    let family = facts.get("os_family").and_then(Value::as_str).unwrap_or("");
    let version: u32 = facts.get("distribution_major_version").and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(0);
    let fedora = facts.get("distribution").and_then(Value::as_str) == Some("Fedora");
    let programs: &[(&str, &str)] = match family {
        "Debian" => &[("/usr/bin/apt-get", "apt")],
        "RedHat" if (fedora && version >= 41) || source.exists("/usr/bin/dnf5") && !source.exists("/usr/bin/dnf-3") => {
            &[("/usr/bin/dnf5", "dnf5")]
        }
        "RedHat" => &[("/usr/bin/dnf-3", "dnf"), ("/usr/bin/dnf", "dnf"), ("/usr/bin/microdnf", "dnf"), ("/usr/bin/yum", "yum")],
        "Suse" => &[("/usr/bin/zypper", "zypper")],
        "Alpine" => &[("/sbin/apk", "apk")],
        "Archlinux" => &[("/usr/bin/pacman", "pacman")],
        _ => &[],
    };
    let others = [
        ("/usr/bin/apt-get", "apt"),
        ("/usr/bin/dnf5", "dnf5"),
        ("/usr/bin/dnf", "dnf"),
        ("/usr/bin/yum", "yum"),
        ("/usr/bin/zypper", "zypper"),
        ("/sbin/apk", "apk"),
        ("/usr/bin/pacman", "pacman"),
        ("/usr/bin/xbps-install", "xbps"),
        ("/usr/bin/emerge", "portage"),
        ("/bin/opkg", "opkg"),
        ("/usr/bin/swupd", "swupd"),
        ("/usr/bin/rpm-ostree", "atomic_container"),
    ];
    let found = programs.iter().chain(&others).find(|(path, _)| source.exists(path)).map_or("unknown", |(_, name)| *name);
    one("pkg_mgr", found)
}

pub(super) fn service_manager(source: &Source<'_, '_>) -> Facts {
    let first = source.text("/proc/1/comm").or_else(|| source.output(&["ps", "-p", "1", "-o", "comm="]));
    let first = first.map(|name| name.trim().rsplit('/').next().unwrap_or("").to_owned());
    let first = first.filter(|name| !name.is_empty() && name != "init" && !name.ends_with("sh") && name != "COMMAND");
    let found = match first.as_deref() {
        Some("procd") => "openwrt_init",
        Some("runit-init") => "runit",
        Some("svscan") => "svc",
        Some("openrc-init") => "openrc",
        Some(other) => other,
        None if runs_systemd(source) => "systemd",
        None if source.has_program("initctl") && source.exists("/etc/init") => "upstart",
        None if source.exists("/sbin/openrc") => "openrc",
        None if source.has_program("systemctl")
            && source.system().read_link("/sbin/init".as_ref()).is_ok_and(|at| at.ends_with("systemd")) =>
        {
            "systemd"
        }
        None if source.exists("/etc/init.d") => "sysvinit",
        None => "service",
    };
    one("service_mgr", found)
}

fn runs_systemd(source: &Source<'_, '_>) -> bool {
    let signs = ["/run/systemd/system", "/dev/.run/systemd", "/dev/.systemd"];
    source.has_program("systemctl") && signs.iter().any(|path| source.exists(path))
}

pub(super) fn systemd(source: &Source<'_, '_>) -> Facts {
    if !runs_systemd(source) {
        return Facts::new();
    }
    let Some(text) = source.output(&["systemctl", "--version"]) else { return Facts::new() };
    let mut lines = text.lines();
    // "systemd 252 (252.36-1~deb12u1)"
    let version = lines.next().and_then(|line| line.split_whitespace().nth(1)).and_then(|word| word.parse::<u32>().ok());
    let features = lines.next().unwrap_or("").trim();
    match version {
        Some(version) => one("systemd", json!({"version": version, "features": features})),
        None => Facts::new(),
    }
}

pub(super) fn facter(source: &Source<'_, '_>) -> Facts {
    named(source.output(&["facter", "--puppet", "--json"]).or_else(|| source.output(&["facter", "--json"])), "facter_")
}

pub(super) fn ohai(source: &Source<'_, '_>) -> Facts {
    named(source.output(&["ohai"]), "ohai_")
}

fn named(text: Option<String>, prefix: &str) -> Facts {
    match text.and_then(|text| serde_json::from_str(&text).ok()) {
        Some(Value::Object(map)) => map.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)).collect(),
        _ => Facts::new(),
    }
}
