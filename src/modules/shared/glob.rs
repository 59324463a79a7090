//! Shell patterns: `*`, `?`, `[a-z]`, `[!a-z]`.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::system::{self, Follow, System};

/// A regular expression that matches exactly the names that the shell pattern `pattern` matches. `*` and `?` match `/` too.
pub fn translate(pattern: &str) -> String {
    let mut out = String::from("(?s)^");
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or("");
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => match class(rest) {
                Some((class, after)) => {
                    out.push_str(&class);
                    rest = after;
                }
                None => out.push_str("\\["),
            },
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    out
}

/// The class that starts `rest` (behind its `[`), and what comes after it; `None` when it is not closed.
fn class(rest: &str) -> Option<(String, &str)> {
    let (negated, body) = match rest.strip_prefix('!') {
        Some(body) => (true, body),
        None => (false, rest),
    };
    // A `]` in the first place is a member.
    let first = body.chars().next()?.len_utf8();
    let end = first + body.get(first..)?.find(']')?;
    let members: String = body.get(..end)?.chars().map(|c| if "[]\\^&~".contains(c) { format!("\\{c}") } else { c.to_string() }).collect();
    Some((format!("[{}{members}]", if negated { "^" } else { "" }), body.get(end + 1..)?))
}

/// A matcher of names. A pattern that makes no sense (`[z-a]`) matches nothing.
pub fn matcher(pattern: &str) -> Option<Regex> {
    Regex::new(&translate(pattern)).ok()
}

/// Whether `text` holds a character that makes it a pattern.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// What the shell pattern `pattern` matches on the machine, sorted. Names that start with a dot are matched only by such patterns. A path
/// without pattern characters is found when something is there, even a link to nothing.
///
/// # Errors
/// When the machine cannot tell; a folder that cannot be listed just matches nothing.
pub fn glob(system: &dyn System, pattern: &Path) -> system::Result<Vec<PathBuf>> {
    let text = pattern.to_string_lossy();
    if !is_pattern(&text) {
        return Ok(if system.stat(pattern, Follow::No)?.is_some() { vec![pattern.to_path_buf()] } else { Vec::new() });
    }
    let mut found = vec![PathBuf::from(if text.starts_with('/') { "/" } else { "" })];
    for part in text.split('/').filter(|part| !part.is_empty()) {
        found = step(system, &found, part)?;
    }
    if text.ends_with('/') {
        found.retain(|path| system.stat(path, Follow::Yes).is_ok_and(|stat| stat.is_some_and(|stat| stat.is_dir())));
    }
    Ok(found)
}

fn step(system: &dyn System, folders: &[PathBuf], part: &str) -> system::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in folders {
        if !is_pattern(part) {
            let path = folder.join(part);
            if system.stat(&path, Follow::No)?.is_some() {
                found.push(path);
            }
            continue;
        }
        let Some(matcher) = matcher(part) else { continue };
        let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let Ok(entries) = system.list(listed) else { continue };
        for entry in entries {
            let name = entry.name.to_string_lossy();
            if matcher.is_match(&name) && (!name.starts_with('.') || part.starts_with('.')) {
                found.push(folder.join(&entry.name));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_names() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.confx", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[!a-c]x", "dx", true),
            ("[]]", "]", true),
            ("[", "[", true),
            ("a.c", "abc", false),
            ("a+(b)", "a+(b)", true),
            ("[z-a]", "z", false),
            ("*", "with\nline", true),
            ("[^a]", "^", true),
        ] {
            assert_eq!(matcher(pattern).is_some_and(|regex| regex.is_match(name)), expected, "{pattern} {name}");
        }
    }
}
