//! Lines as people see them, for those who explain what is wrong.

use std::sync::Arc;

use crate::base::{Source, Span};

/// A line of the text, with what the checks ask about it.
pub(super) struct Line<'a> {
    /// Byte offset of its start.
    pub start: usize,
    /// Without its line break.
    pub text: &'a str,
}

impl<'a> Line<'a> {
    /// The line `number`, counted from 1.
    pub(super) fn of(source: &'a Source, number: usize) -> Self {
        Self { start: source.line_start(number), text: source.line(number) }
    }

    /// Whether it is a list item: a dash, then a space or nothing.
    pub(super) fn is_item(&self) -> bool {
        self.text.trim_start().starts_with("- ") || self.text.trim() == "-"
    }

    /// The bytes of its text without the blanks around it, as a place.
    pub(super) fn place(&self, source: &Arc<Source>) -> Span {
        Span::new(source.clone(), self.start + self.indent()..self.start + self.text.trim_end().len())
    }

    pub(super) fn is_blank(&self) -> bool {
        let text = self.text.trim_start();
        text.is_empty() || text.starts_with('#')
    }

    /// Spaces in front.
    pub(super) fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    /// Where its key, if it has one, starts: behind spaces and dashes.
    pub(super) fn content(&self) -> usize {
        let mut at = self.indent();
        while self.text.get(at..).is_some_and(|rest| rest.starts_with("- ")) {
            at += 2;
            at += self.text.get(at..).map_or(0, |rest| rest.len() - rest.trim_start_matches(' ').len());
        }
        at
    }

    /// Where its value starts: behind `key: `, or behind the dashes.
    pub(super) fn value(&self) -> usize {
        let content = self.content();
        let rest = self.text.get(content..).unwrap_or("");
        if rest.starts_with(['"', '\'', '{', '[', '|', '>', '#', '&', '*', '!']) {
            return content;
        }
        match rest.find(": ") {
            Some(colon) => {
                let after = content + colon + 2;
                after + self.text.get(after..).map_or(0, |value| value.len() - value.trim_start().len())
            }
            None => content,
        }
    }
}
