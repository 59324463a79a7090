//! Which distribution it is.

use serde_json::{Value, json};

use super::{Facts, Source};

/// What a distribution is called: `ID` of os-release, Ansible's name, family, the file that tells its version.
struct Known {
    id: &'static str,
    name: &'static str,
    family: &'static str,
    file: &'static str,
    variety: &'static str,
}

const fn known(id: &'static str, name: &'static str, family: &'static str, file: &'static str, variety: &'static str) -> Known {
    Known { id, name, family, file, variety }
}

const OS_RELEASE: &str = "/etc/os-release";

static KNOWN: &[Known] = &[
    known("debian", "Debian", "Debian", OS_RELEASE, "Debian"),
    known("ubuntu", "Ubuntu", "Debian", OS_RELEASE, "Debian"),
    known("raspbian", "Debian", "Debian", OS_RELEASE, "Debian"),
    known("devuan", "Devuan", "Debian", OS_RELEASE, "Debian"),
    known("kali", "Kali", "Debian", OS_RELEASE, "Debian"),
    known("linuxmint", "Linux Mint", "Debian", OS_RELEASE, "Debian"),
    known("pop", "Pop!_OS", "Debian", OS_RELEASE, "Debian"),
    known("rhel", "RedHat", "RedHat", "/etc/redhat-release", "RedHat"),
    known("centos", "CentOS", "RedHat", "/etc/centos-release", "CentOS"),
    known("rocky", "Rocky", "RedHat", "/etc/redhat-release", "RedHat"),
    known("almalinux", "AlmaLinux", "RedHat", "/etc/redhat-release", "RedHat"),
    known("ol", "OracleLinux", "RedHat", "/etc/oracle-release", "OracleLinux"),
    known("fedora", "Fedora", "RedHat", "/etc/redhat-release", "RedHat"),
    known("amzn", "Amazon", "RedHat", OS_RELEASE, "Amazon"),
    known("sles", "SLES", "Suse", OS_RELEASE, "SUSE"),
    known("opensuse-leap", "openSUSE Leap", "Suse", OS_RELEASE, "SUSE"),
    known("opensuse-tumbleweed", "openSUSE Tumbleweed", "Suse", OS_RELEASE, "SUSE"),
    known("alpine", "Alpine", "Alpine", "/etc/alpine-release", "Alpine"),
    known("arch", "Archlinux", "Archlinux", "/etc/arch-release", "Archlinux"),
    known("manjaro", "Manjaro", "Archlinux", OS_RELEASE, "Archlinux"),
    known("gentoo", "Gentoo", "Gentoo", OS_RELEASE, "NA"),
    known("flatcar", "Flatcar", "Flatcar", OS_RELEASE, "Flatcar"),
];

pub(super) fn distribution(source: &Source<'_, '_>) -> Facts {
    let Ok(platform) = source.system().platform() else { return Facts::new() };
    let field = |name: &str| platform.os_release.get(name).map(String::as_str).unwrap_or_default();
    let id = field("ID");
    let found = KNOWN.iter().find(|known| known.id == id);
    let name = found.map_or(field("NAME"), |known| known.name);
    // Of the derivatives that are not listed, the family of what they are like.
    let like = || field("ID_LIKE").split_whitespace().find_map(|like| KNOWN.iter().find(|known| known.id == like));
    let family = found.or_else(like).map_or(name, |known| known.family);
    let version = match name {
        // The point release stands only there.
        "Debian" => source.text("/etc/debian_version").filter(|text| text.starts_with(|c: char| c.is_ascii_digit())),
        "Alpine" => source.text("/etc/alpine-release"),
        "CentOS" | "RedHat" | "Rocky" | "AlmaLinux" => source.text("/etc/redhat-release").and_then(|text| number_in(&text)),
        _ => None,
    };
    let version = version.unwrap_or_else(|| field("VERSION_ID").to_owned());
    let mut parts = version.split('.');
    let (major, minor) = (parts.next().unwrap_or(""), parts.next());
    let release = release(source, family, field("VERSION_CODENAME"), field("VERSION"));
    let mut facts = Facts::new();
    facts.insert("distribution".into(), name.into());
    facts.insert("distribution_release".into(), release.into());
    facts.insert("distribution_version".into(), version.as_str().into());
    facts.insert("distribution_major_version".into(), if major.is_empty() { "NA" } else { major }.into());
    if let Some(minor) = minor {
        facts.insert("distribution_minor_version".into(), minor.into());
    }
    facts.insert("distribution_file_path".into(), found.map_or(OS_RELEASE, |known| known.file).into());
    facts.insert("distribution_file_variety".into(), found.map_or(family, |known| known.variety).into());
    facts.insert("distribution_file_parsed".into(), true.into());
    facts.insert("os_family".into(), family.into());
    facts
}

