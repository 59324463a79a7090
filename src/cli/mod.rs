//! Command line, settings, exit codes; one file per command.
//!
//! Imported by the binary only; may import everything.
//! Guarantees: `args` only reads what was typed and has no side effects; `settings` resolves it once against environment and
//! files; every way out of the program is a constant of [`exit`]; only this folder and the reporters' writers print.
//! To add a command: a variant with its help in `args.rs`, a file in `commands/`, an arm in [`main`].

mod args;
mod called_as;
mod commands;
mod complete;
mod config_file;
mod context;
pub mod exit;
mod extra_vars;
mod journal;
mod left_out;
mod messages;
mod prompt;
mod relay;
mod secrets;
mod settings;
mod typed;

use std::process::ExitCode;

/// Runs the program: parses the command line, runs the command, returns its exit code.
pub fn main() -> ExitCode {
    if let Some(code) = relay::answer().or_else(complete::answer) {
        return ExitCode::from(code);
    }
    let given: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let guise = called_as::Guise::of(given.first().map(String::as_str).unwrap_or_default());
    if let Some(version) = guise.version(&given, crate::engine::LANGUAGE) {
        messages::data(&format!("{version}\n"));
        return ExitCode::from(exit::OK);
    }
    let parsed = match typed::parse(guise.arguments(given)) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are what was asked for; anything else is a mistake on the command line.
            let code = if error.use_stderr() { exit::BAD_COMMAND_LINE } else { exit::OK };
            let _ = error.print();
            return ExitCode::from(guise.exit_code(code));
        }
    };
    if let args::Command::Completion(completion) = &parsed.command {
        messages::data(&String::from_utf8_lossy(&complete::script(completion.shell)));
        return ExitCode::from(exit::OK);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            messages::error(&crate::base::Diagnostic::error("failed to start the runtime").caused_by(error.to_string()));
            return ExitCode::from(exit::INTERNAL);
        }
    };
    let code = match runtime.block_on(commands::run(parsed)) {
        Ok(code) => code,
        Err(failure) => {
            messages::errors(&failure.diagnostics);
            failure.code
        }
    };
    // A blocking read (a prompt, a fifo) must not keep the program from ending.
    runtime.shutdown_background();
    ExitCode::from(guise.exit_code(code))
}
