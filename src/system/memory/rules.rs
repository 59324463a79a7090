//! What a change of a file does, or why it cannot be: content and attributes.

use std::path::Path;

use super::View;
use super::delta::Delta;
use super::errors::{denied, error, is_a_directory, not_permitted};
use super::node::{Body, Found, Source};
use super::resolve::Resolved;
use crate::system::access::{EXECUTE, WRITE, may, may_give, may_replace};
use crate::system::{Attributes, ErrorKind, FileKind, Follow, Identity, Result, Stat};

impl View<'_> {
    /// See [`crate::system::System::write`].
    pub fn write(&self, path: &Path, source: &Source, size: u64, attributes: &Attributes) -> Result<Vec<Delta>> {
        let at = self.resolve(path, Follow::No).map_err(|stop| self.stopped("write", path, stop))?;
        let dir = self.replaceable("write", path, &at)?;
        let old = at.found.as_ref().map(|found| &found.node.stat).filter(|stat| stat.is_file());
        let stat = self.new_file(path, dir, old, size, attributes)?;
        let mut deltas = one_name_less(at.found.as_ref());
        deltas.push(Delta::Put { path: at.path, stat, body: Body::File(source.clone()) });
        Ok(deltas)
    }

    /// See [`crate::system::System::write_in_place`].
    pub fn write_in_place(&self, path: &Path, source: &Source, size: u64, attributes: &Attributes) -> Result<Vec<Delta>> {
        let at = self.resolve(path, Follow::Yes).map_err(|stop| self.stopped("write", path, stop))?;
        let Some(found) = &at.found else {
            let dir = self.replaceable("write", path, &at)?;
            let stat = self.new_file(path, dir, None, size, attributes)?;
            return Ok(vec![Delta::Put { path: at.path.clone(), stat, body: Body::File(source.clone()) }]);
        };
        match found.node.body {
            Body::Directory { .. } => return Err(is_a_directory("write", path)),
            Body::File(_) => {}
            _ => return Err(error(ErrorKind::Other, "write", path, "it is not a regular file")),
        }
        self.writable("write", path, &at.path)?;
        if !may(self.who, &found.node.stat, WRITE) {
            return Err(denied("write", path));
        }
        let mut stat = sized(found.node.stat.clone(), size);
        stat.mtime = self.now;
        self.give("write", path, &mut stat, attributes)?;
        Ok(changed(found, stat, Some(Body::File(source.clone()))))
    }

    /// See [`crate::system::System::set_attributes`].
    pub fn set_attributes(&self, path: &Path, attributes: &Attributes, follow: Follow) -> Result<Vec<Delta>> {
        let verb = "set the attributes of";
        let at = self.resolve(path, follow).map_err(|stop| self.stopped(verb, path, stop))?;
        let Some(found) = &at.found else { return Err(self.missing(verb, path, "it does not exist")) };
        if found.node.stat.is_link() && attributes.mode.is_some() {
            return Err(error(ErrorKind::Unsupported, "set the mode of", path, "a symbolic link has no mode of its own"));
        }
        self.writable(verb, path, &at.path)?;
        let mut stat = found.node.stat.clone();
        self.give(verb, path, &mut stat, attributes)?;
        Ok(changed(found, stat, None))
    }

    /// The attributes of a new file in `dir` that takes the place of `old`.
    fn new_file(&self, path: &Path, dir: &Found, old: Option<&Stat>, size: u64, attributes: &Attributes) -> Result<Stat> {
        let mut stat = sized(self.new_stat(FileKind::File, &dir.node.stat), size);
        stat.mode = 0o666 & !self.umask;
        let mut wanted = attributes.clone();
        if let Some(old) = old {
            stat.mode = old.mode;
            let heir = (attributes.uid.or(Some(old.uid)), attributes.gid.or(Some(old.gid)));
            let asked = attributes.uid.is_some() || attributes.gid.is_some();
            if asked || may_give(self.who, &stat, heir.0, heir.1) {
                (wanted.uid, wanted.gid) = heir;
            } else {
                stat.mode &= 0o1777;
                wanted.gid = Some(old.gid).filter(|gid| may_give(self.who, &stat, None, Some(*gid)));
            }
            wanted.mode = attributes.mode.or(Some(stat.mode));
        }
        wanted.uid = wanted.uid.filter(|uid| *uid != stat.uid);
        wanted.gid = wanted.gid.filter(|gid| *gid != stat.gid);
        self.give("write", path, &mut stat, &wanted)?;
        Ok(stat)
    }

    /// Sets attributes the way the kernel does: the owner first, which clears set-id bits of files.
    fn give(&self, verb: &str, path: &Path, stat: &mut Stat, attributes: &Attributes) -> Result<()> {
        let owner = self.who.uid == 0 || self.who.uid == stat.uid;
        if attributes.uid.is_some() || attributes.gid.is_some() {
            if !may_give(self.who, stat, attributes.uid, attributes.gid) {
                return Err(not_permitted(verb, path));
            }
            stat.uid = attributes.uid.unwrap_or(stat.uid);
            stat.gid = attributes.gid.unwrap_or(stat.gid);
            if stat.is_file() {
                stat.mode &= if stat.mode & 0o010 == 0 { !0o4000 } else { !0o6000 };
            }
        }
        let asks_owner = attributes.mode.is_some() || attributes.atime.is_some() || attributes.mtime.is_some();
        if asks_owner && !owner {
            return Err(not_permitted(verb, path));
        }
        if let Some(mode) = attributes.mode {
            stat.mode = mode & 0o7777;
            if self.who.uid != 0 && stat.is_file() && !is_member(self.who, stat.gid) {
                stat.mode &= !0o2000;
            }
        }
        stat.atime = attributes.atime.unwrap_or(stat.atime);
        stat.mtime = attributes.mtime.unwrap_or(stat.mtime);
        stat.ctime = self.now;
        Ok(())
    }

    /// A fresh entry in the directory `dir`.
    pub(super) fn new_stat(&self, kind: FileKind, dir: &Stat) -> Stat {
        let inherits = dir.mode & 0o2000 != 0;
        Stat {
            uid: self.who.uid,
            gid: if inherits { dir.gid } else { self.who.gid },
            device: dir.device,
            links: if kind == FileKind::Directory { 2 } else { 1 },
            atime: self.now,
            mtime: self.now,
            ctime: self.now,
            ..Stat::new(kind)
        }
    }

    /// The directory of `at`, in which an entry may be made or (unless it is a directory) replaced.
    pub(super) fn replaceable<'r>(&self, verb: &str, path: &Path, at: &'r Resolved) -> Result<&'r Found> {
        let dir = self.changeable(verb, path, at)?;
        match &at.found {
            Some(found) if found.node.stat.is_dir() => Err(is_a_directory(verb, path)),
            Some(found) if !may_replace(self.who, &dir.node.stat, &found.node.stat) => Err(not_permitted(verb, path)),
            _ => Ok(dir),
        }
    }

    /// The directory of `at`, whose entries may be changed.
    pub(super) fn changeable<'r>(&self, verb: &str, path: &Path, at: &'r Resolved) -> Result<&'r Found> {
        let Some(dir) = &at.dir else { return Err(error(ErrorKind::Busy, verb, path, "Device or resource busy")) };
        if !dir.node.stat.is_dir() {
            return Err(error(ErrorKind::NotADirectory, verb, path, "Not a directory"));
        }
        self.writable(verb, path, &at.path)?;
        if may(self.who, &dir.node.stat, WRITE | EXECUTE) { Ok(dir) } else { Err(denied(verb, path)) }
    }

    /// An error if `place` is on a file system that is mounted read-only.
    pub(super) fn writable(&self, verb: &str, path: &Path, place: &Path) -> Result<()> {
        if self.is_read_only(place) { Err(error(ErrorKind::ReadOnly, verb, path, "Read-only file system")) } else { Ok(()) }
    }
}

