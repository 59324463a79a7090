//! `shell`: a line for a shell.

use serde::Deserialize;
use serde_json::Value;

use super::command::COMMAND_RETURNS;
use super::shared::commandline::{self, CommandLine};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Place, Spec};
use crate::system::Command;

/// The declaration of `shell`.
pub static MODULE: Spec = Spec {
    name: "shell",
    collections: BUILTIN,
    summary: "Run a line in a shell",
    description: &[
        "Gives a line (or several) to `/bin/sh` of the host, so that pipes, redirections and variables of the shell work. Quote values from \
         variables with the filter `quote`.",
        "Nobody knows what it does, so in check mode it does not run and the task is skipped, unless `creates` or `removes` says when there is \
         something to do.",
    ],
    options: &[
        Opt::new("cmd", Kind::Str, "What the shell gets. Also as free text behind the name of the module.").required(),
        Opt::new("executable", Kind::Path, "The shell, by its full path, in place of `/bin/sh`."),
        Opt::new("chdir", Kind::Path, "The directory to run it in."),
        Opt::new("creates", Kind::Path, "A path or shell pattern. When something matches it, nothing runs. Looked at before `removes`."),
        Opt::new("removes", Kind::Path, "A path or shell pattern. When nothing matches it, nothing runs."),
        Opt::new("stdin", Kind::Str, "What it reads from its standard input."),
        Opt::new("stdin_add_newline", Kind::Bool, "Whether a line break is added to `stdin`.").default("true"),
        Opt::new("strip_empty_ends", Kind::Bool, "Whether empty lines are cut from the end of `stdout` and `stderr`.").default("true"),
    ],
    rules: &[],
    free_form: Some("cmd"),
    returns: &COMMAND_RETURNS,
    examples: "
- name: Count the logins
  shell: last | grep -c pts
  register: logins
  changed_when: false

- name: Unpack once
  shell: zcat dump.gz > dump
  args:
    chdir: /srv
    creates: dump
    executable: /bin/bash
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    cmd: String,
    executable: Option<String>,
    chdir: Option<String>,
    creates: Option<String>,
    removes: Option<String>,
    stdin: Option<String>,
    stdin_add_newline: bool,
    strip_empty_ends: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    if args.cmd.trim().is_empty() {
        return Err(Failure::new("failed to run the command: no command was given").with("rc", 256).with("cmd", args.cmd));
    }
    let shell = args.executable.unwrap_or_else(|| "/bin/sh".to_owned());
    let mut command = Command::new([shell, "-c".to_owned(), args.cmd.clone()]);
    command.env = ctx.environment.clone();
    command.cwd = commandline::directory(args.chdir);
    command.stdin = commandline::stdin(args.stdin, args.stdin_add_newline);
    let shown = Value::from(args.cmd);
    commandline::run(
        ctx,
        CommandLine {
            shown,
            command,
            creates: args.creates,
            removes: args.removes,
            strip_empty_ends: args.strip_empty_ends,
            is_action: false,
        },
    )
}
