//! What a foreign module printed, as a result.

use serde_json::{Map, Value};

use super::{is_internal, numbers, outcome, tagged};
use crate::modules::{Failure, ModuleResult};
use crate::system::Output;

/// The beginning of what Python prints of an exception that nobody caught.
const TRACEBACK: &str = "Traceback (most recent call last):";

/// The result of the module `name` that left `output`.
///
/// # Errors
/// It says that it failed, or printed no result.
pub(super) fn read(name: &str, output: &Output) -> ModuleResult {
    let stdout = output.stdout_text();
    let Some((result, junk)) = find(&stdout) else { return Err(no_result(name, output, stdout)) };
    let mut result = tagged::all(result);
    result.retain(|key, _| !is_internal(key));
    let mut warnings = take_warnings(&mut result);
    if !junk.is_empty() {
        warnings.push(format!("the module `{name}` printed something behind its result: {junk}"));
    }
    let is_true = |value: Option<Value>| {
        value.is_some_and(|value| value == true || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")))
    };
    let changed = is_true(result.get("changed").cloned());
    if is_true(result.get("failed").cloned()) {
        let message = result.shift_remove("msg").map(|msg| msg.as_str().map_or_else(|| msg.to_string(), str::to_owned));
        let mut failure = Failure::new(message.unwrap_or_else(|| format!("the module `{name}` failed without a message")));
        result.shift_remove("failed");
        result.insert("changed".to_owned(), changed.into());
        if !warnings.is_empty() {
            result.insert("warnings".to_owned(), warnings.into());
        }
        failure.result = result;
        return Err(failure);
    }
    let skipped = is_true(result.shift_remove("skipped"));
    result.shift_remove("changed");
    let mut outcome = outcome(result).changed(changed);
    outcome.skipped = skipped;
    outcome.warnings = warnings;
    Ok(outcome)
}

/// The first mapping that begins a line, and what stands behind it. Programs that a module starts, and login scripts, may print around it.
fn find(stdout: &str) -> Option<(Map<String, Value>, String)> {
    let mut at = 0;
    for line in stdout.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let Some(rest) = stdout.get(start..).filter(|rest| rest.starts_with('{')) else { continue };
        let quoted = numbers::quoted(rest);
        let rest = quoted.as_deref().unwrap_or(rest);
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(Value::Object(result))) = values.next() {
            let behind = rest.get(values.byte_offset()..).unwrap_or("").trim();
            return Some((result, behind.to_owned()));
        }
    }
    None
}

/// The module's warnings as texts.
fn take_warnings(result: &mut Map<String, Value>) -> Vec<String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Object(map) => map.get("msg").and_then(Value::as_str).map_or_else(|| Value::Object(map.clone()).to_string(), str::to_owned),
        other => other.to_string(),
    };
    match result.shift_remove("warnings") {
        Some(Value::Array(list)) => list.into_iter().map(text).collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![text(one)],
    }
}

/// A module that printed no result: by an exception, or because it is no module.
fn no_result(name: &str, output: &Output, stdout: String) -> Failure {
    let stderr = output.stderr_text();
    let traceback = [&stderr, &stdout].into_iter().find_map(|text| text.find(TRACEBACK).and_then(|at| text.get(at..))).map(str::to_owned);
    let message = match traceback.as_deref().and_then(|text| text.trim_end().lines().last()) {
        Some(last) => format!("the module `{name}` ended with an exception: {}", last.trim()),
        None => format!("the module `{name}` printed no result: its output has no JSON mapping"),
    };
    let failure =
        Failure::new(message).with("changed", false).with("rc", output.rc).with("module_stdout", stdout).with("module_stderr", stderr);
    match traceback {
        Some(traceback) => failure.with("exception", traceback),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn output(rc: i32, stdout: &str, stderr: &str) -> Output {
        Output { rc, stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn a_result_is_found_among_other_lines() {
        let outcome = read("m", &output(0, "hello {\n{ not json\n  {\"changed\": true, \"x\": 1, \"_ansible_y\": 2}\nbye\n", "")).unwrap();
        assert_eq!(outcome.changed, Some(true));
        assert_eq!(Value::Object(outcome.result), json!({"x": 1}));
        assert_eq!(outcome.warnings, ["the module `m` printed something behind its result: bye"]);
    }

    #[test]
    fn what_it_says_of_itself_is_kept_whatever_the_exit_code() {
        let outcome = read("m", &output(1, r#"{"skipped": true, "msg": "no", "rc": 0, "warnings": ["a", {"msg": "b"}]}"#, "")).unwrap();
        assert!(outcome.skipped && outcome.changed == Some(false));
        assert_eq!(outcome.warnings, ["a", "b"]);
        let failure = read("m", &output(0, r#"{"failed": true, "msg": "no way", "rc": 7, "changed": true}"#, "")).unwrap_err();
        assert_eq!((failure.message.as_str(), &failure.result["rc"], &failure.result["changed"]), ("no way", &json!(7), &json!(true)));
    }

    #[test]
    fn an_exception_becomes_the_message() {
        let trace = "warning: x\nTraceback (most recent call last):\n  File \"a.py\", line 1\nValueError: bad boo\n";
        let failure = read("m", &output(1, "partial", trace)).unwrap_err();
        assert_eq!(failure.message, "the module `m` ended with an exception: ValueError: bad boo");
        assert!(failure.result["exception"].as_str().is_some_and(|text| text.starts_with(TRACEBACK)));
        assert_eq!((&failure.result["rc"], &failure.result["module_stdout"]), (&json!(1), &json!("partial")));
    }

    #[test]
    fn what_is_no_module_is_shown_as_it_is() {
        let failure = read("m", &output(3, "changed=true\n", "err\n")).unwrap_err();
        assert_eq!(failure.message, "the module `m` printed no result: its output has no JSON mapping");
        assert_eq!((&failure.result["module_stdout"], &failure.result["module_stderr"]), (&json!("changed=true\n"), &json!("err\n")));
        assert!(!failure.result.contains_key("exception"));
    }
}
