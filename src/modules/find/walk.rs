//! Through directories.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::Failure;
use super::super::shared::{describe, owner};
use super::Arguments;
use super::content::Unread;
use super::criteria::Criteria;
use crate::system::{Error, ErrorKind, FileKind, Follow, Stat, System};

/// A search, and what it has found so far.
pub(super) struct Walk<'a> {
    system: &'a dyn System,
    args: &'a Arguments,
    criteria: &'a Criteria,
    limit: usize,
    pub(super) found: Vec<Value>,
    pub(super) examined: usize,
    /// Why, by path.
    pub(super) skipped: Map<String, Value>,
    /// Names of users and groups that were looked up.
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(system: &'a dyn System, args: &'a Arguments, criteria: &'a Criteria, limit: usize) -> Self {
        let (users, groups) = (BTreeMap::new(), BTreeMap::new());
        Self { system, args, criteria, limit, found: Vec::new(), examined: 0, skipped: Map::new(), users, groups }
    }

    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// Searches a directory that was asked for.
    pub(super) fn search(&mut self, top: &Path) -> Result<(), Failure> {
        match self.system.stat(top, Follow::Yes) {
            Ok(Some(stat)) if stat.is_dir() => {
                // Without `.` and a slash at the end.
                let top: PathBuf = top.components().collect();
                self.enter(&top, 1, &mut Vec::new())
            }
            Ok(_) => {
                self.skip(top, "it is not a directory");
                Ok(())
            }
            Err(error) => self.leave_out(top, error),
        }
    }

    fn skip(&mut self, path: &Path, why: &str) {
        self.skipped.insert(path.to_string_lossy().into_owned(), why.into());
    }

    fn leave_out(&mut self, path: &Path, error: Error) -> Result<(), Failure> {
        match error.kind {
            ErrorKind::Cancelled | ErrorKind::Unpredictable => Err(error.into()),
            _ => {
                self.skip(path, &error.reason);
                Ok(())
            }
        }
    }

    /// `above` are the real paths of the directories that lead to this one.
    fn enter(&mut self, dir: &Path, level: i64, above: &mut Vec<PathBuf>) -> Result<(), Failure> {
        let entries = match self.system.list(dir) {
            Ok(entries) => entries,
            Err(error) => return self.leave_out(dir, error),
        };
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in entries {
            let path = dir.join(&entry.name);
            let is_folder = match entry.kind {
                FileKind::Directory => true,
                FileKind::Link => matches!(self.system.stat(&path, Follow::Yes), Ok(Some(stat)) if stat.is_dir()),
                _ => false,
            };
            if is_folder { folders.push((path, entry.kind)) } else { files.push((path, entry.kind)) }
        }
        for (path, _) in files.iter().chain(&folders) {
            self.judge(path)?;
            if self.is_full() {
                return Ok(());
            }
        }
        let deepest = self.args.depth.filter(|depth| *depth > 0);
        if !self.args.recurse || deepest.is_some_and(|deepest| level >= deepest) {
            return Ok(());
        }
        above.push(self.system.real_path(dir)?);
        for (path, kind) in &folders {
            if *kind == FileKind::Link && !(self.args.follow && self.leads_on(path, above)) {
                continue;
            }
            self.enter(path, level + 1, above)?;
            if self.is_full() {
                break;
            }
        }
        above.pop();
        Ok(())
    }

    /// Whether a link leads to a directory that is not on the way to it.
    fn leads_on(&self, link: &Path, above: &[PathBuf]) -> bool {
        self.system.real_path(link).is_ok_and(|real| !above.iter().any(|dir| dir.starts_with(&real)))
    }

    fn judge(&mut self, path: &Path) -> Result<(), Failure> {
        self.examined += 1;
        let stat = match self.system.stat(path, Follow::No) {
            Ok(Some(stat)) => stat,
            // It was removed in this moment.
            Ok(None) => return Ok(()),
            Err(error) => return self.leave_out(path, error),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !self.criteria.fit(&name, &stat)? {
            return Ok(());
        }
        if let Some(contains) = &self.criteria.contains {
            match contains.is_in(self.system, path) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(Unread::Fail(failure)) => return Err(failure),
                Err(Unread::Skip(why)) => {
                    self.skip(path, &why);
                    return Ok(());
                }
            }
        }
        let mut result = describe::facts(path, &stat);
        result.insert("pw_name".to_owned(), self.user(&stat)?.into());
        result.insert("gr_name".to_owned(), self.group(&stat)?.into());
        if self.args.get_checksum && stat.kind == FileKind::File {
            match self.system.checksum(path, self.args.checksum_algorithm) {
                Ok(checksum) => {
                    result.insert("checksum".to_owned(), checksum.into());
                }
                Err(error) => return self.leave_out(path, error),
            }
        }
        self.found.push(Value::Object(result));
        Ok(())
    }

    fn user(&mut self, stat: &Stat) -> Result<String, Failure> {
        if let Some(name) = self.users.get(&stat.uid) {
            return Ok(name.clone());
        }
        let name = owner::user_name(self.system, stat.uid)?;
        self.users.insert(stat.uid, name.clone());
        Ok(name)
    }

    fn group(&mut self, stat: &Stat) -> Result<String, Failure> {
        if let Some(name) = self.groups.get(&stat.gid) {
            return Ok(name.clone());
        }
        let name = owner::group_name(self.system, stat.gid)?;
        self.groups.insert(stat.gid, name.clone());
        Ok(name)
    }
}
