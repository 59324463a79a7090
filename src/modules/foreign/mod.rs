//! Runs a module that kconf has no code of its own for: packaged or found on the controller, run by a program of the host.
//!
//! No user can name it: the engine asks for it where a playbook names such a module (`src/foreign`, `src/engine/actions/foreign.rs`). It is
//! not part of the list of modules.

mod answer;
mod arguments;
mod numbers;
mod tagged;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::shared::write::{Source, scratch};
use super::{Args, ContentRef, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Rule, Spec};
use crate::system::{Command, Executed, Output};

/// The declaration of what runs foreign modules.
pub static MODULE: Spec = Spec {
    name: "_foreign",
    collections: &[],
    summary: "Run a module that kconf has no code of its own for",
    description: &["Takes a module of the project or of a collection to the host and lets a program of the host run it."],
    options: &[
        Opt::new("_name", Kind::Str, "The full name of the module."),
        Opt::new("_payload", Kind::Content, "The module, with what it imports."),
        Opt::new("_format", Kind::Str, "How it wants its arguments."),
        Opt::new("_entry", Kind::Str, "Its name among the packages of its archive."),
        Opt::new("_interpreter", Kind::List(&Kind::Str), "The program that runs it, with its options."),
        Opt::new("_python", Kind::Bool, "A Python is to be looked for, and `_interpreter` has its options only."),
        Opt::new("_arguments", Kind::Dict, "The arguments."),
    ],
    rules: &[Rule::Open("the arguments of the module")],
    free_form: None,
    returns: &[],
    examples: "",
    place: Place::Target(run),
};

/// Starts the module on the host.
const RUN: &str = include_str!("run.sh");

/// The names under which hosts have Python, the one that is most likely meant first.
const PYTHONS: &[&str] = &[
    "python3",
    "/usr/bin/python3",
    "/usr/local/bin/python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "python3.8",
    "python3.7",
    "python3.6",
    "/usr/libexec/platform-python",
];

/// The exit code with which [`RUN`] says something of its own.
const OWN: i32 = 90;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    _name: String,
    _payload: ContentRef,
    _format: arguments::Format,
    _entry: String,
    _interpreter: Vec<String>,
    _python: bool,
    _arguments: Map<String, Value>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let mut args: Arguments = args.parse()?;
    args._arguments.insert("_ansible_tmpdir".to_owned(), ctx.temp_dir.to_string_lossy().into_owned().into());
    let predicts = ctx.system.foresees();
    let answer = match args._format {
        arguments::Format::Inside => run_filled(ctx, &args)?,
        _ => run_kept(ctx, &args)?,
    };
    let read = answer::read(&args._name, &answer);
    if !predicts {
        return read;
    }
    match read {
        // It looked at the machine without what earlier tasks would have done.
        Err(failure) => Err(failure.missing_on(ctx.system)),
        Ok(outcome) => {
            if outcome.changed == Some(true) {
                // It says that it would do something, but not what: from here on nobody knows.
                ctx.system.execute(&Command::new([args._name.as_str()]), &mut |_, _| {})?;
            }
            Ok(outcome)
        }
    }
}

/// Runs a module that stays on the host for the run, and takes it there when it is not there yet.
fn run_kept(ctx: &mut Context<'_>, args: &Arguments) -> Result<Output, Failure> {
    let input = args._format.input(&args._entry, &args._arguments);
    let Some(kept) = place(&ctx.temp_dir, &args._payload) else { return run_once(ctx, args, Source::Reference(&args._payload), input) };
    let output = start(ctx, args, &kept, None, input.clone())?;
    if said(&output) != Some("missing") {
        return complete(args, output);
    }
    let fresh = scratch(ctx, Source::Reference(&args._payload), 0o700)?;
    let output = start(ctx, args, &kept, Some(&fresh), input);
    ctx.system.discard(&fresh);
    complete(args, output?)
}

