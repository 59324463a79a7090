//! A result as playbooks and people see it: common keys, changed and failed, secrets masked.

use serde_json::{Map, Value as Json};

use crate::base::secret::MASK;
use crate::wire;

/// What stands for the label of an item under `no_log`.
pub const CENSORED_ITEM: &str = "(hidden by no_log)";

/// Fills in what every result has: `changed`, `failed`, and the lines of `stdout` and `stderr`.
pub fn complete(result: &mut Map<String, Json>) {
    for (name, lines) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        if let Some(Json::String(text)) = result.get(name)
            && !result.contains_key(lines)
        {
            let split = text_lines(text).into_iter().map(Json::from).collect();
            result.insert(lines.to_owned(), Json::Array(split));
        }
    }
    if !matches!(result.get("failed"), Some(Json::Bool(_))) {
        result.insert("failed".to_owned(), Json::Bool(wire::failed(result)));
    }
    if !matches!(result.get("changed"), Some(Json::Bool(_))) {
        result.insert("changed".to_owned(), Json::Bool(false));
    }
}

/// The lines of a text as Python splits them: no empty line behind a line break at the end.
pub fn text_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let breaks = ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
        let Some(at) = rest.find(breaks) else {
            lines.push(rest);
            break;
        };
        let (line, tail) = rest.split_at(at);
        lines.push(line);
        let width = if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(1, char::len_utf8) };
        rest = tail.get(width..).unwrap_or("");
    }
    lines
}

/// Whether a result has this key as true.
pub fn is_true(result: &Map<String, Json>, key: &str) -> bool {
    matches!(result.get(key), Some(Json::Bool(true)))
}

/// What is shown of a result under `no_log`.
pub fn censored(result: &Map<String, Json>) -> Map<String, Json> {
    let mut shown =
        Map::from_iter([("censored".to_owned(), Json::from("the result is hidden because `no_log: true` holds for this task"))]);
    for key in ["changed", "failed", "skipped", "unreachable", "attempts", "retries"] {
        if let Some(value) = result.get(key) {
            shown.insert(key.to_owned(), value.clone());
        }
    }
    shown
}

/// Texts that must not be seen.
#[derive(Clone, Debug, Default)]
pub struct Masks(Vec<String>);

impl Masks {
    /// Adds texts. Very short ones are no secrets, and would make everything unreadable.
    pub fn add(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            if text.chars().count() > 2 && !self.0.contains(&text) {
                self.0.push(text);
            }
        }
        // Longer ones first: one may contain another.
        self.0.sort_by_key(|text| std::cmp::Reverse(text.len()));
    }

    /// A text without them.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), MASK);
            }
        }
        text
    }

    /// Takes them out of all texts of a result.
    pub fn apply(&self, result: &mut Map<String, Json>) {
        if !self.0.is_empty() {
            result.values_mut().for_each(|value| self.value(value));
        }
    }

    fn value(&self, value: &mut Json) {
        match value {
            Json::String(text) => *text = self.text(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Json::Object(map) => map.values_mut().for_each(|item| self.value(item)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Json) -> Map<String, Json> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_return_code_decides_when_the_module_does_not() {
        let completed = |value: Json| {
            let mut result = map(value);
            complete(&mut result);
            Json::Object(result)
        };
        assert_eq!(completed(json!({"rc": 2})), json!({"rc": 2, "failed": true, "changed": false}));
        assert_eq!(completed(json!({"rc": 2, "failed": false})), json!({"rc": 2, "failed": false, "changed": false}));
        assert_eq!(completed(json!({"rc": 0, "changed": true})), json!({"rc": 0, "changed": true, "failed": false}));
        let lines = completed(json!({"stdout": "a\r\nb\n\nc\n"}));
        assert_eq!(lines.get("stdout_lines"), Some(&json!(["a", "b", "", "c"])));
    }

    #[test]
    fn masks_reach_every_text_of_a_result_and_not_its_keys() {
        let mut masks = Masks::default();
        masks.add(["hunter2".to_owned(), "hunter22".to_owned(), "x".to_owned()]);
        let mut result = map(json!({"msg": "login hunter22 x", "nested": [{"hunter2": "hunter2"}], "n": 1}));
        masks.apply(&mut result);
        assert_eq!(Json::Object(result), json!({"msg": "login ******** x", "nested": [{"hunter2": "********"}], "n": 1}));
    }

    #[test]
    fn no_log_leaves_only_what_says_nothing() {
        let shown = censored(&map(json!({"changed": true, "stdout": "secret", "rc": 0, "attempts": 2})));
        assert_eq!(shown.keys().collect::<Vec<_>>(), ["censored", "changed", "attempts"]);
    }
}
