//! Quoting for the login shells of hosts.

/// `text` as one word of a POSIX shell, which csh and fish read the same way as long as it has no `!`, backslash or line break.
pub(super) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::shlex::split;

    #[test]
    fn what_is_quoted_comes_apart_again() {
        for text in ["plain", "", "two words", "it's", "$HOME \"x\" \\ `y`", "a\nb"] {
            assert_eq!(split(&quote(text)), Ok(vec![text.to_owned()]), "{text}");
        }
    }
}
