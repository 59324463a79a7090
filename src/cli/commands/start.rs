//! Starts the engine for a command: connections, cancellation by signals, exit code.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::super::context::Context;
use super::super::exit;
use super::super::messages;
use crate::engine::{Engine, RunSummary, Settings};
use crate::event::Sink;
use crate::inventory::Inventory;
use crate::plan::Compiled;
use crate::transport::{Hub, HubOptions};

/// What a command runs with.
pub struct Start {
    /// The plan.
    pub compiled: Compiled,
    /// The hosts.
    pub inventory: Inventory,
    /// Settings.
    pub settings: Settings,
    /// Leave nothing on hosts.
    pub no_cache: bool,
}

/// Runs the plan to its end, or until a signal. The second signal ends the program at once.
pub async fn start(context: &Context, start: Start, sink: &mut dyn Sink) -> RunSummary {
    let hub = Hub::new(HubOptions { no_cache: start.no_cache, ..HubOptions::default() });
    let verbosity = start.settings.verbosity;
    let engine = Engine {
        plan: start.compiled.plan,
        compiler: start.compiled.compiler,
        inventory: start.inventory,
        settings: start.settings,
        templates: context.templates.clone(),
        sessions: Arc::new(hub.clone()),
    };
    let cancel = CancellationToken::new();
    let watcher = tokio::spawn(watch(cancel.clone()));
    let summary = engine.run(sink, cancel).await;
    watcher.abort();
    if verbosity >= 3 {
        let cost = hub.counters();
        messages::status(&format!(
            "{} SSH connections, {} channels, {} requests, {} runners sent",
            cost.connections, cost.channels, cost.requests, cost.uploads
        ));
    }
    if summary.interrupted {
        messages::status("Interrupted; what ran on the hosts was ended.");
    }
    if let Some(error) = &summary.error {
        messages::error(error);
    }
    summary
}

async fn watch(cancel: CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else { return };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    messages::status("\nEnding what runs on the hosts; once more to leave at once.");
    cancel.cancel();
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    leave();
}

#[expect(clippy::disallowed_methods, reason = "the second signal means: now, whatever it costs")]
fn leave() -> ! {
    std::process::exit(i32::from(exit::INTERRUPTED))
}

/// The exit code of a run.
pub fn exit_code(summary: &RunSummary) -> u8 {
    if summary.interrupted {
        exit::INTERRUPTED
    } else if summary.error.is_some() {
        exit::INVALID
    } else if !summary.failed.is_empty() {
        exit::TASK_FAILED
    } else if !summary.unreachable.is_empty() {
        exit::UNREACHABLE
    } else {
        exit::OK
    }
}
