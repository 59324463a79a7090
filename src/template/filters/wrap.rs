//! Breaking text into lines, as Python's `textwrap` does.

/// `line` in pieces of at most `width` characters, cut at blanks, behind hyphens, and inside of words that are too long.
pub(super) fn wrap(line: &str, width: usize, break_long_words: bool, break_on_hyphens: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut length = 0;
    let mut chunks: std::collections::VecDeque<String> = chunks(line, break_on_hyphens).into();
    while let Some(chunk) = chunks.pop_front() {
        let size = chunk.chars().count();
        let blank = chunk.trim().is_empty();
        if length == 0 && blank && !lines.is_empty() {
            continue;
        }
        if length + size <= width {
            current.push_str(&chunk);
            length += size;
            continue;
        }
        if size > width && break_long_words && !blank {
            let head: String = chunk.chars().take(width - length).collect();
            chunks.push_front(chunk.chars().skip(width - length).collect());
            current.push_str(&head);
        } else if length == 0 {
            current.push_str(&chunk);
        } else {
            chunks.push_front(chunk);
        }
        lines.push(std::mem::take(&mut current).trim_end().to_owned());
        length = 0;
    }
    if !current.trim_end().is_empty() {
        lines.push(current.trim_end().to_owned());
    }
    lines
}

/// Words and the blanks between them; words with hyphens in pieces that end in one.
fn chunks(line: &str, break_on_hyphens: bool) -> Vec<String> {
    let mut chunks: Vec<String> = Vec::new();
    let chars: Vec<char> = line.chars().collect();
    let mut current = String::new();
    for (at, c) in chars.iter().enumerate() {
        let last_is_blank = current.chars().last().map(char::is_whitespace);
        if last_is_blank.is_some_and(|blank| blank != c.is_whitespace()) {
            chunks.push(std::mem::take(&mut current));
        }
        current.push(*c);
        let letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphabetic());
        let between_letters = at > 0 && letter(chars.get(at - 1)) && letter(chars.get(at + 1));
        if *c == '-' && break_on_hyphens && between_letters {
            chunks.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        chunks.push(current);
    }
    chunks
}