fn release(source: &Source<'_, '_>, family: &str, codename: &str, version: &str) -> String {
    if !codename.is_empty() {
        return codename.to_owned();
    }
    // "8.5 (Green Obsidian)"
    let bracketed = |text: &str| Some(text.split_once('(')?.1.split_once(')')?.0.to_owned());
    let found = if family == "RedHat" { source.text("/etc/redhat-release").and_then(|text| bracketed(&text)) } else { None };
    found.or_else(|| bracketed(version)).filter(|name| !name.is_empty()).unwrap_or_else(|| "NA".to_owned())
}

fn number_in(text: &str) -> Option<String> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(number.to_owned())
}

/// What the program `lsb_release` says where it is known which file it reads; elsewhere it is asked, which takes a hundred milliseconds.
fn what_lsb_release_says(source: &Source<'_, '_>) -> Option<Facts> {
    if !source.has_program("lsb_release") {
        return None;
    }
    let release = source.system().platform().ok()?.os_release;
    let said = |name: &str| release.get(name).filter(|value| !value.is_empty()).cloned();
    match said("ID")?.as_str() {
        "ubuntu" => Some(lsb_file(source)).filter(|file| file.len() == 4),
        // Since Debian 12 it is a script around os-release.
        "debian" if said("VERSION_ID")?.parse::<u32>().is_ok_and(|version| version >= 12) => {
            let values = [
                ("id", "Debian".to_owned()),
                ("description", said("PRETTY_NAME")?),
                ("release", said("VERSION_ID")?),
                ("codename", said("VERSION_CODENAME")?),
            ];
            Some(values.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
        }
        _ => None,
    }
}

fn lsb_file(source: &Source<'_, '_>) -> Facts {
    let text = source.text("/etc/lsb-release").unwrap_or_default();
    let mut facts = Facts::new();
    for (title, name) in
        [("DISTRIB_ID", "id"), ("DISTRIB_DESCRIPTION", "description"), ("DISTRIB_RELEASE", "release"), ("DISTRIB_CODENAME", "codename")]
    {
        let line = text.lines().find_map(|line| line.strip_prefix(title)?.strip_prefix('='));
        if let Some(value) = line {
            facts.insert(name.into(), value.trim_matches(['"', '\'']).into());
        }
    }
    facts
}

pub(super) fn lsb(source: &Source<'_, '_>) -> Facts {
    let mut lsb = Facts::new();
    if let Some(known) = what_lsb_release_says(source) {
        lsb.extend(known);
    } else if let Some(text) = source.output(&["lsb_release", "-a"]) {
        for (title, name) in [("Distributor ID", "id"), ("Description", "description"), ("Release", "release"), ("Codename", "codename")] {
            let line = text.lines().find_map(|line| line.strip_prefix(title)?.trim_start().strip_prefix(':'));
            if let Some(value) = line {
                lsb.insert(name.into(), value.trim().into());
            }
        }
    } else {
        lsb.extend(lsb_file(source));
    }
    let release = lsb.get("release").and_then(Value::as_str).and_then(|release| release.split('.').next()).map(str::to_owned);
    if let Some(major) = release {
        lsb.insert("major_release".into(), major.into());
    }
    [("lsb".to_owned(), json!(lsb))].into_iter().collect()
}
