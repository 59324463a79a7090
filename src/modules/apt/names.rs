//! The packages of a task: which are meant, which version of them, which are there already.

use std::cmp::Ordering;

use super::aptget::AptGet;
use super::version::compare;
use super::{Arguments, State};
use crate::modules::shared::glob::{is_pattern, matcher};
use crate::modules::{Context, Failure};

/// A package that a task names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its name, which may carry an architecture.
    pub(super) name: String,
    version: Version,
}

/// Which versions will do.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Version {
    Any,
    /// Those that this shell pattern matches.
    Like(String),
    /// This one or a newer one.
    AtLeast(String),
}

impl Wanted {
    fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = |reason: &str| {
            Failure::new(format!("failed to read the package `{text}`: {reason}")).hint("write `name`, `name=1.2*` or `name>=1.2`")
        };
        let (name, version) = match (text.split_once(">="), text.split_once('=')) {
            (Some((name, version)), _) => (name, Version::AtLeast(version.to_owned())),
            (None, Some((name, version))) => (name, Version::Like(version.to_owned())),
            (None, None) => (text, Version::Any),
        };
        match &version {
            Version::Any => {}
            Version::Like(version) | Version::AtLeast(version) if version.is_empty() || version.contains('=') => {
                return Err(wrong("this is no version"));
            }
            Version::Like(_) | Version::AtLeast(_) if is_pattern(name) => return Err(wrong("a pattern of names cannot have a version")),
            _ => {}
        }
        let (name, version) = (name.trim(), version);
        // Else apt-get would take it for an option, a removal, a task or a pattern of its own.
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "+-._:~*?[]!".contains(c));
        if name.is_empty() || !plain || name.starts_with(['-', '+', '.', '~']) || name.ends_with(['-', '+']) && !name.ends_with("++") {
            return Err(wrong("this cannot be the name of a package"));
        }
        Ok(Self { name: name.to_owned(), version })
    }

    /// Whether this version will do.
    fn accepts(&self, version: &str) -> bool {
        match &self.version {
            Version::Any => true,
            Version::Like(pattern) => pattern == version || matcher(pattern).is_some_and(|pattern| pattern.is_match(version)),
            Version::AtLeast(least) => compare(version, least) != Ordering::Less,
        }
    }

    /// Whether the version that is installed will do.
    pub(super) fn is_there(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(ctx.system.package(&self.name)?.is_some_and(|package| self.accepts(&package.version)))
    }

    /// Whether it is installed in any version.
    pub(super) fn is_installed(&self, ctx: &Context<'_>) -> Result<bool, Failure> {
        Ok(ctx.system.package(&self.name)?.is_some())
    }

    /// What to ask apt for; `None` when nothing is to be done.
    pub(super) fn word(&self, ctx: &Context<'_>, apt: &AptGet, args: &Arguments) -> Result<Option<String>, Failure> {
        let installed = ctx.system.package(&self.name)?;
        if args.only_upgrade && installed.is_none() {
            return Ok(None);
        }
        let fits = installed.as_ref().filter(|package| self.accepts(&package.version));
        if args.state != State::Latest && fits.is_some() {
            return Ok(None);
        }
        if self.version == Version::Any {
            return Ok(Some(self.name.clone()));
        }
        let versions = self.available(ctx, apt)?;
        let best = versions.iter().find(|version| self.accepts(version));
        match (best, fits) {
            // What is installed is at least as new.
            (Some(best), Some(package)) if compare(best, &package.version) != Ordering::Greater => Ok(None),
            (Some(best), _) => Ok(Some(format!("{}={best}", self.name))),
            (None, Some(_)) => Ok(None),
            (None, None) => Err(self.no_candidate(&versions)),
        }
    }

    fn no_candidate(&self, versions: &[String]) -> Failure {
        let version = match &self.version {
            Version::Any => String::new(),
            Version::Like(version) => format!("={version}"),
            Version::AtLeast(version) => format!(">={version}"),
        };
        let known = if versions.is_empty() { "no version of it".to_owned() } else { format!("only {}", versions.join(", ")) };
        Failure::new(format!("failed to install `{}{version}`: apt knows {known}", self.name))
            .hint("correct the version, or set `update_cache: true` if the host's lists of packages are old")
    }

    /// The versions that apt could install, newest first.
    fn available(&self, ctx: &Context<'_>, apt: &AptGet) -> Result<Vec<String>, Failure> {
        let output = apt.cache(ctx, &["madison", &self.name])?;
        let mut versions: Vec<String> = Vec::new();
        for line in output.lines() {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            if let [_, version, source] = fields.as_slice()
                && source.ends_with("Packages")
                && !versions.iter().any(|known| known == version)
            {
                versions.push((*version).to_owned());
            }
        }
        versions.sort_by(|one, other| compare(other, one));
        Ok(versions)
    }
}

/// The packages that the names mean, patterns replaced by what they match.
pub(super) fn parse_all(ctx: &Context<'_>, apt: &AptGet, names: &[&str]) -> Result<Vec<Wanted>, Failure> {
    let mut all = Vec::new();
    let mut known: Option<Vec<String>> = None;
    for text in names {
        let wanted = Wanted::parse(text)?;
        if !is_pattern(&wanted.name) {
            all.push(wanted);
            continue;
        }
        let known = match &known {
            Some(known) => known,
            None => known.insert(apt.cache(ctx, &["pkgnames"])?.lines().map(str::to_owned).collect()),
        };
        let pattern = matcher(&wanted.name);
        let mut matches: Vec<&String> =
            known.iter().filter(|name| pattern.as_ref().is_some_and(|pattern| pattern.is_match(name))).collect();
        if matches.is_empty() {
            return Err(Failure::new(format!("failed to find packages: no name that apt knows matches `{text}`"))
                .hint("correct the pattern, or set `update_cache: true` if the host's lists of packages are old"));
        }
        matches.sort();
        all.extend(matches.into_iter().map(|name| Wanted { name: name.clone(), version: Version::Any }));
    }
    all.dedup();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_told_apart() {
        let parse = |text: &str| Wanted::parse(text).map(|wanted| (wanted.name, wanted.version)).ok();
        for (text, name, version) in [
            ("jq", "jq", Version::Any),
            ("g++", "g++", Version::Any),
            ("libc6:i386", "libc6:i386", Version::Any),
            ("jq=1.6*", "jq", Version::Like("1.6*".into())),
            ("jq>=1.6", "jq", Version::AtLeast("1.6".into())),
            ("apt-*", "apt-*", Version::Any),
        ] {
            assert_eq!(parse(text), Some((name.to_owned(), version)), "{text}");
        }
        for text in ["", "-y", "jq-", "jq+", "jq=", "jq=1=2", "a b", "jq*=1", "task^", "./x.deb", "~i", "?installed x"] {
            assert!(Wanted::parse(text).is_err(), "{text}");
        }
        let accepts = |text: &str, version: &str| Wanted::parse(text).is_ok_and(|wanted| wanted.accepts(version));
        assert!(accepts("jq=1.6*", "1.6-2") && !accepts("jq=1.6", "1.6-2") && accepts("jq=1.6-2", "1.6-2"));
        assert!(accepts("jq>=1.6", "1.10-1") && !accepts("jq>=1.6", "1.6~rc1"));
    }
}
