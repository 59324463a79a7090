//! Commands and what comes of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Secret;

/// A command to start. No shell is involved unless `argv` names one.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The directory to start it in.
    pub cwd: Option<PathBuf>,
    /// Variables set on top of the environment of the process.
    pub env: BTreeMap<String, String>,
    /// What it reads from standard input; nothing when `None`.
    pub stdin: Option<Vec<u8>>,
    /// A text on standard input that must not be seen (a password); goes before `stdin`.
    pub secret_stdin: Option<Secret>,
    /// When to give up and end it with everything it started.
    pub timeout: Option<Duration>,
    /// The file mode creation mask it runs with.
    pub umask: Option<u32>,
}

impl Command {
    /// The program and its arguments.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// `executable -c script`, `/bin/sh` by default.
    pub fn shell(script: impl Into<String>) -> Self {
        Self::new(["/bin/sh".to_owned(), "-c".to_owned(), script.into()])
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }
}

/// What a finished command left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The exit code; `-N` when signal `N` ended it, as Ansible shows it.
    pub rc: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Whether the exit code is 0.
    pub fn success(&self) -> bool {
        self.rc == 0
    }

    /// Standard output as text; bytes that are not UTF-8 become U+FFFD.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text; bytes that are not UTF-8 become U+FFFD.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// What came of a command whose effects nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executed {
    /// It ran.
    Done(Output),
    /// Check mode: it did not run.
    WouldRun,
}

/// Where live output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Receives output while a command runs.
pub type LiveSink<'a> = dyn FnMut(Stream, &[u8]) + Send + 'a;