/// Runs a module that has its arguments in its own text, so that no other run can use it.
fn run_filled(ctx: &mut Context<'_>, args: &Arguments) -> Result<Output, Failure> {
    let mut text = Vec::new();
    let read = ctx.transfer.open(&args._payload)?.read_to_end(&mut text);
    read.map_err(|error| Failure::new(format!("the module `{}` could not be received: {error}", args._name)))?;
    let filled = arguments::fill(&String::from_utf8_lossy(&text), &args._arguments);
    run_once(ctx, args, Source::Bytes(filled.as_bytes()), Vec::new())
}

fn run_once(ctx: &mut Context<'_>, args: &Arguments, source: Source<'_>, input: Vec<u8>) -> Result<Output, Failure> {
    let path = scratch(ctx, source, 0o700)?;
    let output = start(ctx, args, &path, None, input);
    ctx.system.discard(&path);
    complete(args, output?)
}

/// Where content is kept on the host: in the directory of the run, if it has one that only its owner can enter.
fn place(temp_dir: &Path, content: &ContentRef) -> Option<PathBuf> {
    let own = temp_dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with("kconf-"));
    let digest = content.sha256.get(..32)?;
    own.then(|| temp_dir.join(format!("module-{digest}")))
}

fn start(ctx: &mut Context<'_>, args: &Arguments, kept: &Path, fresh: Option<&Path>, input: Vec<u8>) -> Result<Output, Failure> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let way = if args._format == arguments::Format::Archive { "stdin" } else { "file" };
    let mut command = Command::shell(RUN);
    command.argv.extend(["sh".to_owned(), text(kept), fresh.map(text).unwrap_or_default(), way.to_owned()]);
    if args._python {
        command.argv.push("python".to_owned());
        command.argv.extend(PYTHONS.iter().map(|&name| name.to_owned()));
        command.argv.push("--".to_owned());
    } else {
        command.argv.push(String::new());
    }
    command.argv.extend(args._interpreter.iter().cloned());
    command.env = ctx.environment.clone();
    command.stdin = Some(input);
    if ctx.system.foresees() {
        // The module is told to change nothing.
        return Ok(ctx.system.probe(&command)?);
    }
    // What it prints is its result, not something to look at.
    match ctx.system.execute(&command, &mut |_, _| {})? {
        Executed::Done(output) => Ok(output),
        Executed::WouldRun => Err(Failure::new(format!("the module `{}` was not run", args._name))),
    }
}

/// What [`RUN`] says in its own name.
fn said(output: &Output) -> Option<&str> {
    let text = std::str::from_utf8(&output.stderr).ok().filter(|_| output.rc == OWN)?;
    text.lines().last()?.strip_prefix("kconf:")
}

/// The output of a module that was started.
fn complete(args: &Arguments, output: Output) -> Result<Output, Failure> {
    let Some(word) = said(&output) else { return Ok(output) };
    let name = &args._name;
    let program = args._interpreter.first().map_or("", String::as_str);
    Err(match word {
        "no-python" => Failure::new(format!("the module `{name}` needs Python, and there is none on the host"))
            .hint("install python3 there, or say where it is with `ansible_python_interpreter`"),
        "no-interpreter" => Failure::new(format!("the program `{program}`, which runs the module `{name}`, is not on the host"))
            .hint(format!("install it there, or say where it is with `{}`", variable(program))),
        "missing" => Failure::new(format!("the module `{name}` is not where it was put on the host")),
        _ => Failure::new(format!("the module `{name}` could not be put on the host: {}", output.stderr_text().trim())),
    }
    .with("changed", false)
    .with("rc", 127))
}

/// The variable that names a program.
fn variable(program: &str) -> String {
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with("python") { "ansible_python_interpreter".to_owned() } else { format!("ansible_{name}_interpreter") }
}

/// What is left out of results: words between the module and whoever runs it.
fn is_internal(key: &str) -> bool {
    key.starts_with("_ansible_")
}

/// A module's own result as an outcome.
fn outcome(result: Map<String, Value>) -> Outcome {
    Outcome { result, ..Outcome::new() }
}

#[cfg(test)]
mod tests;
