//! `kconf run`.

use std::collections::BTreeSet;
use std::io::IsTerminal;

use super::super::args::{Output, ReportArgs, Run};
use super::super::context::Context;
use super::super::exit::{self, Failure};
use super::super::journal::Recorded;
use super::super::messages;
use super::resume;
use super::start::{Start, exit_code, start};
use crate::base::{Diagnostic, text};
use crate::event::Sink;
use crate::inventory::Inventory;
use crate::plan::{self, Compiled, Selection};
use crate::report::{Format, Look, reporter};

/// Runs the command.
pub async fn run(mut args: Run) -> Result<u8, Failure> {
    let mut resumed = None;
    if let Some(id) = args.resume {
        match resume::take_up(&args, id)? {
            None => return Ok(exit::OK),
            Some((run, before)) => (args, resumed) = (run, Some(before)),
        }
    }
    let context = Context::new(&args.inventory)?;
    if let Some(resumed) = &resumed {
        resumed.check(&args, &context)?;
    }
    if args.tags.is_empty() {
        args.tags = context.settings.words("tags");
    }
    if args.skip_tags.is_empty() {
        args.skip_tags = context.settings.words("skip_tags");
    }
    if args.list_tags && !args.list_tasks && args.tags.is_empty() && args.skip_tags.is_empty() {
        // All tags that there are, even those of tasks that run only when they are asked for.
        args.tags = vec!["all".to_owned(), "never".to_owned()];
    }
    let selection = Selection::new(args.tags.iter().map(String::as_str), args.skip_tags.iter().map(String::as_str));
    let mut compiled = plan::compile(context.plan_inputs(&args.playbooks, selection.clone())).map_err(Failure::invalid)?;
    messages::errors(&compiled.warnings);
    if args.syntax_check || args.list_tasks || args.list_tags || args.list_hosts {
        let names: Vec<String> = args.playbooks.iter().map(|path| path.display().to_string()).collect();
        messages::data(&format!("\nplaybook: {}\n", names.join(", ")));
    }
    if args.syntax_check {
        messages::status("No errors.");
        return Ok(exit::OK);
    }
    if args.list_tasks || args.list_tags {
        list(&compiled, &selection, args.list_tasks, args.list_tags);
        return Ok(exit::OK);
    }
    let inventory = context.inventory(&args.inventory, &args.playbooks).await?;
    if let Some(resumed) = &resumed {
        resumed.narrow(&mut args, &inventory);
    }
    if args.list_hosts {
        list_hosts(&compiled, &selection, &inventory, args.connection.limit.as_deref())?;
        return Ok(exit::OK);
    }
    messages::errors(&context.undefined(&compiled, &inventory));
    if let Some(limit) = &args.connection.limit {
        context.hosts(&inventory, limit, None)?;
    }
    if let Some(name) = &args.start_at_task {
        compiled.plan = plan::start_at(&compiled.plan, name).ok_or_else(|| {
            let plays = plan::list::listing(&compiled.plan, &selection);
            let known: Vec<String> = plays.into_iter().flat_map(|play| play.tasks).map(|task| task.name).collect();
            let near = text::did_you_mean(name, known.iter().map(String::as_str));
            let hint =
                near.unwrap_or_else(|| "only tasks are known that are not included at run time; `--list-tasks` shows them".to_owned());
            Failure::usage(Diagnostic::error(format!("no task is called `{name}`")).hint(hint))
        })?;
    }
    let mut settings = context.run_settings(&args.connection, &args.report)?;
    settings.step = args.step;
    settings.check = args.check;
    settings.force_handlers |= args.force_handlers;
    settings.playbooks = args.playbooks.iter().map(|path| path.display().to_string()).collect();
    if !args.tags.is_empty() {
        settings.tags = args.tags.clone();
    }
    settings.skip_tags = args.skip_tags.clone();
    settings.reload = Some(std::sync::Arc::new(context.reload(&args.inventory, &args.playbooks)));
    let reporter = sink(&context, &args.report, settings.diff)?;
    settings.live = format(&context, &args.report) == Format::Terminal;
    let no_cache = args.connection.no_cache;
    let mut sink = Recorded::begin(&context, &args, resumed.map(|before| before.id), reporter)?;
    let summary = start(&context, Start { compiled, inventory, settings, no_cache }, &mut sink).await;
    sink.finish(&summary);
    Ok(exit_code(&summary))
}

