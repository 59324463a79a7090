//! What can be said about one result.

use serde::Serialize;
use serde_json::{Map, Value};

use super::clean;
use crate::event::Status;
use crate::report::detail;

/// See the module documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What came of it.
    pub status: Status,
    /// Of a failure: why. Of a task that was skipped: why, where its condition does not say it. Of `debug`: its message.
    pub lines: Vec<String>,
    /// What a command wrote to standard output, unless `lines` has it all.
    pub stdout: String,
    /// What a command wrote to standard error, unless `lines` has it all.
    pub stderr: String,
    /// The exit code of a command.
    pub rc: Option<i64>,
    /// Differences as unified text, one for each changed thing.
    pub diffs: Vec<String>,
    /// Warnings of the module.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// From what an event tells.
    pub fn new(status: Status, module: &str, result: &Map<String, Value>, diagnostic: Option<&str>) -> Self {
        let is_bad = matches!(status, Status::Failed | Status::Unreachable);
        let lines = match status {
            Status::Failed | Status::Unreachable => detail::failure(result, diagnostic),
            Status::Skipped => detail::reason(result).map(str::to_owned).into_iter().collect(),
            Status::Ok | Status::Changed => said(module, result),
        };
        let lines: Vec<String> = lines.iter().flat_map(|line| clean(line).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        let output = |key: &str| {
            let text = result.get(key).and_then(Value::as_str).filter(|_| result.contains_key("rc")).unwrap_or_default();
            let text = clean(text.trim_end());
            let is_said = is_bad && text.lines().all(|line| lines.iter().any(|said| said.trim() == line.trim()));
            if is_said { String::new() } else { text }
        };
        let (stdout, stderr) = (output("stdout"), output("stderr"));
        let warnings = result.get("warnings").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        Self {
            status,
            stdout,
            stderr,
            rc: result.get("rc").and_then(Value::as_i64),
            diffs: detail::diffs(result).iter().map(|diff| clean(diff)).collect(),
            warnings: warnings.map(clean).collect(),
            lines,
        }
    }

    /// Failed or unreachable.
    pub fn is_bad(&self) -> bool {
        matches!(self.status, Status::Failed | Status::Unreachable)
    }

    /// The first line of the reason, for where there is room for one.
    pub fn headline(&self) -> &str {
        self.lines.first().map_or("", String::as_str)
    }
}

/// The message of `debug` and the like.
fn said(module: &str, result: &Map<String, Value>) -> Vec<String> {
    let text = match result.get("msg").and_then(Value::as_str) {
        Some(text) if module.rsplit('.').next() == Some("debug") => Some(text.to_owned()),
        _ => detail::message(module, result, false),
    };
    text.into_iter().collect()
}
