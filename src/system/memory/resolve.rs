//! Finding what a path leads to: links, `..`, and the permission to pass.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::View;
use super::errors::Stop;
use super::node::{Body, Found, Node, Source};
use super::tree::Place;
use crate::system::access::{EXECUTE, may};
use crate::system::{Follow, Result};

/// How many links are followed before giving up, as the kernel does.
const LINK_LIMIT: usize = 40;

/// Where a path leads.
#[derive(Debug)]
pub(super) struct Resolved {
    /// The path without links.
    pub(super) path: PathBuf,
    /// The directory it is in; `None` for the root.
    pub(super) dir: Option<Found>,
    /// What is there.
    pub(super) found: Option<Found>,
}

impl View<'_> {
    /// What is at `path`, which is absolute and holds no links.
    pub(super) fn at(&self, path: &Path) -> Result<Option<Found>> {
        let place = match self.memory.tree.place(path) {
            Place::Here(node) => return Ok(Some(Found { path: path.to_path_buf(), node: node.clone(), in_memory: true })),
            Place::Absent => return Ok(None),
            Place::Below(place) => place,
        };
        let Some(below) = self.below else { return Ok(None) };
        let Some(stat) = below.stat(&place, Follow::No)? else { return Ok(None) };
        if let Some(node) = self.memory.tree.by_another_name(&stat) {
            return Ok(Some(Found { path: path.to_path_buf(), node: node.clone(), in_memory: false }));
        }
        let body = match stat.kind {
            crate::system::FileKind::Directory => Body::Directory { below: Some(place) },
            crate::system::FileKind::File => Body::File(Source::Below(place)),
            crate::system::FileKind::Link => Body::Link(below.read_link(&place)?),
            _ => Body::Special,
        };
        Ok(Some(Found { path: path.to_path_buf(), node: Node { stat, body }, in_memory: false }))
    }

    /// Where `path` leads; the last component need not exist.
    pub(super) fn resolve(&self, path: &Path, follow: Follow) -> std::result::Result<Resolved, Stop> {
        let mut rest = components(&self.absolute(path)?);
        let mut here = self.root()?;
        let mut links = 0;
        while let Some(part) = rest.pop_front() {
            let dir = here;
            if !dir.node.stat.is_dir() {
                return Err(Stop::NotADirectory(dir.path));
            }
            if !may(self.who, &dir.node.stat, EXECUTE) {
                return Err(Stop::Denied);
            }
            if part == ".." {
                let parent = dir.path.parent().unwrap_or(Path::new("/")).to_path_buf();
                here = self.at(&parent)?.ok_or(Stop::Missing(parent))?;
                continue;
            }
            let next = dir.path.join(&part);
            let last = rest.is_empty();
            match self.at(&next)? {
                None if last => return Ok(Resolved { path: next, dir: Some(dir), found: None }),
                None => return Err(Stop::Missing(next)),
                Some(Found { node: Node { body: Body::Link(target), .. }, .. }) if !last || follow == Follow::Yes => {
                    links += 1;
                    if links > LINK_LIMIT {
                        return Err(Stop::Loop);
                    }
                    here = if target.is_absolute() { self.root()? } else { dir };
                    let mut parts = components(&target);
                    parts.append(&mut rest);
                    rest = parts;
                }
                Some(found) if last => return Ok(Resolved { path: next, dir: Some(dir), found: Some(found) }),
                Some(found) => here = found,
            }
        }
        // The root itself, or a path that ends in `..`.
        let dir = match here.path.parent() {
            Some(parent) => self.at(parent)?,
            None => None,
        };
        Ok(Resolved { path: here.path.clone(), dir, found: Some(here) })
    }

    fn root(&self) -> std::result::Result<Found, Stop> {
        let root = Path::new("/");
        self.at(root)?.ok_or_else(|| Stop::Missing(root.to_path_buf()))
    }
}

fn components(path: &Path) -> VecDeque<OsString> {
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    parts.map(|part| part.as_os_str().to_owned()).collect()
}
