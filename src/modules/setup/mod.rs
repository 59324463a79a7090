//! `setup`: facts about the host.
//!
//! One file per group of facts; each holds functions that read the machine and return facts without the prefix `ansible_`. Facts are read from
//! `/proc`, `/sys` and the files of the system; a program is started only where nothing else knows. What cannot be found out is left out,
//! or has the value that Ansible gives it then. To add a fact: put it into the group it belongs to; a new group needs a line in `subset.rs`.

mod cpu;
mod date;
mod devices;
mod distribution;
mod local;
mod machine;
mod memory;
mod mounts;
mod network;
mod platform;
mod programs;
mod security;
mod subset;
#[cfg(test)]
mod tests;
mod user;
mod virtualization;

use std::path::Path;
use std::time::Duration;

use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::shared::glob;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::system::{Command, System};

/// The declaration of `setup`.
pub static MODULE: Spec = Spec {
    name: "setup",
    collections: BUILTIN,
    summary: "Gather facts about the host",
    description: &["Returns what there is to know of a host: system, hardware, network, users. Playbooks find it as `ansible_facts` and `ansible_NAME`."],
    options: &[
        Opt::new(
            "gather_subset",
            Kind::List(&Kind::Str),
            "Which groups of facts: `all`, `min`, `hardware`, `network`, `virtual`, `facter`, `ohai` and many smaller ones; with `!` in front: without \
             that group. The group `min` is always among them unless `!min` is.",
        )
        .default("[\"all\"]"),
        Opt::new("gather_timeout", Kind::Int, "Seconds that a program which is asked for facts may take.").default("10"),
        Opt::new("filter", Kind::List(&Kind::Str), "Shell patterns; only facts whose names match one are returned. The prefix `ansible_` may be left out.")
            .default("[]"),
        Opt::new(
            "fact_path",
            Kind::Path,
            "A directory of the host with files `NAME.fact`: JSON, INI, or programs that write such. Their contents become `ansible_local.NAME`.",
        )
        .default("\"/etc/ansible/facts.d\""),
    ],
    rules: &[],
    free_form: None,
    returns: &[Return { name: "ansible_facts", kind: "dict", when: "success", doc: "The facts." }],
    examples: "
- name: Addresses and nothing else
  setup:
    gather_subset: ['!all', '!min', network]
    filter: ['ansible_default_ipv4', 'ansible_all_*']
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    gather_subset: Vec<String>,
    gather_timeout: u64,
    filter: Vec<String>,
    fact_path: String,
}

/// Facts by name, without the prefix.
type Facts = Map<String, Value>;

/// What facts are gathered from.
struct Source<'s, 'c> {
    ctx: &'s Context<'c>,
    fact_path: &'s str,
    timeout: Duration,
}

impl Source<'_, '_> {
    fn system(&self) -> &dyn System {
        self.ctx.system
    }

    /// The content of a file without white space around it; `None` when it cannot be read.
    fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let bytes = self.system().read(path.as_ref()).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.system().stat(path.as_ref(), crate::system::Follow::Yes).is_ok_and(|stat| stat.is_some())
    }

    /// The names in a directory, sorted; none when it cannot be listed.
    fn names(&self, dir: impl AsRef<Path>) -> Vec<String> {
        let entries = self.system().list(dir.as_ref()).unwrap_or_default();
        entries.into_iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect()
    }

    fn has_program(&self, name: &str) -> bool {
        self.system().which(name).is_ok_and(|path| path.is_some())
    }

    /// What a program writes; `None` when there is no such program or it fails.
    fn output(&self, argv: &[&str]) -> Option<String> {
        let (name, rest) = argv.split_first()?;
        let program = self.system().which(name).ok()??;
        let mut command: Command = self.ctx.command([program.to_string_lossy().into_owned()]);
        command.argv.extend(rest.iter().map(|word| (*word).to_owned()));
        command.timeout = Some(self.timeout);
        let output = self.system().probe(&command).ok()?;
        output.success().then(|| output.stdout_text())
    }
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let groups = subset::select(&args.gather_subset).map_err(Failure::new)?;
    let source = Source { ctx, fact_path: &args.fact_path, timeout: Duration::from_secs(args.gather_timeout.max(1)) };
    let mut facts = Facts::new();
    for group in groups {
        for (name, value) in (group.gather)(&source) {
            facts.insert(prefixed(&name), value);
        }
    }
    facts.insert("gather_subset".to_owned(), args.gather_subset.clone().into());
    facts.insert("module_setup".to_owned(), true.into());
    let facts = filtered(facts, &args.filter);
    Ok(Outcome::new().with("ansible_facts", facts).changed(false))
}

/// Facts of other programs keep the names that those give them.
fn prefixed(name: &str) -> String {
    if name.starts_with("facter_") || name.starts_with("ohai_") { name.to_owned() } else { format!("ansible_{name}") }
}

fn filtered(facts: Facts, patterns: &[String]) -> Facts {
    let wanted = |pattern: &String| !pattern.is_empty() && pattern != "*";
    if !patterns.iter().any(wanted) {
        return facts;
    }
    let mut matchers: Vec<Regex> = Vec::new();
    for pattern in patterns {
        matchers.extend(glob::matcher(pattern));
        if !["ansible_", "facter", "ohai"].iter().any(|prefix| pattern.starts_with(prefix)) {
            matchers.extend(glob::matcher(&format!("ansible_{pattern}")));
        }
    }
    facts.into_iter().filter(|(name, _)| matchers.iter().any(|matcher| matcher.is_match(name))).collect()
}
