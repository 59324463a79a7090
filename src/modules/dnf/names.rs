//! What a task names, and which packages that means.

use crate::modules::shared::glob::{is_pattern, matcher};
use crate::system::Package;

/// Something that a task names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// As the task writes it, for messages.
    pub(super) text: String,
    /// As dnf is asked for it.
    pub(super) word: String,
    pub(super) kind: Kind,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A package, a pattern of packages, or what packages provide.
    Name,
    /// `foo >= 1.0`; the name in it.
    Compared(String),
    /// A path that some package holds.
    Path,
    /// `@Development tools`, `@nodejs:20`.
    Group,
    /// A package file on the host, or behind a URL, and the package in it once someone looked.
    File(Option<Package>),
}

impl Wanted {
    pub(super) fn parse(text: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let kind = if text.starts_with('@') {
            Kind::Group
        } else if text.contains("://") || text.ends_with(".rpm") {
            Kind::File(None)
        } else if text.starts_with('/') {
            Kind::Path
        } else if let [name, "<" | "<=" | "=" | "==" | ">=" | ">", _] = words.as_slice() {
            Kind::Compared((*name).to_owned())
        } else {
            Kind::Name
        };
        Self { text: text.to_owned(), word: text.to_owned(), kind }
    }

    /// Of what is to be removed, which no package file can say.
    pub(super) fn installed(text: &str) -> Self {
        let wanted = Self::parse(text);
        if matches!(wanted.kind, Kind::File(_)) { Self { kind: Kind::Name, ..wanted } } else { wanted }
    }

    /// Whether it names this package: by name, version, release and architecture as far as it says them.
    pub(super) fn means(&self, package: &Package) -> bool {
        match &self.kind {
            Kind::Name => fits(&self.word, package),
            Kind::Compared(name) => *name == package.name,
            Kind::File(Some(held)) => held.name == package.name && held.architecture == package.architecture,
            Kind::File(None) | Kind::Path | Kind::Group => false,
        }
    }
}

/// Whether `text` is one of the ways to name the package, or a pattern of one.
pub(super) fn fits(text: &str, package: &Package) -> bool {
    let Package { name, version, architecture, .. } = package;
    let (epoch, full) = version.split_once(':').unwrap_or(("0", version));
    let short = full.split('-').next().unwrap_or(full);
    let mut ways = vec![name.clone(), format!("{name}.{architecture}")];
    for version in [short.to_owned(), full.to_owned(), format!("{full}.{architecture}")] {
        ways.push(format!("{name}-{version}"));
        ways.push(format!("{name}-{epoch}:{version}"));
    }
    if !is_pattern(text) {
        return ways.iter().any(|way| way == text);
    }
    matcher(text).is_some_and(|pattern| ways.iter().any(|way| pattern.is_match(way)))
}

/// A name as rpm takes it, which knows no epoch in it.
pub(super) fn without_epoch(text: &str) -> String {
    match text.split_once(':') {
        Some((before, behind)) => match before.rsplit_once('-') {
            Some((name, epoch)) if !epoch.is_empty() && epoch.chars().all(|c| c.is_ascii_digit()) => format!("{name}-{behind}"),
            _ => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_many_names() {
        let package = Package { name: "epo-libs".into(), version: "2:1.0-3.el9".into(), architecture: "x86_64".into(), held: false };
        for text in [
            "epo-libs",
            "epo-libs.x86_64",
            "epo-libs-1.0",
            "epo-libs-2:1.0",
            "epo-libs-1.0-3.el9",
            "epo-libs-2:1.0-3.el9.x86_64",
            "epo-*",
            "epo-libs-1*",
            "e?o-libs",
        ] {
            assert!(fits(text, &package), "{text}");
        }
        for text in ["epo", "epo-libs-1", "epo-libs-0:1.0", "epo-libs.i686", "epo-libs-1.1", "epo-libs-1.0-4*"] {
            assert!(!fits(text, &package), "{text}");
        }
        let plain = Package { name: "app".into(), version: "1.0-1".into(), architecture: "noarch".into(), held: false };
        assert!(fits("app-0:1.0-1.noarch", &plain));
        assert_eq!(without_epoch("app-2:1.0-1.noarch"), "app-1.0-1.noarch");
        assert_eq!(without_epoch("perl(A::B)"), "perl(A::B)");
    }

    #[test]
    fn names_are_told_apart() {
        for (text, kind) in [
            ("app", Kind::Name),
            ("app >= 1.0", Kind::Compared("app".into())),
            ("@My Group", Kind::Group),
            ("/usr/bin/app", Kind::Path),
            ("/srv/app.rpm", Kind::File(None)),
            ("https://h/app.rpm", Kind::File(None)),
            ("https://h/download?app", Kind::File(None)),
        ] {
            assert_eq!(Wanted::parse(text).kind, kind, "{text}");
        }
    }
}
