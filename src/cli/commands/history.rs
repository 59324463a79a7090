//! `kconf history`: which runs there were, and what came of one.

use std::collections::HashSet;
use std::path::Path;

use serde::Serialize;

use super::super::args::{History, HistoryOutput};
use super::super::exit::{self, Failure};
use super::super::journal::{expect_store, find};
use super::super::messages;
use super::super::settings::Settings;
use super::report;
use crate::base::Diagnostic;
use crate::event::{Event, Status};
use crate::journal::{Journal, State};
use crate::report::about::About;
use crate::report::overview;
use crate::report::pages::Page;

/// Runs the command.
pub fn run(args: &History) -> Result<u8, Failure> {
    let settings = Settings::read()?;
    let store = expect_store(&settings)?;
    if let Some(id) = args.run {
        let journal = find(&store, Some(id), "", |_| true)?;
        let text = match args.output {
            HistoryOutput::Json => report::document(&journal, Page::Json)?,
            HistoryOutput::Text => {
                let (about, record) = report::read(&journal)?;
                overview(&about, &record)
            }
        };
        messages::data(&text);
        return Ok(exit::OK);
    }
    let dir = store.dir().display();
    let journals =
        store.list().map_err(|error| Diagnostic::error(format!("failed to read the journals in `{dir}`")).caused_by(error.to_string()))?;
    let lines: Vec<Line> = journals.take(args.number).map(|journal| Line::new(&journal)).collect();
    match args.output {
        HistoryOutput::Json => {
            let text = serde_json::to_string_pretty(&lines)
                .map_err(|error| Diagnostic::error("failed to write JSON").caused_by(error.to_string()))?;
            messages::data(&format!("{text}\n"));
        }
        HistoryOutput::Text if lines.is_empty() => messages::status(&format!("No runs yet; they are kept in `{dir}`.")),
        HistoryOutput::Text => {
            let heading = ["RUN", "WHEN", "TOOK", "PLAYBOOK", "HOSTS", "CHANGED", "FAILED", "RESULT"].map(str::to_owned);
            let rows: Vec<_> = std::iter::once(heading).chain(lines.iter().map(|line| line.cells(&settings))).collect();
            messages::table(&rows);
        }
    }
    Ok(exit::OK)
}

/// A run in the list.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    about: About,
    hosts: usize,
    changed: u64,
    failed: u64,
}

impl Line {
    fn new(journal: &Journal) -> Self {
        let (hosts, changed, failed) = match &journal.state {
            State::Ended(end) => (end.hosts, end.changed, end.failed),
            State::Running | State::Died => counted(journal),
        };
        Self { about: About::new(journal, 0), hosts, changed, failed }
    }

    fn cells(&self, settings: &Settings) -> [String; 8] {
        let about = &self.about;
        let mut playbook = about.playbooks.clone();
        if Path::new(&about.directory) != settings.dir {
            let place = Path::new(&about.directory).join(&playbook);
            playbook = match place.strip_prefix(&settings.home) {
                Ok(inner) => format!("~/{}", inner.display()),
                Err(_) => place.display().to_string(),
            };
        }
        let notes: Vec<String> =
            about.check.then(|| "check".to_owned()).into_iter().chain(about.resumes.map(|id| format!("goes on with {id}"))).collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        [
            about.id.to_string(),
            about.when.clone(),
            about.took.clone(),
            playbook,
            self.hosts.to_string(),
            self.changed.to_string(),
            self.failed.to_string(),
            format!("{}{notes}", about.result),
        ]
    }
}

/// Hosts, changes and failures of a run that has no end.
fn counted(journal: &Journal) -> (usize, u64, u64) {
    let (mut hosts, mut changed, mut failed) = (HashSet::new(), 0, 0);
    // A journal that was removed in the meantime counts nothing.
    for entry in journal.events().into_iter().flatten() {
        if let Event::HostDone { host, status, ignored, .. } = entry.event {
            match status {
                Status::Changed => changed += 1,
                Status::Failed | Status::Unreachable if !ignored => failed += 1,
                _ => {}
            }
            hosts.insert(host);
        }
    }
    (hosts.len(), changed, failed)
}
