//! What can be typed about runs that there were.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::whole_number;

/// The number of a run.
///
/// # Errors
/// It is none.
pub fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected the number of a run, as `kconf history` shows it".to_owned())
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryOutput {
    /// A table; of one run what people want to know
    Text,
    /// JSON
    Json,
}

#[derive(Args, Debug)]
pub struct History {
    /// The number of a run: show what came of it
    #[arg(value_name = "RUN", value_parser = number)]
    pub run: Option<u64>,
    /// Show at most so many runs
    #[arg(short = 'n', long, value_name = "N", value_parser = whole_number::<usize>, default_value = "20")]
    pub number: usize,
    /// What to print
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "text")]
    pub output: HistoryOutput,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// A page that needs nothing beside it
    Html,
    /// For tickets and chats
    Markdown,
    /// Everything, for programs
    Json,
    /// JUnit XML, a test case per task and host
    Junit,
}

#[derive(Args, Debug)]
pub struct Report {
    /// The number of the run; the last one when there is none
    #[arg(value_name = "RUN", value_parser = number)]
    pub run: Option<u64>,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "html")]
    pub format: ReportFormat,
    /// Write there, not to standard output
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
