//! What the permission bits let an identity do. Predictions use it; the real machine decides for itself (access control lists
//! and security modules are not seen here).

use super::file::Stat;
use super::identity::Identity;

/// Reading a file or listing a directory.
pub const READ: u32 = 4;
/// Writing a file, or making, renaming and removing entries of a directory.
pub const WRITE: u32 = 2;
/// Executing a file or passing through a directory.
pub const EXECUTE: u32 = 1;

/// Whether `who` has all of `need` (a sum of [`READ`], [`WRITE`], [`EXECUTE`]) on what `stat` describes.
pub fn may(who: &Identity, stat: &Stat, need: u32) -> bool {
    if who.uid == 0 {
        return need & EXECUTE == 0 || stat.is_dir() || stat.mode & 0o111 != 0;
    }
    let shift = if who.uid == stat.uid {
        6
    } else if in_group(who, stat.gid) {
        3
    } else {
        0
    };
    (stat.mode >> shift) & need == need
}

/// Whether `who` may remove or replace `entry` in `dir`: write permission, and in a sticky directory ownership of either.
pub fn may_replace(who: &Identity, dir: &Stat, entry: &Stat) -> bool {
    may(who, dir, WRITE | EXECUTE) && (who.uid == 0 || dir.mode & 0o1000 == 0 || who.uid == entry.uid || who.uid == dir.uid)
}

/// Whether `who` may give a file of `stat` to this owner and group.
pub fn may_give(who: &Identity, stat: &Stat, uid: Option<u32>, gid: Option<u32>) -> bool {
    who.uid == 0
        || (uid.is_none_or(|uid| uid == stat.uid && uid == who.uid)
            && gid.is_none_or(|gid| (gid == stat.gid || in_group(who, gid)) && stat.uid == who.uid))
}

fn in_group(who: &Identity, gid: u32) -> bool {
    who.gid == gid || who.groups.contains(&gid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::file::FileKind;

    fn stat(kind: FileKind, mode: u32, uid: u32, gid: u32) -> Stat {
        Stat { mode, uid, gid, ..Stat::new(kind) }
    }

    fn alice() -> Identity {
        Identity { uid: 1000, gid: 1000, groups: vec![50], name: "alice".into(), home: "/home/alice".into() }
    }

    #[test]
    fn the_first_class_that_matches_decides() {
        let table = [
            (0o600, 1000, 0, READ | WRITE, true),
            (0o066, 1000, 1000, READ, false),
            (0o060, 0, 50, READ | WRITE, true),
            (0o606, 0, 50, READ, false),
            (0o604, 0, 0, READ, true),
            (0o604, 0, 0, WRITE, false),
        ];
        for (mode, uid, gid, need, expected) in table {
            assert_eq!(may(&alice(), &stat(FileKind::File, mode, uid, gid), need), expected, "{mode:o} {uid} {gid} {need}");
        }
    }

    #[test]
    fn root_may_everything_but_execute_what_nobody_can() {
        let root = Identity::default();
        assert!(may(&root, &stat(FileKind::File, 0, 1, 1), READ | WRITE));
        assert!(!may(&root, &stat(FileKind::File, 0o644, 1, 1), EXECUTE));
        assert!(may(&root, &stat(FileKind::Directory, 0, 1, 1), EXECUTE));
    }

    #[test]
    fn a_sticky_directory_protects_the_files_of_others() {
        let tmp = stat(FileKind::Directory, 0o1777, 0, 0);
        assert!(may_replace(&alice(), &tmp, &stat(FileKind::File, 0o644, 1000, 1000)));
        assert!(!may_replace(&alice(), &tmp, &stat(FileKind::File, 0o666, 7, 7)));
    }

    #[test]
    fn files_are_given_only_to_own_groups() {
        let own = stat(FileKind::File, 0o644, 1000, 1000);
        assert!(may_give(&alice(), &own, Some(1000), Some(50)));
        assert!(!may_give(&alice(), &own, Some(0), None));
        assert!(!may_give(&alice(), &own, None, Some(0)));
    }
}
