//! Where a host is and how to get in: everything resolved, nothing left to look up.

use std::path::PathBuf;
use std::time::Duration;

use crate::base::Secret;

/// How a host is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Over SSH.
    Ssh,
    /// This machine.
    Local,
}

/// What to do with a host key that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostKeyChecking {
    /// Refuse it.
    Strict,
    /// Accept the first key of a host and remember it; refuse a changed one.
    AcceptNew,
    /// Accept anything. Only by explicit setting.
    Off,
}

/// A host of the inventory as a connection sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name in the inventory.
    pub name: String,
    /// How it is reached.
    pub kind: Kind,
    /// The last hop: the host itself. For [`Kind::Local`] only its name means anything.
    pub host: Hop,
    /// The machines between, outermost first; empty when it is reached directly.
    pub bastions: Vec<Hop>,
    /// Where temporary files of a run go on the host (`~` is the login's home); its own choice when `None`.
    pub temp_dir: Option<String>,
}

/// One SSH login: the address, who to be there, and how to be sure that it is the right machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// How messages call it: the name in the inventory where it has one, else what the user wrote.
    pub name: String,
    /// Host name or address to connect to, as seen from the hop before.
    pub address: String,
    /// TCP port.
    pub port: u16,
    /// Login name.
    pub user: String,
    /// For password and keyboard-interactive authentication.
    pub password: Option<Secret>,
    /// Key files to try, in this order. Those that were named must exist; see `default_keys`.
    pub private_keys: Vec<PathBuf>,
    /// The user named no key, so `private_keys` are the usual ones of `~/.ssh`, and those that do not exist are passed over.
    pub default_keys: bool,
    /// The text of a private key, tried before the files.
    pub private_key: Option<Secret>,
    /// Opens encrypted keys.
    pub passphrase: Option<Secret>,
    /// Socket of the ssh-agent; `None`: none is asked.
    pub agent: Option<PathBuf>,
    /// Offer only the keys named here, from the agent too.
    pub identities_only: bool,
    /// What to do with an unknown host key.
    pub host_key_checking: HostKeyChecking,
    /// The name to look up in known_hosts when it is not the address.
    pub host_key_alias: Option<String>,
    /// Files of known host keys; the first is the one that new keys are added to.
    pub known_hosts: Vec<PathBuf>,
    /// How long connecting, handshake and authentication may take together.
    pub connect_timeout: Duration,
    /// How often a failure that may pass (refused, timeout, closed in the handshake) is tried again.
    pub retries: u32,
    /// Time without a sign of life after which the hop is asked for one; zero: never.
    pub keepalive: Duration,
    /// Questions without answer after which the connection counts as lost.
    pub keepalive_max: u32,
}

impl Target {
    /// This machine, under the name `name`.
    pub fn local(name: impl Into<String>) -> Self {
        let name = name.into();
        let host = Hop::new(name.clone(), name.clone(), "");
        Self { name, kind: Kind::Local, host, bastions: Vec::new(), temp_dir: None }
    }

    /// The way as people write it: `controller → bastion → host`, without the controller.
    pub fn way(&self) -> String {
        let mut names: Vec<&str> = self.bastions.iter().map(|hop| hop.name.as_str()).collect();
        names.push(&self.name);
        names.join(" → ")
    }
}

impl Hop {
    /// A login with the defaults of `ssh` and no key, agent or password.
    pub fn new(name: impl Into<String>, address: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
            port: 22,
            user: user.into(),
            password: None,
            private_keys: Vec::new(),
            default_keys: false,
            private_key: None,
            passphrase: None,
            agent: None,
            identities_only: false,
            host_key_checking: HostKeyChecking::Strict,
            host_key_alias: None,
            known_hosts: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            retries: 0,
            keepalive: Duration::from_secs(15),
            keepalive_max: 4,
        }
    }

    /// `user@address:port`, which also is what tells one connection from another.
    pub fn login(&self) -> String {
        format!("{}@{}:{}", self.user, self.address, self.port)
    }
}

/// How to become another user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BecomeMethod {
    /// `sudo`.
    Sudo,
    /// `su`.
    Su,
    /// `doas`.
    Doas,
}

impl BecomeMethod {
    /// The method called `name`, with or without the name of its collection.
    pub fn find(name: &str) -> Option<Self> {
        match name {
            "sudo" | "ansible.builtin.sudo" => Some(Self::Sudo),
            "su" | "ansible.builtin.su" => Some(Self::Su),
            "doas" | "community.general.doas" => Some(Self::Doas),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sudo => "sudo",
            Self::Su => "su",
            Self::Doas => "doas",
        }
    }
}

/// Who to become and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Become {
    /// The program.
    pub method: BecomeMethod,
    /// The user to become.
    pub user: String,
    /// The password that the method asks for; `None`: it must not ask.
    pub password: Option<Secret>,
    /// Options of the program instead of the usual ones, as one shell-quoted text.
    pub flags: Option<String>,
    /// Path of the program instead of its name.
    pub exe: Option<String>,
}

impl Become {
    /// `sudo` to `user` without a password.
    pub fn sudo(user: impl Into<String>) -> Self {
        Self { method: BecomeMethod::Sudo, user: user.into(), password: None, flags: None, exe: None }
    }
}
