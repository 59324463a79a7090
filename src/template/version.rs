//! Comparing versions.

use std::cmp::Ordering;

use super::fault::{Eval, Fault};

/// The order of two versions, read the way `kind` says.
///
/// # Errors
/// An unknown kind, a version that is none of that kind.
pub(crate) fn compare(own: &str, other: &str, kind: &str) -> Eval<Ordering> {
    match kind {
        "loose" => loose(own, other),
        "strict" => Ok(strict(own)?.cmp(&strict(other)?)),
        "semver" | "semantic" => Ok(semver(own)?.cmp(&semver(other)?)),
        "pep440" => Ok(pep440(own)?.cmp(&pep440(other)?)),
        other => Err(Fault::error(format!("unknown kind of version `{other}`")).hint("it is `loose`, `strict`, `semver` or `pep440`")),
    }
}

/// Runs of digits are numbers, runs of letters are texts; dots separate.
fn loose(own: &str, other: &str) -> Eval<Ordering> {
    let (a, b) = (loose_parts(own), loose_parts(other));
    for (a, b) in a.iter().zip(&b) {
        let order = match (a.parse::<u128>(), b.parse::<u128>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Err(_), Err(_)) => a.cmp(b),
            _ => {
                return Err(Fault::error(format!(
                    "version `{own}` cannot be compared with `{other}`: `{a}` and `{b}` are a number and a word"
                ))
                .hint("`version_type='semver'` or `'pep440'` know pre-releases"));
            }
        };
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(a.len().cmp(&b.len()))
}

fn loose_parts(version: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut previous = '.';
    for c in version.chars() {
        let same = c.is_ascii_digit() && previous.is_ascii_digit() || c.is_ascii_lowercase() && previous.is_ascii_lowercase();
        let other = |c: char| !c.is_ascii_digit() && !c.is_ascii_lowercase() && c != '.';
        match parts.last_mut() {
            Some(last) if same || other(c) && other(previous) => last.push(c),
            _ if c == '.' => {}
            _ => parts.push(c.to_string()),
        }
        previous = c;
    }
    parts
}

/// `1.2`, `1.2.3`, `1.2a1`, `1.2b3`: a release comes behind its pre-releases.
fn strict(version: &str) -> Eval<(Vec<u64>, (u8, u64))> {
    let wrong =
        || Fault::error(format!("`{version}` is not a strict version")).hint("it has the form `1.2.3`, or `1.2b1` for a pre-release");
    let (numbers, pre) = match version.find(['a', 'b']) {
        Some(at) => {
            let (numbers, pre) = version.split_at(at);
            let number = pre.get(1..).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
            (numbers, (u8::from(pre.starts_with('b')), number))
        }
        None => (version, (2, 0)),
    };
    let mut numbers: Vec<u64> = numbers.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    if !(2..=3).contains(&numbers.len()) {
        return Err(wrong());
    }
    numbers.resize(3, 0);
    Ok((numbers, pre))
}

/// What a semantic version is ordered by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Semver {
    numbers: [u64; 3],
    /// A release comes behind its pre-releases.
    is_release: bool,
    pre: Vec<Identifier>,
}

/// Numbers come before words.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Word(String),
}

fn semver(version: &str) -> Eval<Semver> {
    let wrong =
        || Fault::error(format!("`{version}` is not a semantic version")).hint("it has the form `1.2.3`, `1.2.3-rc.1` or `1.2.3+build`");
    let plain = version.split('+').next().unwrap_or("");
    let (core, pre) = plain.split_once('-').map_or((plain, None), |(core, pre)| (core, Some(pre)));
    let numbers: Vec<u64> = core.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let numbers = <[u64; 3]>::try_from(numbers).map_err(|_| wrong())?;
    let pre_identifiers = pre.unwrap_or("").split('.').filter(|part| !part.is_empty()).map(|part| match part.parse() {
        Ok(number) => Identifier::Number(number),
        Err(_) => Identifier::Word(part.to_owned()),
    });
    Ok(Semver { numbers, is_release: pre.is_none(), pre: pre_identifiers.collect() })
}

/// What a Python version is ordered by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Pep440 {
    epoch: u64,
    release: Vec<u64>,
    /// Rank of the stage and its number: dev before a, b, rc, the release.
    pre: (u8, u64),
    post: Option<u64>,
    /// A development release comes before what it develops.
    dev: u64,
    local: Vec<String>,
}

fn pep440(version: &str) -> Eval<Pep440> {
    let wrong = || Fault::error(format!("`{version}` is not a version in the form of PEP 440"));
    let lower = version.trim().to_lowercase();
    let lower = lower.strip_prefix('v').unwrap_or(&lower);
    let (public, local) = lower.split_once('+').unwrap_or((lower, ""));
    let (epoch, rest) = match public.split_once('!') {
        Some((epoch, rest)) => (epoch.parse().map_err(|_| wrong())?, rest),
        None => (0, public),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (numbers, mut suffix) = rest.split_at(end);
    let mut release: Vec<u64> = numbers.trim_end_matches('.').split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    let mut parsed = Pep440 {
        epoch,
        release,
        pre: (9, 0),
        post: None,
        dev: u64::MAX,
        local: local.split(['.', '-', '_']).filter(|part| !part.is_empty()).map(str::to_owned).collect(),
    };
    let mut has_pre = false;
    while !suffix.is_empty() {
        suffix = suffix.trim_start_matches(['.', '-', '_']);
        let word_end = suffix.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(suffix.len());
        let (word, tail) = suffix.split_at(word_end);
        let tail = tail.trim_start_matches(['.', '-', '_']);
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let (number, tail) = tail.split_at(digits);
        let number = number.parse().unwrap_or(0);
        match word {
            "a" | "alpha" => parsed.pre = (1, number),
            "b" | "beta" => parsed.pre = (2, number),
            "c" | "rc" | "pre" | "preview" => parsed.pre = (3, number),
            "post" | "rev" | "r" => parsed.post = Some(number),
            "" if digits > 0 => parsed.post = Some(number),
            "dev" => parsed.dev = number,
            _ => return Err(wrong()),
        }
        has_pre |= parsed.pre.0 != 9;
        suffix = tail;
    }
    if !has_pre && parsed.post.is_none() && parsed.dev != u64::MAX {
        parsed.pre = (0, 0);
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_order() {
        for (kind, versions) in [
            ("loose", vec!["1.0", "1.9", "1.10", "1.10.1", "1.10.1a", "2"]),
            ("strict", vec!["0.9", "1.0a2", "1.0b1", "1.0", "1.0.1"]),
            ("semver", vec!["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1"]),
            ("pep440", vec!["1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.1", "1!0.5"]),
        ] {
            for pair in versions.windows(2) {
                assert_eq!(compare(pair[0], pair[1], kind).unwrap(), Ordering::Less, "{kind}: {pair:?}");
            }
        }
        assert_eq!(compare("1.0", "1.0.0", "pep440").unwrap(), Ordering::Equal);
        assert_eq!(compare("v1.12.1-rc.2", "v1.12.1-rc.2", "loose").unwrap(), Ordering::Equal);
        assert!(compare("1.a", "1.2", "loose").is_err());
        assert!(compare("1", "2", "semver").is_err());
    }
}
