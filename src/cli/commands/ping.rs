//! `kconf ping`: logs in to hosts and says whether modules run there.

use std::collections::HashMap;

use super::super::args::Ping;
use super::super::context::Context;
use super::super::exit::Failure;
use super::super::messages;
use super::adhoc;
use super::run::sink;
use super::start::{Start, exit_code, start};
use crate::base::text::count;
use crate::event::{Event, Sink, Status};

/// Runs the command.
pub async fn run(args: Ping) -> Result<u8, Failure> {
    let context = Context::new(&args.inventory)?;
    let inventory = context.inventory(&args.inventory, &[]).await?;
    let hosts = context.hosts(&inventory, &args.pattern, args.connection.limit.as_deref())?;
    let compiled = adhoc::compile(&context, &args.pattern, "ping", "")?;
    let settings = context.run_settings(&args.connection, &args.report)?;
    let run = Start { compiled, inventory, settings, no_cache: args.connection.no_cache };
    if args.report.output.is_some() {
        let mut sink = sink(&context, &args.report, false)?;
        return Ok(exit_code(&start(&context, run, sink.as_mut()).await));
    }
    let mut table = Table { width: hosts.iter().map(|host| host.chars().count()).max().unwrap_or(0), ..Table::default() };
    let summary = start(&context, run, &mut table).await;
    table.finish();
    Ok(exit_code(&summary))
}

/// One line per host, as soon as it answers.
#[derive(Default)]
struct Table {
    width: usize,
    answers: HashMap<Status, usize>,
}

impl Sink for Table {
    fn event(&mut self, event: &Event) {
        match event {
            Event::HostDone { host, status, result, took_ms, diagnostic, .. } => {
                *self.answers.entry(*status).or_default() += 1;
                let text = diagnostic.as_deref().or_else(|| result.get("msg").and_then(|msg| msg.as_str())).unwrap_or("no message");
                let line = match status {
                    Status::Ok | Status::Changed => format!("ok           {host:width$}  {took_ms} ms", width = self.width),
                    Status::Unreachable => format!("UNREACHABLE  {host:width$}  {}", indented(text, self.width + 15), width = self.width),
                    Status::Failed | Status::Skipped => {
                        format!("FAILED       {host:width$}  {}", indented(text, self.width + 15), width = self.width)
                    }
                };
                messages::data(&format!("{line}\n"));
            }
            Event::Warning { text, .. } => messages::status(&format!("warning: {text}")),
            _ => {}
        }
    }
}

impl Table {
    fn finish(&self) {
        let number = |status: Status| self.answers.get(&status).copied().unwrap_or(0);
        let reached = number(Status::Ok) + number(Status::Changed);
        let total: usize = self.answers.values().sum();
        messages::status(&format!("{reached} of {} answered", count(total, "host")));
    }
}

/// Further lines of a message under its first.
fn indented(text: &str, columns: usize) -> String {
    text.trim_end().replace('\n', &format!("\n{}", " ".repeat(columns)))
}
