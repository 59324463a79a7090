//! What is shown of one result: the message of a failure, command output, differences.

use serde_json::{Map, Value};

use super::json_text;
use crate::yaml::{Layout, to_yaml};

/// Keys that say nothing a person needs beside the message.
const HIDDEN: [&str; 8] = ["changed", "failed", "invocation", "diff", "warnings", "stdout_lines", "stderr_lines", "_ansible_no_log"];

/// How much of an argument is shown.
const MOST_CHARS: usize = 100;
/// What stands where more would be shown.
const CUT: &str = " …";

/// The lines that explain a failure: message (the `diagnostic` of the controller when there is one), output of the command, arguments,
/// hint.
pub fn failure(result: &Map<String, Value>, diagnostic: Option<&str>) -> Vec<String> {
    if let Some(diagnostic) = diagnostic {
        return diagnostic.lines().map(str::to_owned).collect();
    }
    if let Some(why) = result.get("censored").and_then(Value::as_str) {
        return vec![why.to_owned()];
    }
    let mut lines = Vec::new();
    let text = |key: &str| result.get(key).and_then(Value::as_str).map(str::trim_end).filter(|t| !t.is_empty());
    if let Some(errors) = result.get("argument_errors").and_then(Value::as_array) {
        let role = result.get("validate_args_context").and_then(|context| context.get("name")?.as_str());
        lines.push(match role {
            Some(role) => format!("the arguments of the role `{role}` do not fit its specification:"),
            None => "the arguments do not fit the specification:".to_owned(),
        });
        lines.extend(errors.iter().map(|error| format!("  {}", short(error))));
        return lines;
    }
    match text("msg") {
        Some(msg) => lines.extend(msg.lines().map(str::to_owned)),
        None if result.get("failed_when_result") == Some(&Value::Bool(true)) => {
            lines.push("the condition of `failed_when` holds".to_owned())
        }
        None if result.contains_key("results") => lines.push("one or more items failed".to_owned()),
        None => lines.push("failed without a message".to_owned()),
    }
    if let Some(assertion) = result.get("assertion") {
        lines.push(format!("this does not hold: {}", short(assertion)));
    }
    if let Some(attempts) = result.get("attempts").and_then(Value::as_u64).filter(|attempts| *attempts > 1) {
        lines.push(format!("given up after {attempts} attempts"));
    }
    let rc = result.get("rc").and_then(Value::as_i64).filter(|rc| *rc != 0);
    if let Some(rc) = rc.filter(|rc| !lines.iter().any(|line| line.contains(&rc.to_string()))) {
        lines.push(format!("exit code {rc}"));
    }
    for key in ["stderr", "module_stderr", "stdout"] {
        if let Some(output) = text(key) {
            if lines.iter().any(|line| line.contains(output)) {
                continue;
            }
            lines.push(format!("{key}:"));
            lines.extend(last_lines(output, 15));
        }
    }
    lines.extend(arguments(result, &lines.concat()));
    if let Some(hint) = text("hint") {
        lines.push(format!("hint: {hint}"));
    }
    lines
}

/// The arguments the task was done with, unless the lines `said` before show them.
fn arguments(result: &Map<String, Value>, said: &str) -> Vec<String> {
    let Some(given) = result.get("invocation").and_then(|invocation| invocation.get("module_args")?.as_object()) else { return Vec::new() };
    let given: Vec<(&String, String)> =
        given.iter().filter(|(name, _)| *name != "that").map(|(name, value)| (name, short(value))).collect();
    if given.iter().all(|(_, value)| said.contains(value.trim_end_matches(CUT))) {
        return Vec::new();
    }
    let lines = given.into_iter().map(|(name, value)| format!("  {name}: {value}"));
    std::iter::once("arguments:".to_owned()).chain(lines).collect()
}

/// A value on one line that is not too long.
fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text = text.trim_end();
    let line: String = text.lines().next().unwrap_or("").chars().take(MOST_CHARS).collect();
    if line.len() == text.len() { line } else { line + CUT }
}

fn last_lines(text: &str, most: usize) -> Vec<String> {
    let all: Vec<&str> = text.lines().collect();
    let left_out = all.len().saturating_sub(most);
    let mut lines = Vec::new();
    if left_out > 0 {
        lines.push(format!("  … {left_out} more lines above"));
    }
    lines.extend(all.into_iter().skip(left_out).map(|line| format!("  {line}")));
    lines
}

/// The result as one line of JSON without what only the engine needs.
pub fn one_line(result: &Map<String, Value>) -> String {
    json_text::line(&public(result))
}

/// The result as the plain report shows it: on one line, or as YAML below it.
pub fn whole(result: &Map<String, Value>, yaml: bool) -> String {
    if yaml { as_yaml(&public(result)) } else { one_line(result) }
}

/// A value as YAML on lines of its own. What stands twice in the result of a command is left out.
fn as_yaml(value: &Value) -> String {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        for key in ["stdout", "stderr"] {
            if let (true, Some(lines)) = (map.contains_key(key), map.get_mut(&format!("{key}_lines"))) {
                *lines = "<omitted>".into();
            }
        }
    }
    let layout = Layout { indent: 4, width: 1000, sort_keys: true, blocks: true, ..Layout::default() };
    let text = to_yaml(&value, &layout);
    let lines = text.trim_end().lines();
    lines.fold(String::new(), |all, line| if line.is_empty() { all + "\n" } else { all + "\n    " + line })
}

