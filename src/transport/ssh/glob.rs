//! The patterns of ssh: `*` and `?`.

/// Whether `text` is matched by `pattern` as a whole. Both must be in the same case.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on when the text after the last star has to be longer.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some('?') => (p, t) = (p + 1, t + 1),
            Some(c) if text.get(t) == Some(c) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (p, t) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

/// Whether `text` is matched by a list of patterns, separated by spaces or commas: at least one, and none that starts with `!`.
pub fn matches_list(patterns: &str, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns.split([' ', '\t', ',']).filter(|p| !p.is_empty()) {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern, text) => return false,
            Some(_) => {}
            None => found = found || matches(pattern, text),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("host", "host", true),
            ("host", "hosts", false),
            ("*", "", true),
            ("*.example", "a.b.example", true),
            ("*.example", "example", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("10.0.?.*", "10.0.3.14", true),
            ("10.0.?.*", "10.0.33.14", false),
            ("[*]:22??", "[h]:2222", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_negation_beats_every_match() {
        assert!(matches_list("*.lab !bastion.lab", "a.lab"));
        assert!(!matches_list("*.lab !bastion.lab", "bastion.lab"));
        assert!(!matches_list("!bastion.lab", "a.lab"));
    }
}
