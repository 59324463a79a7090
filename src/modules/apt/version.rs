//! Which of two versions is newer, by the rules of Debian.

use std::cmp::Ordering;

/// Compares two versions; see deb-version(7).
pub(in crate::modules) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (Version::parse(one), Version::parse(other));
    one.epoch
        .cmp(&other.epoch)
        .then_with(|| compare_part(one.upstream, other.upstream))
        .then_with(|| compare_part(one.revision, other.revision))
}

struct Version<'v> {
    epoch: u64,
    upstream: &'v str,
    revision: &'v str,
}

impl<'v> Version<'v> {
    fn parse(text: &'v str) -> Self {
        let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch: epoch.parse().unwrap_or(0), upstream, revision }
    }
}

/// Text and numbers in turn, text first.
fn compare_part(mut one: &str, mut other: &str) -> Ordering {
    while !one.is_empty() || !other.is_empty() {
        let (text_one, rest_one) = split_while(one, |c| !c.is_ascii_digit());
        let (text_other, rest_other) = split_while(other, |c| !c.is_ascii_digit());
        let (number_one, next_one) = split_while(rest_one, |c| c.is_ascii_digit());
        let (number_other, next_other) = split_while(rest_other, |c| c.is_ascii_digit());
        let order = compare_text(text_one, text_other).then_with(|| compare_number(number_one, number_other));
        if order != Ordering::Equal {
            return order;
        }
        (one, other) = (next_one, next_other);
    }
    Ordering::Equal
}

fn split_while(text: &str, test: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !test(c)).unwrap_or(text.len()))
}

/// `~` comes before the end, the end before letters, letters before all else.
fn compare_text(one: &str, other: &str) -> Ordering {
    let weight = |c: Option<char>| match c {
        Some('~') => (0, 0),
        None => (1, 0),
        Some(c) if c.is_ascii_alphabetic() => (2, u32::from(c)),
        Some(c) => (3, u32::from(c)),
    };
    let (mut one, mut other) = (one.chars(), other.chars());
    loop {
        let (a, b) = (one.next(), other.next());
        let order = weight(a).cmp(&weight(b));
        if order != Ordering::Equal || (a.is_none() && b.is_none()) {
            return order;
        }
    }
}

/// Numbers of any length.
fn compare_number(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_the_order_of_dpkg() {
        for (older, newer) in [
            ("1.0", "1.1"),
            ("1.9", "1.10"),
            ("1.0~rc1", "1.0"),
            ("1.0~rc1~x", "1.0~rc1"),
            ("1.0", "1.0a"),
            ("1.0a", "1.0+b"),
            ("1.0-1", "1.0-2"),
            ("1.0-1", "1.0-1+deb12u1"),
            ("9.9", "1:0.1"),
            ("1.0", "1.0-0.1"),
            ("2.36-9+deb12u9", "2.36-9+deb12u10"),
            ("0.99999999999999999999", "0.100000000000000000000"),
            ("1-2-3", "1-3-1"),
        ] {
            assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
            assert_eq!(compare(newer, older), Ordering::Greater, "{newer} {older}");
        }
        for (one, other) in [("1.0", "1.0"), ("0:1.0", "1.0"), ("1.00", "1.0"), ("1.0-0", "1.0"), ("1.a0", "1.a")] {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
    }
}
