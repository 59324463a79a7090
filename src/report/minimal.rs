//! What came of one module on each host, and nothing else: the output of `ansible`, which scripts parse.

use std::collections::HashMap;
use std::io::Write;

use serde_json::{Map, Value};

use super::{detail, json_text};
use crate::event::{Event, Sink, Status};

/// See the module documentation.
pub struct Minimal {
    out: Box<dyn Write + Send>,
    /// Each result on one line.
    one_line: bool,
    modules: HashMap<u64, String>,
}

/// Modules whose output is that of a command.
const COMMANDS: &[&str] = &["command", "shell", "script", "raw"];

impl Minimal {
    /// Writes to `out`; each result on one line when `one_line`.
    pub fn new(out: Box<dyn Write + Send>, one_line: bool) -> Self {
        Self { out, one_line, modules: HashMap::new() }
    }

    fn result(&self, host: &str, status: Status, task: u64, result: &Map<String, Value>) -> String {
        let word = match status {
            Status::Ok => "SUCCESS",
            Status::Changed => "CHANGED",
            Status::Skipped => return format!("{host} | SKIPPED"),
            Status::Failed => "FAILED",
            Status::Unreachable => "UNREACHABLE",
        };
        let module = self.modules.get(&task).map(String::as_str).unwrap_or_default();
        let short = module.rsplit('.').next().unwrap_or_default();
        if COMMANDS.contains(&short) && result.contains_key("rc") {
            return self.output(host, word, result);
        }
        let mark = if matches!(status, Status::Failed | Status::Unreachable) { "!" } else { "" };
        let mut shown = detail::public(result);
        if let (Some(shown), "debug") = (shown.as_object_mut(), short) {
            shown.remove("changed");
        }
        let text = if self.one_line { json_text::line(&shown) } else { json_text::lines(&shown) };
        format!("{host} | {word}{mark} => {text}")
    }

    fn output(&self, host: &str, word: &str, result: &Map<String, Value>) -> String {
        let text = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or_default();
        let code = result.get("rc").map(Value::to_string).unwrap_or_default();
        if self.one_line {
            let flat = |key: &str| text(key).replace('\n', "\\n").replace('\r', "\\r");
            let stderr = if text("stderr").is_empty() { String::new() } else { format!(" (stderr) {}", flat("stderr")) };
            return format!("{host} | {word} | rc={code} | (stdout) {}{stderr}", flat("stdout"));
        }
        let (stdout, stderr) = (text("stdout"), text("stderr"));
        // Without anything between them: that is how it is parsed.
        format!("{host} | {word} | rc={code} >>\n{stdout}{stderr}{}", text("msg"))
    }
}

impl Sink for Minimal {
    fn event(&mut self, event: &Event) {
        let line = match event {
            Event::TaskStarted { task, .. } => {
                self.modules.insert(task.id, task.module.clone());
                return;
            }
            Event::HostDone { host, task, status, result, .. } => self.result(host, *status, *task, result),
            _ => return,
        };
        // A closed pipe ends the program elsewhere.
        let _ = writeln!(self.out, "{line}");
        let _ = self.out.flush();
    }
}
