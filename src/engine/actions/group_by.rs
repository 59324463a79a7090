//! `group_by`: puts the host into a group made of its variables.

use async_trait::async_trait;
use serde_json::Value as Json;

use super::Action;
use crate::base::python;
use crate::engine::task::{Call, Effect, Reply, Trouble};

/// See the module documentation.
pub struct GroupBy;

#[async_trait]
impl Action for GroupBy {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let group = group_name(&python::text(call.arg("key")));
        let parents = match call.arg("parents") {
            Json::Array(parents) => parents.iter().map(|parent| group_name(&python::text(parent))).collect(),
            Json::Null => vec!["all".to_owned()],
            parent => vec![group_name(&python::text(parent))],
        };
        let host = call.job.host.clone();
        let inventory = call.job.world.inventory();
        let changed = !inventory.group_names(&host).contains(&group);
        let shown = Json::from(parents.clone());
        let effect = Effect::AddToGroup { host, group: group.clone(), parents };
        let result = [("changed", Json::Bool(changed)), ("add_group", group.into()), ("parent_groups", shown)];
        Ok(Reply::of(result).with(effect))
    }
}

/// Names of groups have no spaces.
fn group_name(text: &str) -> String {
    text.replace(' ', "-")
}
