//! Log lines in the original's shape: `INFO[11/22,10:13:58 Z] [lab] message  key=value`.
//!
//! They go to stderr, or to the file of `--log.file`. Levels: 0 crit, 1 error, 2 warn, 3 info, 4 debug.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::clock;
use crate::sync::lock;

static VERBOSITY: AtomicU8 = AtomicU8::new(3);
static SINK: Mutex<Option<File>> = Mutex::new(None);

/// Key and value pairs after the message.
pub type Fields<'a> = &'a [(&'a str, &'a dyn Display)];

/// Sets the highest level that is written.
pub fn set_verbosity(level: u8) {
    VERBOSITY.store(level, Ordering::Relaxed);
}

/// Sends everything from here on to the end of `path` instead of stderr.
pub fn set_file(path: &Path) -> Result<(), String> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file.map_err(|e| format!("failed to open log file `{}`: {e}", path.display()))?;
    *lock(&SINK) = Some(file);
    Ok(())
}

pub fn error(message: &str, fields: Fields) {
    emit(1, "ERROR", message, fields);
}

pub fn warn(message: &str, fields: Fields) {
    emit(2, "WARN", message, fields);
}

pub fn info(message: &str, fields: Fields) {
    emit(3, "INFO", message, fields);
}

pub fn debug(message: &str, fields: Fields) {
    emit(4, "DEBUG", message, fields);
}

/// Writes the line and ends the process with status 1, as the original's `Crit` does.
pub fn crit(message: &str, fields: Fields) -> ! {
    emit(0, "CRIT", message, fields);
    std::process::exit(1)
}

fn emit(level: u8, name: &str, message: &str, fields: Fields) {
    if level > VERBOSITY.load(Ordering::Relaxed) {
        return;
    }
    let mut line = format!("{name}[{} Z] [lab] {message}", clock::month_day_time(clock::now_ms() / 1000));
    for (key, value) in fields {
        let value = value.to_string();
        let quote = value.is_empty() || value.contains([' ', '"', '=']);
        line += &if quote { format!(" {key}={value:?}") } else { format!(" {key}={value}") };
    }
    line.push('\n');
    // A log that cannot be written has nowhere to be reported.
    let _ = match lock(&SINK).as_mut() {
        Some(file) => file.write_all(line.as_bytes()),
        None => std::io::stderr().write_all(line.as_bytes()),
    };
}
