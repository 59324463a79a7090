//! Words of a command line, split and quoted as a POSIX shell does.

/// Splits `text` into words: quotes and backslashes are understood, nothing is expanded.
///
/// # Errors
/// When a quote is not closed, or a backslash ends the text.
pub fn split(text: &str) -> Result<Vec<String>, String> {
    words(text, false)
}

/// As [`split`], but `#` outside of quotes begins a comment, inside of a word too: so Python splits the lines of inventories.
///
/// # Errors
/// As [`split`].
pub fn split_before_comment(text: &str) -> Result<Vec<String>, String> {
    words(text, true)
}

fn words(text: &str, comments: bool) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' if comments => break,
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a single quote is not closed".to_owned()),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err("a double quote is not closed".to_owned()),
                        },
                        Some(c) => word.push(c),
                        None => return Err("a double quote is not closed".to_owned()),
                    }
                }
            }
            '\\' => match chars.next() {
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err("it ends with a backslash".to_owned()),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// `word` in a form that [`split`] and every shell read back as that one word.
pub fn quote(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(safe) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\"'\"'")) }
}

/// `words` as one line.
pub fn join<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_a_shell_does() {
        for (text, expected) in [
            ("a 'b c' \"d $x\\\"e\\q\" f\\ g # h", vec!["a", "b c", "d $x\"e\\q", "f g", "#", "h"]),
            ("a''b", vec!["ab"]),
            ("a \"\" b", vec!["a", "", "b"]),
            ("x='1 2'", vec!["x=1 2"]),
            ("a\nb\tc", vec!["a", "b", "c"]),
            ("a\"b'c\"d", vec!["ab'cd"]),
            ("'a\\'", vec!["a\\"]),
            ("a;b|c>d", vec!["a;b|c>d"]),
            ("", vec![]),
        ] {
            assert_eq!(split(text), Ok(expected.into_iter().map(str::to_owned).collect()), "{text}");
        }
        for text in ["a\\", "'a", "\"a", "\"a\\"] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_comment_begins_anywhere_outside_of_quotes() {
        assert_eq!(split_before_comment("a b#c # 'd"), Ok(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn quotes_what_splits_back() {
        for word in ["", "a b", "it's", "$x", "plain-1.2", "a\nb", "~"] {
            assert_eq!(split(&quote(word)), Ok(vec![word.to_owned()]));
        }
        assert_eq!(join(&["a", "b c"]), "a 'b c'");
    }
}
