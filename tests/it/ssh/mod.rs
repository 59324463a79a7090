//! `kconf ssh` against real servers.

mod shell;
mod streams;
mod wrong;

use std::path::PathBuf;
use std::process::Command;

use super::transport::server::{Sshd, user};

/// A server whose logins find nothing of whoever runs the tests.
pub(crate) fn server() -> Sshd {
    Sshd::with("SetEnv HOME=@DIR@ XDG_CACHE_HOME=@DIR@/cache SHLVL=5\n")
}

/// One line of an inventory: how `name` is reached on `sshd`.
pub(crate) fn host(name: &str, sshd: &Sshd, more: &str) -> String {
    let hop = sshd.hop();
    format!(
        "{name} ansible_host=127.0.0.1 ansible_port={} ansible_user={} ansible_ssh_private_key_file={} \
         ansible_ssh_common_args='-o UserKnownHostsFile={}' {more}\n",
        sshd.port,
        user(),
        sshd.path("key").display(),
        hop.known_hosts[0].display()
    )
}

/// `kconf ssh` with the inventory `lines`, at home in the folder of `sshd`.
fn kconf_ssh(sshd: &Sshd, lines: &[String]) -> Command {
    let inventory: PathBuf = sshd.path("inventory");
    std::fs::write(&inventory, lines.concat()).expect("writes");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kconf"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", sshd.dir.path()).env("TERM", "vt100");
    command.current_dir(sshd.dir.path()).arg("ssh").arg("-i").arg(inventory);
    command
}
