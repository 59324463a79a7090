//! Text of hosts, fit for documents: what a terminal would obey and XML forbids is taken out.

/// `text` without escape sequences, with line feeds as its only line ends, and with a sign in place of every other control character
/// and of those that turn the direction of writing.
pub fn clean(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string().replace("\r\n", "\n").replace('\r', "\n");
    let is_fit = |c: char| {
        matches!(c, '\n' | '\t')
            || !(c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}'))
    };
    plain.chars().map(|c| if is_fit(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_taken_out() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m\ttab\r\nnext\rlast"), "red\ttab\nnext\nlast");
        assert_eq!(clean("\u{1b}]0;title\u{7}x"), "x");
        for c in ['\u{0}', '\u{8}', '\u{b}', '\u{9f}', '\u{202e}', '\u{ffff}'] {
            let said = clean(&format!("a{c}b"));
            assert!(!said.contains(c) && said.starts_with('a') && said.ends_with('b'), "{c:?}: {said:?}");
        }
        assert_eq!(clean("grün 語 <b>&"), "grün 語 <b>&");
    }
}
