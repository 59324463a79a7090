//! `raw`: a line for the shell of a host on which nothing else works yet.

use serde::Deserialize;
use serde_json::Value;

use super::shared::commandline::{self, CommandLine};
use super::spec::BUILTIN;
use super::{Args, Context, Kind, ModuleResult, Opt, Place, Return, Spec};
use crate::system::Command;

/// The declaration of `raw`.
pub static MODULE: Spec = Spec {
    name: "raw",
    collections: BUILTIN,
    summary: "Give a line to the shell of a host, whatever else the host lacks",
    description: &[
        "For hosts that are not ready for anything else: routers, machines that still lack a package. Everywhere else use `command` or `shell`.",
        "Nobody knows what it does, so in check mode it does not run and the task is skipped.",
    ],
    options: &[
        Opt::new("cmd", Kind::Str, "What the shell gets. Written as free text behind the name of the module.").required(),
        Opt::new("executable", Kind::Str, "The shell, by its full path, in place of `/bin/sh`."),
    ],
    rules: &[],
    free_form: Some("cmd"),
    returns: &RAW_RETURNS,
    examples: "
- name: Get what the other modules need
  raw: test -e /usr/bin/sudo || apt-get install -y sudo
",
    place: Place::Target(run),
};

/// The keys of the result of `raw` and `script`.
pub(super) static RAW_RETURNS: [Return; 3] = [
    Return { name: "rc", kind: "int", when: "always", doc: "The exit code." },
    Return { name: "stdout", kind: "str", when: "always", doc: "What it wrote to standard output (`stdout_lines`: by lines)." },
    Return { name: "stderr", kind: "str", when: "always", doc: "What it wrote to standard error (`stderr_lines`: by lines)." },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    cmd: String,
    executable: Option<String>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let mut command = Command::new([args.executable.unwrap_or_else(|| "/bin/sh".to_owned()), "-c".to_owned(), args.cmd.clone()]);
    command.env = ctx.environment.clone();
    let shown = Value::from(args.cmd);
    commandline::run(ctx, CommandLine { shown, command, creates: None, removes: None, strip_empty_ends: false, is_action: true })
}
