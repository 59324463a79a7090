//! Suggestions while one types: what a shell asks for when the tab key is pressed.
//!
//! The script that `kconf completion SHELL` prints calls kconf with [`VARIABLE`] set and the words typed so far. `clap_complete` knows
//! commands and options; what values there are is found out here, from the declarations, the inventory and the playbooks.
//! Nothing here prints, asks or fails: what cannot be found out in time is not suggested.

mod arguments;
mod hosts;
mod names;
mod tags;
mod words;

use clap::{Command, CommandFactory};
use clap_complete::env::{CompleteEnv, Shells};

use super::args::Cli;
use super::exit;

pub use arguments::arguments;
pub use hosts::{groups, patterns};
pub use names::{documented, modules, playbooks};
pub use tags::tags;

/// The environment variable by which a completion script says which shell asks.
const VARIABLE: &str = "KCONF_COMPLETE";

/// Answers a completion script, if one asks: the exit code then.
pub fn answer() -> Option<u8> {
    std::env::var_os(VARIABLE)?;
    silence();
    let env = CompleteEnv::with_factory(command).var(VARIABLE);
    match env.try_complete(std::env::args_os(), std::env::current_dir().ok().as_deref()) {
        Ok(true) => Some(exit::OK),
        // Set, but empty.
        Ok(false) => None,
        Err(_) => Some(exit::CANNOT_START),
    }
}

/// The script that makes `shell` ask.
pub fn script(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&shell.to_string()) {
        // Writing to memory does not fail.
        let _ = completer.write_registration(VARIABLE, "kconf", "kconf", "kconf", &mut script);
    }
    script
}

/// The command line, with its options hidden (which means: suggested only when there is nothing else) unless one is being typed.
fn command() -> Command {
    let command = Cli::command();
    if words::current().starts_with('-') { command } else { hide_options(command) }
}

fn hide_options(command: Command) -> Command {
    let command =
        command.disable_help_flag(true).disable_version_flag(true).mut_args(|arg| if arg.is_positional() { arg } else { arg.hide(true) });
    command.mut_subcommands(hide_options)
}

/// Warnings and the programs that an inventory starts must not write into the line that is being typed.
fn silence() {
    if let Ok(nowhere) = std::fs::File::options().read(true).write(true).open("/dev/null") {
        let _ = nix::unistd::dup2_stderr(&nowhere);
        let _ = nix::unistd::dup2_stdin(&nowhere);
    }
}
