//! From variables, command line and the configuration of ssh to a [`Target`]: pure functions.
//!
//! What is said first wins, in the order in which Ansible hands it to ssh: `ansible_ssh_args`, the variables, `ansible_ssh_common_args`,
//! `ansible_ssh_extra_args`, the defaults of the command line, `~/.ssh/config`, `/etc/ssh/ssh_config`. Options of ssh that change nothing for
//! kconf (shared connections, terminals, logs, algorithms) are passed over; those that it does not have are errors.

mod arguments;
mod config;
mod options;
mod proxy;
mod variables;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{Hop, HostKeyChecking, Kind, Target};
use crate::base::{Diagnostic, Secret};
use options::{Options, Tokens};
use variables::Variables;

pub use config::SshConfig;

/// Looks up a variable of a host, rendered.
pub type Lookup<'a> = dyn Fn(&str) -> Option<Value> + 'a;

/// A host that stands between, as the inventory knows it.
pub struct Bastion<'a> {
    /// Its name in the inventory.
    pub name: String,
    /// Its variables.
    pub vars: Box<Lookup<'a>>,
}

/// What holds for hosts whose variables say nothing: the command line and the environment of the controller.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// `--user`.
    pub user: Option<String>,
    /// `--private-key`.
    pub private_keys: Vec<PathBuf>,
    /// `--ask-pass`.
    pub password: Option<Secret>,
    /// `--timeout`.
    pub connect_timeout: Option<Duration>,
    /// `ANSIBLE_HOST_KEY_CHECKING` and the like.
    pub host_key_checking: Option<HostKeyChecking>,
    /// `--ssh-common-args`.
    pub ssh_common_args: Option<String>,
    /// `--ssh-extra-args`.
    pub ssh_extra_args: Option<String>,
    /// `--connection`.
    pub connection: Option<String>,
    /// Home directory of the person who runs it.
    pub home: PathBuf,
    /// Login name of the person who runs it.
    pub local_user: String,
    /// `SSH_AUTH_SOCK`.
    pub agent: Option<PathBuf>,
    /// The configuration of ssh.
    pub ssh_config: SshConfig,
}

/// Finds what `kconf_bastion` names.
pub type FindBastion<'f, 'a> = dyn Fn(&str) -> Result<Bastion<'a>, String> + 'f;

/// How deep bastions may stand behind each other.
const DEPTH: usize = 8;

/// Resolves the connection of the host `name`.
///
/// `bastion` looks up what `kconf_bastion` names: a host or a pattern, of which it gives the first host; its error is shown. A host that is
/// its own bastion, as when the variable is set for all, is reached directly.
///
/// # Errors
/// A variable with a value that makes no sense, an option of ssh that kconf does not know, a kind of connection that it does not
/// have, a bastion that is not there or that leads in a circle.
pub fn resolve(name: &str, vars: &Lookup<'_>, bastion: &FindBastion<'_, '_>, defaults: &Defaults) -> Result<Target, Diagnostic> {
    let resolver = Resolver { bastion, defaults };
    resolver.host(name, vars, &[]).map_err(|why| Diagnostic::error(format!("the connection to `{name}` is not clear: {why}")))
}

struct Resolver<'r, 'f, 'a> {
    bastion: &'r FindBastion<'f, 'a>,
    defaults: &'r Defaults,
}

