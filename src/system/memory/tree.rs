//! The paths that differ from the machine below.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use super::delta::Delta;
use super::node::{Body, Node};
use crate::system::{FileKind, Stat};

/// Inode numbers of entries made here start here: far above those of file systems in use.
const FIRST_INODE: u64 = 1 << 48;

/// Entries by path, and what they are by number, because a file may have several names.
#[derive(Debug, Default)]
pub(super) struct Tree {
    entries: BTreeMap<PathBuf, Entry>,
    nodes: HashMap<u64, Held>,
    /// The nodes of files of the machine below that have several names, by device and inode: what one name shows, all do.
    shared: HashMap<(u64, u64), u64>,
    made: u64,
}

/// A node and how many entries lead to it.
#[derive(Debug)]
struct Held {
    node: Node,
    names: usize,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    /// Nothing is here, nor beneath.
    Gone,
    /// This node is here.
    Node(u64),
}

/// Who knows what is at a path.
pub(super) enum Place<'a> {
    /// Memory does.
    Here(&'a Node),
    /// Nothing is there.
    Absent,
    /// The machine below does, at this path.
    Below(PathBuf),
}

impl Tree {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Who knows what is at `path`, which holds no links.
    pub(super) fn place(&self, path: &Path) -> Place<'_> {
        let nearest = path.ancestors().find_map(|at| self.entries.get(at).map(|entry| (at, *entry)));
        let (at, id) = match nearest {
            None => return Place::Below(path.to_path_buf()),
            Some((_, Entry::Gone)) => return Place::Absent,
            Some((at, Entry::Node(id))) => (at, id),
        };
        match (self.nodes.get(&id).map(|held| &held.node), path.strip_prefix(at)) {
            (Some(node), _) if at == path => Place::Here(node),
            (Some(Node { body: Body::Directory { below: Some(below) }, .. }), Ok(rest)) => Place::Below(below.join(rest)),
            _ => Place::Absent,
        }
    }

    /// What memory holds of a file of the machine below that it knows by another name.
    pub(super) fn by_another_name(&self, stat: &Stat) -> Option<&Node> {
        let id = self.shared.get(&shared_key(stat)?)?;
        self.nodes.get(id).map(|held| &held.node)
    }

    /// Whether memory holds anything at or beneath `path`, or hides what is there.
    pub(super) fn touches(&self, path: &Path) -> bool {
        let own = match self.place(path) {
            Place::Below(place) => place != path,
            Place::Here(_) | Place::Absent => true,
        };
        own || self.beneath(path).next().is_some()
    }

    /// What memory says of the entries of `dir`: the kind, or `None` for one that is gone.
    pub(super) fn children(&self, dir: &Path) -> Vec<(OsString, Option<FileKind>)> {
        let direct = self.beneath(dir).filter(|(path, _)| path.parent() == Some(dir));
        let named = direct.filter_map(|(path, entry)| {
            let kind = match entry {
                Entry::Gone => None,
                Entry::Node(id) => Some(self.nodes.get(id)?.node.stat.kind),
            };
            Some((path.file_name()?.to_owned(), kind))
        });
        named.collect()
    }

    pub(super) fn apply(&mut self, delta: &Delta) {
        match delta {
            Delta::Put { path, stat, body } => {
                self.clear(path);
                self.insert(path, Node { stat: stat.clone(), body: body.clone() });
            }
            Delta::Hold { path, stat, body } => self.hold(path, Node { stat: stat.clone(), body: body.clone() }),
            Delta::Update { path, stat, body } => {
                if let Some(Entry::Node(id)) = self.entries.get(path)
                    && let Some(held) = self.nodes.get_mut(id)
                {
                    held.node.stat = stat.clone();
                    if let Some(body) = body {
                        held.node.body = body.clone();
                    }
                }
            }
            Delta::Link { original, path } => {
                let Some(Entry::Node(id)) = self.entries.get(original).copied() else { return };
                self.clear(path);
                if let Some(held) = self.nodes.get_mut(&id) {
                    held.node.stat.links += 1;
                    held.names += 1;
                    self.entries.insert(path.clone(), Entry::Node(id));
                }
            }
            Delta::Hide(path) => {
                self.clear(path);
                self.entries.insert(path.clone(), Entry::Gone);
            }
            Delta::Move { from, to } => self.shift(from, to),
            Delta::Effect(_) | Delta::Doubt(_) | Delta::PackageDoubt(_) => {}
        }
    }

    fn hold(&mut self, path: &Path, node: Node) {
        let key = shared_key(&node.stat);
        if let Some(id) = key.and_then(|key| self.shared.get(&key).copied())
            && let Some(held) = self.nodes.get_mut(&id)
        {
            held.node = node;
            held.names += 1;
            self.entries.insert(path.to_path_buf(), Entry::Node(id));
            return;
        }
        self.insert(path, node);
        if let Some(key) = key {
            self.shared.insert(key, self.made);
        }
    }

    fn insert(&mut self, path: &Path, mut node: Node) {
        self.made += 1;
        if node.stat.inode == 0 {
            node.stat.inode = FIRST_INODE + self.made;
        }
        self.nodes.insert(self.made, Held { node, names: 1 });
        self.entries.insert(path.to_path_buf(), Entry::Node(self.made));
    }

    fn beneath<'t>(&'t self, dir: &'t Path) -> impl Iterator<Item = (&'t PathBuf, &'t Entry)> {
        let bounds = (Bound::Excluded(dir), Bound::Unbounded);
        self.entries.range::<Path, _>(bounds).take_while(move |(path, _)| path.starts_with(dir))
    }

    /// Forgets what is at `path` and beneath.
    fn clear(&mut self, path: &Path) {
        let mut gone: Vec<PathBuf> = self.beneath(path).map(|(path, _)| path.clone()).collect();
        gone.push(path.to_path_buf());
        for path in gone {
            let Some(Entry::Node(id)) = self.entries.remove(&path) else { continue };
            let Some(held) = self.nodes.get_mut(&id) else { continue };
            held.names -= 1;
            held.node.stat.links = held.node.stat.links.saturating_sub(1);
            // The machine below may know a file of several names by one more.
            if held.names == 0 && !self.shared.values().any(|other| *other == id) {
                self.nodes.remove(&id);
            }
        }
    }

    fn shift(&mut self, from: &Path, to: &Path) {
        self.clear(to);
        let mut moving: Vec<PathBuf> = self.beneath(from).map(|(path, _)| path.clone()).collect();
        moving.push(from.to_path_buf());
        for path in moving {
            let Some(entry) = self.entries.remove(&path) else { continue };
            let target = match path.strip_prefix(from) {
                Ok(rest) if !rest.as_os_str().is_empty() => to.join(rest),
                _ => to.to_path_buf(),
            };
            self.entries.insert(target, entry);
        }
        self.entries.insert(from.to_path_buf(), Entry::Gone);
    }
}

/// What tells a file of several names from others; `None` for everything that has one name.
fn shared_key(stat: &Stat) -> Option<(u64, u64)> {
    (!stat.is_dir() && stat.links > 1 && stat.inode < FIRST_INODE).then_some((stat.device, stat.inode))
}
