//! What differs that is no file: users, groups, packages, services, mounts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::system::lookup::unit_name;
use crate::system::{Effect, Group, Package, Service, User};

/// By name; `None` for what is gone.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) users: BTreeMap<String, Option<User>>,
    pub(super) groups: BTreeMap<String, Option<Group>>,
    pub(super) packages: BTreeMap<String, Option<Package>>,
    pub(super) services: BTreeMap<String, ServiceState>,
    mounts: BTreeMap<PathBuf, Option<(String, String)>>,
    known: BTreeMap<String, String>,
}

/// How a service differs; `None` leaves a property as it is below.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceState {
    /// Its properties where no machine below knows them.
    pub(super) base: Option<Service>,
    pub(super) active: Option<bool>,
    pub(super) enabled: Option<bool>,
    pub(super) masked: Option<bool>,
}

impl Catalogue {
    /// Source and type by mount point; `None` for what is unmounted.
    pub(super) fn mounts(&self) -> impl Iterator<Item = (&PathBuf, &Option<(String, String)>)> {
        self.mounts.iter()
    }

    /// What was said of a subject that nothing else shows.
    pub(super) fn known(&self, subject: &str) -> Option<&str> {
        self.known.get(subject).map(String::as_str)
    }

    /// The user and group that a directory belongs to because it is a user's home.
    pub(super) fn owner_of_home(&self, dir: &Path) -> Option<(u32, u32)> {
        self.users.values().flatten().find(|user| user.home == dir).map(|user| (user.uid, user.gid))
    }

    /// Makes a service known that no machine below knows.
    #[cfg(test)]
    pub(super) fn add_service(&mut self, service: Service) {
        self.services.insert(service.name.clone(), ServiceState { base: Some(service), ..ServiceState::default() });
    }

    pub(super) fn apply(&mut self, effect: &Effect) {
        match effect {
            Effect::PackageInstalled(package) => {
                self.packages.insert(package.name.clone(), Some(package.clone()));
            }
            Effect::PackageRemoved(name) => {
                self.packages.insert(name.clone(), None);
            }
            Effect::User(user) => self.set_user(&user.name, Some(user)),
            Effect::UserRemoved(name) => self.set_user(name, None),
            Effect::Group(group) => self.set_group(&group.name, Some(group)),
            Effect::GroupRemoved(name) => self.set_group(name, None),
            Effect::Service { name, active, enabled, masked } => {
                let state = self.services.entry(unit_name(name)).or_default();
                state.active = active.or(state.active);
                state.enabled = enabled.or(state.enabled);
                state.masked = masked.or(state.masked);
            }
            Effect::Mounted { source, target, fstype } => {
                self.mounts.insert(target.clone(), Some((source.clone(), fstype.clone())));
            }
            Effect::Unmounted(target) => {
                self.mounts.insert(target.clone(), None);
            }
            Effect::Known { subject, value } => {
                let beneath = format!("{subject}\n");
                self.known.retain(|other, _| !other.starts_with(&beneath));
                self.known.insert(subject.clone(), value.clone());
            }
            Effect::FileWritten(_)
            | Effect::FileContent { .. }
            | Effect::Placed { .. }
            | Effect::FileRemoved(_)
            | Effect::DirectoryMade(_)
            | Effect::Other(_) => {}
        }
    }

    /// The last word on a membership wins, whether it was said of the user or of the group.
    fn set_user(&mut self, name: &str, user: Option<&User>) {
        for group in self.groups.values_mut().flatten() {
            group.members.retain(|member| member != name);
            if user.is_some_and(|user| user.groups.contains(&group.name)) {
                group.members.push(name.to_owned());
            }
        }
        self.users.insert(name.to_owned(), user.cloned());
    }

    fn set_group(&mut self, name: &str, group: Option<&Group>) {
        for user in self.users.values_mut().flatten() {
            user.groups.retain(|other| other != name);
            if group.is_some_and(|group| group.members.contains(&user.name)) {
                user.groups.push(name.to_owned());
                user.groups.sort();
            }
        }
        self.groups.insert(name.to_owned(), group.cloned());
    }
}
