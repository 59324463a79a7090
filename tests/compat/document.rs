//! kconf's events as a document of the form that `oracle/compat.py` writes.

use serde_json::{Map, Value, json};

/// Makes the document of a run from its events, one per line.
pub fn from_events(lines: &str) -> Map<String, Value> {
    let mut document = Document::default();
    for line in lines.lines() {
        match serde_json::from_str(line) {
            Ok(event) => document.event(&event),
            Err(error) => panic!("`{line}` is no event: {error}"),
        }
    }
    let mut steps = document.steps;
    for step in steps.iter_mut().filter_map(Value::as_object_mut) {
        step.remove("id");
    }
    Map::from_iter([
        ("steps".to_owned(), Value::Array(steps)),
        ("stats".to_owned(), Value::Object(document.stats)),
        ("custom".to_owned(), document.custom),
    ])
}

#[derive(Default)]
struct Document {
    steps: Vec<Value>,
    stats: Map<String, Value>,
    custom: Value,
}

impl Document {
    fn event(&mut self, event: &Value) {
        match event["event"].as_str().unwrap_or_default() {
            "play_started" => self.steps.push(json!({"play": event["name"]})),
            "no_hosts_matched" => {
                self.steps.push(json!({"play": event["play"]}));
                self.steps.push(json!({"note": "no hosts matched"}));
            }
            "no_hosts_left" => self.steps.push(json!({"note": "no hosts left"})),
            "task_started" => {
                let task = &event["task"];
                let name = match task["role"].as_str() {
                    Some(role) => format!("{role} : {}", task["name"].as_str().unwrap_or_default()),
                    None => task["name"].as_str().unwrap_or_default().to_owned(),
                };
                self.steps.push(json!({"task": name, "handler": task["handler"], "id": task["id"], "hosts": {}}));
            }
            "included" => {
                self.steps.push(json!({"include": event["what"], "label": event["label"], "hosts": event["hosts"]}));
            }
            "item" => {
                let item = json!({"status": event["status"], "label": event["label"], "result": event["result"]});
                if let Some(items) = self.entry(event).and_then(|entry| entry["items"].as_array_mut()) {
                    items.push(item);
                }
            }
            "host_done" => {
                if let Some(entry) = self.entry(event) {
                    entry.insert("status".to_owned(), event["status"].clone());
                    if event["ignored"] == true {
                        entry.insert("ignored".to_owned(), true.into());
                    }
                    let looped = entry["items"].as_array().is_some_and(|items| !items.is_empty());
                    if event["delegated_to"].is_string() && !looped {
                        entry.insert("delegated_to".to_owned(), event["delegated_to"].clone());
                    }
                    entry.insert("result".to_owned(), event["result"].clone());
                }
            }
            "run_ended" => {
                for counts in event["recap"].as_array().into_iter().flatten() {
                    let host = counts["host"].as_str().unwrap_or_default();
                    let stats = json!({
                        "ok": counts["ok"], "failures": counts["failed"], "unreachable": counts["unreachable"],
                        "changed": counts["changed"], "skipped": counts["skipped"], "rescued": counts["rescued"],
                        "ignored": counts["ignored"],
                    });
                    self.stats.insert(host.to_owned(), stats);
                }
                self.custom = event["custom"].clone();
            }
            _ => {}
        }
    }

    /// The entry of the event's host at the event's task.
    fn entry(&mut self, event: &Value) -> Option<&mut Map<String, Value>> {
        let host = event["host"].as_str()?;
        let step = self.steps.iter_mut().rev().find(|step| step["id"] == event["task"])?;
        let hosts = step["hosts"].as_object_mut()?;
        hosts.entry(host.to_owned()).or_insert_with(|| json!({"items": []})).as_object_mut()
    }
}
