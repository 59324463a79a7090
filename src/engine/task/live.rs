//! Live output, by line.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Job, Message};
use crate::event::Event;
use crate::system::Stream;
use crate::transport::LiveSender;

/// Longer lines are cut: a progress bar that never ends its line must not fill the memory.
const LONGEST: usize = 4096;

/// A sender that turns output of the task into events, a line each; nothing when nobody wants to see it, or nobody may.
pub fn sender(job: &Job, no_log: bool) -> LiveSender {
    if no_log || !job.world.settings.live {
        return LiveSender::none();
    }
    let (messages, host, task) = (job.messages.clone(), job.host.clone(), job.number);
    let lines = Arc::new(Mutex::new((Lines::default(), Lines::default())));
    LiveSender::new(move |stream, bytes| {
        let mut both = lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = match stream {
            Stream::Stdout => &mut both.0,
            Stream::Stderr => &mut both.1,
        };
        lines.take(bytes, &mut |line| {
            let _ = messages.send(Message::Event(Box::new(Event::Live { host: host.clone(), task, line })));
        });
    })
}

/// Bytes on their way to lines.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn take(&mut self, bytes: &[u8], give: &mut dyn FnMut(String)) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' if self.0.is_empty() => {}
                b'\n' | b'\r' => give(String::from_utf8_lossy(&std::mem::take(&mut self.0)).into_owned()),
                _ if self.0.len() < LONGEST => self.0.push(*byte),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_lines_and_endless_ones_are_cut() {
        let mut lines = Lines::default();
        let mut given = Vec::new();
        for piece in ["on", "e\ntwo\r\n\nthr", "ee", "\n"] {
            lines.take(piece.as_bytes(), &mut |line| given.push(line));
        }
        assert_eq!(given, ["one", "two", "three"]);
        lines.take(&vec![b'x'; LONGEST * 2], &mut |_| {});
        lines.take(b"\n", &mut |line| assert_eq!(line.len(), LONGEST));
    }
}
