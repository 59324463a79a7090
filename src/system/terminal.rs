//! Commands that are talked to on a terminal.

use std::time::Duration;

use crate::base::Secret;

use super::Result;

/// Rows and columns of such a terminal.
pub const SIZE: (u16, u16) = (24, 80);
/// How long an answer is held back: a program that asks for a password throws away what came before it had switched the echo off.
pub const HESITATION: Duration = Duration::from_millis(50);

/// The terminal of a command, and how long it is listened to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Whether the terminal shows what is answered.
    pub echo: bool,
    /// How long to wait for something to answer, or for the end; counts from the start and from each answer on. `None`: without end.
    pub patience: Option<Duration>,
}

/// Gets what the command wrote since the last call and says what is answered, if anything. When it answers it is called again, with nothing
/// new. An error ends the command.
pub type Listener<'a> = dyn FnMut(&[u8]) -> Result<Option<Secret>> + 'a;

/// What came of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversed {
    /// The command ended with this exit code; `-N` when signal `N` ended it.
    Ended(i32),
    /// There was nothing to answer for too long. The command was ended with everything it started.
    TooLong,
    /// Check mode: it did not run.
    WouldRun,
}
