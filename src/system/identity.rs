//! Users, groups, packages, services and the platform, as lookups return them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Who everything is done as.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Effective user id.
    pub uid: u32,
    /// Effective group id.
    pub gid: u32,
    /// Supplementary group ids.
    pub groups: Vec<u32>,
    /// Login name; the number as text when it has none.
    pub name: String,
    /// Home directory.
    pub home: PathBuf,
}

/// What kind of machine it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// `uname -s`: "Linux".
    pub kernel: String,
    /// `uname -r`.
    pub kernel_release: String,
    /// `uname -v`.
    pub kernel_version: String,
    /// `uname -m`: "x86_64", "aarch64".
    pub machine: String,
    /// `uname -n`.
    pub nodename: String,
    /// The fields of `/etc/os-release` with quotes removed.
    pub os_release: BTreeMap<String, String>,
}

/// A line of `/etc/passwd`, with the groups the user is a member of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// The comment field.
    pub comment: String,
    /// Home directory.
    pub home: PathBuf,
    /// Login shell.
    pub shell: String,
    /// Names of the supplementary groups, sorted.
    pub groups: Vec<String>,
}

/// A line of `/etc/group`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Group id.
    pub gid: u32,
    /// Names of its members.
    pub members: Vec<String>,
}

/// An installed package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Name without architecture.
    pub name: String,
    /// Full version with release.
    pub version: String,
    /// Architecture as the package manager names it.
    pub architecture: String,
    /// Whether the administrator holds it at this version.
    pub held: bool,
}

/// Names of packages and services that check mode foresees otherwise than they are now. [`super::System::package`] and
/// [`super::System::service`] tell how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreseen {
    /// Packages to be installed, changed or removed.
    pub packages: Vec<String>,
    /// Units whose state will be another one.
    pub services: Vec<String>,
}

/// A unit of the service manager.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Full unit name: "ssh.service".
    pub name: String,
    /// Whether it runs (or is being started).
    pub active: bool,
    /// Whether it starts at boot.
    pub enabled: bool,
    /// Whether it is masked.
    pub masked: bool,
    /// The raw properties as `systemctl show` names them; empty for other service managers.
    pub properties: BTreeMap<String, String>,
}
