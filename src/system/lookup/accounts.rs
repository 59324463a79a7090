//! Users and groups: the files first, then `getent` (LDAP, systemd and the like), without NSS.

use std::path::Path;

use super::{plain, read_if_there};
use crate::system::{Group, Result, System, User};

/// The user with this name, or with this number when `name` is all digits and no such name exists.
///
/// # Errors
/// When the files cannot be read or `getent` cannot be run.
pub fn user(system: &dyn System, name: &str) -> Result<Option<User>> {
    if !is_plausible(name) {
        return Ok(None);
    }
    let number = name.parse().ok();
    let passwd = read_if_there(system, Path::new("/etc/passwd"))?.unwrap_or_default();
    if let Some(user) = find(passwd.lines().filter_map(parse_user), |user| user.name == name, |user| Some(user.uid) == number) {
        let groups = read_if_there(system, Path::new("/etc/group"))?.unwrap_or_default();
        return Ok(Some(with_groups(user, &groups)));
    }
    let Some(line) = getent(system, "passwd", name)? else { return Ok(None) };
    let Some(mut user) = parse_user(&line) else { return Ok(None) };
    let ids = system.probe(&plain(["id", "-Gn", &user.name]))?;
    let primary = getent(system, "group", &user.gid.to_string())?.and_then(|line| parse_group(&line)).map(|group| group.name);
    user.groups = ids.stdout_text().split_whitespace().filter(|name| Some(*name) != primary.as_deref()).map(str::to_owned).collect();
    user.groups.sort();
    Ok(Some(user))
}

/// The group with this name, or with this number when `name` is all digits and no such name exists.
///
/// # Errors
/// When the files cannot be read or `getent` cannot be run.
pub fn group(system: &dyn System, name: &str) -> Result<Option<Group>> {
    if !is_plausible(name) {
        return Ok(None);
    }
    let number = name.parse().ok();
    let text = read_if_there(system, Path::new("/etc/group"))?.unwrap_or_default();
    let found = find(text.lines().filter_map(parse_group), |group| group.name == name, |group| Some(group.gid) == number);
    match found {
        Some(group) => Ok(Some(group)),
        None => Ok(getent(system, "group", name)?.and_then(|line| parse_group(&line))),
    }
}

/// Whether it could be the key of an account: what could not must not become an option of `getent` or match half a line.
fn is_plausible(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-') && !name.contains([':', '\n', '\0'])
}

fn find<T>(all: impl Iterator<Item = T>, by_name: impl Fn(&T) -> bool, by_number: impl Fn(&T) -> bool) -> Option<T> {
    let mut numbered = None;
    for one in all {
        if by_name(&one) {
            return Some(one);
        }
        if numbered.is_none() && by_number(&one) {
            numbered = Some(one);
        }
    }
    numbered
}

fn getent(system: &dyn System, database: &str, key: &str) -> Result<Option<String>> {
    if system.which("getent")?.is_none() {
        return Ok(None);
    }
    let output = system.probe(&plain(["getent", database, key]))?;
    Ok(output.success().then(|| output.stdout_text().lines().next().unwrap_or_default().to_owned()))
}

/// A line of `/etc/passwd`; `None` for one that is none (comments, `+` lines of NIS).
fn parse_user(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let (name, _password, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let (comment, home, shell) = (fields.next()?, fields.next()?, fields.next().unwrap_or_default());
    (!name.is_empty()).then_some(())?;
    Some(User {
        name: name.to_owned(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        comment: comment.to_owned(),
        home: home.into(),
        shell: shell.to_owned(),
        groups: Vec::new(),
    })
}

/// A line of `/etc/group`; `None` for one that is none.
fn parse_group(line: &str) -> Option<Group> {
    let mut fields = line.split(':');
    let (name, _password, gid) = (fields.next()?, fields.next()?, fields.next()?);
    (!name.is_empty()).then_some(())?;
    let members = fields.next().unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    Some(Group { name: name.to_owned(), gid: gid.parse().ok()?, members: members.map(str::to_owned).collect() })
}

fn with_groups(mut user: User, groups: &str) -> User {
    let of_user = groups.lines().filter_map(parse_group).filter(|group| group.gid != user.gid && group.members.contains(&user.name));
    user.groups = of_user.map(|group| group.name).collect();
    user.groups.sort();
    user.groups.dedup();
    user
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::fake::Fake;

    fn machine() -> Fake {
        Fake::new()
            .file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n+::::::\nada:x:1000:1000:Ada,,:/home/ada:/bin/bash\n42:x:7:7::/:\n")
            .file("/etc/group", "root:x:0:\nwheel:x:10:root,ada\nada:x:1000:ada\ndocker:x:99:ada, bob\n")
    }

    #[test]
    fn files_answer_by_name_and_by_number() {
        let fake = machine();
        let ada = user(&fake, "ada").unwrap().unwrap();
        assert_eq!((ada.uid, ada.comment.as_str(), ada.shell.as_str()), (1000, "Ada,,", "/bin/bash"));
        assert_eq!(ada.groups, ["docker", "wheel"]);
        assert_eq!(user(&fake, "1000").unwrap().unwrap().name, "ada");
        assert_eq!(user(&fake, "42").unwrap().unwrap().uid, 7, "a name of digits comes before a number");
        assert_eq!(group(&fake, "10").unwrap().unwrap().members, ["root", "ada"]);
        assert_eq!(user(&fake, "nobody").unwrap(), None);
        assert_eq!(user(&fake, "").unwrap(), None);
    }

    #[test]
    fn getent_answers_for_what_is_not_in_the_files() {
        let fake = machine()
            .program("/usr/bin/getent")
            .answer(&["getent", "passwd", "eve"], 0, "eve:*:5000:5001:Eve:/home/eve:/bin/zsh\n", "")
            .answer(&["getent", "passwd"], 2, "", "")
            .answer(&["getent", "group", "5001"], 0, "staff:*:5001:\n", "")
            .answer(&["id", "-Gn", "eve"], 0, "staff admins\n", "");
        let eve = user(&fake, "eve").unwrap().unwrap();
        assert_eq!((eve.uid, eve.groups), (5000, vec!["admins".to_owned()]));
        assert_eq!(user(&fake, "mallory").unwrap(), None);
        assert_eq!(user(&fake, "--help").unwrap(), None, "never an option");
    }
}
