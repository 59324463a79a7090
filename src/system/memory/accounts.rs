//! Looking up users, groups and packages.

use super::View;
use crate::system::{Group, Package, Result, User};

impl View<'_> {
    /// See [`crate::system::System::user`].
    pub fn user(&self, name: &str) -> Result<Option<User>> {
        let users = &self.memory.catalogue.users;
        if let Some(Some(user)) = users.get(name) {
            return Ok(Some(user.clone()));
        }
        let below = match self.below {
            Some(below) => below.user(name)?,
            None => None,
        };
        match below {
            // Found by number, or not spoken of here.
            Some(user) if !users.contains_key(&user.name) => return Ok(Some(self.with_groups(user))),
            _ => {}
        }
        let number: Option<u32> = name.parse().ok();
        Ok(users.values().flatten().find(|user| Some(user.uid) == number).cloned())
    }

    /// A user of the machine below with the memberships that differ.
    fn with_groups(&self, mut user: User) -> User {
        for (name, group) in &self.memory.catalogue.groups {
            user.groups.retain(|other| other != name);
            if group.as_ref().is_some_and(|group| group.members.contains(&user.name)) {
                user.groups.push(name.clone());
            }
        }
        user.groups.sort();
        user
    }

    /// See [`crate::system::System::group`].
    pub fn group(&self, name: &str) -> Result<Option<Group>> {
        let groups = &self.memory.catalogue.groups;
        if let Some(Some(group)) = groups.get(name) {
            return Ok(Some(group.clone()));
        }
        let below = match self.below {
            Some(below) => below.group(name)?,
            None => None,
        };
        match below {
            Some(group) if !groups.contains_key(&group.name) => return Ok(Some(self.with_members(group))),
            _ => {}
        }
        let number: Option<u32> = name.parse().ok();
        Ok(groups.values().flatten().find(|group| Some(group.gid) == number).cloned())
    }

    /// A group of the machine below with the members that differ.
    fn with_members(&self, mut group: Group) -> Group {
        for (name, user) in &self.memory.catalogue.users {
            let is_member = user.as_ref().is_some_and(|user| user.groups.contains(&group.name));
            if !is_member {
                group.members.retain(|member| member != name);
            } else if !group.members.contains(name) {
                group.members.push(name.clone());
            }
        }
        group
    }

    /// See [`crate::system::System::package`].
    pub fn package(&self, name: &str) -> Result<Option<Package>> {
        let (short, architecture) = match name.split_once(':') {
            Some((short, architecture)) => (short, Some(architecture)),
            None => (name, None),
        };
        match (self.memory.catalogue.packages.get(short), self.below) {
            (Some(package), _) => {
                let fits =
                    |package: &Package| architecture.is_none_or(|wanted| package.architecture.is_empty() || package.architecture == wanted);
                Ok(package.clone().filter(fits))
            }
            (None, Some(below)) => below.package(name),
            (None, None) => Ok(None),
        }
    }
}
