//! Files in folders of modules, by the name of the module.

use std::path::{Path, PathBuf};

use super::files;

/// Ends of names of files that are no modules.
const NO_MODULES: &[&str] = &["pyc", "pyo", "md", "rst", "txt", "yml", "yaml", "ini", "json", "bak", "rpm", "swp", "orig", "rej"];

/// How deep folders of modules are looked through.
const DEPTH: usize = 4;

/// The file of the module `name` in `folder` itself: Python first, then anything with another end, or none.
pub(super) fn file(folder: &Path, name: &str) -> Option<PathBuf> {
    if name.is_empty() || name.contains('/') {
        return None;
    }
    let python = folder.join(format!("{name}.py"));
    if python.is_file() {
        return Some(python);
    }
    files::list(folder).into_iter().find(|path| name_of(path).as_deref() == Some(name) && path.is_file())
}

/// The modules in `folder` and beneath, by name; of equal names the one that comes first.
pub(super) fn index(folder: &Path) -> Vec<(String, PathBuf)> {
    let in_folder = |folder: PathBuf| {
        let (python, others): (Vec<_>, Vec<_>) =
            files::list(&folder).into_iter().partition(|path| path.extension().is_some_and(|end| end == "py"));
        python.into_iter().chain(others)
    };
    let found = folders(folder, DEPTH).into_iter().flat_map(in_folder).filter(|path| path.is_file());
    found.filter_map(|path| Some((name_of(&path)?, path))).collect()
}

fn folders(folder: &Path, depth: usize) -> Vec<PathBuf> {
    if !folder.is_dir() {
        return Vec::new();
    }
    let mut found = vec![folder.to_owned()];
    if depth > 0 {
        let is_source = |path: &PathBuf| path.is_dir() && path.file_name().is_some_and(|name| name != "__pycache__");
        found.extend(files::list(folder).into_iter().filter(is_source).flat_map(|inner| folders(&inner, depth - 1)));
    }
    found
}

/// The name of the module in a file.
fn name_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or("");
    let is_module = !file.starts_with(['.', '_']) && !file.ends_with('~') && !NO_MODULES.contains(&end);
    is_module.then(|| path.file_stem()?.to_str().map(str::to_owned))?
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    #[test]
    fn python_comes_first_and_notes_are_no_modules() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("deep")).unwrap();
        for name in ["one.sh", "one.py", "two", "three.pl", "three.md", "__init__.py", "deep/four.py"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let index = index(dir.path());
        let first = |name: &str| index.iter().find(|(known, _)| known == name).map(|(_, path)| path.clone());
        let found = |name: &str| first(name).map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
        assert_eq!(file(dir.path(), "one"), first("one"));
        assert_eq!(found("one").as_deref(), Some("one.py"));
        assert_eq!(found("two").as_deref(), Some("two"));
        assert_eq!(found("three").as_deref(), Some("three.pl"));
        assert_eq!(found("four").as_deref(), Some("four.py"));
        assert_eq!(found("__init__"), None);
        assert_eq!(file(dir.path(), "four"), None);
        assert_eq!(file(dir.path(), "../x"), None);
        let names: Vec<&str> = index.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["one", "one", "three", "two", "four"]);
    }
}
