//! Reports for programs.

use std::io::Write;

use serde_json::{Value, json};

use crate::event::{Event, Sink};

/// One event per line, as it happens.
pub struct Lines {
    out: Box<dyn Write + Send>,
}

impl Lines {
    /// Writes to `out`.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out }
    }
}

impl Sink for Lines {
    fn event(&mut self, event: &Event) {
        if let Ok(line) = serde_json::to_string(event) {
            let _ = writeln!(self.out, "{line}");
            let _ = self.out.flush();
        }
    }
}

/// One document when the run is over: `plays` with their `tasks` and per host results, and `stats`, in the shape of
/// Ansible's `json` output.
pub struct Document {
    out: Box<dyn Write + Send>,
    plays: Vec<Value>,
}

impl Document {
    /// Writes to `out`.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, plays: Vec::new() }
    }

    fn tasks(&mut self) -> Option<&mut Vec<Value>> {
        self.plays.last_mut()?.get_mut("tasks")?.as_array_mut()
    }
}

impl Sink for Document {
    fn event(&mut self, event: &Event) {
        match event {
            Event::PlayStarted { name, .. } => self.plays.push(json!({"play": {"name": name}, "tasks": []})),
            Event::TaskStarted { task, .. } => {
                let entry = json!({
                    "task": {"id": task.id, "name": task.name, "role": task.role, "path": task.place, "action": task.module},
                    "hosts": {},
                });
                if let Some(tasks) = self.tasks() {
                    tasks.push(entry);
                }
            }
            Event::HostDone { host, task, result, status, .. } => {
                let id = *task;
                let mut result = result.clone();
                result.insert("status".to_owned(), json!(status));
                let entry = self.tasks().and_then(|tasks| tasks.iter_mut().rev().find(|entry| entry["task"]["id"] == json!(id)));
                if let Some(hosts) = entry.and_then(|entry| entry.get_mut("hosts")).and_then(Value::as_object_mut) {
                    hosts.insert(host.clone(), Value::Object(result));
                }
            }
            Event::RunEnded { recap, custom, .. } => {
                let stats: serde_json::Map<String, Value> = recap
                    .iter()
                    .map(|r| {
                        let counts = json!({
                            "ok": r.ok, "changed": r.changed, "unreachable": r.unreachable, "failures": r.failed,
                            "skipped": r.skipped, "rescued": r.rescued, "ignored": r.ignored,
                        });
                        (r.host.clone(), counts)
                    })
                    .collect();
                let document = json!({"plays": std::mem::take(&mut self.plays), "stats": stats, "custom_stats": custom});
                if let Ok(text) = serde_json::to_string_pretty(&document) {
                    let _ = writeln!(self.out, "{text}");
                }
            }
            _ => {}
        }
    }
}
