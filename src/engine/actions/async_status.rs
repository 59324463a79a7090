//! `async_status`: how a task in the background is getting on.

use async_trait::async_trait;
use serde_json::Map;

use super::Action;
use crate::engine::jobs;
use crate::engine::task::{Call, Reply, Trouble};

/// See the module documentation.
pub struct AsyncStatus;

#[async_trait]
impl Action for AsyncStatus {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let id = call.text("jid").unwrap_or_default();
        let host = call.ready.delegated_to.as_ref().unwrap_or(&call.job.host);
        let jobs = &call.job.world.jobs;
        let Some(found) = jobs.find(host, id) else {
            let mut result = jobs::about(id, true);
            result.insert("msg".to_owned(), format!("there is no task `{id}` in the background of this host").into());
            return Err(Trouble::Failed(result));
        };
        if call.text("mode") == Some("cleanup") {
            jobs.forget(host, id);
            return Ok(Reply::of([("erased", id.into()), ("ansible_job_id", id.into()), ("changed", false.into())]));
        }
        let mut result = found.clone().unwrap_or_else(|| Map::from_iter([("changed".to_owned(), false.into())]));
        result.extend(jobs::about(id, found.is_some()));
        Ok(Reply::new(result))
    }
}
