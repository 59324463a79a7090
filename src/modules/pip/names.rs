//! What `name` and `version` ask for, in the notation of pip.

use crate::modules::Failure;

/// What starts a version.
const OPERATORS: &[char] = &['<', '>', '=', '!', '~'];

/// Something to install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    /// As pip gets it.
    pub(super) text: String,
    /// The name of the package as pip compares names; `None` for a URL, a path and the like.
    pub(super) key: Option<String>,
    /// Whether nothing but the name is given.
    pub(super) bare: bool,
}

impl Requirement {
    /// Reads a word.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.ends_with(|c: char| c.is_ascii_alphanumeric())
            && (rest.is_empty() || rest.starts_with(['[', ';', '(']) || rest.starts_with(OPERATORS))
            && !is_file(text);
        Self { text: text.to_owned(), key: is_name.then(|| key(name)), bare: is_name && rest.is_empty() }
    }
}

/// Names are the same whatever the case, and whichever of `-`, `_` and `.` join their parts.
pub(super) fn key(name: &str) -> String {
    let mut key = String::new();
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if key.ends_with('-') => {}
            '-' | '_' | '.' => key.push('-'),
            _ => key.extend(c.to_lowercase()),
        }
    }
    key
}

fn is_file(text: &str) -> bool {
    [".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz", ".egg"].iter().any(|end| text.ends_with(end))
}

/// What is asked for. A list that was made of text at its commas may have torn a version or extras apart.
///
/// # Errors
/// When `version` does not fit the names.
pub(super) fn requirements(names: &[String], version: Option<&str>) -> Result<Vec<Requirement>, Failure> {
    let mut texts: Vec<String> = Vec::new();
    for word in names {
        let torn = word.trim_start().starts_with(OPERATORS);
        match texts.last_mut() {
            Some(last) if torn || last.matches('[').count() > last.matches(']').count() => {
                last.push(',');
                last.push_str(word.trim());
            }
            _ => texts.push(word.trim().to_owned()),
        }
    }
    let Some(version) = version else { return Ok(texts.iter().map(|text| Requirement::parse(text)).collect()) };
    let [text] = texts.as_slice() else {
        return Err(Failure::new("failed to read `version`: it is not clear which of several packages it belongs to")
            .hint("write the version behind each name: `name: [one==1.0, two>=2]`"));
    };
    let requirement = Requirement::parse(text);
    if requirement.key.is_none() {
        return Err(Failure::new(format!("failed to read `version`: `{text}` is not the plain name of a package")));
    }
    if text.contains(OPERATORS) {
        return Err(Failure::new(format!("failed to read `version`: `{text}` has a version already")));
    }
    let operator = if version.starts_with(OPERATORS) { "" } else { "==" };
    Ok(vec![Requirement::parse(&format!("{text}{operator}{version}"))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[&str], version: Option<&str>) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        requirements(&names, version).map_or_else(|failure| vec![failure.message], |all| all.into_iter().map(|one| one.text).collect())
    }

    #[test]
    fn what_commas_tore_apart_is_joined() {
        assert_eq!(texts(&["foo>=0.5", "<2", " bar"], None), ["foo>=0.5,<2", "bar"]);
        assert_eq!(texts(&["foo[a", "b]", "bar"], None), ["foo[a,b]", "bar"]);
        assert_eq!(texts(&["foo"], Some("1.0")), ["foo==1.0"]);
        assert_eq!(texts(&["foo"], Some(">=1,<2")), ["foo>=1,<2"]);
        assert_eq!(texts(&["foo==1"], Some("1")), ["failed to read `version`: `foo==1` has a version already"]);
        assert_eq!(
            texts(&["foo", "bar"], Some("1")),
            ["failed to read `version`: it is not clear which of several packages it belongs to"]
        );
        assert_eq!(texts(&["./foo"], Some("1")), ["failed to read `version`: `./foo` is not the plain name of a package"]);
    }

    #[test]
    fn names_are_told_from_urls_and_paths() {
        for (text, key, bare) in [
            ("Foo_Bar.baz", Some("foo-bar-baz"), true),
            ("foo--bar", Some("foo-bar"), true),
            ("foo[extra]", Some("foo"), false),
            ("foo >= 1", Some("foo"), false),
            ("foo; python_version < '3'", Some("foo"), false),
            ("git+https://example.com/x#egg=foo", None, false),
            ("/srv/foo-1.0.tar.gz", None, false),
            ("foo-1.0.tar.gz", None, false),
            ("./foo", None, false),
            (".", None, false),
            ("", None, false),
            ("foo @ https://example.com/foo.zip", None, false),
        ] {
            let requirement = Requirement::parse(text);
            assert_eq!((requirement.key.as_deref(), requirement.bare), (key, bare), "{text}");
        }
    }
}
