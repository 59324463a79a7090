//! Numbers of users and groups: which one a new account gets, by the rules of shadow-utils.

use std::collections::BTreeMap;
use std::path::Path;

use crate::modules::Failure;
use crate::system::{ErrorKind, Follow, Group, Result, System, User};

/// A configuration file of shadow-utils: `/etc/login.defs`, `/etc/default/useradd`.
#[derive(Debug, Default)]
pub struct Defaults(BTreeMap<String, String>);

impl Defaults {
    /// `/etc/login.defs`; empty when it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn login(system: &dyn System) -> Result<Self> {
        Self::read(system, "/etc/login.defs")
    }

    /// `/etc/default/useradd`; empty when it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn useradd(system: &dyn System) -> Result<Self> {
        Self::read(system, "/etc/default/useradd")
    }

    fn read(system: &dyn System, path: &str) -> Result<Self> {
        Ok(Self::parse(&text_of(system, path)?))
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once(['=', ' ', '\t']));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.trim().trim_matches('"').to_owned())).collect())
    }

    /// A setting.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A setting that is a number.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }

    /// A setting that is an octal number.
    pub fn octal(&self, name: &str) -> Option<u32> {
        u32::from_str_radix(self.get(name)?, 8).ok()
    }

    /// A setting that is `yes` or `no`, which is what it is when missing.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("yes"))
    }
}

/// The numbers from which a new account gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub min: u32,
    /// The last.
    pub max: u32,
    /// Numbers of the system are given out from the top down, others from the bottom up.
    pub down: bool,
}

impl Range {
    /// The range of `kind`, which is `UID` or `GID`, with the limits that the task sets.
    pub fn of(defaults: &Defaults, kind: &str, system: bool, min: Option<i64>, max: Option<i64>) -> Self {
        let number = |name: &str, default| defaults.number(&name.replace("ID", kind)).unwrap_or(default);
        let given = |limit: Option<i64>, default: u32| limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(default);
        let (first, last) = (given(min, number("ID_MIN", 1000)), given(max, number("ID_MAX", 60_000)));
        if system {
            let (first, last) = (number("SYS_ID_MIN", 101), number("SYS_ID_MAX", first.saturating_sub(1)));
            return Self { min: first, max: last, down: true };
        }
        Self { min: first, max: last, down: false }
    }

    /// The number that shadow-utils gives: beyond the outermost in use, else the first free one.
    fn choose(self, used: &[u32], is_free: &dyn Fn(u32) -> Result<bool>) -> Result<Option<u32>> {
        let within = || used.iter().copied().filter(|id| (self.min..=self.max).contains(id));
        let beyond: Vec<u32> = if self.down {
            let lowest = within().min().unwrap_or(self.max.saturating_add(1));
            (self.min..lowest).rev().collect()
        } else {
            let highest = within().max().map_or(self.min, |id| id.saturating_add(1));
            (highest..=self.max).collect()
        };
        let mut whole: Vec<u32> = (self.min..=self.max).collect();
        if self.down {
            whole.reverse();
        }
        for id in beyond.into_iter().chain(whole) {
            if is_free(id)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

/// The number that a new user would get.
///
/// # Errors
/// When the machine cannot tell.
pub fn next_user(system: &dyn System, range: Range) -> Result<Option<u32>> {
    let used = ids_in(&text_of(system, "/etc/passwd")?);
    range.choose(&used, &|id| Ok(system.user(&id.to_string())?.is_none()))
}

/// The number that a new group would get.
///
/// # Errors
/// When the machine cannot tell.
pub fn next_group(system: &dyn System, range: Range) -> Result<Option<u32>> {
    let used = ids_in(&text_of(system, "/etc/group")?);
    range.choose(&used, &|id| Ok(system.group(&id.to_string())?.is_none()))
}

/// The third fields of a file like `/etc/passwd`.
fn ids_in(text: &str) -> Vec<u32> {
    text.lines().filter_map(|line| line.split(':').nth(2)?.parse().ok()).collect()
}

/// A file as text; empty when it is not there.
///
/// # Errors
/// When it cannot be read.
pub fn text_of(system: &dyn System, path: &str) -> Result<String> {
    match system.read(Path::new(path)) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(String::new()),
        // In check mode: what might be there by then is taken to be missing, as it is now.
        Err(error) if error.kind == ErrorKind::Unpredictable && system.stat(Path::new(path), Follow::Yes)?.is_none() => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// The number in the option `option`.
///
/// # Errors
/// When no account can have it.
pub fn number(option: &str, value: i64) -> std::result::Result<u32, Failure> {
    // The last number means "leave as it is" to the kernel.
    u32::try_from(value)
        .ok()
        .filter(|id| *id != u32::MAX)
        .ok_or_else(|| Failure::new(format!("failed to use `{option}: {value}`: such a number is between 0 and {}", u32::MAX - 1)))
}

/// The group with exactly this name.
///
/// # Errors
/// When the machine cannot tell.
pub fn group_named(system: &dyn System, name: &str) -> Result<Option<Group>> {
    Ok(system.group(name)?.filter(|group| group.name == name))
}

/// The user with exactly this name.
///
/// # Errors
/// When the machine cannot tell.
pub fn user_named(system: &dyn System, name: &str) -> Result<Option<User>> {
    Ok(system.user(name)?.filter(|user| user.name == name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::fake::Fake;

    #[test]
    fn new_numbers_are_those_that_shadow_utils_gives() {
        let fake = || Fake::new().file("/etc/login.defs", "# UID_MIN 5\nUID_MIN\t\t 1000\nUID_MAX 1003\nSYS_UID_MIN=100\n");
        let next = |fake: &Fake, system| {
            let range = Range::of(&Defaults::login(fake).unwrap(), "UID", system, None, None);
            next_user(fake, range).unwrap()
        };
        assert_eq!(next(&fake(), false), Some(1000));
        let used = |lines: &str| lines.split(' ').map(|id| format!("u{id}:x:{id}:0::/:\n")).collect::<String>();
        let with = |ids: &str| {
            ids.split(' ').fold(fake().file("/etc/passwd", used(ids)), |fake, id| fake.user(&format!("u{id}"), id.parse().unwrap()))
        };
        assert_eq!(next(&with("1000 1002"), false), Some(1003), "beyond the highest");
        assert_eq!(next(&with("1000 1003"), false), Some(1001), "the first that is free");
        assert_eq!(next(&with("1000 1001 1002 1003"), false), None);
        assert_eq!(next(&fake(), true), Some(999));
        assert_eq!(next(&with("997"), true), Some(996));
        assert_eq!(next(&with("100 999"), true), Some(998));
        assert_eq!(next(&with("1000").user("predicted", 1001), false), Some(1002), "what only check mode knows");
    }

    #[test]
    fn the_task_sets_other_limits() {
        let range = Range::of(&Defaults::default(), "GID", false, Some(2000), None);
        assert_eq!(range, Range { min: 2000, max: 60_000, down: false });
        assert_eq!(Range::of(&Defaults::default(), "GID", true, None, None), Range { min: 101, max: 999, down: true });
    }
}
