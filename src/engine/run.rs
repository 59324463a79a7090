//! A whole run: all plays of a plan, one after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json};
use tokio_util::sync::CancellationToken;

use super::dispatcher::Dispatcher;
use super::local_files::LocalFiles;
use super::play::{self, Next};
use super::sessions::Sessions;
use super::settings::Settings;
use super::world::World;
use crate::base::{Diagnostic, text};
use crate::event::{Event, HostRecap, Sink};
use crate::inventory::Inventory;
use crate::plan::{Compiler, Plan};
use crate::template::Templates;

/// How long tasks have to end after a run was cancelled.
const LAST_CALL: Duration = Duration::from_secs(5);

/// What a run works with.
pub struct Engine {
    /// What is to be done.
    pub plan: Plan,
    /// Compiles what is included at run time.
    pub compiler: Arc<Compiler>,
    /// The hosts.
    pub inventory: Inventory,
    /// Settings.
    pub settings: Settings,
    /// The renderer.
    pub templates: Templates,
    /// Connections.
    pub sessions: Arc<dyn Sessions>,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct RunSummary {
    /// The counts of every host that took part, in the order of the inventory.
    pub recap: Vec<HostRecap>,
    /// Hosts that failed and were not rescued.
    pub failed: Vec<String>,
    /// Hosts that could not be reached.
    pub unreachable: Vec<String>,
    /// It was cancelled before its end.
    pub interrupted: bool,
    /// Something that no host is to blame for ended it.
    pub error: Option<Diagnostic>,
}

impl Engine {
    /// Runs everything, and closes all connections. The future ends soon after `cancel`.
    pub async fn run(self, sink: &mut dyn Sink, cancel: CancellationToken) -> RunSummary {
        let started = Instant::now();
        let Self { plan, compiler, inventory, settings, templates, sessions } = self;
        let world = Arc::new(World::new(settings, templates, inventory, LocalFiles::predicted(sessions.clone())));
        let mut dispatcher = Dispatcher::new(world.clone(), compiler, sessions.clone(), sink, cancel.clone());
        dispatcher.emit(&Event::RunStarted { playbooks: world.settings.playbooks.clone(), check: world.settings.check });
        let mut error = None;
        for play in &plan.plays {
            match play::run(&mut dispatcher, play).await {
                Ok(Next::GoOn) => {}
                Ok(Next::Stop) => break,
                Err(wrong) => {
                    error = Some(wrong);
                    break;
                }
            }
        }
        let left = world.jobs.running();
        if left > 0 && !cancel.is_cancelled() {
            let tasks = text::count(left, "task");
            dispatcher.warn(None, format!("waiting for {tasks} in the background, at most as long as `async` allows"));
        }
        world.jobs.wait().await;
        let interrupted = cancel.is_cancelled();
        if interrupted {
            sessions.cancel();
        }
        // A host that does not answer must not keep the program from ending.
        let _ = tokio::time::timeout(LAST_CALL, sessions.close()).await;
        let failed = dispatcher.recap.failed().cloned().collect();
        let unreachable = dispatcher.recap.unreachable().cloned().collect();
        let (recap, custom): (_, Map<String, Json>) = dispatcher.recap.take();
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        dispatcher.emit(&Event::RunEnded { recap: recap.clone(), took_ms, custom });
        RunSummary { recap, failed, unreachable, interrupted, error }
    }
}
