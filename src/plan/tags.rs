//! Which tasks `--tags` and `--skip-tags` choose.

use std::collections::BTreeSet;

/// Tags with a meaning of their own.
const SPECIAL: &[&str] = &["all", "always", "never", "tagged", "untagged"];

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    only: BTreeSet<String>,
    skip: BTreeSet<String>,
}

impl Default for Selection {
    fn default() -> Self {
        Self::new([], [])
    }
}

impl Selection {
    /// From the values of `--tags` (none: all) and `--skip-tags`; each may be a comma-separated list.
    pub fn new<'a>(only: impl IntoIterator<Item = &'a str>, skip: impl IntoIterator<Item = &'a str>) -> Self {
        let mut only = split(only);
        if only.is_empty() {
            only.insert("all".to_owned());
        }
        Self { only, skip: split(skip) }
    }

    /// The tags of `--tags`; `all` when it was not given.
    pub fn only(&self) -> impl Iterator<Item = &str> {
        self.only.iter().map(String::as_str)
    }

    /// The tags of `--skip-tags`.
    pub fn skip(&self) -> impl Iterator<Item = &str> {
        self.skip.iter().map(String::as_str)
    }

    /// Whether a task with these tags (inherited ones included) is to run.
    pub fn selects(&self, tags: &BTreeSet<String>) -> bool {
        self.chooses(tags) && !self.skips(tags)
    }

    fn chooses(&self, tags: &BTreeSet<String>) -> bool {
        let never = tags.contains("never");
        tags.contains("always")
            || (self.only.contains("all") && !never)
            || !self.only.is_disjoint(tags)
            || (self.only.contains("tagged") && !is_untagged(tags) && !never)
            || (self.only.contains("untagged") && is_untagged(tags))
    }

    fn skips(&self, tags: &BTreeSet<String>) -> bool {
        if self.skip.contains("all") {
            return !tags.contains("always") || self.skip.contains("always");
        }
        !self.skip.is_disjoint(tags)
            || (self.skip.contains("tagged") && !is_untagged(tags))
            || (self.skip.contains("untagged") && is_untagged(tags))
    }

    /// Those tags asked for that have no meaning of their own and are not among `known`.
    pub fn unmatched<'a>(&'a self, known: &BTreeSet<String>) -> Vec<&'a str> {
        let asked = self.only.iter().chain(&self.skip).map(String::as_str);
        asked.filter(|tag| !SPECIAL.contains(tag) && !known.contains(*tag)).collect()
    }
}

/// Without tags, or with the one that says so.
fn is_untagged(tags: &BTreeSet<String>) -> bool {
    tags.iter().all(|tag| tag == "untagged")
}

fn split<'a>(values: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    values.into_iter().flat_map(|value| value.split(',')).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured on the reference implementation with the same six tasks.
    #[test]
    fn selects_like_the_reference() {
        let tasks: [(&str, &[&str]); 6] = [
            ("one", &["a,b"]),
            ("two", &["c", "d"]),
            ("three", &["never", "e"]),
            ("four", &["always", "f"]),
            ("five", &[]),
            ("six", &["5", "never"]),
        ];
        let cases = [
            ("", "", "one two four five"),
            ("a", "", "four"),
            ("c", "", "two four"),
            ("e", "", "three four"),
            ("all", "", "one two four five"),
            ("tagged", "", "one two four"),
            ("untagged", "", "four five"),
            ("", "always", "one two five"),
            ("", "all", "four"),
            ("", "tagged", "five"),
            ("", "untagged", "one two four"),
            ("never", "", "three four six"),
            ("all", "f", "one two five"),
            ("e", "never", "four"),
            ("5", "", "four six"),
            ("always", "", "four"),
            ("tagged,untagged", "", "one two four five"),
            ("", "all,always", ""),
            ("e", "tagged", ""),
            ("all,never", "", "one two three four five six"),
            ("a,c", "", "two four"),
        ];
        for (only, skip, expected) in cases {
            let selection = Selection::new([only], [skip]);
            let chosen: Vec<&str> = tasks
                .iter()
                .filter(|(_, tags)| selection.selects(&tags.iter().map(|tag| (*tag).to_owned()).collect()))
                .map(|(name, _)| *name)
                .collect();
            assert_eq!(chosen.join(" "), expected, "--tags {only:?} --skip-tags {skip:?}");
        }
    }

    #[test]
    fn a_task_can_say_that_it_has_no_tags() {
        let tags = BTreeSet::from(["untagged".to_owned()]);
        assert!(Selection::new(["untagged"], []).selects(&tags));
        assert!(!Selection::new(["tagged"], []).selects(&tags));
        assert!(Selection::new([], ["tagged"]).selects(&tags));
    }

    #[test]
    fn says_which_tags_match_nothing() {
        let selection = Selection::new(["web,tagged"], ["db"]);
        let known = BTreeSet::from(["db".to_owned()]);
        assert_eq!(selection.unmatched(&known), ["web"]);
    }
}
