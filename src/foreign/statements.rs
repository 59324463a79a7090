//! Python source as statements: without comments, texts emptied, lines joined.

/// A statement, or the head of a compound one with what stands behind its colon.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Blanks in front of its line; a tab counts to the next multiple of eight.
    pub indent: usize,
    /// It, on one line; the content of texts is left out.
    pub text: String,
}

/// The statements of a source. What is no Python comes out as something, never as a panic.
pub(super) fn of(source: &str) -> Vec<Statement> {
    let mut reader = Reader { chars: source.chars().collect(), at: 0, line: 1, depth: 0, found: Vec::new(), open: None };
    reader.read();
    reader.found
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    line: usize,
    /// Open brackets.
    depth: usize,
    found: Vec<Statement>,
    open: Option<Statement>,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn skip(&mut self, number: usize) {
        for _ in 0..number {
            self.next();
        }
    }

    fn read(&mut self) {
        let mut indent = Some(0);
        while let Some(c) = self.peek(0) {
            match c {
                '\n' => {
                    self.next();
                    if self.depth == 0 {
                        self.close();
                        indent = Some(0);
                    } else {
                        self.put(' ', None);
                    }
                }
                '\\' if matches!((self.peek(1), self.peek(2)), (Some('\n'), _) | (Some('\r'), Some('\n'))) => {
                    while self.next().is_some_and(|c| c != '\n') {}
                    self.put(' ', None);
                }
                '#' => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.next();
                    }
                }
                '\'' | '"' => {
                    let start = self.line;
                    self.skip_text(c);
                    self.put_at('"', start, indent.take());
                    self.put('"', None);
                }
                ' ' | '\t' | '\r' | '\u{c}' => {
                    self.next();
                    match &mut indent {
                        Some(width) if c == '\t' => *width = (*width / 8 + 1) * 8,
                        Some(width) if c == ' ' => *width += 1,
                        Some(_) => {}
                        None => self.put(' ', None),
                    }
                }
                ';' if self.depth == 0 => {
                    self.next();
                    let width = self.open.as_ref().map(|open| open.indent);
                    self.close();
                    indent = width.or(indent);
                    // What follows on the line is as deep as what stood before.
                    while self.peek(0).is_some_and(|c| c == ' ') {
                        self.next();
                    }
                }
                _ => {
                    self.next();
                    match c {
                        '(' | '[' | '{' => self.depth += 1,
                        ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                    self.put(c, indent.take());
                }
            }
        }
        self.close();
    }

    fn put(&mut self, c: char, indent: Option<usize>) {
        self.put_at(c, self.line, indent);
    }

    fn put_at(&mut self, c: char, line: usize, indent: Option<usize>) {
        match &mut self.open {
            Some(open) => open.text.push(c),
            None if c == ' ' => {}
            None => self.open = Some(Statement { line, indent: indent.unwrap_or(0), text: c.to_string() }),
        }
    }

    fn close(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.text.truncate(open.text.trim_end().len());
            self.found.push(open);
        }
    }

    /// Passes over a text in quotes, of one line or three quotes.
    fn skip_text(&mut self, quote: char) {
        let long = self.peek(1) == Some(quote) && self.peek(2) == Some(quote);
        let quotes = if long { 3 } else { 1 };
        self.skip(quotes);
        loop {
            match self.peek(0) {
                // Raw or not: a quote behind a backslash does not end the text.
                Some('\\') => self.skip(2),
                Some(c) if c == quote && (0..quotes).all(|ahead| self.peek(ahead) == Some(quote)) => {
                    self.skip(quotes);
                    return;
                }
                None => return,
                // Not closed: Python would say so.
                Some('\n') if !long => return,
                Some(_) => self.skip(1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> Vec<(usize, usize, String)> {
        of(source).into_iter().map(|statement| (statement.line, statement.indent, statement.text)).collect()
    }

    fn one(line: usize, indent: usize, text: &str) -> (usize, usize, String) {
        (line, indent, text.to_owned())
    }

    #[test]
    fn lines_are_joined_and_comments_and_texts_are_gone() {
        let source =
            "#!/usr/bin/python\n'''a\nimport no\n'''\nimport a, \\\n    b  # import c\nfrom x import (  # first\n    y,\n    z\n)\n";
        assert_eq!(shown(source), [one(2, 0, "\"\""), one(5, 0, "import a,      b"), one(7, 0, "from x import (       y,     z )")]);
    }

    #[test]
    fn depth_and_statements_on_one_line() {
        let source = "try:\n\timport a; import b\nx = r'\\''; y = \"it's\"\nif x: import c\n";
        assert_eq!(
            shown(source),
            [
                one(1, 0, "try:"),
                one(2, 8, "import a"),
                one(2, 8, "import b"),
                one(3, 0, "x = r\"\""),
                one(3, 0, "y = \"\""),
                one(4, 0, "if x: import c"),
            ]
        );
    }

    #[test]
    fn what_is_no_python_does_no_harm() {
        for source in ["", "'", "\"\"\"", "(((", ")))", "\\", "\\\n", "a = '\n", ";;;", "\u{0}\u{ff}"] {
            of(source);
        }
    }
}
