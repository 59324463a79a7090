//! `kconf exec`: one module on hosts, without a playbook.

use super::super::args::Exec;
use super::super::context::Context;
use super::super::exit::{self, Failure};
use super::super::messages;
use super::adhoc;
use super::run::sink;
use super::start::{Start, exit_code, start};

/// Runs the command.
pub async fn run(args: Exec) -> Result<u8, Failure> {
    let context = Context::new(&args.inventory)?;
    let inventory = context.inventory(&args.inventory, &[]).await?;
    let hosts = context.hosts(&inventory, &args.pattern, args.connection.limit.as_deref())?;
    if args.list_hosts {
        let lines: String = hosts.iter().map(|host| format!("    {host}\n")).collect();
        messages::data(&format!("  hosts ({}):\n{lines}", hosts.len()));
        return Ok(exit::OK);
    }
    let compiled = adhoc::compile(&context, &args.pattern, &args.module, &args.args)?;
    let mut settings = context.run_settings(&args.connection, &args.report)?;
    settings.check = args.check;
    let mut report = args.report.clone();
    // What a module answers is what one wants to see here.
    report.verbose = report.verbose.max(1);
    let mut sink = sink(&context, &report, settings.diff)?;
    let run = Start { compiled, inventory, settings, no_cache: args.connection.no_cache };
    Ok(exit_code(&start(&context, run, sink.as_mut()).await))
}
