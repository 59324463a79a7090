//! Text of hosts in Markdown, so that it stays text.

/// On one line, with every sign that could begin anything behind a backslash or as an entity.
pub fn inline(text: &str) -> String {
    let mut out = String::new();
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' => out.push_str("&#124;"),
            // Names that services make links of.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '~' | '$' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// As a block of code, behind a fence that is longer than any in the text.
pub fn fence(text: &str, kind: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{kind}\n{}\n{fence}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(inline("a|b <b> *x*\n@all `c`"), "a&#124;b &lt;b&gt; \\*x\\* &#64;all \\`c\\`");
        assert_eq!(fence("x\n```\ny\n", "text"), "````text\nx\n```\ny\n````");
        assert_eq!(fence("x", ""), "```\nx\n```");
    }
}