/// The reporter that was asked for, or that fits where the output goes.
///
/// # Errors
/// A setting about it makes no sense.
pub fn sink(context: &Context, report: &ReportArgs, diff: bool) -> Result<Box<dyn Sink>, Failure> {
    let color = anstream::stdout().current_choice() != anstream::ColorChoice::Never && std::io::stdout().is_terminal();
    let width = terminal_width();
    let set = callback(context);
    let yaml = match context.settings.text("result_format").as_deref() {
        None => set.as_deref() == Some("yaml"),
        Some("yaml") => true,
        Some("json") => false,
        Some(other) => {
            let wrong = Diagnostic::error(format!("the setting `result_format` is `{other}`, expected json or yaml"));
            return Err(Failure::invalid(wrong));
        }
    };
    let hide_skipped = context.settings.flag("display_skipped_hosts")? == Some(false) || set.as_deref() == Some("skippy");
    if let Some(other) = set.filter(|name| report.output.is_none() && callback_format(name).is_none()) {
        let known = "known are default, yaml, debug, skippy, json, jsonl, minimal, oneline and junit";
        messages::error(&Diagnostic::warning(format!("there is no output called `{other}`, the usual one is used")).hint(known));
    }
    let look = Look { verbosity: context.verbosity(report)?, diff, yaml, hide_skipped, color, width };
    Ok(reporter(format(context, report), look, Box::new(std::io::stdout())))
}

/// The setting `stdout_callback`, without the collection.
fn callback(context: &Context) -> Option<String> {
    context.settings.text("output").map(|name| name.rsplit('.').next().unwrap_or_default().to_owned())
}

/// What is printed for a value of `stdout_callback`; nothing in it for those that leave the choice open. `None`: there is no such value.
fn callback_format(name: &str) -> Option<Option<Format>> {
    Some(match name {
        "default" | "yaml" | "debug" | "skippy" => None,
        "terminal" => Some(Format::Terminal),
        "plain" => Some(Format::Plain),
        "json" => Some(Format::Json),
        "jsonl" => Some(Format::JsonLines),
        "minimal" => Some(Format::Minimal),
        "oneline" => Some(Format::OneLine),
        "junit" => Some(Format::Junit),
        _ => return None,
    })
}

fn format(context: &Context, report: &ReportArgs) -> Format {
    let set = callback(context).and_then(|name| callback_format(&name).flatten());
    match report.output {
        Some(Output::Terminal) => Format::Terminal,
        Some(Output::Plain) => Format::Plain,
        Some(Output::Json) => Format::Json,
        Some(Output::Jsonl) => Format::JsonLines,
        Some(Output::Minimal) => Format::Minimal,
        Some(Output::Oneline) => Format::OneLine,
        Some(Output::Junit) => Format::Junit,
        None if set.is_some() => set.unwrap_or(Format::Plain),
        None if std::io::stdout().is_terminal() && std::io::stderr().is_terminal() && std::env::var_os("CI").is_none() => Format::Terminal,
        None => Format::Plain,
    }
}

/// Columns of the terminal; 0 when there is none.
fn terminal_width() -> usize {
    rustix::termios::tcgetwinsize(std::io::stdout()).map_or(0, |size| size.ws_col.into())
}

fn list(compiled: &Compiled, selection: &Selection, tasks: bool, tags: bool) {
    for (number, play) in plan::list::listing(&compiled.plan, selection).iter().enumerate() {
        let play_tags = joined(&play.tags);
        messages::data(&format!("\n  play #{} ({}): {}\tTAGS: [{play_tags}]\n", number + 1, play.pattern.join(","), play.name));
        if tasks {
            messages::data("    tasks:\n");
            for task in &play.tasks {
                messages::data(&format!("      {}\tTAGS: [{}]\n", task.name, joined(&task.tags)));
            }
        }
        if tags {
            messages::data(&format!("      TASK TAGS: [{}]\n", joined(&play.task_tags())));
        }
    }
}

fn joined(tags: &BTreeSet<String>) -> String {
    tags.iter().cloned().collect::<Vec<_>>().join(", ")
}

fn list_hosts(compiled: &Compiled, selection: &Selection, inventory: &Inventory, limit: Option<&str>) -> Result<(), Failure> {
    for (number, play) in plan::list::listing(&compiled.plan, selection).iter().enumerate() {
        let pattern = play.pattern.join(",");
        let hosts = crate::inventory::pattern::select(inventory, &pattern, limit).map_err(Failure::usage)?.hosts;
        let (tags, patterns) = (joined(&play.tags), play.pattern.iter().map(|part| format!("'{part}'")).collect::<Vec<_>>());
        messages::data(&format!("\n  play #{} ({pattern}): {}\tTAGS: [{tags}]\n", number + 1, play.name));
        messages::data(&format!("    pattern: [{}]\n    hosts ({}):\n", patterns.join(", "), hosts.len()));
        for host in hosts {
            messages::data(&format!("      {host}\n"));
        }
    }
    Ok(())
}