/// The result without what only the engine needs.
pub fn public(result: &Map<String, Value>) -> Value {
    let says_no = |key: &str, value: &Value| matches!(key, "failed" | "skipped") && *value == Value::Bool(false);
    let private = |key: &str| key.starts_with('_') || matches!(key, "invocation" | "failed" | "diff" | "exception" | "hint");
    let shown = result.iter().filter(|(key, value)| !private(key) && !says_no(key, value));
    Value::Object(shown.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// What `debug` and other results with a message show without `-v`.
pub fn message(module: &str, result: &Map<String, Value>, yaml: bool) -> Option<String> {
    if !matches!(module.rsplit('.').next(), Some("debug" | "assert")) {
        return None;
    }
    // What belongs to the loop stands beside it already.
    let about_loop: Vec<&str> = ["ansible_loop_var", "ansible_index_var"]
        .into_iter()
        .flat_map(|key| std::iter::once(key).chain(result.get(key).and_then(Value::as_str)))
        .filter(|_| result.contains_key("ansible_loop_var"))
        .collect();
    let is_debug = module.ends_with("debug");
    let hidden = |key: &str| HIDDEN.contains(&key) && (is_debug || key != "changed");
    let shown: Map<String, Value> = result
        .iter()
        .filter(|(key, _)| !hidden(key) && !key.starts_with('_') && !about_loop.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let shown = Value::Object(shown);
    Some(if yaml { as_yaml(&shown) } else { json_text::lines(&shown) })
}

/// Why a task that was skipped was not run, unless its own condition says it: check mode tells here what would run.
pub fn reason(result: &Map<String, Value>) -> Option<&str> {
    let conditional = result.contains_key("skip_reason") || result.contains_key("results");
    result.get("msg").and_then(Value::as_str).filter(|text| !conditional && !text.is_empty())
}

/// The differences in a result as unified text, one entry per changed thing.
pub fn diffs(result: &Map<String, Value>) -> Vec<String> {
    let entries: Vec<&Value> = match result.get("diff") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(entries)) => entries.iter().collect(),
        Some(entry) => vec![entry],
    };
    entries.into_iter().filter_map(|entry| diff(entry.as_object()?)).collect()
}

fn diff(entry: &Map<String, Value>) -> Option<String> {
    if let Some(prepared) = entry.get("prepared").and_then(Value::as_str) {
        return Some(prepared.trim_end().to_owned());
    }
    let side = |key: &str| match entry.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => serde_json::to_string_pretty(other).map(|t| t + "\n").unwrap_or_default(),
    };
    let (before, after) = (side("before"), side("after"));
    if before == after {
        return None;
    }
    let header = |key: &str, default: &str| match entry.get(key).and_then(Value::as_str) {
        Some(header) => format!("{default}: {header}"),
        None => default.to_owned(),
    };
    let text = similar::TextDiff::from_lines(before.as_str(), after.as_str());
    let unified =
        text.unified_diff().context_radius(3).header(&header("before_header", "before"), &header("after_header", "after")).to_string();
    Some(unified.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_failure_shows_message_output_and_hint() {
        let lines = failure(&map(json!({"msg": "non-zero return code", "rc": 3, "stderr": "no such disk\n", "hint": "attach it"})), None);
        assert_eq!(lines, ["non-zero return code", "exit code 3", "stderr:", "  no such disk", "hint: attach it"]);
    }

    #[test]
    fn arguments_that_the_message_shows_are_not_shown_again() {
        let msg = format!("{}\nsecond line", "long ".repeat(50));
        let with = |args: Value| failure(&map(json!({"msg": msg, "invocation": {"module_args": args}})), None).len();
        assert_eq!(with(json!({"msg": msg})), 2);
        assert_eq!(with(json!({"msg": msg, "other": "not said"})), 5);
    }

    /// As ansible-core prints it with `callback_result_format = yaml`.
    #[test]
    fn results_can_be_yaml() {
        let result =
            map(json!({"stdout": "a\n  b\n\nc \n", "stdout_lines": ["a"], "rc": 0, "_ansible_no_log": false, "list": [1, {"k": "yes"}]}));
        assert_eq!(
            whole(&result, true),
            "\n    list:\n    - 1\n    -   k: 'yes'\n    rc: 0\n    stdout: |-\n        a\n          b\n\n        c\n    stdout_lines: <omitted>"
        );
        assert_eq!(
            message("debug", &map(json!({"msg": " x \ny\tz\u{7}\n", "changed": false})), true).unwrap(),
            "\n    msg: |4-\n         x\n        y       z"
        );
    }

    #[test]
    fn long_output_is_cut_from_the_top() {
        let output: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let lines = failure(&map(json!({"msg": "x", "stderr": output})), None);
        assert_eq!(lines[2], "  … 5 more lines above");
        assert_eq!(lines.last().map(String::as_str), Some("  line 20"));
    }

    #[test]
    fn a_diff_is_unified() {
        let shown = diffs(&map(json!({"diff": [{"before": "a\n", "after": "b\n", "before_header": "/f", "after_header": "/f"}]})));
        assert_eq!(shown, ["--- before: /f\n+++ after: /f\n@@ -1 +1 @@\n-a\n+b"]);
    }
}