/// The deltas that give an existing entry new attributes, and a new body if there is one.
pub(super) fn changed(found: &Found, stat: Stat, body: Option<Body>) -> Vec<Delta> {
    let path = found.path.clone();
    if found.in_memory {
        vec![Delta::Update { path, stat, body }]
    } else {
        vec![Delta::Hold { path, stat, body: body.unwrap_or_else(|| found.node.body.clone()) }]
    }
}

/// The delta that takes an entry of the machine below into memory as it is; none when memory holds it already.
pub(super) fn held(found: &Found) -> Vec<Delta> {
    if found.in_memory {
        return Vec::new();
    }
    vec![Delta::Hold { path: found.path.clone(), stat: found.node.stat.clone(), body: found.node.body.clone() }]
}

/// The delta with which the other names of a file know that the name here goes.
pub(super) fn one_name_less(found: Option<&Found>) -> Vec<Delta> {
    found.filter(|found| !found.node.stat.is_dir() && found.node.stat.links > 1).map_or_else(Vec::new, held)
}

/// With this many bytes.
pub(super) fn sized(mut stat: Stat, size: u64) -> Stat {
    stat.size = size;
    stat.blocks = size.div_ceil(4096) * 8;
    stat
}

fn is_member(who: &Identity, gid: u32) -> bool {
    who.gid == gid || who.groups.contains(&gid)
}
