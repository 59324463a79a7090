//! Exit codes. They are part of the interface: scripts rely on them. 0, 2, 4, 5, 99 and 250 are Ansible's.

use crate::base::{Diagnostic, Diagnostics};

/// Everything went well.
pub const OK: u8 = 0;
/// Something could not even begin: a file that cannot be read, no credentials, an inventory source that fails.
pub const CANNOT_START: u8 = 1;
/// A task failed on at least one host.
pub const TASK_FAILED: u8 = 2;
/// The playbook, a role or the inventory has errors; no host was touched.
pub const INVALID: u8 = 3;
/// At least one host could not be reached (and no task failed).
pub const UNREACHABLE: u8 = 4;
/// The command line makes no sense.
pub const BAD_COMMAND_LINE: u8 = 5;
/// Ctrl-C or a signal ended the run; what ran on hosts was ended too.
pub const INTERRUPTED: u8 = 99;
/// A defect of kconf.
pub const INTERNAL: u8 = 250;

/// A command that ends early: what to say and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// What to say.
    pub diagnostics: Diagnostics,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// With the code [`INVALID`].
    pub fn invalid(diagnostics: impl Into<Diagnostics>) -> Self {
        Self { diagnostics: diagnostics.into(), code: INVALID }
    }

    /// With the code [`BAD_COMMAND_LINE`].
    pub fn usage(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: diagnostic.into(), code: BAD_COMMAND_LINE }
    }
}

/// With the code [`CANNOT_START`].
impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: diagnostic.into(), code: CANNOT_START }
    }
}
