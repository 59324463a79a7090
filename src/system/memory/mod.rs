//! The state of a machine held in memory, over the machine below it or over nothing: what check mode would have changed
//! ([`super::overlay`]), or a whole machine for tests ([`super::fake`]).
//!
//! Imported by `overlay` and `fake`. Guarantees: a change is first checked against the rules of a POSIX file tree (missing parents,
//! permission bits, kinds), giving the errors that the real change would meet, and then applied as a list of [`Delta`]s, which can be
//! stored and applied to another [`Memory`]. Nothing below is ever changed.
//! To add a kind of change: a rule in `rules.rs` that yields deltas; a new [`Delta`] only if those that exist cannot say it.

mod accounts;
mod catalogue;
mod delta;
mod errors;
mod mounts;
mod node;
mod observe;
mod resolve;
mod rules;
mod rules_place;
mod services;
mod spool;
mod tree;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

pub use delta::Delta;
pub use node::{Body, Source};
pub use spool::{SMALL, Spool};

use super::{Foreseen, Identity, Result, System};
use catalogue::Catalogue;
use tree::Tree;

/// What is known to differ from the machine below.
#[derive(Debug, Default)]
pub struct Memory {
    tree: Tree,
    catalogue: Catalogue,
    /// The command that may have changed the machine in ways nobody can foresee, for messages.
    command_doubt: Option<String>,
    /// The package whose scripts may have.
    package_doubt: Option<String>,
    /// `/proc/mounts` of the machine below, read once.
    mounts: OnceCell<String>,
}

impl Memory {
    /// No difference.
    pub fn new() -> Self {
        Self::default()
    }

    /// What may have changed the machine in ways nobody can foresee.
    pub fn doubt(&self) -> Option<&str> {
        self.doubt_of_commands().or(self.package_doubt.as_deref())
    }

    /// As [`Self::doubt`], without what only packages bring along.
    pub fn doubt_of_commands(&self) -> Option<&str> {
        self.command_doubt.as_deref()
    }

    /// What was said of a subject that nothing else shows.
    pub fn known(&self, subject: &str) -> Option<&str> {
        self.catalogue.known(subject)
    }

    /// Names of packages and services that differ.
    pub fn foreseen(&self) -> Foreseen {
        let Catalogue { packages, services, .. } = &self.catalogue;
        Foreseen { packages: packages.keys().cloned().collect(), services: services.keys().cloned().collect() }
    }

    /// Whether no path differs.
    pub fn has_no_files(&self) -> bool {
        self.tree.is_empty()
    }

    /// Makes a service known where there is no machine below.
    #[cfg(test)]
    pub fn add_service(&mut self, service: super::Service) {
        self.catalogue.add_service(service);
    }

    /// All users and groups; `None` when packages, services or mounts are known, too.
    #[cfg(test)]
    pub fn accounts(&self) -> Option<(Vec<super::User>, Vec<super::Group>)> {
        let Catalogue { users, groups, packages, services, .. } = &self.catalogue;
        let only = packages.is_empty() && services.is_empty() && self.catalogue.mounts().next().is_none();
        only.then(|| (users.values().flatten().cloned().collect(), groups.values().flatten().cloned().collect()))
    }

    /// Whether something at or beneath `path`, which holds no links, or the directory that holds it, differs.
    pub fn touches(&self, path: &Path) -> bool {
        self.tree.touches(path)
    }

    /// Why servers of the machine may answer otherwise than they do now; `None` when nothing suggests it.
    pub fn reason_for_other_answers(&self) -> Option<String> {
        let service = self.catalogue.services.iter().find(|(_, state)| state.active.is_some());
        match service {
            Some((name, _)) => Some(format!("an earlier task would start or stop the service `{name}`")),
            None => self.doubt().map(|doubt| format!("{doubt} may change it")),
        }
    }

    /// Makes a change that the rules allowed.
    pub fn apply(&mut self, delta: &Delta) {
        match delta {
            Delta::Effect(effect) => self.catalogue.apply(effect),
            Delta::Doubt(doubt) => self.command_doubt = Some(doubt.clone()),
            Delta::PackageDoubt(doubt) => self.package_doubt = Some(doubt.clone()),
            other => self.tree.apply(other),
        }
        if let Delta::Effect(super::Effect::Mounted { .. } | super::Effect::Unmounted(_)) = delta {
            self.mounts = OnceCell::new();
        }
    }
}

/// A [`Memory`] with the machine below it, seen by someone.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What differs.
    pub memory: &'a Memory,
    /// The machine below; `None`: the memory is all there is.
    pub below: Option<&'a dyn System>,
    /// Who asks and acts.
    pub who: &'a Identity,
    /// The file mode creation mask for new files.
    pub umask: u32,
    /// The time of changes, seconds since the epoch.
    pub now: f64,
    /// `who` is not who the machine below takes us for, so that it cannot answer what they may do.
    pub assumed: bool,
}

impl View<'_> {
    /// Whether something that nobody foresees may have changed the machine.
    pub fn has_doubt(&self) -> bool {
        self.memory.doubt().is_some()
    }

    /// The path from the root; a relative one starts at the working directory of the machine below.
    fn absolute(&self, path: &Path) -> Result<PathBuf> {
        if path.is_absolute() {
            return Ok(path.to_path_buf());
        }
        let start = match self.below {
            Some(below) => below.real_path(Path::new("."))?,
            None => PathBuf::from("/"),
        };
        Ok(start.join(path))
    }
}
