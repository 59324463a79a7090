//! Open files: the original raises the soft limit and refuses to run on too few.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// What the database needs at least.
const MINIMUM: u64 = 2048;

/// Raises the soft limit to the hard one and checks it.
pub fn raise_open_files() -> Result<(), String> {
    let fail = |e| format!("failed to read or raise the limit of open files: {e}");
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(fail)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_err(fail)?;
    if hard < MINIMUM {
        return Err(format!("open files limit {hard} is too low, the database needs at least {MINIMUM}"));
    }
    Ok(())
}
