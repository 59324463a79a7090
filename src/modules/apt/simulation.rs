//! What `apt-get -s` says it would do.

use crate::modules::Context;
use crate::system::{Effect, Package, Result};

/// What apt would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simulation {
    /// Packages to install or to bring to another version.
    pub(super) installs: Vec<Package>,
    /// Names of packages to remove.
    pub(super) removes: Vec<String>,
    /// Names of packages on hold that would change.
    held: Vec<String>,
    /// Names of packages that would get an older version.
    downgraded: Vec<String>,
}

impl Simulation {
    pub(super) fn parse(text: &str) -> Self {
        let mut found = Self {
            held: listed(text, "The following held packages will be changed:"),
            downgraded: listed(text, "The following packages will be DOWNGRADED:"),
            ..Self::default()
        };
        for line in text.lines() {
            let Some((verb, rest)) = line.split_once(' ') else { continue };
            match verb {
                "Inst" => found.installs.extend(parse_install(rest)),
                "Remv" | "Purg" => found.removes.extend(rest.split_whitespace().next().map(str::to_owned)),
                _ => {}
            }
        }
        found.removes.dedup();
        found
    }

    /// Whether apt would do nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.installs.is_empty() && self.removes.is_empty()
    }

    /// What the machine (in check mode: with all that was predicted) has already is left out.
    pub(super) fn without_what_is_there(mut self, ctx: &Context<'_>) -> Result<Self> {
        let mut installs = Vec::new();
        for mut package in self.installs {
            let key = format!("{}:{}", package.name, package.architecture);
            let there = ctx.system.package(if package.architecture.is_empty() { &package.name } else { &key })?;
            if there.as_ref().is_none_or(|there| there.version != package.version) {
                package.held = there.is_some_and(|there| there.held);
                installs.push(package);
            }
        }
        self.installs = installs;
        Ok(self)
    }

    /// Why apt would not do it without being told to; it asks only when it is in earnest.
    pub(super) fn objection(&self, allow_held: bool, allow_downgrade: bool) -> Option<(String, &'static str)> {
        if !self.held.is_empty() && !allow_held {
            let reason = format!("packages on hold would change: {}", self.held.join(", "));
            return Some((reason, "set `allow_change_held_packages: true`, or take them off hold"));
        }
        if !self.downgraded.is_empty() && !allow_downgrade {
            let reason = format!("a newer version is installed of {}", self.downgraded.join(", "));
            return Some((reason, "set `allow_downgrade: true` to go back to the older version"));
        }
        None
    }

    pub(super) fn effects(&self) -> Vec<Effect> {
        let removes = self.removes.iter().map(|name| Effect::PackageRemoved(without_architecture(name)));
        removes.chain(self.installs.iter().cloned().map(Effect::PackageInstalled)).collect()
    }
}

fn without_architecture(name: &str) -> String {
    name.split(':').next().unwrap_or(name).to_owned()
}

/// `hello [2.9] (2.10-3 Debian:12/stable [amd64]) []`.
fn parse_install(text: &str) -> Option<Package> {
    let name = text.split_whitespace().next()?;
    let (_, inside) = text.split_once('(')?;
    let (inside, _) = inside.split_once(')')?;
    let version = inside.split_whitespace().next()?;
    let architecture = inside.rsplit_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(architecture, _)| architecture);
    Some(Package { name: without_architecture(name), version: version.to_owned(), architecture: architecture.to_owned(), held: false })
}

/// The names in the indented lines behind `heading`.
fn listed(text: &str, heading: &str) -> Vec<String> {
    let behind = text.lines().skip_while(|line| *line != heading).skip(1);
    behind.take_while(|line| line.starts_with(' ')).flat_map(|line| line.split_whitespace().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apt_would_do_is_read() {
        let text = "Reading package lists...\nThe following packages will be REMOVED:\n  old\nThe following held packages will be changed:\n  held one\n\
                    The following packages will be DOWNGRADED:\n  jq\n1 upgraded, 1 newly installed\nRemv old [1.0] []\n\
                    Inst libc6:i386 [2.35] (2.36-9 Debian:12.1/stable [i386]) []\nInst jq (1.6-2 L:x, Debian:12 [amd64])\nConf jq (1.6-2 Debian:12 [amd64])\nPurg gone [1]\n";
        let found = Simulation::parse(text);
        let installs: Vec<_> = found.installs.iter().map(|p| (p.name.as_str(), p.version.as_str(), p.architecture.as_str())).collect();
        assert_eq!(installs, [("libc6", "2.36-9", "i386"), ("jq", "1.6-2", "amd64")]);
        assert_eq!(found.removes, ["old", "gone"]);
        assert_eq!((found.held.len(), found.downgraded.as_slice()), (2, ["jq".to_owned()].as_slice()));
        assert!(found.objection(false, true).is_some_and(|(reason, _)| reason.ends_with("held, one")));
        assert!(found.objection(true, false).is_some_and(|(reason, _)| reason.ends_with("jq")));
        assert!(found.objection(true, true).is_none());
        assert!(Simulation::parse("0 upgraded, 0 newly installed, 0 to remove and 5 not upgraded.\n").is_empty());
    }
}
