//! Lines that stand in the wrong column.

use std::sync::Arc;

use super::line::Line;
use crate::base::text::count;
use crate::base::{Diagnostic, Source};

/// A column at which something starts above, and that is still open.
struct Level {
    column: usize,
    /// Whether a dash stands there, or a key.
    is_item: bool,
    /// The line, from 1.
    number: usize,
}

/// What is wrong with the indentation of `line`, the line `number`; `None` when nothing is.
pub(super) fn fault(source: &Arc<Source>, number: usize, line: &Line<'_>) -> Option<Diagnostic> {
    let own = line.indent();
    let previous = (1..number).rev().map(|number| Line::of(source, number)).find(|line| !line.is_blank())?;
    let place = line.place(source);
    let previous_has_value = !previous.text.trim_end().ends_with(':');
    if own > previous.indent() && own > previous.content() && previous_has_value {
        return Some(
            Diagnostic::at(&place, "this line is indented deeper than the one above, which already has a value")
                .with_related(&previous.place(source), "the line above")
                .hint(format!("indent it by {}", count(previous.content(), "space"))),
        );
    }
    let levels = levels(source, number);
    if !levels.iter().any(|level| level.column == own) {
        let message = format!("the indentation of this line, {}, fits none of the lines above", count(own, "space"));
        return Some(Diagnostic::at(&place, message).maybe_hint(fitting(&levels, own, line.is_item())));
    }
    if line.is_item() != previous.is_item() && own == previous.indent() {
        let what = if line.is_item() { "a list item stands where a key is expected" } else { "a key stands where a list item is expected" };
        return Some(Diagnostic::at(&place, what).hint("one level holds either keys or items; check the indentation"));
    }
    None
}

/// The columns that are open above the line `number`.
fn levels(source: &Source, number: usize) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    for number in 1..number {
        let line = Line::of(source, number);
        if line.is_blank() {
            continue;
        }
        levels.retain(|level| level.column < line.indent());
        levels.push(Level { column: line.indent(), is_item: line.is_item(), number });
        if line.content() > line.indent() {
            levels.push(Level { column: line.content(), is_item: false, number });
        }
    }
    levels
}

/// The columns next to `own` where the same kind of thing stands.
fn fitting(levels: &[Level], own: usize, is_item: bool) -> Option<String> {
    let same: Vec<&Level> = levels.iter().filter(|level| level.is_item == is_item).collect();
    let below = same.iter().rfind(|level| level.column < own);
    let above = same.iter().find(|level| level.column > own);
    let beside: Vec<String> = [above, below]
        .into_iter()
        .flatten()
        .map(|level| format!("by {} to put it beside line {}", count(level.column, "space"), level.number))
        .collect();
    (!beside.is_empty()).then(|| format!("indent it {}", beside.join(", or ")))
}
