//! `gather_facts`: gathers facts as `setup` does.

use async_trait::async_trait;

use super::Action;
use crate::engine::task::{Call, Reply, Trouble};

/// See the module documentation.
pub struct GatherFacts;

#[async_trait]
impl Action for GatherFacts {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let given = call.ready.args.iter().filter(|(name, value)| *name != "parallel" && !value.is_null());
        let given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        Ok(Reply::new(call.module("setup", given).await?))
    }
}
