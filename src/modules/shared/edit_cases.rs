//! Cases of modules that edit files, answered by ansible-core 2.19.

use serde_json::{Value, json};

use crate::modules::Spec;
use crate::modules::testing::{apply_once, predict, refused};
use crate::system::fake::Fake;

/// Holds a module to its cases. In each the file at `path` holds `before` (nothing is there when it is null), and `args` lead to the content
/// `after`, or to no change where that is left out, with the results `msg` and `found`; or the task `fails`. With `latin` every
/// character is one byte.
pub(crate) fn check(spec: &Spec, cases: &str) {
    let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
    let wrong: Vec<String> = cases.iter().filter_map(|case| difference(spec, case).map(|what| format!("{case}\n    {what}"))).collect();
    assert!(cases.len() > 50 && wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn difference(spec: &Spec, case: &Value) -> Option<String> {
    let latin = case["latin"] == true;
    let bytes =
        |text: &str| if latin { text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect() } else { text.as_bytes().to_vec() };
    let before = case["before"].as_str().map(bytes);
    let machine = || match &before {
        Some(content) => Fake::new().file("/f", content),
        None => Fake::new(),
    };
    let mut args = case["args"].clone();
    args["path"] = json!("/f");
    if !refused(spec, args.clone()).is_empty() {
        return (case["fails"] != true).then(|| format!("it is refused: {}", refused(spec, args)));
    }
    let predicted = predict(spec, machine(), args.clone());
    let applied = apply_once(spec, machine(), args);
    let outcome = match &applied.answer {
        Err(failure) => return (case["fails"] != true).then(|| format!("it fails: {failure}")),
        Ok(_) if case["fails"] == true => return Some("it does not fail".to_owned()),
        Ok(outcome) => outcome,
    };
    let changes = case.get("after").is_some();
    if applied.changed != changes || predicted.changed != changes {
        return Some(format!("it changes: {}, in check mode: {}", applied.changed, predicted.changed));
    }
    let expected = case["after"].as_str().map(bytes).or_else(|| before.clone());
    let after = applied.machine.has("/f").then(|| applied.machine.bytes("/f"));
    if after != expected {
        return Some(format!("the file becomes {:?}", after.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())));
    }
    ["msg", "found"].iter().find_map(|key| {
        let (ours, theirs) = (outcome.result.get(*key).unwrap_or(&Value::Null), &case[*key]);
        (ours != theirs).then(|| format!("`{key}` is {ours}"))
    })
}
