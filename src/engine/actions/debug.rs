//! `debug`: shows a message or a variable.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::Action;
use crate::engine::task::{Call, Reply, Trouble};
use crate::template;

/// See the module documentation.
pub struct Debug;

#[async_trait]
impl Action for Debug {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        if call.arg("verbosity").as_i64().unwrap_or(0) > call.job.world.settings.verbosity {
            return Ok(Reply::of([("skipped", true.into()), ("skipped_reason", "Verbosity threshold not met.".into())]));
        }
        let Json::String(name) = call.arg("var") else {
            return Ok(Reply::of([("msg", call.arg("msg").clone())]));
        };
        let place = call.written("var").map_or(&call.job.due.task.span, |node| &node.span);
        // An expression that is not defined is no error here: that is what one wants to see.
        let scope = &call.ready.scope;
        let value = match scope.expression(name, place) {
            Ok(value) => template::to_json(&value),
            Err(wrong) => match scope.expression(&format!("({name}) is defined"), place) {
                Ok(defined) if !defined.is_true() => Json::from(format!("VARIABLE IS NOT DEFINED! ({})", wrong.message())),
                _ => return Err(wrong.into()),
            },
        };
        Ok(Reply::new(Map::from_iter([(name.clone(), value)])))
    }
}
