//! `kconf facts`: what is found out about hosts, as JSON by host.

use serde_json::{Map, Value, json};

use super::super::args::Facts;
use super::super::context::Context;
use super::super::exit::Failure;
use super::super::messages;
use super::adhoc;
use super::start::{Start, exit_code, start};
use crate::event::{Event, Sink, Status};

/// Runs the command.
pub async fn run(args: Facts) -> Result<u8, Failure> {
    let context = Context::new(&args.inventory)?;
    let filter = if args.filter.is_empty() { String::new() } else { json!({"filter": args.filter}).to_string() };
    let compiled = adhoc::compile(&context, &args.pattern, "setup", &filter)?;
    let inventory = context.inventory(&args.inventory, &[]).await?;
    context.hosts(&inventory, &args.pattern, args.connection.limit.as_deref())?;
    let settings = context.run_settings(&args.connection, &super::super::args::ReportArgs::default())?;
    let mut collected = Collected::default();
    let run = Start { compiled, inventory, settings, no_cache: args.connection.no_cache };
    let summary = start(&context, run, &mut collected).await;
    if let Ok(text) = serde_json::to_string_pretty(&Value::Object(collected.facts)) {
        messages::data(&format!("{text}\n"));
    }
    Ok(exit_code(&summary))
}

#[derive(Default)]
struct Collected {
    facts: Map<String, Value>,
}

impl Sink for Collected {
    fn event(&mut self, event: &Event) {
        let Event::HostDone { host, status, result, .. } = event else { return };
        match status {
            Status::Ok | Status::Changed => {
                self.facts.insert(host.clone(), result.get("ansible_facts").cloned().unwrap_or_default());
            }
            _ => messages::status(&format!("{host}: {}", result.get("msg").and_then(Value::as_str).unwrap_or("failed"))),
        }
    }
}
