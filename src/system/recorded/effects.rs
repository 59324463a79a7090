//! The effects of commands in words.

use crate::system::{Effect, Follow, System};

/// What an effect changes on the machine as it is now; `None` when it changes nothing that can be seen.
pub(super) fn describe(system: &dyn System, effect: &Effect) -> Option<String> {
    let line = |what: String, before: &str, after: &str| (before != after).then(|| format!("{what}: {before} -> {after}"));
    match effect {
        Effect::PackageInstalled(package) => {
            let old = system.package(&package.name).ok().flatten().map_or_else(|| "absent".to_owned(), |package| package.version);
            let new = if package.version.is_empty() { "present" } else { &package.version };
            line(format!("package {}", package.name), &old, new)
        }
        Effect::PackageRemoved(name) => {
            let old = system.package(name).ok().flatten()?;
            line(format!("package {name}"), &old.version, "absent")
        }
        Effect::User(user) => match system.user(&user.name).ok().flatten() {
            None => Some(format!("user {}: absent -> present", user.name)),
            Some(old) => {
                let fields = [
                    ("uid", old.uid.to_string(), user.uid.to_string()),
                    ("gid", old.gid.to_string(), user.gid.to_string()),
                    ("comment", old.comment, user.comment.clone()),
                    ("home", old.home.display().to_string(), user.home.display().to_string()),
                    ("shell", old.shell, user.shell.clone()),
                    ("groups", old.groups.join(","), user.groups.join(",")),
                ];
                let changes: Vec<String> = fields.into_iter().filter_map(|(name, old, new)| line(name.to_owned(), &old, &new)).collect();
                (!changes.is_empty()).then(|| format!("user {}: {}", user.name, changes.join("; ")))
            }
        },
        Effect::UserRemoved(name) => system.user(name).ok().flatten().map(|_| format!("user {name}: present -> absent")),
        Effect::Group(group) => {
            let old = system.group(&group.name).ok().flatten();
            let old = old.map_or_else(|| "absent".to_owned(), |old| format!("gid {} members {}", old.gid, old.members.join(",")));
            line(format!("group {}", group.name), &old, &format!("gid {} members {}", group.gid, group.members.join(",")))
        }
        Effect::GroupRemoved(name) => system.group(name).ok().flatten().map(|_| format!("group {name}: present -> absent")),
        Effect::Service { name, active, enabled, masked } => {
            let old = system.service(name).ok().flatten().unwrap_or_default();
            let change = |wanted: Option<bool>, was: bool, yes: &str, no: &str| {
                wanted
                    .filter(|wanted| *wanted != was)
                    .map(|wanted| if wanted { format!("{no} -> {yes}") } else { format!("{yes} -> {no}") })
            };
            let changes = [
                change(*active, old.active, "started", "stopped"),
                change(*enabled, old.enabled, "enabled", "disabled"),
                change(*masked, old.masked, "masked", "unmasked"),
            ];
            let changes: Vec<String> = changes.into_iter().flatten().collect();
            // Nothing of its state differs: it was told to restart, reload or the like.
            Some(if changes.is_empty() { format!("service {name}") } else { format!("service {name}: {}", changes.join(", ")) })
        }
        // They come with a package, which is named.
        Effect::Placed { .. } => None,
        Effect::FileWritten(path) => Some(format!("file {}: written by a command", path.display())),
        // Not its content, which may hold a secret.
        Effect::FileContent { path, .. } => Some(format!("file {}: written by a command", path.display())),
        Effect::FileRemoved(path) => {
            let there = system.stat(path, Follow::No).ok().flatten().is_some();
            there.then(|| format!("file {}: present -> absent", path.display()))
        }
        Effect::DirectoryMade(path) => match system.stat(path, Follow::Yes).ok().flatten() {
            Some(_) => None,
            None => Some(format!("directory {}: absent -> present", path.display())),
        },
        Effect::Mounted { source, target, fstype } => Some(format!("mount {}: {source} ({fstype})", target.display())),
        Effect::Unmounted(target) => Some(format!("mount {}: mounted -> unmounted", target.display())),
        // Whoever makes it known says what changes in words.
        Effect::Known { .. } => None,
        Effect::Other(text) => Some(text.clone()),
    }
}
