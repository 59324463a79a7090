//! The one way out: messages of all threads, one at a time.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use crate::wire::{Message, WireError, write_message};

/// Where messages to the controller go.
pub(super) struct Output(Mutex<Box<dyn Write + Send>>);

impl Output {
    pub(super) fn new(stream: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(stream)))
    }

    /// Sends a message. Waits while the controller does not read.
    ///
    /// # Errors
    /// [`WireError::TooLarge`] when the message cannot be sent; any other error means that the controller is gone.
    pub(super) fn send(&self, message: &Message) -> Result<(), WireError> {
        // A thread that panicked while it held the lock was within `write_all`; the stream is then out of step, which the
        // controller notices by itself.
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write_message(&mut *stream, message)
    }
}
