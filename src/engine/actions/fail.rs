//! `fail`: fails with a message.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::Action;
use crate::engine::task::{Call, Reply, Trouble};

/// See the module documentation.
pub struct Fail;

#[async_trait]
impl Action for Fail {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let message = match call.arg("msg") {
            Json::Null => "Failed as requested from task".into(),
            message => message.clone(),
        };
        Err(Trouble::Failed(Map::from_iter([("msg".to_owned(), message)])))
    }
}
