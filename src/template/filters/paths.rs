//! Paths, of POSIX and of Windows.

use std::path::{Path, PathBuf};

use minijinja::Value;

use crate::template::call::{Filter, def};
use crate::template::data;
use crate::template::python::show;
use crate::template::{files, lookups};

pub(super) static TABLE: &[Filter] = &[
    def("basename", &[], "The part behind the last slash.", "'/a/b.txt' | basename", "b.txt", |call| {
        let path = show(&call.input);
        Ok(Value::from(path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name)))
    }),
    def("dirname", &[], "The part in front of the last slash.", "'/a/b.txt' | dirname", "/a", |call| {
        Ok(Value::from(dirname(&show(&call.input))))
    }),
    def("splitext", &[], "The path without its extension, and the extension.", "'/a/b.tar.gz' | splitext", "['/a/b.tar', '.gz']", |call| {
        let path = show(&call.input);
        let name_start = path.rfind('/').map_or(0, |at| at + 1);
        let name = path.get(name_start..).unwrap_or("");
        let leading_dots = name.len() - name.trim_start_matches('.').len();
        let dot = name.get(leading_dots..).and_then(|rest| rest.rfind('.')).map_or(path.len(), |at| name_start + leading_dots + at);
        let (root, extension) = path.split_at(dot);
        Ok(data::tuple(vec![Value::from(root), Value::from(extension)]))
    }),
    def("normpath", &[], "Without double slashes, `.` and `..`.", "'/a/./b/../c' | normpath", "/a/c", |call| {
        Ok(Value::from(normal(&show(&call.input))))
    }),
    def("realpath", &[], "The path that links lead to, on the controller.", "'/.' | realpath", "/", |call| {
        let path = absolute(&show(&call.input));
        // What does not exist stays as it is, below what does.
        let mut missing = Vec::new();
        let mut existing = PathBuf::from(&path);
        let resolved = loop {
            if let Ok(resolved) = existing.canonicalize() {
                break resolved;
            }
            match (existing.file_name().map(std::ffi::OsStr::to_os_string), existing.parent()) {
                (Some(name), Some(parent)) => {
                    missing.push(name);
                    existing = parent.to_path_buf();
                }
                _ => break existing,
            }
        };
        let full = missing.into_iter().rev().fold(resolved, |path, name| path.join(name));
        Ok(Value::from(full.display().to_string()))
    }),
    def("relpath", &["start"], "The way from a folder (the current one) to the path.", "'/a/b/c' | relpath('/a/d')", "../b/c", |call| {
        let start = absolute(&call.text_or(0, ".")?);
        let path = absolute(&show(&call.input));
        let (from, to): (Vec<&str>, Vec<&str>) = (parts(&start), parts(&path));
        let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        let up = std::iter::repeat_n("..", from.len() - common);
        let way: Vec<&str> = up.chain(to.into_iter().skip(common)).collect();
        Ok(Value::from(if way.is_empty() { ".".to_owned() } else { way.join("/") }))
    }),
    def("path_join", &[], "The parts of a path joined; an absolute part starts anew.", "['/a', 'b'] | path_join", "/a/b", |call| {
        let parts = if data::text(&call.input).is_some() { vec![call.input.clone()] } else { call.input_items()? };
        let mut joined = String::new();
        for part in parts {
            let part = show(&part);
            if part.starts_with('/') || joined.is_empty() {
                joined = part;
            } else {
                if !joined.ends_with('/') {
                    joined.push('/');
                }
                joined.push_str(&part);
            }
        }
        Ok(Value::from(joined))
    }),
    def("commonpath", &[], "The longest path that all of them start with.", "['/a/b/c', '/a/b/d'] | commonpath", "/a/b", |call| {
        let paths: Vec<String> = call.input_items()?.iter().map(show).collect();
        let Some(first) = paths.first() else { return Err(call.error("the list is empty")) };
        let is_absolute = first.starts_with('/');
        if paths.iter().any(|path| path.starts_with('/') != is_absolute) {
            return Err(call.error("absolute and relative paths have nothing in common"));
        }
        let mut common = parts(first);
        for path in &paths {
            let shared = common.iter().zip(parts(path)).take_while(|(a, b)| **a == *b).count();
            common.truncate(shared);
        }
        Ok(Value::from(format!("{}{}", if is_absolute { "/" } else { "" }, common.join("/"))))
    }),
    def("expanduser", &[], "With `~` replaced by the home folder.", "'x' | expanduser", "x", |call| {
        Ok(Value::from(files::expand_home(&show(&call.input)).display().to_string()))
    }),
    def(
        "expandvars",
        &[],
        "With `$NAME` and `${NAME}` replaced by environment variables of the controller.",
        "'$NO_SUCH_VARIABLE' | expandvars",
        "$NO_SUCH_VARIABLE",
        |call| Ok(Value::from(expand_variables(&show(&call.input)))),
    ),
    def("fileglob", &[], "The files on the controller that a pattern names.", "'/no/such/*' | fileglob", "[]", |call| {
        let pattern = show(&call.input);
        Ok(data::list(
            lookups::glob(call.interp.ctx.core.files(), Path::new("/"), &pattern)
                .into_iter()
                .map(|path| Value::from(path.display().to_string()))
                .collect(),
        ))
    }),
    def("win_basename", &[], "The part behind the last backslash or slash.", "'C:\\\\x.txt' | win_basename", "x.txt", |call| {
        let path = show(&call.input);
        let (_, rest) = split_drive(&path);
        Ok(Value::from(rest.rsplit(['/', '\\']).next().unwrap_or("")))
    }),
    def("win_dirname", &[], "The part in front of the last backslash or slash.", "'C:/a/x.txt' | win_dirname", "C:/a", |call| {
        let path = show(&call.input);
        let (drive, rest) = split_drive(&path);
        let head = rest.rfind(['/', '\\']).map_or("", |at| rest.get(..=at).unwrap_or(""));
        let trimmed = head.trim_end_matches(['/', '\\']);
        Ok(Value::from(format!("{drive}{}", if trimmed.is_empty() { head } else { trimmed })))
    }),
    def("win_splitdrive", &[], "Drive and rest of a path.", "'C:/x' | win_splitdrive", "['C:', '/x']", |call| {
        let path = show(&call.input);
        let (drive, rest) = split_drive(&path);
        Ok(data::tuple(vec![Value::from(drive), Value::from(rest)]))
    }),
];

