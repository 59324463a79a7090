//! A run of which there is a journal, in the words in which people are told of it.

use chrono::{DateTime, Local};
use serde::Serialize;

use super::clean::clean;
use super::recap;
use crate::base::shlex;
use crate::journal::{Journal, State};

/// See the module documentation.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// Number of the run.
    pub id: u64,
    /// How it ended, in a word: see [`word`].
    pub result: &'static str,
    /// The exit code, when it came to its end.
    pub code: Option<u8>,
    /// When it began: RFC 3339, in UTC.
    pub started: String,
    /// The same for people, in local time.
    pub when: String,
    /// How long it took, in milliseconds, when it came to its end.
    pub took_ms: Option<u64>,
    /// The same for people; `-` when it is not known.
    pub took: String,
    /// The command line, quoted for a shell.
    pub command: String,
    /// The working directory.
    pub directory: String,
    /// The playbooks, with blanks between.
    pub playbooks: String,
    /// The inventory sources, with blanks between.
    pub inventory: String,
    /// `--limit`.
    pub limit: Option<String>,
    /// Check mode.
    pub check: bool,
    /// Who started it.
    pub user: String,
    /// Version of kconf.
    pub kconf: String,
    /// The number of the run that it goes on with.
    pub resumes: Option<u64>,
    /// What no host is to blame for.
    pub error: Option<String>,
    /// Lines of the journal that cannot be read.
    pub unreadable: usize,
}

/// How a run ended: `ok`, `failed`, `unreachable`, `interrupted` (a signal, or it died), `error` (no host is to blame), or `running`.
pub fn word(state: &State) -> &'static str {
    match state {
        State::Running => "running",
        State::Died => "interrupted",
        State::Ended(end) if end.interrupted => "interrupted",
        State::Ended(end) if end.error.is_some() => "error",
        State::Ended(end) if end.code == 0 => "ok",
        // Nobody failed, but the exit code is that of hosts that were not reached.
        State::Ended(end) if end.code == 4 => "unreachable",
        State::Ended(_) => "failed",
    }
}

impl About {
    /// Of a journal. `unreadable`: see the field.
    pub fn new(journal: &Journal, unreadable: usize) -> Self {
        let start = journal.start.clone().unwrap_or_default();
        let end = journal.end();
        let took_ms = end.map(|end| end.at_ms);
        let words: Vec<&str> = std::iter::once("kconf").chain(start.command.iter().map(String::as_str)).collect();
        Self {
            id: journal.id,
            result: word(&journal.state),
            code: end.map(|end| end.code),
            when: local(&start.started),
            started: start.started,
            took_ms,
            took: took_ms.map_or_else(|| "-".to_owned(), recap::duration),
            command: clean(&shlex::join(&words)),
            directory: clean(&start.directory),
            playbooks: clean(&start.playbooks.join(" ")),
            inventory: clean(&start.inventory.join(" ")),
            limit: start.limit.as_deref().map(clean),
            check: start.check,
            user: clean(&start.user),
            kconf: start.kconf,
            resumes: start.resumes,
            error: end.and_then(|end| end.error.as_deref()).map(clean),
            unreadable,
        }
    }
}

/// A time of a journal in local time; as it is written when it is none.
fn local(time: &str) -> String {
    match DateTime::parse_from_rfc3339(time) {
        Ok(time) => time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => clean(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::End;

    #[test]
    fn the_word_says_how_it_ended() {
        let ended = |code, interrupted, error: Option<&str>| {
            word(&State::Ended(End { code, interrupted, error: error.map(str::to_owned), ..End::default() }))
        };
        assert_eq!(
            [ended(0, false, None), ended(2, false, None), ended(4, false, None), ended(99, true, None), ended(3, false, Some("x"))],
            ["ok", "failed", "unreachable", "interrupted", "error"]
        );
        assert_eq!([word(&State::Died), word(&State::Running)], ["interrupted", "running"]);
    }

    #[test]
    fn a_journal_without_a_beginning_can_be_told_of() {
        let journal = Journal { id: 3, path: "x".into(), start: None, state: State::Died };
        let about = About::new(&journal, 2);
        assert_eq!((about.id, about.result, about.command.as_str(), about.took.as_str()), (3, "interrupted", "kconf", "-"));
    }
}
