//! `set_fact`: sets variables of a host for the rest of the run.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use super::Action;
use crate::engine::scope::store::Values;
use crate::engine::task::{Call, Effect, Reply, Trouble, keywords};
use crate::plan::Action as Written;
use crate::playbook::fields::{is_odd_name, is_variable_name, odd_name};
use crate::template;

/// See the module documentation.
pub struct SetFact;

#[async_trait]
impl Action for SetFact {
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble> {
        let mut values = Values::new();
        // Values are kept as the template made them; through JSON they would lose their types.
        if let Written::Module { args, .. } = &call.job.due.task.action {
            for entry in args.entries.iter().filter(|entry| entry.key.as_str() != Some("cacheable")) {
                let Some(name) = keywords::text(&call.ready.scope, "the name of a variable", Some(&entry.key))? else { continue };
                let value = call.ready.scope.render(&entry.value)?;
                if !template::is_omit(&value) {
                    values.insert(name, value);
                }
            }
        }
        for (name, value) in &call.ready.args {
            if values.is_empty() && name != "cacheable" && !value.is_null() {
                values.insert(name.clone(), template::from_json(value));
            }
        }
        if values.is_empty() {
            return Err(call.wrong("there is nothing to set: `set_fact` needs at least one `name: value`").into());
        }
        for name in values.keys().filter(|name| !is_variable_name(name)) {
            if !is_odd_name(name) {
                let wrong = call.wrong(format!("`{name}` is no name for a variable"));
                return Err(wrong.hint("a name has letters, digits and underscores and does not start with a digit").into());
            }
            call.job.warn(odd_name(name).with_span(&call.job.due.task.span).to_string());
        }
        let mut facts = Map::new();
        for (name, value) in &values {
            facts.insert(name.clone(), template::to_json(value));
        }
        let effect = Effect::Set { host: call.facts_host()?, values, cacheable: call.is_true("cacheable") };
        Ok(Reply::of([("changed", false.into()), ("ansible_facts", Json::Object(facts))]).with(effect))
    }
}
