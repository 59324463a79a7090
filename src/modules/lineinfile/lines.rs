//! What becomes of the lines of a file. Files are bytes here: lines end with `\n`, and a `\r` in front of it is no part of their text.

use std::ops::Range;

use crate::base::regex::{BytesRegex, Found, RegexError, Template};

/// What lines are found by.
pub(super) enum Sought {
    Regex(BytesRegex),
    Text(Vec<u8>),
}

/// Where a new line goes.
pub(super) enum Place {
    Start,
    End,
    After(BytesRegex),
    Before(BytesRegex),
}

/// A line that is to be there.
pub(super) struct Wish<'a> {
    pub(super) line: &'a str,
    pub(super) sought: Option<Sought>,
    pub(super) backrefs: bool,
    pub(super) place: Place,
    pub(super) first: bool,
}

/// A line that was found, and how it matched a regular expression.
struct Hit {
    at: usize,
    found: Option<Found>,
}

impl Sought {
    fn look(&self, line: &[u8]) -> Result<Option<Option<Found>>, RegexError> {
        match self {
            Self::Regex(regex) => Ok(regex.search(line)?.map(Some)),
            Self::Text(text) => Ok(contains(line, text).then_some(None)),
        }
    }
}

fn contains(line: &[u8], text: &[u8]) -> bool {
    text.is_empty() || line.windows(text.len()).any(|window| window == text)
}

/// A line without its end.
fn plain(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    line.get(..end).unwrap_or_default()
}

/// Where the lines of `content` lie, each with its end.
fn split(content: &[u8]) -> Vec<Range<usize>> {
    let mut start = 0;
    let ranges = content.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let range = start..start + line.len();
        start = range.end;
        range
    });
    ranges.collect()
}

impl Wish<'_> {
    /// The content with the line in it, and what was done; `None` when it stays as it is.
    pub(super) fn apply(&self, content: &[u8]) -> Result<Option<(Vec<u8>, &'static str)>, RegexError> {
        let lines = Lines { content, all: split(content) };
        if let Some(hit) = self.hit(&lines)? {
            let line = with_end(&self.filled_in(&lines, &hit)?);
            return Ok(lines.replaced(hit.at, &line));
        }
        if self.backrefs {
            return Ok(None);
        }
        let line = with_end(self.line.as_bytes());
        if self.line.trim_end_matches('\n').contains('\n') && lines.has_block(&line) {
            return Ok(None);
        }
        let at = match self.landmark(&lines)? {
            Landmark::Same(at) => return Ok(lines.replaced(at, &line)),
            Landmark::Beside(at) => Some(at),
            Landmark::None => None,
        };
        Ok(match (&self.place, at) {
            (Place::Start, _) => Some(lines.inserted(0, &line)),
            (Place::After(_), Some(at)) => lines.inserted_unless_there(at + 1, at + 1, &line),
            (Place::Before(_), Some(at)) => lines.inserted_unless_there(at, at.wrapping_sub(1), &line),
            _ => Some(lines.inserted(lines.all.len(), &line)),
        })
    }

    /// The line that is to become ours.
    fn hit(&self, lines: &Lines<'_>) -> Result<Option<Hit>, RegexError> {
        let Some(sought) = &self.sought else { return Ok(None) };
        let mut hit = None;
        for at in 0..lines.all.len() {
            if let Some(found) = sought.look(lines.line(at))? {
                hit = Some(Hit { at, found });
                if self.first {
                    break;
                }
            }
        }
        Ok(hit)
    }

    fn filled_in(&self, lines: &Lines<'_>, hit: &Hit) -> Result<Vec<u8>, RegexError> {
        match (&self.sought, &hit.found) {
            (Some(Sought::Regex(regex)), Some(found)) if self.backrefs => {
                Ok(Template::new(self.line, regex)?.expand(lines.line(hit.at), found))
            }
            _ => Ok(self.line.as_bytes().to_vec()),
        }
    }

    /// The line that is ours already, or else the one beside which ours goes.
    fn landmark(&self, lines: &Lines<'_>) -> Result<Landmark, RegexError> {
        let mut landmark = Landmark::None;
        for at in 0..lines.all.len() {
            if plain(lines.line(at)) == self.line.as_bytes() {
                landmark = Landmark::Same(at);
            } else if let Place::After(regex) | Place::Before(regex) = &self.place
                && regex.is_match(lines.line(at))?
            {
                if !matches!(landmark, Landmark::Same(_)) {
                    landmark = Landmark::Beside(at);
                }
                if self.first {
                    break;
                }
            }
        }
        Ok(landmark)
    }
}

enum Landmark {
    Same(usize),
    Beside(usize),
    None,
}

struct Lines<'c> {
    content: &'c [u8],
    all: Vec<Range<usize>>,
}

impl Lines<'_> {
    fn line(&self, at: usize) -> &[u8] {
        self.all.get(at).and_then(|range| self.content.get(range.clone())).unwrap_or_default()
    }

    fn from(&self, at: usize) -> &[u8] {
        let start = self.all.get(at).map_or(self.content.len(), |range| range.start);
        self.content.get(start..).unwrap_or_default()
    }

    /// Whether the lines of `block` are there, one behind the other.
    fn has_block(&self, block: &[u8]) -> bool {
        (0..self.all.len()).any(|at| self.from(at).starts_with(block) || self.from(at) == block.strip_suffix(b"\n").unwrap_or(block))
    }

    /// With `line`, which may be several, in place of the line at `at`; `None` when that is there already.
    fn replaced(&self, at: usize, line: &[u8]) -> Option<(Vec<u8>, &'static str)> {
        if self.from(at).starts_with(line) {
            return None;
        }
        let start = self.all.get(at).map_or(0, |range| range.start);
        Some(([self.content.get(..start).unwrap_or_default(), line, self.from(at + 1)].concat(), "line replaced"))
    }

    /// With `line` in front of the line at `at`.
    fn inserted(&self, at: usize, line: &[u8]) -> (Vec<u8>, &'static str) {
        let start = self.content.len() - self.from(at).len();
        let before = self.content.get(..start).unwrap_or_default();
        let end: &[u8] = if before.is_empty() || before.ends_with(b"\n") || before.ends_with(b"\r") { b"" } else { b"\n" };
        ([before, end, line, self.from(at)].concat(), "line added")
    }

    fn inserted_unless_there(&self, at: usize, neighbour: usize, line: &[u8]) -> Option<(Vec<u8>, &'static str)> {
        let is_there = self.all.get(neighbour).is_some() && plain(self.line(neighbour)) == plain(line);
        (!is_there).then(|| self.inserted(at, line))
    }
}

fn with_end(line: &[u8]) -> Vec<u8> {
    let mut line = line.to_vec();
    if !line.ends_with(b"\n") {
        line.push(b'\n');
    }
    line
}

/// The content without the lines that are found, or without those that are `line`, and how many those were.
pub(super) fn remove(content: &[u8], sought: Option<&Sought>, line: &str) -> Result<(Vec<u8>, usize), RegexError> {
    let lines = Lines { content, all: split(content) };
    let (mut kept, mut found) = (Vec::new(), 0);
    for at in 0..lines.all.len() {
        let one = lines.line(at);
        let goes = match sought {
            Some(sought) => sought.look(one)?.is_some(),
            None => plain(one) == line.as_bytes(),
        };
        if goes {
            found += 1;
        } else {
            kept.extend_from_slice(one);
        }
    }
    Ok((kept, found))
}
