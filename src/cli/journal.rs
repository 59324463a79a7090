//! The journal of a run: where it is kept, what it says of the run, and what is said when it cannot be written.

use std::path::PathBuf;

use super::args::Run;
use super::commands::exit_code;
use super::context::Context;
use super::exit::Failure;
use super::left_out;
use super::messages;
use super::settings::Settings;
use crate::base::Diagnostic;
use crate::engine::RunSummary;
use crate::event::{Event, Sink};
use crate::journal::{Journal, Outcome, Start, Store, Writer};

/// Journals that are kept when nothing says otherwise.
const DEFAULT_KEEP: usize = 100;

/// Where journals are, below the folder for what programs remember.
const FOLDER: &str = "kconf/runs";

/// The store; `None`: the setting `journal` switches it off.
pub fn store(settings: &Settings) -> Option<Store> {
    if let Some(set) = settings.text("journal") {
        let is_off = matches!(set.to_lowercase().as_str(), "off" | "no" | "false");
        return settings.path("journal").filter(|_| !is_off).map(Store::new);
    }
    // A relative one is to be passed over, as the specification of these variables says.
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(Store::new(state.unwrap_or_else(|| settings.home.join(".local/state")).join(FOLDER)))
}

/// The store, for a command that is about runs there were.
///
/// # Errors
/// It is switched off.
pub fn expect_store(settings: &Settings) -> Result<Store, Failure> {
    store(settings).ok_or_else(|| {
        let hint = "set `KCONF_JOURNAL` to a folder, or take the setting away";
        Diagnostic::error("runs leave no journal: the setting `journal` is off").hint(hint).into()
    })
}

/// Of the journals in the store the one of run `id`, or the newest that fits; `missing` says that there is none.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn find(store: &Store, id: Option<u64>, missing: &str, fits: impl Fn(&Journal) -> bool) -> Result<Journal, Failure> {
    let dir = store.dir().display();
    let unreadable =
        |error: std::io::Error| Diagnostic::error(format!("failed to read the journals in `{dir}`")).caused_by(error.to_string());
    let (found, missing, hint) = match id {
        Some(id) => (store.find(id).map_err(unreadable)?, format!("there is no run {id}"), "`kconf history` shows those that are there"),
        None => {
            let found = store.list().map_err(unreadable)?.find(fits);
            (found, missing.to_owned(), "`kconf history` shows all runs")
        }
    };
    found.ok_or_else(|| Failure::usage(Diagnostic::error(missing).hint(format!("{hint}; they are kept in `{dir}`"))))
}

/// A reporter, and the journal beside it.
pub struct Recorded {
    reporter: Box<dyn Sink>,
    writer: Option<Writer>,
}

impl Recorded {
    /// Begins the journal of a run. That there can be none is a warning.
    ///
    /// # Errors
    /// A setting about it makes no sense.
    pub fn begin(context: &Context, args: &Run, resumes: Option<u64>, reporter: Box<dyn Sink>) -> Result<Self, Failure> {
        let keep = match context.settings.number("journal_keep")? {
            None => DEFAULT_KEEP,
            Some(0) => {
                return Err(Failure::invalid(Diagnostic::error("the setting `journal_keep` is `0`, expected the number of runs to keep")));
            }
            Some(keep) => usize::try_from(keep).unwrap_or(usize::MAX),
        };
        let writer = store(&context.settings).and_then(|store| {
            let begun = store.begin(start(context, args, resumes), keep);
            let begun = begun.map(|mut writer| {
                writer.hide(left_out::values(&args.words, &context.templates));
                writer
            });
            begun.map_err(|error| warn(&format!("failed to make a journal of this run in `{}`", store.dir().display()), &error)).ok()
        });
        Ok(Self { reporter, writer })
    }

    /// Ends the journal.
    pub fn finish(self, summary: &RunSummary) {
        let Some(writer) = self.writer else { return };
        let id = writer.id;
        let outcome = Outcome {
            code: exit_code(summary),
            interrupted: summary.interrupted,
            error: summary.error.as_ref().map(ToString::to_string),
            lost: summary.failed.iter().chain(summary.unreachable.iter().filter(|host| !summary.failed.contains(host))).cloned().collect(),
        };
        if let Err(error) = writer.finish(outcome) {
            warn(&format!("the journal of this run ({id}) is not whole"), &error);
        }
    }
}

impl Sink for Recorded {
    fn event(&mut self, event: &Event) {
        self.reporter.event(event);
        if let Some(writer) = &mut self.writer {
            writer.event(event);
        }
    }
}

fn warn(what: &str, error: &std::io::Error) {
    let hint = "the setting `journal` names another folder, or is `off`";
    messages::error(&Diagnostic::warning(what).caused_by(error.to_string()).hint(hint));
}

fn start(context: &Context, args: &Run, resumes: Option<u64>) -> Start {
    let words = left_out::masked(&args.words, &context.templates);
    Start {
        kconf: env!("CARGO_PKG_VERSION").to_owned(),
        started: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        user: super::context::local_user(),
        directory: context.settings.dir.display().to_string(),
        command: std::iter::once("run".to_owned()).chain(words).collect(),
        playbooks: args.playbooks.iter().map(|path| path.display().to_string()).collect(),
        inventory: context.settings.inventory(&args.inventory.inventory),
        limit: args.connection.limit.clone(),
        check: args.check,
        resumes,
    }
}
