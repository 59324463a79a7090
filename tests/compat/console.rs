//! What is printed during a run, reduced to what scripts look for: banners, the line of each host, results, the recap.

use serde_json::{Value, json};

/// Lines of a report that say what came of a host.
const HEADS: &[&str] = &[
    "ok: ",
    "changed: ",
    "skipping: ",
    "fatal: ",
    "failed: ",
    "included: ",
    "FAILED - RETRYING",
    "...ignoring",
    "PLAY",
    "TASK",
    "RUNNING",
];

/// Keys that differ in every run, or word a failure.
const NOT_COMPARED: &[&str] = &["delta", "start", "end", "msg", "stderr", "stderr_lines"];

/// The banners in order, under each what came of its hosts, in whatever order they came.
pub fn reduced(text: &str) -> Value {
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    let mut in_recap = false;
    for line in text.lines().map(str::trim_end) {
        let banner = ["PLAY", "TASK", "RUNNING HANDLER"].iter().any(|word| line.starts_with(word));
        if banner {
            in_recap = line.starts_with("PLAY RECAP");
            blocks.push((line.to_owned(), Vec::new()));
            continue;
        }
        let Some((_, entries)) = blocks.last_mut() else { continue };
        if in_recap && line.contains(" : ok=") {
            entries.push(line.to_owned());
        } else if line == "...ignoring" || line.starts_with("    \"") || line == "}" || line.starts_with("        ") {
            // Belongs to the line before it.
            if let Some(last) = entries.last_mut() {
                let continued = line == "...ignoring" || line == "}" || last.contains("=> {");
                if continued && !last.ends_with("\n}") {
                    last.push('\n');
                    last.push_str(line);
                }
            }
        } else if HEADS.iter().any(|head| line.starts_with(head)) {
            entries.push(head_and_result(line));
        }
    }
    for (_, entries) in &mut blocks {
        entries.sort();
    }
    blocks.into_iter().map(|(banner, entries)| json!([banner, entries])).collect()
}

/// The line with what is not compared taken out of the result that it shows.
fn head_and_result(line: &str) -> String {
    if line.starts_with("skipping: ") {
        // Why is worded differently, and said without `-v` too.
        let parts: Vec<&str> = line.split(" => ").collect();
        let item = parts.get(1).filter(|part| part.starts_with("(item=")).map(|part| format!(" => {part}"));
        return format!("{}{}", parts[0], item.unwrap_or_default());
    }
    let Some((head, result)) = line.split_once(" => {") else { return line.to_owned() };
    match serde_json::from_str::<Value>(&format!("{{{result}")) {
        Ok(Value::Object(mut result)) => {
            result.retain(|key, _| !NOT_COMPARED.contains(&key.as_str()));
            let keys: Vec<String> = result.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{head} => {}", keys.join(" "))
        }
        _ => line.to_owned(),
    }
}
