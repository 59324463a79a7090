//! `assert`: fails unless all conditions hold.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::Action;
use crate::base::Diagnostic;
use crate::engine::task::{Call, Reply, Trouble};
use crate::template;
use crate::yaml::{Node, Value as Yaml};

/// See the module documentation.
pub struct Assert;

#[async_trait]
impl Action for Assert {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let quiet = call.is_true("quiet");
        for condition in conditions(call)? {
            if call.ready.scope.condition(&condition)? {
                continue;
            }
            let shown = condition.as_str().map_or_else(|| condition.to_json(), Json::from);
            let message = match call.arg("fail_msg") {
                Json::Null => "Assertion failed".into(),
                message => message.clone(),
            };
            let mut result = Map::from_iter([("msg".to_owned(), message)]);
            if !quiet {
                result.insert("assertion".to_owned(), shown);
                result.insert("evaluated_to".to_owned(), false.into());
            }
            return Err(Trouble::Failed(result));
        }
        let message = match call.arg("success_msg") {
            Json::Null => "All assertions passed".into(),
            message => message.clone(),
        };
        Ok(Reply::of([("changed", false.into()), ("msg", message)]))
    }
}

/// The conditions as written: they are expressions, so their texts must not have been rendered.
fn conditions(call: &Call<'_>) -> Result<Vec<Node>, Diagnostic> {
    let elsewhere = Node::new(call.job.due.task.span.clone(), Yaml::Null);
    let (value, at) = match call.written("that") {
        Some(node) => match &node.value {
            Yaml::List(items) => return Ok(items.clone()),
            // A template for the list of conditions.
            Yaml::Str { text, .. } if text.trim_start().starts_with("{{") => (template::to_json(&call.ready.scope.render(node)?), node),
            _ => return Ok(vec![node.clone()]),
        },
        // They came by `args` or `module_defaults`.
        None => (call.arg("that").clone(), &elsewhere),
    };
    Ok(match value {
        Json::Array(items) => items.iter().map(|item| condition_of(item, at)).collect(),
        one => vec![condition_of(&one, at)],
    })
}

fn condition_of(value: &Json, at: &Node) -> Node {
    match value {
        Json::Bool(truth) => Node::new(at.span.clone(), Yaml::Bool(*truth)),
        Json::String(text) => Node::text(at.span.clone(), text.as_str()),
        other => Node::text(at.span.clone(), other.to_string()),
    }
}
