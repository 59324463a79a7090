//! Writes the journal of a run, a line for each event.

use std::fs::File;
use std::io::{self, Write};
use std::time::Instant;

use serde::Serialize;

use super::lines::{End, Entry, Mark, Start};
use super::trim;
use crate::event::{Event, Sink};

/// What the events do not tell about the end of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The exit code.
    pub code: u8,
    /// A signal ended it.
    pub interrupted: bool,
    /// What no host is to blame for.
    pub error: Option<String>,
    /// Hosts that failed or could not be reached, and did not go on.
    pub lost: Vec<String>,
}

/// See the module documentation. Each line is written at once, so that a run that dies leaves everything up to there.
pub struct Writer {
    /// Number of the run.
    pub id: u64,
    file: File,
    secrets: Vec<String>,
    began: Instant,
    trouble: Option<io::Error>,
    /// The hosts of the play (or batch) that was begun last.
    batch: Vec<String>,
    broken: bool,
    hosts: usize,
    changed: u64,
    failed: u64,
}

impl Writer {
    /// Begins the journal of run `id` in an empty file.
    pub fn new(id: u64, file: File, start: Start) -> Self {
        let mut writer = Self {
            id,
            file,
            secrets: Vec::new(),
            began: Instant::now(),
            trouble: None,
            batch: Vec::new(),
            broken: false,
            hosts: 0,
            changed: 0,
            failed: 0,
        };
        writer.line(&Mark::Start(start));
        writer
    }

    /// Masks these texts in the events that follow.
    pub fn hide(&mut self, mut secrets: Vec<String>) {
        // One that contains another is masked as a whole.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        self.secrets = secrets;
    }

    /// Writes the last line.
    ///
    /// # Errors
    /// The first write that failed, of this line or of one before.
    pub fn finish(mut self, outcome: Outcome) -> io::Result<()> {
        // The engine goes on to the next play or batch only while a host of the last one is left.
        let all_lost = !self.batch.is_empty() && self.batch.iter().all(|host| outcome.lost.contains(host));
        let stopped = outcome.interrupted || outcome.error.is_some() || self.broken || all_lost;
        let end = End {
            at_ms: self.now(),
            code: outcome.code,
            interrupted: outcome.interrupted,
            stopped,
            error: outcome.error,
            hosts: self.hosts,
            changed: self.changed,
            failed: self.failed,
            lost: outcome.lost,
        };
        let before = self.trouble.take();
        if before.is_some() {
            // What was written last may be half a line.
            let _ = self.file.write_all(b"\n");
        }
        self.line(&Mark::End(end));
        before.or(self.trouble).map_or(Ok(()), Err)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Writes a line, unless one could not be written: what comes behind a gap would mislead.
    fn line(&mut self, line: &impl Serialize) {
        if self.trouble.is_some() {
            return;
        }
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut text| {
            text.push(b'\n');
            self.file.write_all(&text)
        });
        self.trouble = written.err();
    }
}

impl Sink for Writer {
    fn event(&mut self, event: &Event) {
        match event {
            Event::PlayStarted { hosts, .. } => self.batch.clone_from(hosts),
            Event::NoHostsLeft => self.broken = true,
            Event::RunEnded { recap, .. } => {
                self.hosts = recap.len();
                self.changed = recap.iter().map(|host| u64::from(host.changed)).sum();
                self.failed = recap.iter().map(|host| u64::from(host.failed) + u64::from(host.unreachable)).sum();
            }
            _ => {}
        }
        if let Some(event) = trim::kept(event, &self.secrets) {
            let at_ms = self.now();
            self.line(&Entry { at_ms, event });
        }
    }
}
