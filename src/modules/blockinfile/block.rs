//! What becomes of a text that holds a block. Texts are bytes here.

use std::ops::Range;

use crate::base::regex::{BytesRegex, RegexError};

/// Where a new block goes.
pub(super) enum Place {
    Start,
    End,
    After(BytesRegex),
    Before(BytesRegex),
}

/// A block with its markers, each of which ends with a line break.
pub(super) struct Block<'a> {
    pub(super) begin: Vec<u8>,
    pub(super) end: Vec<u8>,
    /// `None`: it is to be gone.
    pub(super) lines: Option<&'a str>,
    pub(super) place: Place,
    /// Whether an empty line stands in front of it.
    pub(super) space_before: bool,
    /// Whether an empty line stands behind it.
    pub(super) space_after: bool,
}

impl Block<'_> {
    /// `content` with the block in it, or without it.
    pub(super) fn apply(&self, content: &[u8]) -> Result<Vec<u8>, RegexError> {
        let (before, after) = match self.find(content) {
            Some(range) => (part(content, 0..range.start), part(content, range.end..content.len())),
            None => content.split_at(self.position(content)?.min(content.len())),
        };
        let mut out = before.to_vec();
        if self.lines.is_some() && !out.is_empty() && !out.ends_with(b"\n") {
            out.push(b'\n');
        }
        let is_empty_line = |line: Option<&[u8]>| line == Some(b"\n".as_slice());
        if self.space_before && !out.is_empty() && !is_empty_line(split(&out).last().map(|range| part(&out, range.clone()))) {
            out.push(b'\n');
        }
        if let Some(lines) = self.lines {
            out.extend_from_slice(&self.begin);
            out.extend_from_slice(lines.as_bytes());
            if !lines.ends_with('\n') {
                out.push(b'\n');
            }
            out.extend_from_slice(&self.end);
        }
        if self.space_after && !after.is_empty() && !is_empty_line(split(after).first().map(|range| part(after, range.clone()))) {
            out.push(b'\n');
        }
        out.extend_from_slice(after);
        Ok(out)
    }

    /// The block that is there, with its markers: the last of each. Markers in the wrong order hold a block too, and the last two of a
    /// kind where both are the same.
    fn find(&self, content: &[u8]) -> Option<Range<usize>> {
        let lines = split(content);
        let starts = |marker: &[u8]| {
            let open = marker.strip_suffix(b"\n").unwrap_or(marker);
            let all = lines.iter().map(|line| line.start);
            all.filter(|start| content.get(*start..).is_some_and(|rest| rest.starts_with(marker) || rest == open)).collect::<Vec<_>>()
        };
        let (begins, ends) = (starts(&self.begin), starts(&self.end));
        let (begin, end) = match (begins.as_slice(), ends.as_slice()) {
            ([.., first, second], _) if self.begin == self.end => (*first, *second),
            ([.., begin], [.., end]) if self.begin != self.end => (*begin, *end),
            _ => return None,
        };
        let (first, last, marker) = if begin < end { (begin, end, &self.end) } else { (end, begin, &self.begin) };
        Some(first..(last + marker.len()).min(content.len()))
    }

    /// Where a new block goes, in bytes.
    fn position(&self, content: &[u8]) -> Result<usize, RegexError> {
        let (regex, is_after) = match &self.place {
            Place::Start => return Ok(0),
            Place::End => return Ok(content.len()),
            Place::After(regex) => (regex, true),
            Place::Before(regex) => (regex, false),
        };
        let lines = split(content);
        let line = if regex.flags().multi_line {
            let found = regex.search(content)?.map(|found| found.span());
            let offset = found.map(|span| if is_after { span.end } else { span.start });
            offset.and_then(|offset| lines.iter().rfind(|line| line.start <= offset))
        } else {
            let mut last = None;
            for line in &lines {
                if regex.is_match(part(content, line.clone()))? {
                    last = Some(line);
                }
            }
            last
        };
        Ok(line.map_or(content.len(), |line| if is_after { line.end } else { line.start }))
    }
}

fn part(content: &[u8], range: Range<usize>) -> &[u8] {
    content.get(range).unwrap_or_default()
}

/// Where lines lie, each with its end: `\n`, `\r` or both.
fn split(content: &[u8]) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, byte) in content.iter().enumerate() {
        if *byte == b'\n' || (*byte == b'\r' && content.get(at + 1) != Some(&b'\n')) {
            lines.push(start..at + 1);
            start = at + 1;
        }
    }
    if start < content.len() {
        lines.push(start..content.len());
    }
    lines
}
