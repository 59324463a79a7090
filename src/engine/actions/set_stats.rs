//! `set_stats`: values for the end of the run.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use super::Action;
use crate::engine::task::{Call, Effect, Reply, Trouble};
use crate::playbook::fields::is_variable_name;

/// See the module documentation.
pub struct SetStats;

#[async_trait]
impl Action for SetStats {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let Json::Object(values) = call.arg("data") else {
            return Err(call.wrong_at("data", "`data` must be a mapping").into());
        };
        if let Some(bad) = values.keys().find(|name| !is_variable_name(name)) {
            return Err(call.wrong_at("data", format!("`{bad}` is no name for a variable")).into());
        }
        let (per_host, aggregate) = (call.is_true("per_host"), call.is_true("aggregate"));
        let host = per_host.then(|| call.job.host.clone());
        let stats = json!({"data": values, "per_host": per_host, "aggregate": aggregate});
        let effect = Effect::Stats { host, values: values.clone(), aggregate };
        Ok(Reply::of([("changed", false.into()), ("ansible_stats", stats)]).with(effect))
    }
}
