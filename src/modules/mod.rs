//! The modules: what tasks ask for. One file per module.
//!
//! Imported by `wire`, `runner`, `transport`, `plan`, `engine`, `cli`; imports `base` and `system`.
//! Guarantees: a module acts on a machine only through [`crate::system::System`], contains no `if check_mode`, and declares every
//! option it reads in its [`Spec`]; what is not declared is refused before any host is touched. A module that is not
//! complete is not in the registry.
//!
//! To add a module: write `src/modules/NAME.rs` holding, in this order, the module documentation, `pub static MODULE: Spec`,
//! the arguments as a struct with `#[derive(Deserialize)] #[serde(deny_unknown_fields)]`, `fn run`, pure helpers on `&str`,
//! tests; add a `mod` line here and a line to the list in `registry.rs` (a test fails when a file is in neither).
//! Its controller half, if it has one (files looked up, templates rendered), is `src/engine/actions/NAME.rs`.

pub mod args;
pub mod check;
pub mod coerce;
pub mod expand;
mod expect;
pub mod outcome;
pub mod registry;
mod rules;
pub mod shared;
pub mod spec;

mod acl;
mod add_host;
mod alternatives;
mod apt;
mod apt_key;
mod apt_repository;
mod archive;
pub mod assemble;
mod assert;
mod async_status;
mod at;
mod authorized_key;
mod blockinfile;
mod command;
pub mod copy;
mod cron;
mod deb822_repository;
mod debconf;
mod debug;
mod dnf;
mod dpkg_selections;
mod ec2_metadata_facts;
mod fail;
pub mod fetch;
mod file;
mod filesystem;
mod find;
mod firewalld;
pub mod foreign;
mod gather_facts;
mod get_url;
mod getent;
mod git;
mod git_config;
mod group;
mod group_by;
mod hostname;
mod htpasswd;
mod include_vars;
mod ini_file;
mod iptables;
mod java_cert;
pub mod klaytn_genesis;
pub mod klaytn_health;
pub mod klaytn_node_info;
mod known_hosts;
mod lineinfile;
mod locale_gen;
mod lvg;
mod lvol;
mod modprobe;
mod mount;
mod mount_facts;
mod npm;
mod openssh_keypair;
mod openssl_csr;
mod openssl_privatekey;
mod package;
mod package_facts;
mod pam_limits;
mod parted;
mod pause;
mod ping;
mod pip;
mod raw;
mod reboot;
mod replace;
mod rpm_key;
mod script;
mod seboolean;
mod selinux;
mod service;
mod service_facts;
mod set_fact;
mod set_stats;
mod setup;
mod shell;
mod slurp;
mod snap;
mod ssh_config;
mod stat;
mod subversion;
mod sudoers;
mod synchronize;
mod sysctl;
mod systemd;
mod sysvinit;
mod tempfile;
mod template;
mod timezone;
mod ufw;
pub mod unarchive;
mod uri;
mod user;
mod validate_argument_spec;
mod wait_for;
mod wait_for_connection;
mod x509_certificate;
mod xml;
mod yum_repository;

#[cfg(test)]
mod faults_test;
#[cfg(test)]
mod options_test;
#[cfg(test)]
mod tally;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod twins;

pub use args::Args;
pub use check::{ArgumentError, check_names, check_static, mask_secrets, resolve, secret_values};
pub use outcome::{Failure, ModuleResult, Outcome, SECRETS};
pub use registry::{MODULES, find, find_internal};
pub use spec::{Kind, Opt, Place, Return, Rule, Spec};

use std::io::Read;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::system::{self, LiveSink, System};

/// What a module gets besides its arguments.
pub struct Context<'a> {
    /// The machine.
    pub system: &'a mut dyn System,
    /// Content that travels with the task or is asked for, in both directions.
    pub transfer: &'a mut dyn Transfer,
    /// Receives the output of long commands while they run.
    pub live: &'a mut LiveSink<'a>,
    /// A directory of this run on the machine that only its owner can enter.
    pub temp_dir: PathBuf,
    /// Variables set for the task (`environment:`), to hand on to every command.
    pub environment: std::collections::BTreeMap<String, String>,
}

/// A piece of content of the controller, named by what it is. Modules get it in their arguments where an option has [`Kind::Content`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRef {
    /// SHA-256 in lower-case hex.
    pub sha256: String,
    /// SHA-1 in lower-case hex, which most results report as `checksum`.
    pub sha1: String,
    /// Bytes.
    pub size: u64,
}

/// Content on its way between controller and target.
pub trait Transfer: Send {
    /// The content `reference` names: at once when it came with the request, else fetched now, in constant memory.
    fn open<'s>(&'s mut self, reference: &ContentRef) -> system::Result<Box<dyn Read + 's>>;

    /// Says what will be opened, in this order, so that it is on its way by then: many files are one stream and not one round trip
    /// each. What is not opened in the end is lost work, nothing more.
    fn expect(&mut self, references: &[ContentRef]) {
        let _ = references;
    }

    /// Sends content back to the controller under `name` (for `fetch`), in constant memory.
    fn send(&mut self, name: &str, content: &mut dyn Read) -> system::Result<()>;
}
