//! Where a record and what kconf gives differ.

use serde_json::{Map, Value, json};

use crate::console;

/// Keys of results that are not compared: what went in, times, and texts for people.
const PASSED_OVER: &[&str] = &[
    "invocation",
    "start",
    "end",
    "delta",
    "exception",
    "warnings",
    "deprecations",
    "diff",
    "hint",
    "argument_errors",
    "results_file",
    "ansible_job_id",
];

/// Keys of a task in the background that depend on when one asks.
const JOB: &[&str] = &["attempts", "child_pid", "started", "finished", "timedout", "item", "erased"];

/// The differences, each in one line.
pub fn differences(recorded: &Value, given: &Value, by_host: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |what: &str, wanted: &Value, got: &Value| walk(what, wanted, got, &mut found);
    say("exit", &exit(recorded), &exit(given));
    if exit(recorded) == "refused" && exit(given) == "refused" {
        // How far each came before it gave up says nothing.
        return found;
    }
    let (wanted, got) = (steps(recorded), steps(given));
    if given["stdout"].is_string() {
        // What is printed is all there is.
    } else if by_host {
        say("hosts", &each_host(&wanted), &each_host(&got));
    } else {
        let names = |steps: &[Value]| steps.iter().map(headline).collect::<Vec<_>>();
        let (wanted_names, got_names) = (names(&wanted), names(&got));
        if wanted_names == got_names {
            for ((name, wanted), got) in wanted_names.iter().zip(&wanted).zip(&got) {
                say(name, wanted, got);
            }
        } else {
            say("order", &json!(wanted_names), &json!(got_names));
        }
    }
    let nothing = json!({});
    let stats = |document: &Value| document["stats"].as_object().map_or(nothing.clone(), |stats| json!(stats));
    if !given["stdout"].is_string() {
        say("stats", &stats(recorded), &stats(given));
    }
    let custom = |document: &Value| document["custom"].as_object().map_or(nothing.clone(), |custom| json!(custom));
    say("custom", &custom(recorded), &custom(given));
    say("files", &recorded["files"], &given["files"]);
    if recorded["stdout"].is_string() {
        let shown = |document: &Value| match recorded["steps"].is_array() {
            true => console::reduced(document["stdout"].as_str().unwrap_or_default()),
            false => output(&document["stdout"]),
        };
        say("stdout", &shown(recorded), &shown(given));
    }
    if !found.is_empty() {
        let stderr = given["stderr"].as_str().unwrap_or_default();
        found.extend(stderr.lines().take(12).map(|line| format!("stderr: {line}")));
    }
    found
}

/// The exit code; `refused` when nothing ran.
fn exit(document: &Value) -> Value {
    let ran = steps(document).iter().any(|step| step["task"].is_string());
    let code = &document["exit"];
    if !ran && !document["stdout"].is_string() && *code != json!(0) { "refused".into() } else { code.clone() }
}

/// What was printed: JSON as its value, text as its lines.
fn output(text: &Value) -> Value {
    let text = text.as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|_| text.lines().map(str::trim_end).collect())
}

fn headline(step: &Value) -> String {
    let text = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
    match step.as_object().and_then(|step| step.keys().next()).map(String::as_str) {
        Some("task") if step["handler"] == true => format!("HANDLER {}", text("task")),
        Some("task") => format!("TASK {}", text("task")),
        Some("play") => format!("PLAY {}", text("play")),
        Some("include") => format!("INCLUDE {} {} {}", text("include"), step["label"], step["hosts"]),
        _ => text("note"),
    }
}

/// The steps of a document, with results as they are compared. Neither says when nobody is left to go on.
fn steps(document: &Value) -> Vec<Value> {
    let mut steps: Vec<Value> = document["steps"].as_array().cloned().unwrap_or_default();
    steps.retain(|step| step["note"] != "no hosts left");
    // Of a meta task it is only told on which hosts it was skipped, and why is worded differently.
    for step in steps.iter_mut().filter(|step| is_meta(step)) {
        let hosts = step["hosts"].as_object_mut();
        hosts.into_iter().flat_map(Map::values_mut).for_each(|entry| *entry = entry["status"].take());
    }
    // The oracle announces some meta tasks for each host.
    steps.dedup_by(|next, step| {
        let of_meta = |step: &Value| step["hosts"].as_object().is_some_and(|hosts| hosts.values().all(Value::is_string));
        let same = step["task"].is_string() && step["task"] == next["task"] && of_meta(step) && of_meta(next);
        if let (true, Some(hosts), Some(more)) = (same, step["hosts"].as_object_mut(), next["hosts"].as_object_mut()) {
            hosts.append(more);
        }
        same
    });
    for step in &mut steps {
        if let Some(hosts) = step.get_mut("hosts").and_then(Value::as_array_mut) {
            // Those of an include come in the order in which they were done.
            hosts.sort_by_key(Value::to_string);
        }
        for entry in step.get_mut("hosts").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            compared(entry);
            entry.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten().for_each(compared);
        }
    }
    steps
}

