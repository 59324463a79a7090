//! Ending what is running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Error, ErrorKind, Result};

/// How long a cancelled wait goes on at most.
const TICK: Duration = Duration::from_millis(50);

/// A switch shared by whoever runs a task and whoever may want to end it. Commands and long copies look at it while they run.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends what runs now and what is started from here on.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Lets later operations run again.
    pub fn reset(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    /// Whether it is on.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// An error of kind [`ErrorKind::Cancelled`] about `attempt` when it is on.
    ///
    /// # Errors
    /// When it is on.
    pub fn check(&self, attempt: &str) -> Result<()> {
        if self.is_cancelled() { Err(Error::new(ErrorKind::Cancelled, attempt, "the run was cancelled")) } else { Ok(()) }
    }

    /// Waits.
    ///
    /// # Errors
    /// As soon as it is on.
    pub fn sleep(&self, time: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            self.check("wait")?;
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(TICK));
        }
    }
}
