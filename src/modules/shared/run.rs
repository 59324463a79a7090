//! Running commands whose effects a module knows.

use crate::modules::{Context, Failure};
use crate::system::{Command, Effect, Output};

/// Runs a command that changes the machine as `effects` say; in check mode they are all that happens.
///
/// # Errors
/// When it cannot be started or its exit code is not 0, saying `purpose`: "create the group `wheel`".
pub fn change(ctx: &mut Context<'_>, command: &Command, effects: &[Effect], purpose: &str) -> Result<Output, Failure> {
    let output = ctx.system.run(command, effects)?;
    check(&command.argv, output, purpose)
}

/// Runs a command that only looks.
///
/// # Errors
/// When it cannot be started or its exit code is not 0, saying `purpose`.
pub fn look(ctx: &Context<'_>, command: &Command, purpose: &str) -> Result<Output, Failure> {
    let output = ctx.system.probe(command)?;
    check(&command.argv, output, purpose)
}

fn check(argv: &[String], output: Output, purpose: &str) -> Result<Output, Failure> {
    if output.success() {
        return Ok(output);
    }
    Err(Failure::command(format!("failed to {purpose}: {}", said(&output)), argv, &output))
}

/// Why a command failed: the signal that ended it, else in its own words what it wrote to standard error or standard output, else its exit code.
pub fn said(output: &Output) -> String {
    if output.rc < 0 {
        let number = output.rc.saturating_neg();
        let name = nix::sys::signal::Signal::try_from(number).map_or_else(|_| "unknown".to_owned(), |signal| signal.to_string());
        // What it wrote until then is in the result; its last words are not why it ended.
        return format!("the command was ended by the signal {number} ({name})");
    }
    let texts = [output.stderr_text(), output.stdout_text()];
    let said = texts.iter().map(|text| text.trim()).find(|text| !text.is_empty());
    said.map_or_else(|| format!("the exit code is {}", output.rc), str::to_owned)
}

/// Puts what commands wrote into `stdout` and `stderr` of a result, where they wrote something.
pub fn tell(result: &mut serde_json::Map<String, serde_json::Value>, output: &Output) {
    for (name, text) in [("stdout", output.stdout_text()), ("stderr", output.stderr_text())] {
        if text.is_empty() {
            continue;
        }
        let earlier = result.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let all = format!("{earlier}{text}");
        result.insert(name.to_owned(), all.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_was_killed_is_told_as_such() {
        let killed = Output { rc: -9, stderr: b"half a se".to_vec(), ..Output::default() };
        assert_eq!(said(&killed), "the command was ended by the signal 9 (SIGKILL)");
        assert_eq!(said(&Output { rc: -99, ..Output::default() }), "the command was ended by the signal 99 (unknown)");
        assert_eq!(said(&Output { rc: 3, ..Output::default() }), "the exit code is 3");
    }
}