/// Whether a step is a meta task: by its usual name, or by what is told of a host on which it was skipped.
fn is_meta(step: &Value) -> bool {
    const WORDS: &[&str] = &["clear_facts", "clear_host_errors", "end_batch", "end_host", "end_play", "end_role", "flush_handlers"];
    let named = step["task"].as_str().is_some_and(|task| task == "meta" || task.ends_with(" : meta"));
    let told = |entry: &Value| {
        let message = entry["result"]["msg"].as_str().unwrap_or_default();
        entry["status"] == "skipped" && message.split(' ').next().is_some_and(|word| WORDS.contains(&word))
    };
    named || step["hosts"].as_object().is_some_and(|hosts| !hosts.is_empty() && hosts.values().all(told))
}

/// Takes out of a result what is not compared.
fn compared(entry: &mut Value) {
    let bad = matches!(entry["status"].as_str(), Some("failed" | "unreachable"));
    let hidden = entry["result"].get("censored").is_some();
    if let Some(label) = entry.get_mut("label").filter(|_| hidden) {
        *label = "(hidden)".into();
    }
    let Some(result) = entry.get_mut("result").and_then(Value::as_object_mut) else { return };
    let is_file = result.get("state").is_some_and(|state| state == "file");
    if let Some(period) = result.get_mut("timedout").and_then(Value::as_object_mut) {
        period.remove("frame");
    }
    if let Some(Value::String(line)) = result.get_mut("cmd") {
        without_remote_shell(line);
    }
    if result.contains_key("ansible_job_id") {
        // How often one had to ask, what a job that gave nothing printed, and the answer to a clean-up beyond that it was made.
        result.retain(|key, value| !JOB.contains(&key.as_str()) && *value != json!("") && *value != json!([]) && *value != json!(false));
    }
    result.retain(|key, value| {
        let about_controller = PASSED_OVER.contains(&key.as_str()) || key.starts_with("_ansible_");
        // Failures are worded differently; a case that cares for a message registers it.
        let worded = bad && matches!(key.as_str(), "msg" | "module_stdout" | "module_stderr" | "reason");
        // What the status says already, and the words that stand for a hidden result.
        let said = matches!(key.as_str(), "failed" | "skipped" | "unreachable" | "results" | "censored");
        let temporary = *value == json!("<temporary>");
        // The file of a `copy` while it is on its way.
        let on_its_way = key == "src" && is_file;
        // What did not run changed nothing.
        let unchanged = bad && key == "changed" && *value == json!(false);
        !on_its_way && !unchanged && !about_controller && !worded && !said && !temporary
    });
}

/// Takes out of a command line of `rsync` by what it reaches the host: that is kconf itself.
fn without_remote_shell(line: &mut String) {
    const SHELL: &str = " --rsh=";
    let Some(at) = line.find(SHELL) else { return };
    let word = &line[at + SHELL.len()..];
    let length = match word.strip_prefix('\'') {
        Some(quoted) => quoted.find('\'').map_or(word.len(), |end| end + 2),
        None => word.find(' ').unwrap_or(word.len()),
    };
    line.replace_range(at..at + SHELL.len() + length, "");
}

/// What each host went through.
fn each_host(steps: &[Value]) -> Value {
    let mut hosts: std::collections::BTreeMap<String, Vec<Value>> = std::collections::BTreeMap::new();
    for step in steps {
        for (host, entry) in step["hosts"].as_object().into_iter().flatten() {
            hosts.entry(host.clone()).or_default().push(json!({headline(step): entry}));
        }
    }
    json!(hosts)
}

fn walk(at: &str, wanted: &Value, got: &Value, found: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            let keys = wanted.keys().chain(got.keys().filter(|key| !wanted.contains_key(*key)));
            for key in keys {
                let missing = Value::from("(nothing)");
                let (wanted, got) = (wanted.get(key).unwrap_or(&missing), got.get(key).unwrap_or(&missing));
                walk(&format!("{at} > {key}"), wanted, got, found);
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (number, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                walk(&format!("{at}[{number}]"), wanted, got, found);
            }
        }
        _ if wanted == got => {}
        _ => {
            found.push(format!("{at}\n      oracle: {wanted}\n      kconf:  {got}"));
        }
    }
}
