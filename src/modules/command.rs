//! `command`: a program with its arguments, without a shell.

use serde::Deserialize;
use serde_json::Value;

use super::shared::commandline::{self, CommandLine};
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Place, Return, Rule, Spec, expand};
use crate::base::shlex;
use crate::system::Command;

/// The declaration of `command`.
pub static MODULE: Spec = Spec {
    name: "command",
    collections: BUILTIN,
    summary: "Run a program",
    description: &[
        "Starts a program with its arguments. No shell is involved: `|`, `>`, `;`, `&` and patterns mean nothing; use `shell` for them.",
        "Nobody knows what a command does, so in check mode it does not run and the task is skipped, unless `creates` or `removes` says when \
         there is something to do.",
    ],
    options: &[
        Opt::new(
            "cmd",
            Kind::Str,
            "The command line: words, separated by spaces, with quotes as in a shell. Also as free text behind the name of the module.",
        ),
        Opt::new("argv", Kind::List(&Kind::Str), "The program and its arguments as a list, which needs no quotes."),
        Opt::new("chdir", Kind::Path, "The directory to run it in."),
        Opt::new(
            "creates",
            Kind::Path,
            "A path or shell pattern. When something matches it, the command does not run. Looked at before `removes`.",
        ),
        Opt::new("removes", Kind::Path, "A path or shell pattern. When nothing matches it, the command does not run."),
        Opt::new("stdin", Kind::Str, "What the command reads from its standard input."),
        Opt::new("stdin_add_newline", Kind::Bool, "Whether a line break is added to `stdin`.").default("true"),
        Opt::new("strip_empty_ends", Kind::Bool, "Whether empty lines are cut from the end of `stdout` and `stderr`.").default("true"),
        Opt::new(
            "expand_argument_vars",
            Kind::Bool,
            "Whether `$NAME`, `${NAME}` and a leading `~` in arguments are replaced; unknown names stay.",
        )
        .default("true"),
    ],
    rules: &[Rule::Exclusive(&["cmd", "argv"]), Rule::OneOf(&["cmd", "argv"])],
    free_form: Some("cmd"),
    returns: &COMMAND_RETURNS,
    examples: "
- name: When did it start?
  command: uptime -s
  register: started
  changed_when: false

- name: Make the database once
  command:
    argv: [createdb, my database]
    creates: /var/lib/app/my database
    chdir: /var/lib/app
",
    place: Place::Target(run),
};

/// The keys of the result of commands.
pub(super) static COMMAND_RETURNS: [Return; 8] = [
    Return { name: "cmd", kind: "list", when: "always", doc: "The command: a list of words, or the text for a shell." },
    Return { name: "rc", kind: "int", when: "always", doc: "The exit code; `-N` when signal `N` ended it." },
    Return { name: "stdout", kind: "str", when: "always", doc: "What it wrote to standard output." },
    Return { name: "stdout_lines", kind: "list", when: "always", doc: "`stdout` by lines." },
    Return { name: "stderr", kind: "str", when: "always", doc: "What it wrote to standard error." },
    Return { name: "stderr_lines", kind: "list", when: "always", doc: "`stderr` by lines." },
    Return { name: "start", kind: "str", when: "always", doc: "When it started (`end`: when it ended), in the time of the host." },
    Return { name: "delta", kind: "str", when: "always", doc: "How long it took." },
];

/// What means something to a shell only.
const OPERATORS: [&str; 7] = ["|", "||", "&&", ">", ">>", "<", "2>&1"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    cmd: Option<String>,
    argv: Option<Vec<String>>,
    chdir: Option<String>,
    creates: Option<String>,
    removes: Option<String>,
    stdin: Option<String>,
    stdin_add_newline: bool,
    strip_empty_ends: bool,
    expand_argument_vars: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let argv = match (args.argv, args.cmd) {
        (Some(argv), _) => argv,
        (None, Some(line)) => {
            shlex::split(&line).map_err(|reason| Failure::new(format!("failed to read the command `{line}`: {reason}")))?
        }
        (None, None) => Vec::new(),
    };
    if argv.first().is_none_or(String::is_empty) {
        return Err(Failure::new("failed to run the command: no command was given").with("rc", 256).with("cmd", argv));
    }
    let words = if args.expand_argument_vars {
        argv.iter().map(|word| expand::expand(word, ctx.system, &ctx.environment)).collect::<Result<Vec<_>, _>>()?
    } else {
        argv.clone()
    };
    let mut command = Command::new(words);
    command.env = ctx.environment.clone();
    command.cwd = commandline::directory(args.chdir);
    command.stdin = commandline::stdin(args.stdin, args.stdin_add_newline);
    let operator = argv.iter().find(|word| OPERATORS.contains(&word.as_str())).cloned();
    let shown: Value = argv.into();
    let result = commandline::run(
        ctx,
        CommandLine {
            shown,
            command,
            creates: args.creates,
            removes: args.removes,
            strip_empty_ends: args.strip_empty_ends,
            is_action: false,
        },
    );
    result.map_err(|failure| match operator {
        Some(word) => {
            failure.hint(format!("`{word}` was given to the program as an argument: `command` uses no shell, the module `shell` does"))
        }
        None => failure,
    })
}

#[cfg(test)]
#[path = "command_test.rs"]
mod tests;
