//! Tasks in the background: `async` with `poll: 0`. They go on while later tasks run; `async_status` asks for them.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value as Json};
use tokio_util::task::TaskTracker;

type Result = Map<String, Json>;

/// The jobs of a run.
#[derive(Default)]
pub struct Jobs {
    known: Mutex<HashMap<(String, String), Arc<Mutex<Option<Result>>>>>,
    running: TaskTracker,
}

/// `async:` and `poll:` of a task.
#[derive(Clone, Copy, Debug)]
pub struct Background {
    /// How long it may take.
    pub limit: Duration,
    /// Nobody waits for it.
    pub detached: bool,
}

impl Jobs {
    /// Runs `work` in the background; what it gives is the result of the job `id` of `host`.
    pub fn start(&self, host: &str, id: &str, work: impl Future<Output = Result> + Send + 'static) {
        let slot = Arc::new(Mutex::new(None));
        self.lock().insert((host.to_owned(), id.to_owned()), slot.clone());
        self.running.spawn(async move {
            let result = work.await;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        });
    }

    /// The job `id` of `host`: nothing when there is none, else its result when it is done.
    pub fn find(&self, host: &str, id: &str) -> Option<Option<Result>> {
        let slot = self.lock().get(&(host.to_owned(), id.to_owned()))?.clone();
        let result = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(result)
    }

    /// Forgets a job; it goes on if it is not done.
    pub fn forget(&self, host: &str, id: &str) {
        self.lock().remove(&(host.to_owned(), id.to_owned()));
    }

    /// Number of jobs that are not done.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Waits until all are done.
    pub async fn wait(&self) {
        self.running.close();
        self.running.wait().await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String), Arc<Mutex<Option<Result>>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What every result of a job says about it.
pub fn about(id: &str, finished: bool) -> Result {
    Map::from_iter([
        ("ansible_job_id".to_owned(), id.into()),
        ("started".to_owned(), true.into()),
        ("finished".to_owned(), finished.into()),
        ("results_file".to_owned(), "".into()),
    ])
}
