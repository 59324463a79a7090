//! JUnit XML when the run is over, for programs that show test results: a suite for each play, a case for each task and host.

use std::io::Write;

use super::pages::{Page, render};
use super::record::Collector;
use crate::event::{Event, Sink};

/// See the module documentation.
pub struct Junit {
    out: Box<dyn Write + Send>,
    collector: Collector,
}

impl Junit {
    /// Writes to `out`.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl Sink for Junit {
    fn event(&mut self, event: &Event) {
        self.collector.event(event);
        if matches!(event, Event::RunEnded { .. }) {
            let record = std::mem::take(&mut self.collector).finish();
            // The template is tested; a report that cannot be written must not fail the run.
            if let Ok(text) = render(Page::Junit, None, &record) {
                let _ = self.out.write_all(text.as_bytes());
                let _ = self.out.flush();
            }
        }
    }
}
