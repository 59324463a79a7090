//! Positions in source text. Every node that was read from a file carries a [`Span`], so that every later
//! message can show the line it speaks of.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A text that was read once: a file, a command-line argument, a script's output.
pub struct Source {
    name: String,
    text: String,
    line_starts: Vec<usize>,
}

impl Source {
    /// A source called `name` (a path as the user knows it, or something like `--extra-vars`) with its full text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Arc::new(Self { name: name.into(), text, line_starts })
    }

    /// The name to show in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column, both counted from 1, the column in characters, of a byte offset. An offset past the end is the end.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |s| s.chars().count());
        (line, column + 1)
    }

    /// The byte offset at which a line (counted from 1) starts; the end of the text for a line past the last.
    pub fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    /// The text of a line (counted from 1) without its line break; empty when there is no such line.
    pub fn line(&self, line: usize) -> &str {
        let start = self.line_start(line);
        let end = self.line_starts.get(line).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.name)
    }
}

/// A range of bytes in a [`Source`]. Cheap to clone, and small, since every node has one: what lies beyond 4 GiB of a text has the
/// position of its end.
#[derive(Clone)]
pub struct Span {
    source: Arc<Source>,
    start: u32,
    end: u32,
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Span {
    /// The bytes `range` of `source`.
    pub fn new(source: Arc<Source>, range: Range<usize>) -> Self {
        Self { source, start: offset(range.start), end: offset(range.end.max(range.start)) }
    }

    /// A span for what the user did not write: a default, a value made by the program. `origin` says where it is from.
    pub fn synthetic(origin: &str) -> Self {
        Self::new(Source::new(origin, ""), 0..0)
    }

    /// The source it lies in.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The byte range in the source's text.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Line and column of the first byte, from 1.
    pub fn start(&self) -> (usize, usize) {
        self.source.position(self.range().start)
    }

    /// A part of this span: `range` counts bytes from its start. Reaching past the end is cut off.
    pub fn part(&self, range: Range<usize>) -> Self {
        let start = self.start.saturating_add(offset(range.start)).min(self.end);
        let end = self.start.saturating_add(offset(range.end)).clamp(start, self.end);
        Self { source: self.source.clone(), start, end }
    }

    /// The text it covers.
    pub fn text(&self) -> &str {
        self.source.text().get(self.range()).unwrap_or("")
    }
}

/// `file:line:col`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = near(self.source.name());
        if self.source.text().is_empty() {
            return f.write_str(name);
        }
        let (line, column) = self.start();
        write!(f, "{name}:{line}:{column}")
    }
}

/// A path without the folder in which the program was started: as people know it.
pub fn near(path: &str) -> &str {
    static FOLDER: OnceLock<Option<String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| Some(std::env::current_dir().ok()?.to_str()?.to_owned()));
    if folder.as_deref() == Some(path) {
        return ".";
    }
    let below = folder.as_deref().filter(|folder| folder.len() > 1).and_then(|folder| path.strip_prefix(folder)?.strip_prefix('/'));
    below.filter(|rest| !rest.is_empty()).unwrap_or(path)
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A value with the place it was written at.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// The same place, another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_start_at_one() {
        let source = Source::new("f.yml", "a: ü\nbc: d\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(5), (1, 5));
        assert_eq!(source.position(6), (2, 1));
        assert_eq!(source.position(999), (3, 1));
        assert_eq!(source.line(2), "bc: d");
    }
}
