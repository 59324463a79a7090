//! Host patterns: `web:&prod:!web3`, `~web\d+`, `db[0:2]`, `*.example.com`, `@retry-file`.

use std::collections::HashSet;

use super::model::Inventory;
use crate::base::Diagnostic;
use crate::base::regex::{Flags, Regex};
use crate::base::text::did_you_mean;

/// Names under which the controller may be meant although no inventory names it.
pub const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What a pattern selects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The hosts, in the order of the pattern's parts and within a part in the order of the inventory.
    pub hosts: Vec<String>,
    /// Parts of the pattern that matched neither a host nor a group.
    pub unmatched: Vec<String>,
}

/// The hosts that `pattern` selects, cut down to those that `limit` selects too.
///
/// # Errors
/// A malformed part: a bad regular expression, a subscript that is no number, an unreadable `@file`.
pub fn select(inventory: &Inventory, pattern: &str, limit: Option<&str>) -> Result<Selection, Diagnostic> {
    let mut selection = evaluate(inventory, pattern)?;
    if let Some(limit) = limit {
        let limited = evaluate(inventory, limit)?;
        let keep: HashSet<&String> = limited.hosts.iter().collect();
        selection.hosts.retain(|host| keep.contains(host));
    }
    Ok(selection)
}

/// An error for a `--limit` or pattern part that matches nothing, with near misses.
pub fn unmatched_error(inventory: &Inventory, part: &str) -> Diagnostic {
    let known = inventory.groups.keys().chain(inventory.hosts.keys()).map(String::as_str);
    Diagnostic::error(format!("`{part}` matches no host and no group of the inventory"))
        .maybe_hint(did_you_mean(part, known))
        .hint("`kconf inventory graph` shows all groups and hosts")
}

fn evaluate(inventory: &Inventory, pattern: &str) -> Result<Selection, Diagnostic> {
    let mut plain = Vec::new();
    let mut intersections = Vec::new();
    let mut exclusions = Vec::new();
    for part in parts(pattern)? {
        match part.chars().next() {
            Some('&') => intersections.push(part),
            Some('!') => exclusions.push(part),
            _ => plain.push(part),
        }
    }
    if plain.is_empty() && !(intersections.is_empty() && exclusions.is_empty()) {
        plain.push("all".to_owned());
    }
    let mut selection = Selection::default();
    let mut seen = HashSet::new();
    for part in plain {
        for host in one(inventory, &part, &mut selection.unmatched)? {
            if seen.insert(host.clone()) {
                selection.hosts.push(host);
            }
        }
    }
    for part in intersections {
        let keep: HashSet<String> = one(inventory, &part[1..], &mut selection.unmatched)?.into_iter().collect();
        selection.hosts.retain(|host| keep.contains(host));
    }
    for part in exclusions {
        let drop: HashSet<String> = one(inventory, &part[1..], &mut selection.unmatched)?.into_iter().collect();
        selection.hosts.retain(|host| !drop.contains(host));
    }
    Ok(selection)
}

/// The parts of a pattern: split at commas, or else at colons that are neither inside brackets nor part of an IPv6
/// address; `@file` parts replaced by the lines of the file.
fn parts(pattern: &str) -> Result<Vec<String>, Diagnostic> {
    let pieces: Vec<String> = if pattern.contains(',') {
        pattern.split(',').map(str::to_owned).collect()
    } else if pattern.trim_start_matches(['!', '&']).parse::<std::net::Ipv6Addr>().is_ok() || pattern.starts_with('~') {
        vec![pattern.to_owned()]
    } else {
        split_at_colons(pattern)
    };
    let mut parts = Vec::new();
    for piece in pieces {
        let piece = piece.trim();
        if let Some(path) = piece.strip_prefix('@') {
            let text = super::read::read_text(std::path::Path::new(path))?;
            parts.extend(text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned));
        } else if !piece.is_empty() {
            parts.push(piece.to_owned());
        }
    }
    Ok(parts)
}

fn split_at_colons(pattern: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0usize;
    for c in pattern.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

fn one(inventory: &Inventory, part: &str, unmatched: &mut Vec<String>) -> Result<Vec<String>, Diagnostic> {
    let (name, subscript) = subscript(part)?;
    let hosts = matching(inventory, name)?;
    if hosts.is_empty() {
        unmatched.push(part.to_owned());
        return Ok(hosts);
    }
    Ok(match subscript {
        None => hosts,
        Some(subscript) => subscript.apply(hosts),
    })
}

/// `[2]`, `[-1]`, `[1:3]`, `[2:]` behind a name. The end counts in.
enum Subscript {
    One(i64),
    Range(i64, Option<i64>),
}

impl Subscript {
    fn apply(&self, hosts: Vec<String>) -> Vec<String> {
        let length = hosts.len() as i64;
        let index = |n: i64| if n < 0 { length + n } else { n };
        match *self {
            Self::One(n) => usize::try_from(index(n)).ok().and_then(|n| hosts.get(n).cloned()).into_iter().collect(),
            Self::Range(first, last) => {
                let first = index(first).max(0) as usize;
                let last = last.map_or(length - 1, index).max(-1);
                hosts.into_iter().take(usize::try_from(last + 1).unwrap_or(0)).skip(first).collect()
            }
        }
    }
}

fn subscript(part: &str) -> Result<(&str, Option<Subscript>), Diagnostic> {
    if part.starts_with('~') {
        return Ok((part, None));
    }
    let Some((name, inner)) = part.strip_suffix(']').and_then(|p| p.rsplit_once('[')) else {
        return Ok((part, None));
    };
    let is_subscript = inner.contains(|c: char| c.is_ascii_digit()) && inner.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '-'));
    if !is_subscript || name.is_empty() {
        // A character class of a glob: `web[abc]`.
        return Ok((part, None));
    }
    let number = |text: &str| {
        text.parse::<i64>()
            .map_err(|_| Diagnostic::error(format!("subscript `[{inner}]` of the host pattern `{part}` is not a number or range")))
    };
    // `[0:2]` and the older `[0-2]` both count the end in.
    let range = inner.split_once(':').or_else(|| inner.split_once('-').filter(|(first, _)| !first.is_empty()));
    let subscript = match range {
        None => Subscript::One(number(inner)?),
        Some((first, last)) => {
            let first = if first.is_empty() { 0 } else { number(first)? };
            let last = if last.is_empty() { None } else { Some(number(last)?) };
            Subscript::Range(first, last)
        }
    };
    Ok((name, Some(subscript)))
}

