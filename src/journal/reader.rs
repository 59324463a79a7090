//! Reads journals: beginning and end at once, what is between as it is asked for.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::lines::{End, Entry, Line, Mark, Start, parse};

/// What has become of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is going on.
    Running,
    /// It came to its end.
    Ended(End),
    /// Its journal has no end, and nobody writes it.
    Died,
}

/// A journal that lies in the store.
#[derive(Clone, Debug)]
pub struct Journal {
    /// Number of the run.
    pub id: u64,
    /// The file.
    pub path: PathBuf,
    /// What was to be done; `None`: its first line cannot be read.
    pub start: Option<Start>,
    /// What has become of it.
    pub state: State,
}

impl Journal {
    /// Reads beginning and end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(id: u64, path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        // Before the last line is looked for: a run that ends in between is then seen as running, not as dead.
        let is_running = is_running(&file);
        let mut first = Vec::new();
        BufReader::new(&file).read_until(b'\n', &mut first)?;
        let start = match parse(&first) {
            Line::Mark(mark) => match *mark {
                Mark::Start(start) => Some(start),
                Mark::End(_) => None,
            },
            Line::Entry(_) | Line::Unreadable => None,
        };
        let end = match parse(&last_line(&mut file)?) {
            Line::Mark(mark) => match *mark {
                Mark::End(end) => Some(end),
                Mark::Start(_) => None,
            },
            Line::Entry(_) | Line::Unreadable => None,
        };
        let state = match end {
            Some(end) => State::Ended(end),
            None if is_running => State::Running,
            None => State::Died,
        };
        Ok(Self { id, path: path.to_owned(), start, state })
    }

    /// The events, in their order.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn events(&self) -> io::Result<Events> {
        Ok(Events { lines: BufReader::new(File::open(&self.path)?), unreadable: 0 })
    }

    /// The end, when it came to one.
    pub fn end(&self) -> Option<&End> {
        match &self.state {
            State::Ended(end) => Some(end),
            State::Running | State::Died => None,
        }
    }
}

/// The events of a journal.
pub struct Events {
    lines: BufReader<File>,
    /// Number of lines so far that could not be read.
    pub unreadable: usize,
}

impl Iterator for Events {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let mut text = Vec::new();
        loop {
            text.clear();
            match self.lines.read_until(b'\n', &mut text) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(_) => {
                    self.unreadable += 1;
                    return None;
                }
            }
            match parse(&text) {
                Line::Entry(entry) => return Some(*entry),
                Line::Mark(_) => {}
                Line::Unreadable if text.trim_ascii().is_empty() => {}
                Line::Unreadable => self.unreadable += 1,
            }
        }
    }
}

/// Whether a run writes the file: it holds a lock on it as long as it lives.
pub(super) fn is_running(file: &File) -> bool {
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            false
        }
        Err(std::fs::TryLockError::WouldBlock) => true,
        // A file system without locks.
        Err(std::fs::TryLockError::Error(_)) => false,
    }
}

/// The last line that ends with a line break.
fn last_line(file: &mut File) -> io::Result<Vec<u8>> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut window = 8 * 1024;
    loop {
        let from = length.saturating_sub(window);
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.by_ref().take(length - from).read_to_end(&mut text)?;
        if text.last() != Some(&b'\n') {
            return Ok(Vec::new());
        }
        let body = &text[..text.len() - 1];
        match body.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => return Ok(body[at + 1..].to_vec()),
            None if from == 0 => return Ok(body.to_vec()),
            None => window *= 4,
        }
    }
}
