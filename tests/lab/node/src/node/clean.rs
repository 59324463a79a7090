//! Turning SIGTERM and SIGINT into an orderly end.

use std::sync::mpsc::Sender;
use std::thread;

use nix::sys::signal::{SigSet, Signal};

use crate::log;
use crate::p2p::link::Event;

/// Blocks the signals in this thread and all it starts later; call it first.
pub fn block_signals() -> Result<SigSet, String> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    signals.thread_block().map_err(|e| format!("failed to block signals: {e}"))?;
    Ok(signals)
}

/// Sends [`Event::Stop`] when one of them arrives.
pub fn stop_on(signals: SigSet, events: Sender<Event>) {
    thread::spawn(move || {
        if let Ok(signal) = signals.wait() {
            log::info("Got a signal, shutting down...", &[("signal", &signal)]);
            let _ = events.send(Event::Stop);
        }
    });
}
