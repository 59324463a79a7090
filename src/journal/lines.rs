//! The lines of a journal: how the run began, its events, how it ended.

use serde::{Deserialize, Serialize};

use crate::event::Event;

/// The first line: what was to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Start {
    /// Version of kconf.
    pub kconf: String,
    /// When it began: RFC 3339, in UTC.
    pub started: String,
    /// Who started it.
    pub user: String,
    /// The working directory.
    pub directory: String,
    /// What was typed behind `kconf`, a word for each option with its value (`--limit=web`). What may be secret is masked.
    pub command: Vec<String>,
    /// The playbooks.
    pub playbooks: Vec<String>,
    /// The inventory sources, as typed or set.
    pub inventory: Vec<String>,
    /// `--limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Check mode.
    pub check: bool,
    /// The number of the run that this one goes on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumes: Option<u64>,
}

/// The last line: what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct End {
    /// Milliseconds since the start.
    pub at_ms: u64,
    /// The exit code.
    pub code: u8,
    /// A signal ended it.
    pub interrupted: bool,
    /// It ended before its last play was through: interrupted, too much failed, or an error that no host is to blame for.
    pub stopped: bool,
    /// What no host is to blame for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Number of hosts that took part.
    pub hosts: usize,
    /// Number of tasks that changed something.
    pub changed: u64,
    /// Number of tasks that failed, or whose host could not be reached.
    pub failed: u64,
    /// Hosts that failed or could not be reached, and did not go on.
    pub lost: Vec<String>,
}

/// An event with its time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since the start.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// The lines that are no events. Their `journal` says which they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "journal", rename_all = "snake_case")]
pub enum Mark {
    /// The first line.
    Start(Start),
    /// The last line.
    End(End),
}

/// A line that was read.
#[derive(Clone, Debug)]
pub enum Line {
    /// First or last.
    Mark(Box<Mark>),
    /// In between.
    Entry(Box<Entry>),
    /// Cut off, overwritten, or written by a version that knows more.
    Unreadable,
}

/// What stands in a line.
pub fn parse(text: &[u8]) -> Line {
    // Both kinds are told apart by a key that the other has not.
    if let Ok(entry) = serde_json::from_slice(text) {
        return Line::Entry(Box::new(entry));
    }
    serde_json::from_slice(text).map_or(Line::Unreadable, |mark| Line::Mark(Box::new(mark)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;
    use serde_json::{Map, json};

    #[test]
    fn every_line_reads_back_as_what_it_was() {
        let event = Event::HostDone {
            host: "a".to_owned(),
            delegated_to: None,
            task: 3,
            status: Status::Changed,
            ignored: false,
            looped: false,
            result: Map::from_iter([("n".to_owned(), json!(u64::MAX)), ("f".to_owned(), json!(1.5))]),
            diagnostic: None,
            took_ms: 7,
        };
        let text = serde_json::to_vec(&Entry { at_ms: 12, event }).unwrap();
        let Line::Entry(entry) = parse(&text) else { panic!("{}", String::from_utf8_lossy(&text)) };
        assert_eq!(serde_json::to_vec(&*entry).unwrap(), text);
        assert!(matches!(parse(&serde_json::to_vec(&Entry { at_ms: 0, event: Event::NoHostsLeft }).unwrap()), Line::Entry(_)));

        let start = Start { command: vec!["run".to_owned()], limit: Some("web".to_owned()), ..Start::default() };
        let text = serde_json::to_vec(&Mark::Start(start.clone())).unwrap();
        let Line::Mark(mark) = parse(&text) else { panic!("no mark") };
        assert!(matches!(*mark, Mark::Start(read) if read == start));
    }

    #[test]
    fn a_start_of_an_older_version_lacks_fields() {
        let Line::Mark(mark) = parse(br#"{"journal":"start","kconf":"0.0.1"}"#) else { panic!("no mark") };
        assert!(matches!(*mark, Mark::Start(start) if start.kconf == "0.0.1" && start.command.is_empty()));
    }

    #[test]
    fn what_is_no_line_is_unreadable() {
        for text in [&b""[..], b"{", b"null", br#"{"at_ms":1,"event":"of_the_future"}"#, b"\xff\xfe", br#"{"journal":"middle"}"#] {
            assert!(matches!(parse(text), Line::Unreadable), "{}", String::from_utf8_lossy(text));
        }
    }
}
