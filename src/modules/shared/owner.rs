//! Names and numbers of users and groups.

use crate::modules::Failure;
use crate::system::{self, System};

/// The number of the user `owner`, a name or a number.
///
/// # Errors
/// When there is no such user.
pub fn uid(system: &dyn System, owner: &str) -> Result<u32, Failure> {
    match system.user(owner)? {
        Some(user) => Ok(user.uid),
        None => owner.parse().map_err(|_| unknown("user", owner).missing_on(system)),
    }
}

/// The number of the group `group`, a name or a number.
///
/// # Errors
/// When there is no such group.
pub fn gid(system: &dyn System, group: &str) -> Result<u32, Failure> {
    match system.group(group)? {
        Some(group) => Ok(group.gid),
        None => group.parse().map_err(|_| unknown("group", group).missing_on(system)),
    }
}

fn unknown(what: &str, name: &str) -> Failure {
    Failure::new(format!("failed to look up the {what} `{name}`: the machine knows no such {what}"))
        .hint(format!("create the {what} in an earlier task"))
}

/// The name of a user; the number as text when it has none.
///
/// # Errors
/// When the machine cannot tell.
pub fn user_name(system: &dyn System, uid: u32) -> system::Result<String> {
    let number = uid.to_string();
    Ok(system.user(&number)?.map_or(number, |user| user.name))
}

/// The name of a group; the number as text when it has none.
///
/// # Errors
/// When the machine cannot tell.
pub fn group_name(system: &dyn System, gid: u32) -> system::Result<String> {
    let number = gid.to_string();
    Ok(system.group(&number)?.map_or(number, |group| group.name))
}
