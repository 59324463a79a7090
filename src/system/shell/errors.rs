//! What the tools of a host say when they cannot do it.

use std::path::Path;

use super::session::Reply;
use crate::system::{Error, ErrorKind};

/// The end of messages, and what it means.
const WORDS: &[(&str, ErrorKind)] = &[
    ("No such file or directory", ErrorKind::NotFound),
    ("nonexistent directory", ErrorKind::NotFound),
    ("Permission denied", ErrorKind::PermissionDenied),
    ("Operation not permitted", ErrorKind::PermissionDenied),
    ("File exists", ErrorKind::Exists),
    ("Not a directory", ErrorKind::NotADirectory),
    ("Is a directory", ErrorKind::IsADirectory),
    ("Directory not empty", ErrorKind::NotEmpty),
    ("No space left on device", ErrorKind::NoSpace),
    ("Disk quota exceeded", ErrorKind::NoSpace),
    ("Read-only file system", ErrorKind::ReadOnly),
    ("Device or resource busy", ErrorKind::Busy),
    ("Text file busy", ErrorKind::Busy),
    ("Too many levels of symbolic links", ErrorKind::Other),
];

impl Reply {
    /// The kind of error that the library reported.
    pub(super) fn reported(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.stderr).ok()?;
        text.lines().last().filter(|_| matches!(self.rc, 98 | 99))?.strip_prefix("kconf-error ")
    }

    /// What a tool said last.
    pub(super) fn complaint(&self) -> (ErrorKind, String) {
        let text = String::from_utf8_lossy(&self.stderr);
        let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("the host gave no reason").trim();
        match WORDS.iter().find(|(words, _)| line.ends_with(words)) {
            Some((words, kind)) => (*kind, (*words).to_owned()),
            None => (ErrorKind::Other, line.to_owned()),
        }
    }

    /// The error of `verb`ing `path`.
    pub(super) fn error(&self, verb: &str, path: &Path) -> Error {
        let (kind, reason) = self.reason(path);
        Error::new(kind, format!("{verb} `{}`", path.display()), reason)
    }

    fn reason(&self, path: &Path) -> (ErrorKind, String) {
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let (kind, reason) = match self.reported() {
            Some("missing") => (ErrorKind::NotFound, "No such file or directory".to_owned()),
            Some("no-directory") => (ErrorKind::NotFound, format!("the directory `{}` does not exist", parent.display())),
            Some("not-a-directory") => (ErrorKind::NotADirectory, "Not a directory".to_owned()),
            Some("is-a-directory") => (ErrorKind::IsADirectory, "Is a directory".to_owned()),
            Some("link-directory") => (ErrorKind::IsADirectory, "it is a directory".to_owned()),
            Some("denied") => (ErrorKind::PermissionDenied, "Permission denied".to_owned()),
            Some("exists") => (ErrorKind::Exists, "File exists".to_owned()),
            Some("link-mode") => (ErrorKind::Unsupported, "a symbolic link has no mode of its own".to_owned()),
            Some("not-a-file") => (ErrorKind::Other, "it is not a regular file".to_owned()),
            Some("not-a-link") => (ErrorKind::Other, "Invalid argument".to_owned()),
            Some("loop") => (ErrorKind::Other, "Too many levels of symbolic links".to_owned()),
            _ => self.complaint(),
        };
        (kind, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_tools_have_kinds() {
        let table = [
            ("stat: cannot statx 'x': No such file or directory\n", ErrorKind::NotFound),
            ("sh: 3: cannot create /x: Permission denied\n", ErrorKind::PermissionDenied),
            ("first: Is a directory\ncat: write error: No space left on device\n\n", ErrorKind::NoSpace),
            ("chown: /x: Operation not permitted\n", ErrorKind::PermissionDenied),
            ("something else\n", ErrorKind::Other),
            ("", ErrorKind::Other),
        ];
        for (text, kind) in table {
            let reply = Reply { rc: 1, stderr: text.into(), ..Reply::default() };
            assert_eq!(reply.error("write", Path::new("/x")).kind, kind, "{text}");
        }
        let reply = Reply { rc: 1, stderr: b"stat: cannot statx '/x': Too many levels of symbolic links\n".to_vec(), ..Reply::default() };
        assert_eq!(reply.error("inspect", Path::new("/x")).to_string(), "failed to inspect `/x`: Too many levels of symbolic links");
        let reply = Reply { rc: 99, stderr: b"noise\nkconf-error no-directory\n".to_vec(), ..Reply::default() };
        assert_eq!(reply.error("write", Path::new("/a/b")).to_string(), "failed to write `/a/b`: the directory `/a` does not exist");
    }
}
