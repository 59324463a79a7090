//! `expect`: a program that asks questions on a terminal.

mod talk;

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::shared::{commandline, times};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Spec};
use crate::base::{python, text};
use crate::system::{Command, Conversed, Follow, System, Terminal};

use talk::Talk;

/// What `-1` means as a timeout, in seconds.
const USUAL: u64 = 30;

/// The declaration of `expect`.
pub static MODULE: Spec = Spec {
    name: "expect",
    collections: BUILTIN,
    summary: "Run a program and answer what it asks",
    description: &[
        "Starts a program on a terminal of its own and answers its questions. No shell is involved: `|`, `>`, `;`, `&`, `$NAME` and patterns \
         mean nothing.",
        "The host needs no Python. Where it is worked on through its shell, since no runner of kconf runs there, it needs `script` of \
         util-linux.",
        "Nobody knows what a program does, so in check mode it does not run and the task is skipped, unless `creates` or `removes` says when \
         there is something to do.",
    ],
    options: &[
        Opt::new(
            "command",
            Kind::Str,
            "The command line: words, separated by spaces. Within quotes everything stands for itself; elsewhere `\\` takes the meaning of \
             the next character away.",
        )
        .required(),
        Opt::new(
            "responses",
            Kind::Dict,
            "Regular expressions of Python, each with the answer to what it matches, or with a list of answers, of which each is given once. \
             Where several match, the one that matches first in the output counts. `.` matches line breaks too; `(?i)` in front ignores case. A \
             line break is added to answers. They are never shown, but by the program itself and with `echo`.",
        )
        .required()
        .secret(),
        Opt::new("chdir", Kind::Path, "The directory to run it in."),
        Opt::new("creates", Kind::Path, "A path. When something is there, the command does not run. Looked at before `removes`."),
        Opt::new("removes", Kind::Path, "A path. When nothing is there, the command does not run."),
        Opt::new(
            "timeout",
            Kind::Raw,
            "How many seconds to wait for the next question or for the end, from the start and from each answer on; then the command is ended \
             with everything that it started. `null`: without end.",
        )
        .default("30"),
        Opt::new("echo", Kind::Bool, "Whether answers are shown in the output, as by a terminal.").default("false"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "cmd", kind: "str", when: "always", doc: "The command line." },
        Return { name: "rc", kind: "int", when: "always", doc: "The exit code; `-N` when signal `N` ended it, null after a timeout." },
        Return { name: "stdout", kind: "str", when: "always", doc: "What it wrote to its terminal, without line breaks at the end." },
        Return { name: "stdout_lines", kind: "list", when: "always", doc: "`stdout` by lines." },
        Return { name: "start", kind: "str", when: "when it ran", doc: "When it started (`end`: when it ended), in the time of the host." },
        Return { name: "delta", kind: "str", when: "when it ran", doc: "How long it took." },
    ],
    examples: "
- name: Set the password of a user
  expect:
    command: passwd ada
    responses:
      (?i)password: \"{{ new_password }}\"

- name: Install what asks two questions, the first of them twice
  expect:
    command: ./install --interactive
    chdir: /srv/app
    creates: /srv/app/installed
    timeout: 300
    responses:
      'Continue\\?': [\"no\", \"yes\"]
      'Your name:': ada
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    command: String,
    responses: Map<String, Value>,
    chdir: Option<String>,
    creates: Option<String>,
    removes: Option<String>,
    timeout: Value,
    echo: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let patience = patience(&args.timeout)?;
    let mut talk = Talk::new(&args.responses)?;
    let mut command = Command::new(words(&args.command));
    if command.argv.is_empty() {
        return Err(Failure::new("failed to run the command: no command was given").with("rc", 256));
    }
    command.env = ctx.environment.clone();
    command.cwd = commandline::directory(args.chdir);
    if let Some(dir) = &command.cwd
        && !ctx.system.stat(dir, Follow::Yes)?.is_some_and(|stat| stat.is_dir())
    {
        let message = format!("failed to run the command: the directory `{}` of `chdir` does not exist", dir.display());
        return Err(Failure::new(message).missing_on(ctx.system));
    }
    let is_there = |system: &dyn System, path: &str| {
        let path = command.cwd.as_deref().unwrap_or(Path::new("")).join(path);
        system.stat(&path, Follow::Yes).map(|stat| stat.is_some())
    };
    let mut not_needed = None;
    if let Some(path) = &args.creates
        && is_there(ctx.system, path)?
    {
        not_needed = Some(format!("{path} exists"));
    } else if let Some(path) = &args.removes
        && !is_there(ctx.system, path)?
    {
        not_needed = Some(format!("{path} does not exist"));
    }
    let not_run = Outcome::new().with("cmd", args.command.as_str()).with("rc", 0);
    if let Some(why) = not_needed {
        return Ok(not_run.with("stdout", format!("skipped, since {why}")).changed(false));
    }
    let start = ctx.system.clock()?;
    let terminal = Terminal { echo: args.echo, patience };
    let conversed = ctx.system.converse(&command, &terminal, &mut |new| talk.hear(new));
    let outcome = Outcome::new().with("cmd", args.command).with("stdout", talk.transcript());
    let conversed = match conversed {
        Ok(conversed) => conversed,
        // It did not even start.
        Err(error) if talk.is_silent() => return Err(error.into()),
        Err(error) => return Err(Failure { result: outcome.result, ..Failure::from(error) }),
    };
    if conversed == Conversed::WouldRun {
        let outcome = not_run.with("stdout", "").with("msg", "the command would run");
        let foreseen = args.creates.is_some() || args.removes.is_some();
        return Ok(Outcome { skipped: !foreseen, ..outcome.changed(foreseen) });
    }
    let end = ctx.system.clock()?;
    let outcome = outcome
        .with("start", times::local(&start))
        .with("end", times::local(&end))
        .with("delta", times::delta(end.epoch.saturating_sub(start.epoch)));
    match conversed {
        Conversed::Ended(0) => Ok(outcome.with("rc", 0).changed(true)),
        Conversed::Ended(rc) => Err(Failure { result: outcome.with("rc", rc).result, ..Failure::new("non-zero return code") }),
        Conversed::TooLong | Conversed::WouldRun => {
            let limit = text::seconds(patience.unwrap_or_default());
            let message = format!("the command was ended: it asked nothing that `responses` knows for {limit}, and did not end");
            Err(Failure { result: outcome.with("rc", Value::Null).result, ..Failure::new(message) }
                .hint("the end of `stdout` shows what it waited at; where it only takes its time, raise `timeout`"))
        }
    }
    .map_err(|failure| failure.with("changed", true))
}

fn patience(timeout: &Value) -> Result<Option<Duration>, Failure> {
    let seconds = match timeout {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match seconds {
        Some(-1) => Ok(Some(Duration::from_secs(USUAL))),
        Some(seconds) => Ok(Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))),
        None => Err(Failure::new(format!("`timeout` must be a whole number of seconds or null, not {}", python::repr(timeout)))),
    }
}

/// The words of a command line, as pexpect cuts it: a quote ends at the next one of its kind, whatever stands between.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '\'' | '"' => word.get_or_insert_default().extend(chars.by_ref().take_while(|other| *other != c)),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests;
