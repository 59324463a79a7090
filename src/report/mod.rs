//! Events to what a person or a program reads.
//!
//! Imported by `cli`; imports `base`, `yaml`, `event` and `journal`.
//! Guarantees: reporters see events only; data goes to the writer they are given, live progress to standard error; the same events
//! give the same text. To add a reporter: one file with a type that implements [`crate::event::Sink`], one line in [`Format`] and in [`reporter`].
//! Documents about runs that are over are made of a [`record::Record`], which is a sink too; they stand in [`pages`].

pub mod about;
pub mod pages;
pub mod record;

mod clean;
mod detail;
mod json;
mod json_text;
mod junit;
mod minimal;
mod overview;
mod plain;
mod recap;
mod terminal;

pub use overview::overview;

use std::io::Write;

use crate::event::Sink;

/// What a run's report looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Live progress, a line per task.
    Terminal,
    /// A line per task and host, in the style that Ansible users know.
    Plain,
    /// One document at the end.
    Json,
    /// One event per line, as it happens.
    JsonLines,
    /// Only results, as `ansible` prints them.
    Minimal,
    /// Only results, each on one line.
    OneLine,
    /// JUnit XML at the end.
    Junit,
}

/// How much to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Number of `-v`.
    pub verbosity: u8,
    /// Show differences.
    pub diff: bool,
    /// Colours.
    pub color: bool,
    /// Results as YAML instead of JSON, in the plain report.
    pub yaml: bool,
    /// Nothing about hosts that skip a task, nor about tasks that all of them skip, in the plain report.
    pub hide_skipped: bool,
    /// Columns of the terminal; 0 when there is none.
    pub width: usize,
}

/// The reporter for `format`, writing to `out`.
pub fn reporter(format: Format, look: Look, out: Box<dyn Write + Send>) -> Box<dyn Sink> {
    match format {
        Format::Terminal => Box::new(terminal::Terminal::new(look, out)),
        Format::Plain => Box::new(plain::Plain::new(look, out)),
        Format::Json => Box::new(json::Document::new(out)),
        Format::JsonLines => Box::new(json::Lines::new(out)),
        Format::Minimal => Box::new(minimal::Minimal::new(out, false)),
        Format::OneLine => Box::new(minimal::Minimal::new(out, true)),
        Format::Junit => Box::new(junit::Junit::new(out)),
    }
}
