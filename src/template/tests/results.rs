//! What became of a task.

use minijinja::Value;

use crate::template::call::{Call, Test, def};
use crate::template::data;
use crate::template::fault::Eval;

pub(super) static TABLE: &[Test] = &[
    def("failed", &[], "The task failed.", "{'failed': true} is failed", "True", |call| has(call, "failed")).also(&["failure"]),
    def("succeeded", &[], "The task did not fail.", "{'changed': true} is succeeded", "True", |call| {
        has(call, "failed").map(|failed| !failed)
    })
    .also(&["success", "successful"]),
    def("changed", &[], "The task, or one item of its loop, changed something.", "{'changed': true} is changed", "True", changed)
        .also(&["change"]),
    def("skipped", &[], "The task was skipped.", "{'skipped': true} is skipped", "True", |call| has(call, "skipped")).also(&["skip"]),
    def("started", &[], "The asynchronous task was started.", "{'started': 1} is started", "True", |call| has(call, "started")),
    def("finished", &[], "The asynchronous task is finished.", "{'finished': 1} is finished", "True", |call| {
        result(call)?;
        Ok(get(&call.input, "finished").is_none_or(|finished| finished.is_true()))
    }),
    def("timedout", &[], "The task ran out of time.", "{'timedout': {'period': 5}} is timedout", "True", |call| {
        result(call)?;
        Ok(get(&call.input, "timedout").and_then(|timed_out| get(&timed_out, "period")).is_some_and(|period| period.is_true()))
    }),
    def("unreachable", &[], "The host could not be reached.", "{'unreachable': true} is unreachable", "True", |call| {
        has(call, "unreachable")
    }),
    def("reachable", &[], "The host could be reached.", "{'unreachable': true} is reachable", "False", |call| {
        has(call, "unreachable").map(|away| !away)
    }),
];

fn get(value: &Value, key: &str) -> Option<Value> {
    value.as_object()?.get_value(&Value::from(key))
}

/// The input must be the result of a task.
fn result(call: &Call<'_, '_>) -> Eval<()> {
    if data::is_mapping(&call.input) {
        return Ok(());
    }
    Err(call.error(format!("the registered result of a task is needed, not `{}`", data::type_name(&call.input))))
}

fn has(call: &mut Call<'_, '_>, key: &str) -> Eval<bool> {
    result(call)?;
    Ok(get(&call.input, key).is_some_and(|value| value.is_true()))
}

fn changed(call: &mut Call<'_, '_>) -> Eval<bool> {
    result(call)?;
    if let Some(changed) = get(&call.input, "changed") {
        return Ok(changed.is_true());
    }
    let items = get(&call.input, "results").and_then(|results| data::items(&results)).unwrap_or_default();
    Ok(items.iter().any(|item| get(item, "changed").is_some_and(|changed| changed.is_true())))
}
