//! A runner, or a shell in its place, that works for a session.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio_util::task::TaskTracker;

use super::exec::{Guard, Remains};
use super::link::Link;
use super::predictions::Told;
use super::{Via, inline};

/// A runner at work.
pub(super) struct Running {
    pub(super) link: Link,
    pub(super) via: Via,
    /// Tells it from the other runners of the run.
    pub(super) number: u64,
    pub(super) told: Told,
    pub(super) sent: Mutex<inline::Sent>,
    pub(super) behind: Behind,
    /// A task was given up that cannot be told apart from what runs it: all of it ends in a moment.
    pub(super) doomed: AtomicBool,
}

/// What stands behind a link: it ends with it.
#[derive(Default)]
pub(super) struct Behind {
    pub(super) remains: Remains,
    /// Ends the command.
    pub(super) _guard: Option<Guard>,
}

impl Running {
    /// Whether it takes further tasks.
    pub(super) fn is_usable(&self) -> bool {
        self.link.lost().is_none() && !self.doomed.load(Ordering::Relaxed)
    }
}

/// A call that somebody waits for.
pub(super) struct Unfinished<'a> {
    running: &'a Arc<Running>,
    endings: &'a TaskTracker,
    done: bool,
}

impl<'a> Unfinished<'a> {
    /// It begins.
    pub(super) fn new(running: &'a Arc<Running>, endings: &'a TaskTracker) -> Self {
        Self { running, endings, done: false }
    }

    /// It has its answer.
    pub(super) fn finished(&mut self) {
        self.done = true;
    }
}

impl Drop for Unfinished<'_> {
    /// A shell ends with the task that nobody waits for any more, so the next task needs another one. Until then it is kept: what ends
    /// it on the host has to hear of its end.
    fn drop(&mut self) {
        if !self.done && matches!(self.running.via, Via::Shell(_)) {
            self.running.doomed.store(true, Ordering::Relaxed);
            let running = Arc::clone(self.running);
            self.endings.spawn(async move { running.link.ended().cancelled().await });
        }
    }
}
