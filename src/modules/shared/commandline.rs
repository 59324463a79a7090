//! Commands that a user wrote, of which nobody knows what they do: `command`, `shell`, `raw`, `script`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::base::shlex;
use crate::modules::{Context, Failure, ModuleResult, Outcome};
use crate::system::{Command, ErrorKind, Executed, Follow, Output};

use super::glob::glob;
use super::times;

/// A command with the conditions under which it runs.
pub struct CommandLine {
    /// What results show as `cmd`.
    pub shown: Value,
    /// The command.
    pub command: Command,
    /// Do not run when this pattern matches something.
    pub creates: Option<String>,
    /// Run only when this pattern matches something.
    pub removes: Option<String>,
    /// Cut empty lines from the end of the output.
    pub strip_empty_ends: bool,
    /// Whether a command that is not needed counts as skipped, as with `script`, and not as done.
    pub is_action: bool,
}

/// Runs the command and tells what came of it, as `command` and `shell` do.
///
/// # Errors
/// When it cannot be started or its exit code is not 0.
pub fn run(ctx: &mut Context<'_>, line: CommandLine) -> ModuleResult {
    if let Some(dir) = &line.command.cwd
        && !ctx.system.stat(dir, Follow::Yes)?.is_some_and(|stat| stat.is_dir())
    {
        return Err(with_nothing_run(
            Failure::new(format!("failed to run the command: the directory `{}` of `chdir` does not exist", dir.display()))
                .with("cmd", line.shown)
                .missing_on(ctx.system),
        ));
    }
    if let Some(pattern) = &line.creates
        && matches(ctx, &line.command, pattern)?
    {
        return Ok(not_needed(&line, &format!("{pattern} exists")));
    }
    if let Some(pattern) = &line.removes
        && !matches(ctx, &line.command, pattern)?
    {
        return Ok(not_needed(&line, &format!("{pattern} does not exist")));
    }
    let start = ctx.system.clock()?;
    let executed = match ctx.system.execute(&line.command, ctx.live) {
        Ok(executed) => executed,
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            let rc = if error.kind == ErrorKind::NotFound { 2 } else { 13 };
            return Err(Failure::from(error).with("cmd", as_line(line.shown)).with("rc", rc).with("stdout", "").with("stderr", ""));
        }
        Err(error) => return Err(Failure::from(error).with("cmd", as_line(line.shown))),
    };
    match executed {
        Executed::WouldRun => Ok(would_run(&line)),
        Executed::Done(output) => {
            let end = ctx.system.clock()?;
            let outcome = tell(&line, &output)
                .with("start", times::local(&start))
                .with("end", times::local(&end))
                .with("delta", times::delta(end.epoch.saturating_sub(start.epoch)));
            finish(outcome, &output)
        }
    }
}

/// The result when the exit code decides; a failed command has changed the machine all the same.
///
/// # Errors
/// When the exit code is not 0.
pub fn finish(outcome: Outcome, output: &Output) -> ModuleResult {
    if output.success() {
        return Ok(outcome.with("msg", "").changed(true));
    }
    Err(Failure { result: outcome.result, ..Failure::new("non-zero return code") }.with("changed", true))
}

/// A command that could not even be started is shown as a line.
fn as_line(shown: Value) -> Value {
    match shown {
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(shlex::quote).collect::<Vec<_>>().join(" ").into(),
        other => other,
    }
}

fn tell(line: &CommandLine, output: &Output) -> Outcome {
    let shown = |text: String| if line.strip_empty_ends { text.trim_end_matches(['\r', '\n']).to_owned() } else { text };
    Outcome::new()
        .with("cmd", line.shown.clone())
        .with("rc", output.rc)
        .with("stdout", shown(output.stdout_text()))
        .with("stderr", shown(output.stderr_text()))
}

/// Whether the pattern, seen from the directory of the command, matches something. Python's `glob` does not see links to nothing
/// under a pattern, but finds them by name; neither does it matter here.
fn matches(ctx: &Context<'_>, command: &Command, pattern: &str) -> Result<bool, Failure> {
    let path = match &command.cwd {
        Some(dir) => dir.join(pattern),
        None => PathBuf::from(pattern),
    };
    Ok(!glob(ctx.system, &path)?.is_empty())
}

fn with_nothing_run(failure: Failure) -> Failure {
    ["rc", "start", "end", "delta"]
        .into_iter()
        .fold(failure, |failure, name| failure.with(name, Value::Null))
        .with("stdout", "")
        .with("stderr", "")
}

fn not_run(shown: &Value) -> Outcome {
    let outcome = Outcome::new().with("cmd", shown.clone()).with("rc", 0).with("stdout", "").with("stderr", "");
    ["start", "end", "delta"].into_iter().fold(outcome, |outcome, name| outcome.with(name, Value::Null))
}

fn not_needed(line: &CommandLine, why: &str) -> Outcome {
    let outcome = not_run(&line.shown).with("msg", format!("the command was not needed, since {why}")).changed(false);
    if line.is_action {
        return Outcome { skipped: true, ..outcome };
    }
    outcome.with("stdout", format!("skipped, since {why}"))
}

/// In check mode a condition that lets the command run makes it a predicted change; without one nothing is known of it.
fn would_run(line: &CommandLine) -> Outcome {
    let outcome = not_run(&line.shown).with("msg", "the command would run");
    if line.creates.is_some() || line.removes.is_some() {
        return outcome.changed(true);
    }
    Outcome { skipped: true, ..outcome.changed(false) }
}

/// The directory that `chdir` names, seen from where everything starts.
pub fn directory(chdir: Option<String>) -> Option<PathBuf> {
    chdir.map(|dir| Path::new(&dir).to_path_buf())
}

/// What a command reads, with a line break at its end when asked for.
pub fn stdin(text: Option<String>, add_newline: bool) -> Option<Vec<u8>> {
    text.map(|mut text| {
        if add_newline {
            text.push('\n');
        }
        text.into_bytes()
    })
}