impl Resolver<'_, '_, '_> {
    /// `before`: the hosts for which this one is wanted as a bastion.
    fn host(&self, name: &str, vars: &Lookup<'_>, before: &[&str]) -> Result<Target, String> {
        let vars = Variables { vars, defaults: self.defaults };
        if vars.kind()? == Kind::Local {
            return Ok(Target::local(name));
        }
        let given = vars.options()?;
        let address = vars.text(&["ansible_host", "ansible_ssh_host"])?.unwrap_or_else(|| name.to_owned());
        let options = self.configured(&address, given.options, given.no_config)?;
        let bastions = match vars.text(&["kconf_bastion"])?.filter(|bastion| !bastion.is_empty()) {
            Some(none) if none.eq_ignore_ascii_case("none") => Vec::new(),
            Some(wanted) => self.bastions(name, &wanted, before)?,
            None => self.jumps(&options, given.no_config, 0)?,
        };
        let mut host = self.hop(name, &address, &options);
        host.password = vars.password()?.filter(|_| options.password != Some(false));
        host.private_key = vars.secret(&["ansible_private_key", "ansible_ssh_private_key"])?;
        host.passphrase = vars.secret(&["ansible_private_key_passphrase", "ansible_ssh_private_key_passphrase"])?;
        host.retries = vars.retries(options.attempts)?;
        Ok(Target { name: name.to_owned(), kind: Kind::Ssh, host, bastions, temp_dir: vars.text(&["ansible_remote_tmp"])? })
    }

    /// The way through the host that `kconf_bastion` of `name` names.
    fn bastions(&self, name: &str, wanted: &str, before: &[&str]) -> Result<Vec<Hop>, String> {
        let found = (self.bastion)(wanted).map_err(|why| format!("`kconf_bastion: {wanted}`: {why}"))?;
        if found.name == name {
            return Ok(Vec::new());
        }
        let mut way = before.to_vec();
        way.push(name);
        if way.contains(&found.name.as_str()) || way.len() > DEPTH {
            way.push(&found.name);
            return Err(format!("its bastions lead in a circle: {}", way.join(" → ")));
        }
        let target = self.host(&found.name, &*found.vars, &way)?;
        if target.kind == Kind::Local {
            return Err(format!("the bastion `{}` is this machine itself (`ansible_connection: local`)", found.name));
        }
        let mut bastions = target.bastions;
        bastions.push(target.host);
        Ok(bastions)
    }

    /// The machines of `-J` and `ProxyJump`: they have the configuration of ssh, and nothing of the host behind them.
    fn jumps(&self, options: &Options, no_config: bool, depth: usize) -> Result<Vec<Hop>, String> {
        let mut hops = Vec::new();
        for (index, jump) in options.jumps.iter().flatten().enumerate() {
            if depth > DEPTH {
                return Err(format!("the `ProxyJump` of `{}` leads in a circle", jump.name));
            }
            let options = self.configured(&jump.name, jump.options.clone(), no_config)?;
            // Only the first may itself stand behind others: the others stand behind the one before.
            if index == 0 {
                hops = self.jumps(&options, no_config, depth + 1)?;
            }
            hops.push(self.hop(&jump.name, &jump.name, &options));
        }
        Ok(hops)
    }

    fn configured(&self, name: &str, given: Options, no_config: bool) -> Result<Options, String> {
        if no_config { Ok(given) } else { self.defaults.ssh_config.lookup(name, given, &self.defaults.local_user) }
    }

    fn hop(&self, name: &str, address: &str, options: &Options) -> Hop {
        let defaults = self.defaults;
        let home = defaults.home.to_string_lossy();
        let user = options.user.clone().unwrap_or_else(|| defaults.local_user.clone());
        let port = options.port.unwrap_or(22);
        let tokens = |host| Tokens { home: &home, local_user: &defaults.local_user, original: address, host, port, user: &user };
        let real = options.host_name.as_ref().map_or_else(|| address.to_owned(), |text| tokens(address).expand(text));
        let tokens = tokens(&real);
        let mut hop = Hop::new(name, real.clone(), user.clone());
        hop.port = port;
        let files = options.identity_files.iter().filter(|file| !file.eq_ignore_ascii_case("none"));
        hop.private_keys = files.map(|file| tokens.path(file)).collect();
        hop.default_keys = options.identity_files.is_empty();
        if hop.default_keys {
            hop.private_keys = ["id_ed25519", "id_ecdsa", "id_rsa"].map(|key| defaults.home.join(".ssh").join(key)).to_vec();
        }
        hop.agent = match options.identity_agent.as_deref() {
            None | Some("SSH_AUTH_SOCK" | "$SSH_AUTH_SOCK" | "${SSH_AUTH_SOCK}") => defaults.agent.clone(),
            Some(none) if none.eq_ignore_ascii_case("none") => None,
            Some(path) => Some(tokens.path(path)),
        };
        if options.public_key == Some(false) {
            (hop.private_keys, hop.agent) = (Vec::new(), None);
        }
        hop.identities_only = options.identities_only.unwrap_or(false);
        hop.host_key_checking = options.checking.unwrap_or(HostKeyChecking::Strict);
        hop.host_key_alias = options.host_key_alias.as_ref().map(|alias| tokens.expand(alias));
        hop.known_hosts = known_hosts(options, &tokens, &defaults.home);
        hop.connect_timeout = options.connect_timeout.filter(|time| !time.is_zero()).unwrap_or(hop.connect_timeout);
        hop.keepalive = options.alive_interval.unwrap_or(hop.keepalive);
        hop.keepalive_max = options.alive_count.unwrap_or(hop.keepalive_max);
        hop.retries = options.attempts.map_or(0, |attempts| attempts.saturating_sub(1));
        hop
    }
}

fn known_hosts(options: &Options, tokens: &Tokens<'_>, home: &Path) -> Vec<PathBuf> {
    let expand = |files: &Vec<String>| -> Vec<PathBuf> {
        files.iter().filter(|file| !file.eq_ignore_ascii_case("none")).map(|file| tokens.path(file)).collect()
    };
    let user = || ["known_hosts", "known_hosts2"].map(|file| home.join(".ssh").join(file)).to_vec();
    let global = || ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from).to_vec();
    let mut files = options.user_known_hosts.as_ref().map_or_else(user, expand);
    files.extend(options.global_known_hosts.as_ref().map_or_else(global, expand));
    files
}

#[cfg(test)]
mod tests;