fn dirname(path: &str) -> &str {
    let Some(at) = path.rfind('/') else { return "" };
    let head = path.get(..=at).unwrap_or("");
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

/// The parts between slashes, `.` left out.
fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
}

/// A path without detours. Two leading slashes stay, as POSIX lets them mean something.
fn normal(path: &str) -> String {
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut kept: Vec<&str> = Vec::new();
    for part in parts(path) {
        match (part, kept.last()) {
            ("..", Some(&"..")) => kept.push(".."),
            ("..", Some(_)) => {
                kept.pop();
            }
            ("..", None) if root.is_empty() => kept.push(".."),
            ("..", None) => {}
            _ => kept.push(part),
        }
    }
    match (root, kept.is_empty()) {
        ("", true) => ".".to_owned(),
        _ => format!("{root}{}", kept.join("/")),
    }
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        return normal(path);
    }
    let current = std::env::current_dir().map(|folder| folder.display().to_string()).unwrap_or_default();
    normal(&format!("{current}/{path}"))
}

/// `C:` or `\\server\share`, and what is behind it.
fn split_drive(path: &str) -> (&str, &str) {
    let is_slash = |c: char| matches!(c, '/' | '\\');
    if path.starts_with("\\\\") || path.starts_with("//") {
        let rest = path.get(2..).unwrap_or("");
        if let Some(server) = rest.find(is_slash) {
            let share = rest.get(server + 1..).unwrap_or("");
            let end = share.find(is_slash).map_or(path.len(), |at| 2 + server + 1 + at);
            return path.split_at(end);
        }
    }
    match path.as_bytes() {
        [letter, b':', ..] if letter.is_ascii_alphabetic() => path.split_at(2),
        _ => ("", path),
    }
}

fn expand_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, written, tail) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, tail)) => (name, name.len() + 2, tail),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                let (name, tail) = after.split_at(end);
                (name, end, tail)
            }
        };
        match std::env::var(name) {
            Ok(value) if !name.is_empty() => out.push_str(&value),
            _ => {
                out.push('$');
                out.push_str(after.get(..written).unwrap_or(""));
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normal() {
        for (path, wanted) in [("", "."), ("//a", "//a"), ("///a", "/a"), ("a/../..", ".."), ("/..", "/"), ("a//b/./c/..", "a/b")] {
            assert_eq!(normal(path), wanted, "{path}");
        }
        assert_eq!(split_drive("\\\\srv\\share\\x"), ("\\\\srv\\share", "\\x"));
    }
}
