//! Kernel, architecture, names.

use super::{Facts, Source};
use crate::system::Platform;

pub(super) fn platform(source: &Source<'_, '_>) -> Facts {
    let Ok(platform) = source.system().platform() else { return Facts::new() };
    let Platform { kernel, kernel_release, kernel_version, machine, nodename, .. } = platform;
    let is_64 = machine.ends_with("64") || matches!(machine.as_str(), "s390x" | "ppc64le");
    let is_x86 = machine == "x86_64" || (machine.starts_with('i') && machine.ends_with("86"));
    let architecture = if is_x86 && !is_64 { "i386" } else { &machine };
    let fqdn = full_name(source, &nodename);
    let mut facts = Facts::new();
    facts.insert("system".into(), kernel.into());
    facts.insert("kernel".into(), kernel_release.into());
    facts.insert("kernel_version".into(), kernel_version.into());
    facts.insert("architecture".into(), architecture.into());
    facts.insert("userspace_bits".into(), if is_64 { "64" } else { "32" }.into());
    facts.insert("userspace_architecture".into(), architecture.into());
    facts.insert("hostname".into(), nodename.split('.').next().unwrap_or("").into());
    facts.insert("domain".into(), fqdn.split_once('.').map_or("", |(_, domain)| domain).into());
    facts.insert("fqdn".into(), fqdn.into());
    facts.insert("nodename".into(), nodename.into());
    facts.insert("machine".into(), machine.into());
    let id = source.text("/var/lib/dbus/machine-id").or_else(|| source.text("/etc/machine-id"));
    if let Some(id) = id.filter(|id| !id.is_empty()) {
        facts.insert("machine_id".into(), id.lines().next().unwrap_or("").into());
    }
    facts
}

/// The name with its domain, as the machine's own resolver tells it: the names of the address that the name stands for.
fn full_name(source: &Source<'_, '_>, nodename: &str) -> String {
    let hosts = source.text("/etc/hosts").unwrap_or_default();
    let known = names_in(&hosts, nodename).or_else(|| {
        let first = source.output(&["getent", "hosts", nodename])?;
        let address = first.split_whitespace().next()?;
        let line = line_of(&hosts, address).or_else(|| source.output(&["getent", "hosts", address]))?;
        Some(line.split_whitespace().skip(1).map(str::to_owned).collect())
    });
    let names: Vec<String> = known.unwrap_or_default();
    match names.iter().find(|name| name.contains('.')).or_else(|| names.first()) {
        Some(name) => name.clone(),
        None => nodename.to_owned(),
    }
}

/// The names of the address that `/etc/hosts` gives to `name`.
fn names_in(hosts: &str, name: &str) -> Option<Vec<String>> {
    let address = lines(hosts).find(|line| line.split_whitespace().skip(1).any(|word| word == name))?.split_whitespace().next()?;
    let line = line_of(hosts, address)?;
    Some(line.split_whitespace().skip(1).map(str::to_owned).collect())
}

fn line_of(hosts: &str, address: &str) -> Option<String> {
    lines(hosts).find(|line| line.split_whitespace().next() == Some(address)).map(str::to_owned)
}

fn lines(hosts: &str) -> impl Iterator<Item = &str> {
    hosts.lines().map(|line| line.split('#').next().unwrap_or("").trim()).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_first_line_of_the_address() {
        let hosts = "127.0.0.1 localhost\n# 10.0.0.1 no\n127.0.1.1\tweb1.example.org web1\n";
        assert_eq!(names_in(hosts, "web1"), Some(vec!["web1.example.org".to_owned(), "web1".to_owned()]));
        assert_eq!(names_in("127.0.0.1 localhost\n127.0.0.1 vm\n", "vm"), Some(vec!["localhost".to_owned()]));
        assert_eq!(names_in(hosts, "other"), None);
    }
}
