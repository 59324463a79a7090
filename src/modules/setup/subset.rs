//! Groups of facts and how `gather_subset` selects them.

use std::collections::BTreeSet;

use super::{
    Facts, Source, cpu, date, devices, distribution, local, machine, memory, mounts, network, platform, programs, security, user,
    virtualization,
};

/// A group of facts.
pub(super) struct Group {
    /// Its name.
    name: &'static str,
    /// Other names, of facts in it, that select the whole group.
    aliases: &'static [&'static str],
    /// Whether it belongs to `min`.
    minimal: bool,
    /// Groups that come with it.
    needs: &'static [&'static str],
    /// What gathers it.
    pub(super) gather: fn(&Source<'_, '_>) -> Facts,
}

const fn group(name: &'static str, minimal: bool, aliases: &'static [&'static str], gather: fn(&Source<'_, '_>) -> Facts) -> Group {
    Group { name, aliases, minimal, needs: &[], gather }
}

const fn needing(needs: &'static [&'static str], group: Group) -> Group {
    Group { needs, ..group }
}

static GROUPS: &[Group] = &[
    group(
        "platform",
        true,
        &["architecture", "kernel", "kernel_version", "machine", "machine_id", "python_version", "system"],
        platform::platform,
    ),
    group(
        "distribution",
        true,
        &["distribution_major_version", "distribution_release", "distribution_version", "os_family"],
        distribution::distribution,
    ),
    group("lsb", true, &[], distribution::lsb),
    group("selinux", true, &[], security::selinux),
    group("apparmor", true, &[], security::apparmor),
    group("chroot", false, &["is_chroot"], security::chroot),
    group("fips", true, &[], security::fips),
    // There is no Python that could be told of; the names are accepted since playbooks leave the group out by name.
    group("python", true, &[], |_| Facts::new()),
    group("caps", true, &["system_capabilities", "system_capabilities_enforced"], security::capabilities),
    needing(&["distribution"], group("pkg_mgr", true, &[], programs::package_manager)),
    needing(&["distribution", "platform"], group("service_mgr", true, &[], programs::service_manager)),
    group("cmdline", true, &[], machine::command_line),
    group("date_time", true, &[], date::date_time),
    group("env", true, &[], user::environment),
    group("loadavg", false, &[], machine::load),
    group(
        "ssh_pub_keys",
        true,
        &[
            "ssh_host_key_dsa_public",
            "ssh_host_key_ecdsa_public",
            "ssh_host_key_ed25519_public",
            "ssh_host_key_rsa_public",
            "ssh_host_pub_keys",
        ],
        security::ssh_keys,
    ),
    group(
        "user",
        true,
        &[
            "effective_group_ids",
            "effective_user_id",
            "real_user_id",
            "user_dir",
            "user_gecos",
            "user_gid",
            "user_id",
            "user_shell",
            "user_uid",
        ],
        user::user,
    ),
    group("systemd", false, &[], programs::systemd),
    group(
        "virtual",
        false,
        &["virtualization_role", "virtualization_tech_guest", "virtualization_tech_host", "virtualization_type"],
        virtualization::virtualization,
    ),
    needing(&["platform"], group("hardware", false, &["devices", "mounts", "processor", "processor_cores", "processor_count"], hardware)),
    group("dns", true, &[], network::dns),
    group("fibre_channel_wwn", false, &[], machine::fibre_channel),
    needing(
        &["distribution", "platform"],
        group(
            "network",
            false,
            &["all_ipv4_addresses", "all_ipv6_addresses", "default_ipv4", "default_ipv6", "interfaces"],
            network::network,
        ),
    ),
    group("iscsi", false, &[], machine::iscsi),
    group("nvme", false, &[], machine::nvme),
    group("local", true, &[], local::local),
    group("facter", false, &[], programs::facter),
    group("ohai", false, &[], programs::ohai),
];

fn hardware(source: &Source<'_, '_>) -> Facts {
    let mut facts = cpu::cpu(source);
    facts.extend(memory::memory(source));
    facts.extend(machine::firmware(source));
    facts.extend(machine::uptime(source));
    facts.extend(devices::devices(source));
    facts.extend(mounts::mounts(source));
    facts
}

/// The groups that `wanted` selects, in the order in which they are gathered.
///
/// # Errors
/// When a name is not known.
pub(super) fn select(wanted: &[String]) -> Result<Vec<&'static Group>, String> {
    let minimal = || GROUPS.iter().filter(|group| group.minimal).map(|group| group.name);
    let all = || GROUPS.iter().map(|group| group.name);
    let mut selected: BTreeSet<&str> = BTreeSet::new();
    let mut excluded: BTreeSet<&str> = BTreeSet::new();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for word in wanted.iter().map(|word| word.trim()) {
        match word.strip_prefix('!') {
            Some("all") => excluded.extend(all().filter(|name| !minimal().any(|minimal| minimal == *name))),
            Some("min") => excluded.extend(minimal()),
            Some(name) => excluded.extend(by_name(name).map(|group| group.name)),
            None if word == "all" => selected.extend(all()),
            None if word == "min" => selected.extend(minimal()),
            None => {
                let group = by_name(word).ok_or_else(|| unknown(word))?;
                selected.insert(group.name);
                named.insert(group.name);
            }
        }
    }
    selected.extend(minimal());
    selected.retain(|name| named.contains(name) || !excluded.contains(name));
    let needed: Vec<&str> =
        GROUPS.iter().filter(|group| selected.contains(group.name)).flat_map(|group| group.needs.iter().copied()).collect();
    selected.extend(needed);
    Ok(GROUPS.iter().filter(|group| selected.contains(group.name)).collect())
}

fn by_name(name: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.name == name || group.aliases.contains(&name))
}

fn unknown(name: &str) -> String {
    let known = GROUPS.iter().flat_map(|group| group.aliases.iter().copied().chain([group.name])).chain(["all", "min"]);
    let mut names: Vec<&str> = known.collect();
    names.sort_unstable();
    format!("failed to gather facts: there is no group `{name}`; the groups are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(words: &[&str]) -> Vec<&'static str> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        select(&words).unwrap_or_else(|error| panic!("{error}")).iter().map(|group| group.name).collect()
    }

    #[test]
    fn groups_are_selected_as_with_ansible() {
        let minimal: Vec<&str> = GROUPS.iter().filter(|group| group.minimal).map(|group| group.name).collect();
        assert_eq!(selected(&["all"]).len(), GROUPS.len());
        assert_eq!(selected(&["!all"]), minimal);
        assert_eq!(selected(&["min"]), minimal);
        assert_eq!(selected(&["!hardware"]), minimal);
        assert_eq!(selected(&["!all", "!min"]), [""; 0]);
        assert_eq!(selected(&["!min"]), [""; 0]);
        assert_eq!(selected(&["!all", "!min", "mounts"]), ["platform", "hardware"]);
        assert_eq!(selected(&["!all", "!min", "network"]), ["platform", "distribution", "network"]);
        assert!(!selected(&["all", "!network"]).contains(&"network"));
        assert!(!selected(&["!all", "!date_time"]).contains(&"date_time"));
        assert!(selected(&["hardware"]).contains(&"env"));
        assert!(select(&["bogus".to_owned()]).is_err());
    }
}
