//! `kconf report`: a document about a run.

use super::super::args::{Report, ReportFormat};
use super::super::exit::{self, Failure};
use super::super::journal::{expect_store, find};
use super::super::messages;
use super::super::settings::Settings;
use crate::base::Diagnostic;
use crate::event::Sink;
use crate::journal::Journal;
use crate::report::about::About;
use crate::report::pages::{self, Page};
use crate::report::record::{Collector, Record};

/// Runs the command.
pub fn run(args: &Report) -> Result<u8, Failure> {
    let settings = Settings::read()?;
    let journal = find(&expect_store(&settings)?, args.run, "there is no run yet", |_| true)?;
    let page = match args.format {
        ReportFormat::Html => Page::Html,
        ReportFormat::Markdown => Page::Markdown,
        ReportFormat::Json => Page::Json,
        ReportFormat::Junit => Page::Junit,
    };
    let text = document(&journal, page)?;
    match &args.output {
        None => messages::data(&text),
        Some(path) => {
            write(path, &text).map_err(|error| {
                Diagnostic::error(format!("failed to write the report to `{}`", path.display())).caused_by(error.to_string())
            })?;
            messages::status(&format!("The report about run {} is in `{}`.", journal.id, path.display()));
        }
    }
    Ok(exit::OK)
}

/// A document about the run of a journal.
///
/// # Errors
/// The journal cannot be read.
pub fn document(journal: &Journal, page: Page) -> Result<String, Failure> {
    let (about, record) = read(journal)?;
    Ok(pages::render(page, Some(&about), &record)?)
}

/// What a journal tells.
///
/// # Errors
/// It cannot be read.
pub fn read(journal: &Journal) -> Result<(About, Record), Failure> {
    let mut events = journal
        .events()
        .map_err(|error| Diagnostic::error(format!("failed to read `{}`", journal.path.display())).caused_by(error.to_string()))?;
    let mut collector = Collector::default();
    for entry in events.by_ref() {
        collector.event(&entry.event);
    }
    Ok((About::new(journal, events.unreadable), collector.finish()))
}

#[expect(clippy::disallowed_methods, reason = "the file that the user named")]
fn write(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}
