//! Counts what the tests of modules did, for the table that `tests/module-table` prints: a line `MODULE WHAT` for each, appended to the
//! file that `KCONF_MODULE_TALLY` names; nothing without it.

use std::fs::OpenOptions;
use std::io::Write;

/// One case of a module.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// It was applied.
    Applied,
    /// What check mode said came true.
    Predicted,
    /// It did the same by system calls and through a shell.
    Twins,
    /// Arguments were refused.
    Refused,
}

/// Counts one.
pub(super) fn count(module: &str, what: What) {
    let Some(path) = std::env::var_os("KCONF_MODULE_TALLY") else { return };
    let word = match what {
        What::Applied => "applied",
        What::Predicted => "predicted",
        What::Twins => "twins",
        What::Refused => "refused",
    };
    let line = format!("{module} {word}\n");
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the tally can be written");
}
