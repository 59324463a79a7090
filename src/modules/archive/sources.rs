//! What is to be packed: paths, and what is below them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::super::Failure;
use super::super::shared::glob;
use super::super::shared::packed::Format;
use crate::system::{FileKind, Follow, Stat, System};

/// Something on its way into an archive.
pub(super) struct Entry {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its name in the archive.
    pub(super) name: PathBuf,
    pub(super) stat: Stat,
    /// The text of a link.
    pub(super) link: Option<PathBuf>,
}

impl Entry {
    pub(super) fn shown(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// Whether results name it: directories of a zip archive are only there for what is in them.
    pub(super) fn is_told(&self, format: Format) -> bool {
        format != Format::Zip || !self.stat.is_dir()
    }
}

/// What the options name.
pub(super) struct Found {
    /// All that `path` found.
    expanded: Vec<String>,
    excluded: Vec<String>,
    /// What is left of `expanded`, sorted.
    pub(super) paths: Vec<String>,
}

/// What there is of it on the machine.
pub(super) struct Sources {
    pub(super) expanded: Vec<String>,
    pub(super) excluded: Vec<String>,
    /// The directory below which names begin, with a slash at its end.
    pub(super) root: String,
    pub(super) targets: Vec<PathBuf>,
    pub(super) missing: Vec<String>,
    pub(super) entries: Vec<Entry>,
}

pub(super) fn find(system: &dyn System, paths: &[String], excluded: &[String]) -> Result<Found, Failure> {
    let expand = |patterns: &[String]| -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        for pattern in patterns {
            if glob::is_pattern(pattern) {
                found.extend(glob::glob(system, Path::new(pattern))?.iter().map(|path| path.to_string_lossy().into_owned()));
            } else {
                found.push(pattern.clone());
            }
        }
        Ok(found)
    };
    let (expanded, excluded) = (expand(paths)?, expand(excluded)?);
    let left: BTreeSet<&String> = expanded.iter().filter(|path| !excluded.contains(path)).collect();
    let paths = left.into_iter().cloned().collect();
    Ok(Found { expanded, excluded, paths })
}

/// The directory that all have in common, with a slash at its end.
fn root(paths: &[String]) -> String {
    let parts = |path: &str| {
        let end = path.rfind('/').map_or(0, |at| at + 1);
        path.get(..end).unwrap_or_default().split_inclusive('/').map(str::to_owned).collect::<Vec<String>>()
    };
    let mut common = paths.first().map(|path| parts(path)).unwrap_or_default();
    for path in paths {
        let same = common.iter().zip(parts(path)).take_while(|(one, other)| *one == other).count();
        common.truncate(same);
    }
    common.concat()
}

impl Found {
    /// Looks at everything below the paths but for the archive itself. In a zip archive links are what they lead to.
    pub(super) fn look(
        self,
        system: &dyn System,
        dest: &Path,
        removes: bool,
        follows: bool,
        patterns: Option<&[String]>,
    ) -> Result<Sources, Failure> {
        let root = root(&self.paths);
        let patterns = patterns.unwrap_or_default().iter().filter_map(|pattern| glob::matcher(pattern)).collect();
        let mut walk = Walk { system, dest, root: Path::new(&root), patterns, follows, seen: BTreeSet::new(), entries: Vec::new() };
        let (mut targets, mut missing) = (Vec::new(), Vec::new());
        for path in &self.paths {
            let target = Path::new(path);
            if target == dest {
                continue;
            }
            if system.stat(target, Follow::No)?.is_none() {
                missing.push(path.clone());
                continue;
            }
            if removes && dest.starts_with(target) {
                return Err(Failure::new(format!(
                    "failed to pack into `{}`: it is in `{path}`, which is to be removed then",
                    dest.display()
                )));
            }
            match system.stat(target, Follow::Yes)? {
                Some(stat) if stat.is_dir() => walk.dir(target)?,
                _ => walk.add(target)?,
            }
            targets.push(target.to_path_buf());
        }
        let entries = walk.entries;
        Ok(Sources { expanded: self.expanded, excluded: self.excluded, root, targets, missing, entries })
    }
}

struct Walk<'a> {
    system: &'a dyn System,
    dest: &'a Path,
    root: &'a Path,
    patterns: Vec<Regex>,
    follows: bool,
    /// Names that are there already: paths may lie in one another.
    seen: BTreeSet<PathBuf>,
    entries: Vec<Entry>,
}

impl Walk<'_> {
    /// Adds what is in a directory: its directories, its files, and then what is in its directories.
    fn dir(&mut self, dir: &Path) -> Result<(), Failure> {
        let list = self.system.list(dir)?;
        let (mut dirs, mut files) = (Vec::new(), Vec::new());
        for entry in list {
            let path = dir.join(&entry.name);
            let leads_to_dir = entry.kind == FileKind::Link && self.system.stat(&path, Follow::Yes)?.is_some_and(|stat| stat.is_dir());
            if entry.kind == FileKind::Directory || leads_to_dir { dirs.push((path, entry.kind)) } else { files.push(path) }
        }
        for path in dirs.iter().map(|(path, _)| path).chain(&files) {
            self.add(path)?;
        }
        for (path, kind) in dirs {
            if kind == FileKind::Directory {
                self.dir(&path)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path) -> Result<(), Failure> {
        let name = path.strip_prefix(self.root).unwrap_or(path).to_path_buf();
        let text = name.to_string_lossy();
        if path == self.dest || self.patterns.iter().any(|pattern| pattern.is_match(&text)) || self.seen.contains(&name) {
            return Ok(());
        }
        let follow = if self.follows { Follow::Yes } else { Follow::No };
        let Some(stat) = self.system.stat(path, follow)? else {
            return Err(Failure::new(format!("failed to pack `{}`: the link leads to nothing", path.display())));
        };
        match stat.kind {
            // There is no place for one in an archive, and it is made anew by whoever listens on it.
            FileKind::Socket => return Ok(()),
            FileKind::Fifo | FileKind::Block | FileKind::Character if self.follows => {
                return Err(Failure::new(format!("failed to pack `{}`: a zip archive has files and directories only", path.display())));
            }
            _ => {}
        }
        let link = if stat.is_link() { Some(self.system.read_link(path)?) } else { None };
        self.seen.insert(name.clone());
        self.entries.push(Entry { path: path.to_path_buf(), name, stat, link });
        Ok(())
    }
}
