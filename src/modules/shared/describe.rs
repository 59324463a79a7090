//! What results say of a file.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::system::{FileKind, Follow, Result, Space, Stat, System};

use super::{mode, owner, selinux};

/// Adds `uid`, `gid`, `owner`, `group`, `mode`, `size`, `state` (and `secontext` where there is SELinux) of what is at `path`, links not
/// followed. Nothing when nothing is there.
///
/// # Errors
/// When the machine cannot tell.
pub fn describe(system: &dyn System, path: &Path, result: &mut Map<String, Value>) -> Result<()> {
    let Some(stat) = system.stat(path, Follow::No)? else { return Ok(()) };
    result.insert("uid".to_owned(), stat.uid.into());
    result.insert("gid".to_owned(), stat.gid.into());
    result.insert("owner".to_owned(), owner::user_name(system, stat.uid)?.into());
    result.insert("group".to_owned(), owner::group_name(system, stat.gid)?.into());
    result.insert("mode".to_owned(), mode::show(stat.mode).into());
    result.insert("size".to_owned(), stat.size.into());
    result.insert("state".to_owned(), state(&stat).into());
    if selinux::enabled(system)? {
        result.insert("secontext".to_owned(), selinux::context(system, path, Follow::No)?.into());
    }
    Ok(())
}

/// `file`, `directory`, `link` or `hard`.
pub fn state(stat: &Stat) -> &'static str {
    match stat.kind {
        FileKind::Link => "link",
        FileKind::Directory => "directory",
        _ if stat.links > 1 => "hard",
        _ => "file",
    }
}

/// Adds what is said of the size of a file system.
pub fn space(result: &mut Map<String, Value>, space: &Space) {
    let mut set = |name: &str, number: u64| result.insert(name.to_owned(), number.into());
    set("size_total", space.block_size.saturating_mul(space.blocks));
    set("size_available", space.block_size.saturating_mul(space.blocks_available));
    set("block_size", space.block_size);
    set("block_total", space.blocks);
    set("block_available", space.blocks_available);
    set("block_used", space.blocks.saturating_sub(space.blocks_available));
    set("inode_total", space.inodes);
    set("inode_available", space.inodes_available);
    set("inode_used", space.inodes.saturating_sub(space.inodes_available));
}

/// What `stat` and `find` say of what is at a path: kind, permissions, owner, size and times.
pub fn facts(path: &Path, stat: &Stat) -> Map<String, Value> {
    let is = |kind: FileKind| json!(stat.kind == kind);
    let has = |bit: u32| json!(stat.mode & bit != 0);
    let entries = [
        ("path", json!(path.to_string_lossy())),
        ("mode", json!(mode::show(stat.mode))),
        ("isdir", is(FileKind::Directory)),
        ("ischr", is(FileKind::Character)),
        ("isblk", is(FileKind::Block)),
        ("isreg", is(FileKind::File)),
        ("isfifo", is(FileKind::Fifo)),
        ("islnk", is(FileKind::Link)),
        ("issock", is(FileKind::Socket)),
        ("uid", json!(stat.uid)),
        ("gid", json!(stat.gid)),
        ("size", json!(stat.size)),
        ("inode", json!(stat.inode)),
        ("dev", json!(stat.device)),
        ("nlink", json!(stat.links)),
        ("atime", json!(stat.atime)),
        ("mtime", json!(stat.mtime)),
        ("ctime", json!(stat.ctime)),
        ("wusr", has(0o200)),
        ("rusr", has(0o400)),
        ("xusr", has(0o100)),
        ("wgrp", has(0o020)),
        ("rgrp", has(0o040)),
        ("xgrp", has(0o010)),
        ("woth", has(0o002)),
        ("roth", has(0o004)),
        ("xoth", has(0o001)),
        ("isuid", has(0o4000)),
        ("isgid", has(0o2000)),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