fn matching(inventory: &Inventory, name: &str) -> Result<Vec<String>, Diagnostic> {
    if name == "all" || name == "*" {
        return Ok(inventory.group_hosts("all"));
    }
    let matcher = Matcher::new(name)?;
    let mut hosts = Vec::new();
    let mut seen = HashSet::new();
    let mut take = |host: String| {
        if seen.insert(host.clone()) {
            hosts.push(host);
        }
    };
    let mut group_matched = false;
    for group in inventory.groups.keys().filter(|group| matcher.matches(group)) {
        group_matched = true;
        inventory.group_hosts(group).into_iter().for_each(&mut take);
    }
    if !group_matched || matcher.is_wild() || name.contains('.') {
        inventory.hosts.keys().filter(|host| matcher.matches(host)).cloned().for_each(&mut take);
    }
    if hosts.is_empty() && LOCAL_NAMES.contains(&name) {
        hosts.push(name.to_owned());
    }
    Ok(hosts)
}

enum Matcher {
    Exact(String),
    Wild(regex::Regex),
}

impl Matcher {
    fn new(name: &str) -> Result<Self, Diagnostic> {
        if let Some(expression) = name.strip_prefix('~') {
            return regex::Regex::new(&format!("^(?:{expression})")).map(Self::Wild).map_err(|error| {
                // Our own reader says in one line what is wrong.
                let reason = Regex::<str>::new(expression, Flags::default()).err();
                Diagnostic::error(reason.map_or_else(|| error.to_string(), |reason| reason.to_string()))
                    .context(format!("host pattern `{name}`"))
            });
        }
        if !name.contains(['*', '?', '[']) {
            return Ok(Self::Exact(name.to_owned()));
        }
        regex::Regex::new(&glob_to_regex(name))
            .map(Self::Wild)
            .map_err(|_| Diagnostic::error(format!("host pattern `{name}` is not a valid glob")))
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(name) => name == text,
            Self::Wild(regex) => regex.is_match(text),
        }
    }

    fn is_wild(&self) -> bool {
        matches!(self, Self::Wild(_))
    }
}

/// Whether a text fits a glob; one that is no valid glob fits nothing.
pub fn glob_matches(glob: &str, text: &str) -> bool {
    regex::Regex::new(&glob_to_regex(glob)).is_ok_and(|regex| regex.is_match(text))
}

fn glob_to_regex(glob: &str) -> String {
    let mut regex = String::from("^");
    let mut chars = glob.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => {
                regex.push('[');
                if chars.peek() == Some(&'!') {
                    chars.next();
                    regex.push('^');
                }
                for c in chars.by_ref() {
                    regex.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push('$');
    regex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory() -> Inventory {
        let mut inventory = Inventory::default();
        for host in ["web1", "web2", "web3"] {
            inventory.add_to_group(host, "web");
        }
        for host in ["db1", "web2"] {
            inventory.add_to_group(host, "prod");
        }
        inventory.add_host("x.example.com");
        inventory.settle();
        inventory
    }

    #[test]
    fn patterns_select_as_documented() {
        let inventory = inventory();
        for (pattern, expected) in [
            ("all", "x.example.com web1 web2 web3 db1"),
            ("*", "x.example.com web1 web2 web3 db1"),
            ("web", "web1 web2 web3"),
            ("web:&prod", "web2"),
            ("web:!prod", "web1 web3"),
            ("!web", "x.example.com db1"),
            ("web,db1", "web1 web2 web3 db1"),
            ("web[0]", "web1"),
            ("web[-1]", "web3"),
            ("web[0:1]", "web1 web2"),
            ("web[1:]", "web2 web3"),
            ("~web[13]", "web1 web3"),
            ("*.example.com", "x.example.com"),
            ("web?", "web1 web2 web3"),
            ("localhost", "localhost"),
            ("nothing", ""),
        ] {
            assert_eq!(select(&inventory, pattern, None).unwrap().hosts.join(" "), expected, "{pattern}");
        }
    }

    #[test]
    fn limit_cuts_down_and_unmatched_parts_are_named() {
        let inventory = inventory();
        let selection = select(&inventory, "web:typo", Some("prod")).unwrap();
        assert_eq!(selection.hosts, ["web2"]);
        assert_eq!(selection.unmatched, ["typo"]);
    }

    #[test]
    fn a_bad_expression_is_an_error() {
        assert!(select(&inventory(), "~(", None).is_err());
    }
}
