//! `wait_for_connection`: tries until the host can be reached and used.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};

use super::Action;
use crate::engine::task::{Call, Reply, Trouble};

/// See the module documentation.
pub struct WaitForConnection;

#[async_trait]
impl Action for WaitForConnection {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let seconds = |name: &str| Duration::from_secs(call.arg(name).as_u64().unwrap_or(0));
        let begun = Instant::now();
        tokio::time::sleep(seconds("delay")).await;
        let waited = until_reached(call, seconds("timeout"), seconds("connect_timeout"), seconds("sleep")).await;
        let elapsed = json!(begun.elapsed().as_secs());
        match waited {
            Ok(()) => Ok(Reply::of([("changed", false.into()), ("elapsed", elapsed)])),
            Err(Trouble::Failed(mut result)) => {
                result.insert("elapsed".to_owned(), elapsed);
                Err(Trouble::Failed(result))
            }
            Err(other) => Err(other),
        }
    }
}

/// Tries to reach the host until it answers.
///
/// # Errors
/// The time is over; the message has the last reason.
pub async fn until_reached(call: &Call<'_>, timeout: Duration, each: Duration, pause: Duration) -> Result<(), Trouble> {
    let begun = Instant::now();
    loop {
        let last = match tokio::time::timeout(each.max(Duration::from_secs(1)), call.module("ping", Map::new())).await {
            Ok(Ok(result)) if result.get("ping").and_then(Json::as_str) == Some("pong") => return Ok(()),
            Ok(Ok(_)) => "it answered something unexpected".to_owned(),
            Ok(Err(Trouble::Unreachable(unreachable))) => unreachable.summary(),
            Ok(Err(other)) => return Err(other),
            Err(_) => format!("no connection within {} s", each.as_secs()),
        };
        let left = timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(Trouble::failed(format!("the host could not be reached within {} s: {last}", timeout.as_secs())));
        }
        call.job.sessions.reset(&call.route()?.target).await;
        tokio::time::sleep(pause.min(left)).await;
    }
}
