//! What a module answers.

use serde_json::{Map, Value};

use crate::system;

/// The key of a result under which a module lists texts that it learned and that must not be shown. The controller takes it out of the
/// result and masks them wherever results are shown from then on; templates see them as they are.
pub const SECRETS: &str = "_secrets";

/// The result of a module.
pub type ModuleResult = Result<Outcome, Failure>;

/// A module that did what it was asked.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Whether the machine changed. `None`: exactly if the module made a change through its `System`, which is right for nearly all modules.
    pub changed: Option<bool>,
    /// There was nothing to do under the conditions given (`creates:` exists); shown as skipped.
    pub skipped: bool,
    /// The keys of the result that the module documents.
    pub result: Map<String, Value>,
    /// Warnings for the person who runs it.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// An empty result.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key of the result.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.result.insert(name.to_owned(), value.into());
        self
    }

    /// Says whether it changed, whatever was done through the `System`.
    #[must_use]
    pub fn changed(mut self, changed: bool) -> Self {
        self.changed = Some(changed);
        self
    }

    /// Adds a warning.
    #[must_use]
    pub fn warn(mut self, text: impl Into<String>) -> Self {
        self.warnings.push(text.into());
        self
    }
}

/// A module that could not do what it was asked.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// What happened and why, for a person: becomes `msg`.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
    /// Keys of the result (`rc`, `stdout`, `stderr`, …).
    pub result: Map<String, Value>,
    /// Check mode only: it did not fail, but what it would do depends on something that is known only after the real run
    /// ([`system::ErrorKind::Unpredictable`]); reported as "would run".
    pub unpredictable: bool,
}

impl Failure {
    /// With this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// Sets a key of the result.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.result.insert(name.to_owned(), value.into());
        self
    }

    /// What to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Something is missing on the machine. In check mode, when something may put it there that nobody foresees, it is not known what the
    /// task would do.
    #[must_use]
    pub fn missing_on(self, system: &dyn system::System) -> Self {
        match system.doubt() {
            None => self,
            Some(doubt) => Self { message: format!("{}; {doubt} may change that", self.message), unpredictable: true, ..self },
        }
    }

    /// A command failed: `message`, with `cmd`, `rc`, `stdout` and `stderr` of it.
    pub fn command(message: impl Into<String>, argv: &[String], output: &system::Output) -> Self {
        Self::new(message)
            .with("cmd", argv.to_vec())
            .with("rc", output.rc)
            .with("stdout", output.stdout_text())
            .with("stderr", output.stderr_text())
    }
}

impl From<system::Error> for Failure {
    fn from(error: system::Error) -> Self {
        Self { unpredictable: error.kind == system::ErrorKind::Unpredictable, ..Self::new(error.to_string()) }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::fake::Fake;
    use crate::system::{Command, Overlay, System};

    #[test]
    fn what_is_missing_is_unknown_once_anything_may_have_happened() {
        let mut machine = Overlay::new(Fake::new(), std::env::temp_dir());
        let sure = Failure::new("no directory").missing_on(&machine);
        assert!(!sure.unpredictable);
        machine.execute(&Command::new(["make"]), &mut |_, _| {}).expect("is recorded");
        let unsure = Failure::new("no directory").missing_on(&machine);
        assert!(unsure.unpredictable);
        assert_eq!(unsure.message, "no directory; the command `make`, which an earlier task would run, may change that");
    }
}
