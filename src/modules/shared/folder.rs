//! What stands above a file: why it cannot be written, or is not there to be changed.

use std::path::Path;

use crate::modules::Failure;
use crate::system::{Follow, Stat, System};

use super::parent;

/// That the folder of `path`, which is to be written, is there.
///
/// # Errors
/// It is not; in check mode one that a command may yet make is not held against the task.
pub fn require(system: &dyn System, path: &Path) -> Result<(), Failure> {
    let folder = parent(path);
    if system.stat(&folder, Follow::Yes)?.as_ref().is_some_and(Stat::is_dir) {
        return Ok(());
    }
    let failed = |reason: String| Failure::new(format!("failed to write `{}`: {reason}", path.display()));
    match in_the_way(system, path)? {
        Some(reason) => Err(failed(reason)),
        None => Err(failed(format!("the directory `{}` does not exist", folder.display())).missing_on(system)),
    }
}

/// What stands above `path` in the place of a directory, said as a reason; nothing when the way is free or ends early.
fn in_the_way(system: &dyn System, path: &Path) -> Result<Option<String>, Failure> {
    for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
        if let Some(stat) = system.stat(folder, Follow::Yes)? {
            return Ok((!stat.is_dir()).then(|| format!("`{}` is not a directory", folder.display())));
        }
    }
    Ok(None)
}

/// That the file at `path`, which is to be changed, is not there; `hint` says what would make it.
///
/// # Errors
/// When the machine cannot tell.
pub fn missing_file(system: &dyn System, path: &Path, hint: Option<&str>) -> Result<Failure, Failure> {
    let failure = |reason: &str| Failure::new(format!("failed to edit `{}`: {reason}", path.display())).with("rc", 257);
    if let Some(reason) = in_the_way(system, path)? {
        return Ok(failure(&reason));
    }
    let failure = failure("nothing is there").missing_on(system);
    Ok(match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::modules::find;
    use crate::modules::testing::apply;
    use crate::system::fake::Fake;

    #[test]
    fn a_file_in_the_place_of_a_directory_is_named() {
        let cases: &[(&str, Value, &str)] = &[
            ("replace", json!({"path": "/etc/motd/x", "regexp": "a"}), "edit `/etc/motd/x`"),
            ("lineinfile", json!({"path": "/etc/motd/deep/x", "line": "a"}), "edit `/etc/motd/deep/x`"),
            ("blockinfile", json!({"path": "/etc/motd/x", "block": "a"}), "edit `/etc/motd/x`"),
            (
                "ini_file",
                json!({"path": "/etc/motd/x", "section": "a", "option": "b", "value": "c", "create": false}),
                "edit `/etc/motd/x`",
            ),
            ("archive", json!({"path": "/etc/motd", "dest": "/etc/motd/x"}), "write `/etc/motd/x`"),
            (
                "known_hosts",
                json!({"path": "/etc/motd/x", "name": "h", "key": "h ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2GI3Mh4mqNJ4hyGTJmnmZYwnWrlAmUK0XsRqXB0w6R"}),
                "write `/etc/motd/x`",
            ),
        ];
        for (module, args, attempt) in cases {
            let applied = apply(find(module).unwrap(), Fake::new().file("/etc/motd", "hello\n"), args.clone());
            assert_eq!(applied.failure().message, format!("failed to {attempt}: `/etc/motd` is not a directory"), "{module}");
        }
    }
}
