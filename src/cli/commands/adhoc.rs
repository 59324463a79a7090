//! A plan of one task, for commands that take no playbook.

use serde_json::{Map, Value, json};

use super::super::context::Context;
use super::super::exit::Failure;
use crate::base::Source;
use crate::plan::{self, Compiled, Selection};

/// A play that runs `module` on `pattern`. `args` is what `-a` takes: `k=v` pairs, JSON, or the module's free-form text.
///
/// # Errors
/// What is wrong with module or arguments.
pub fn compile(context: &Context, pattern: &str, module: &str, args: &str) -> Result<Compiled, Failure> {
    let args = match serde_json::from_str::<Map<String, Value>>(args) {
        Ok(map) => Value::Object(map),
        Err(_) if args.trim().is_empty() => Value::Null,
        Err(_) => Value::from(args),
    };
    let name = format!("{module} on {pattern}");
    // In lines, as people write it: messages show the one they speak of. JSON text is YAML text.
    let task = if is_plain(module) { module.to_owned() } else { json!(module).to_string() };
    let args = if args.is_null() { String::new() } else { args.to_string() };
    let play = format!("- name: {}\n  hosts: {}\n  gather_facts: false\n  tasks:\n    - {task}: {args}\n", json!(name), json!(pattern));
    let mut inputs = context.plan_inputs(&[], Selection::default());
    inputs.texts = vec![Source::new("command line", play)];
    plan::compile(inputs).map_err(Failure::invalid)
}

/// Whether a name needs no quotes in YAML.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
}
