//! Where the tasks of a runner act.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::system::{self, Cancel, Os, Overlay, System};

/// A machine under one identity. One runner serves one.
pub trait Machine: Send + Sync + 'static {
    /// What stands behind it.
    type System: System;

    /// Lets `act` at the machine; with `check` at its prediction, which lives as long as this value. `cancel` ends what `act` runs.
    /// Scratch files go to `temp_dir`, once there is one.
    ///
    /// # Errors
    /// When the machine is out of reach.
    fn with<T>(
        &self,
        check: bool,
        cancel: &Cancel,
        temp_dir: Option<&Path>,
        act: impl FnOnce(Access<'_, Self::System>) -> T,
    ) -> system::Result<T>;

    /// Whether there can be more tasks.
    fn condition(&self) -> Condition {
        Condition::Fine
    }
}

/// What has become of a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// All is well.
    #[default]
    Fine,
    /// It went away in the middle of a task.
    Lost,
    /// A task that was ended took it along.
    Stopped,
}

/// What a task gets at.
pub enum Access<'a, S> {
    /// The machine itself.
    Real(&'a mut dyn System),
    /// Its prediction.
    Check(&'a mut Overlay<S>),
}

/// The machine that this program runs on.
#[derive(Default)]
pub struct ThisMachine {
    prediction: Mutex<Option<Overlay<Os>>>,
}

impl Machine for ThisMachine {
    type System = Os;

    fn with<T>(&self, check: bool, cancel: &Cancel, temp_dir: Option<&Path>, act: impl FnOnce(Access<'_, Os>) -> T) -> system::Result<T> {
        let mut os = match temp_dir {
            Some(dir) => Os::with_scratch_in(cancel.clone(), dir.to_owned()),
            None => Os::new(cancel.clone()),
        };
        if !check {
            return Ok(act(Access::Real(&mut os)));
        }
        // Predictions build on each other, so they are made one after another.
        let mut prediction = self.prediction.lock().unwrap_or_else(PoisonError::into_inner);
        let overlay = match &mut *prediction {
            Some(overlay) => {
                *overlay.inner_mut() = os;
                overlay
            }
            none => none.insert(Overlay::new(os, temp_dir.map_or_else(std::env::temp_dir, Path::to_owned))),
        };
        Ok(act(Access::Check(overlay)))
    }
}
