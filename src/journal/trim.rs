//! What of an event is kept: what a person or a report may ask for later, not what only weighs, and no secret of the command line.

use serde_json::{Map, Value};

use crate::base::secret::MASK;
use crate::event::Event;

/// Bytes of a text that are kept; of longer ones, beginning and end.
const LONGEST_TEXT: usize = 128 * 1024;

/// The event as it is written, without any of `secrets`; `None`: it is left out.
pub fn kept(event: &Event, secrets: &[String]) -> Option<Event> {
    // The lines come again with the result.
    if matches!(event, Event::Live { .. }) {
        return None;
    }
    let mut event = event.clone();
    match &mut event {
        Event::HostDone { result, looped, diagnostic, .. } => {
            trim(result);
            // The items were reported one by one.
            if *looped {
                result.remove("results");
            }
            hide_in(result.values_mut(), secrets);
            diagnostic.iter_mut().for_each(|text| hide(text, secrets));
        }
        Event::Item { result, label, diagnostic, .. } => {
            trim(result);
            hide_in(result.values_mut(), secrets);
            diagnostic.iter_mut().chain([label]).for_each(|text| hide(text, secrets));
        }
        Event::Retry { result, .. } => {
            trim(result);
            hide_in(result.values_mut(), secrets);
        }
        Event::TaskStarted { task, .. } => {
            hide_in(task.args.values_mut(), secrets);
            hide(&mut task.name, secrets);
        }
        Event::Included { what, label, .. } => label.iter_mut().chain([what]).for_each(|text| hide(text, secrets)),
        Event::Warning { text, .. } => hide(text, secrets),
        Event::RunEnded { custom, .. } => hide_in(custom.values_mut(), secrets),
        _ => {}
    }
    Some(event)
}

fn hide(text: &mut String, secrets: &[String]) {
    for secret in secrets {
        if text.contains(secret.as_str()) {
            *text = text.replace(secret.as_str(), MASK);
        }
    }
}

fn hide_in<'v>(values: impl Iterator<Item = &'v mut Value>, secrets: &[String]) {
    if secrets.is_empty() {
        return;
    }
    for value in values {
        match value {
            Value::String(text) => hide(text, secrets),
            Value::Array(items) => hide_in(items.iter_mut(), secrets),
            Value::Object(map) => hide_in(map.values_mut(), secrets),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn trim(result: &mut Map<String, Value>) {
    // Tens of kilobytes for each host, which no report shows.
    result.remove("ansible_facts");
    for text in ["stdout", "stderr"] {
        if result.contains_key(text) {
            result.remove(&format!("{text}_lines"));
        }
    }
    result.values_mut().for_each(shorten);
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => {
            let half = LONGEST_TEXT / 2;
            let (head, tail) = (text.floor_char_boundary(half), text.ceil_char_boundary(text.len() - half));
            *text = format!("{}\n… {} bytes are not in the journal …\n{}", &text[..head], tail - head, &text[tail..]);
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(map) => map.values_mut().for_each(shorten),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;
    use serde_json::json;

    fn kept_of(result: Value, looped: bool) -> Value {
        let event = Event::HostDone {
            host: "a".to_owned(),
            delegated_to: None,
            task: 1,
            status: Status::Ok,
            ignored: false,
            looped,
            result: result.as_object().cloned().unwrap(),
            diagnostic: None,
            took_ms: 0,
        };
        let Some(Event::HostDone { result, .. }) = kept(&event, &["hunter2".to_owned()]) else { panic!("left out") };
        Value::Object(result)
    }

    #[test]
    fn facts_and_what_stands_twice_are_left_out() {
        let result =
            json!({"ansible_facts": {"a": 1}, "stdout": "x\ny", "stdout_lines": ["x", "y"], "stderr_lines": ["z"], "results": [1]});
        assert_eq!(kept_of(result.clone(), false), json!({"stdout": "x\ny", "stderr_lines": ["z"], "results": [1]}));
        assert_eq!(kept_of(result, true), json!({"stdout": "x\ny", "stderr_lines": ["z"]}));
        assert!(kept(&Event::Live { host: "a".to_owned(), task: 1, line: "x".to_owned() }, &[]).is_none());
    }

    #[test]
    fn secrets_of_the_command_line_are_hidden() {
        let result = json!({"cmd": ["db", "-phunter2"], "diff": [{"after": "pw=hunter2\n"}], "hunter2": 1});
        assert_eq!(kept_of(result, false), json!({"cmd": ["db", "-p********"], "diff": [{"after": "pw=********\n"}], "hunter2": 1}));
    }

    #[test]
    fn long_texts_keep_beginning_and_end() {
        let text = format!("first{}last", "ü".repeat(LONGEST_TEXT));
        let result = kept_of(json!({"diff": [{"after": text}]}), false);
        let kept = result["diff"][0]["after"].as_str().unwrap();
        assert!(kept.len() < LONGEST_TEXT + 100 && kept.starts_with("first") && kept.ends_with("last"));
        assert!(kept.contains(" bytes are not in the journal "));
    }
}
