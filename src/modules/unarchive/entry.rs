//! Entries of archives, and which of them are wanted.

use std::path::{Component, Path, PathBuf};

use regex::Regex;

use super::super::shared::glob;

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A file of this many bytes.
    File(u64),
    /// A directory.
    Directory,
    /// A symbolic link with this text.
    Symlink(PathBuf),
    /// Another name of the file at this path below the directory.
    HardLink(PathBuf),
}

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path below the directory, in which only ordinary names occur. Empty for the directory itself.
    pub(super) path: PathBuf,
    pub(super) kind: EntryKind,
    /// Permission bits, where the archive has them.
    pub(super) mode: Option<u32>,
    /// Owner and group by number and name, where the archive has them.
    pub(super) owner: Option<Owner>,
    /// Seconds since the epoch.
    pub(super) mtime: Option<i64>,
}

/// Whose an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) user: Option<String>,
    pub(super) group: Option<String>,
}

impl Entry {
    /// Its name as results show it: a directory ends with a slash.
    pub(super) fn shown(&self) -> String {
        let name = self.path.to_string_lossy();
        if self.kind == EntryKind::Directory { format!("{name}/") } else { name.into_owned() }
    }
}

/// Which entries are wanted, and under which names.
#[derive(Default)]
pub(super) struct Selection {
    include: Vec<(String, Option<Regex>)>,
    exclude: Vec<Regex>,
    strip: usize,
    without_directories: bool,
    /// Whether owners are taken from the archive; `None`: when unpacking as root.
    pub(super) same_owner: Option<bool>,
    /// Whether the umask takes permissions away; else only when not unpacking as root.
    pub(super) apply_umask: bool,
}

impl Selection {
    pub(super) fn new(include: &[String], exclude: &[String], extra: &[String]) -> Result<Self, String> {
        let mut selection = Self::default();
        for name in include {
            let name = name.trim_start_matches("./").trim_end_matches('/').to_owned();
            let pattern = glob::is_pattern(&name).then(|| glob::matcher(&name)).flatten();
            selection.include.push((name, pattern));
        }
        selection.exclude.extend(exclude.iter().filter_map(|pattern| excluder(pattern)));
        let mut words = extra.iter().flat_map(|option| option.split_whitespace());
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            let value = |words: &mut dyn Iterator<Item = &'_ str>| value.map(str::to_owned).or_else(|| words.next().map(str::to_owned));
            match name {
                "--strip-components" | "--strip" => {
                    let count = value(&mut words).unwrap_or_default();
                    selection.strip =
                        count.parse().map_err(|_| format!("failed to read `extra_opts`: `{name}` needs a number, not `{count}`"))?;
                }
                "--exclude" => {
                    let pattern = value(&mut words).ok_or("failed to read `extra_opts`: `--exclude` needs a pattern")?;
                    selection.exclude.extend(excluder(&pattern));
                }
                "--no-same-owner" | "-o" => selection.same_owner = Some(false),
                "--same-owner" => selection.same_owner = Some(true),
                "--no-same-permissions" => selection.apply_umask = true,
                "-j" | "--junk-paths" => selection.without_directories = true,
                // What is done anyway.
                "-p" | "--same-permissions" | "--preserve-permissions" | "--overwrite" | "--no-overwrite-dir" | "-q" | "-qq" => {}
                _ => {
                    return Err(format!(
                        "failed to read `extra_opts`: `{word}` is not supported; supported are `--strip-components=N`, `--no-same-owner`, \
                         `--same-owner`, `--no-same-permissions`, `--exclude=PATTERN` and `-j`"
                    ));
                }
            }
        }
        Ok(selection)
    }

    /// Where an entry called `name` goes, if it is wanted.
    ///
    /// # Errors
    /// When the name leads out of the directory.
    pub(super) fn path_of(&self, name: &Path, is_dir: bool) -> Result<Option<PathBuf>, String> {
        let path = clean(name)?;
        let text = path.to_string_lossy();
        if self.exclude.iter().any(|pattern| pattern.is_match(&text)) || !self.includes(&text) {
            return Ok(None);
        }
        Ok(self.stripped(&path, is_dir))
    }

    /// The path without the components that are stripped; `None` when nothing is left.
    pub(super) fn stripped(&self, path: &Path, is_dir: bool) -> Option<PathBuf> {
        if self.without_directories {
            return if is_dir { None } else { path.file_name().map(PathBuf::from) };
        }
        if self.strip == 0 {
            return Some(path.to_path_buf());
        }
        let rest: PathBuf = path.components().skip(self.strip).collect();
        (!rest.as_os_str().is_empty()).then_some(rest)
    }

    fn includes(&self, path: &str) -> bool {
        self.include.is_empty()
            || self.include.iter().any(|(name, pattern)| {
                let is_below = path.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                is_below || pattern.as_ref().is_some_and(|pattern| pattern.is_match(path))
            })
    }
}

/// Matches a path of which the pattern is the whole, an end, or a beginning, cut at a slash.
fn excluder(pattern: &str) -> Option<Regex> {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let translated = glob::translate(pattern);
    let inner = translated.trim_start_matches("(?s)^").trim_end_matches('$');
    Regex::new(&format!("(?s)(^|/)(?:{inner})(/|$)")).ok()
}

/// The name of an entry as a path of ordinary names: without a leading slash and without `.`.
///
/// # Errors
/// When it holds `..`.
pub(super) fn clean(name: &Path) -> Result<PathBuf, String> {
    let mut path = PathBuf::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            Component::ParentDir => return Err(format!("the entry `{}` leads out of the directory", name.display())),
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(selection: &Selection, name: &str) -> Option<String> {
        let found = selection.path_of(Path::new(name), false).unwrap_or_else(|error| panic!("{error}"));
        found.map(|path| path.to_string_lossy().into_owned())
    }

    fn selection(include: &[&str], exclude: &[&str], extra: &[&str]) -> Selection {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Selection::new(&owned(include), &owned(exclude), &owned(extra)).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn names_are_selected_as_by_tar() {
        for (include, exclude, extra, name, expected) in [
            (&[][..], &[][..], &[][..], "./a/b", Some("a/b")),
            (&[], &[], &[], "/abs", Some("abs")),
            (&["d"], &[], &[], "d/b", Some("d/b")),
            (&["d"], &[], &[], "dd/b", None),
            (&["*.txt"], &[], &[], "d/b.txt", Some("d/b.txt")),
            (&[], &["d/b"], &[], "d/b", None),
            (&[], &["d"], &[], "x/d/e", None),
            (&[], &["*.log"], &[], "var/x.log", None),
            (&[], &["b"], &[], "d/bb", Some("d/bb")),
            (&[], &[], &["--strip-components=1"], "d/b/c", Some("b/c")),
            (&[], &[], &["--strip-components", "1"], "d", None),
            (&[], &[], &["--strip 1 --exclude=*.md"], "d/x.md", None),
            (&[], &[], &["-j"], "d/b/c", Some("c")),
        ] {
            assert_eq!(path(&selection(include, exclude, extra), name).as_deref(), expected, "{name} {include:?} {exclude:?} {extra:?}");
        }
    }

    #[test]
    fn what_leads_out_or_is_not_known_is_refused() {
        assert!(selection(&[], &[], &[]).path_of(Path::new("a/../../etc/passwd"), false).is_err());
        assert!(Selection::new(&[], &[], &["--transform=s/a/b/".to_owned()]).is_err());
        assert!(Selection::new(&[], &[], &["--strip-components=x".to_owned()]).is_err());
    }
}
