//! Asking the `openssl` of the machine.

use crate::base::Secret;
use crate::modules::shared::required_command;
use crate::modules::shared::run::said;
use crate::modules::{Context, Failure};
use crate::system::Output;

/// The variable in which `openssl` finds the passphrase. Only the user who runs it and root can read it.
const VARIABLE: &str = "KCONF_PASSPHRASE";
/// How `openssl` is told to look there for the passphrase of a key that it reads.
pub const PASSIN: [&str; 2] = ["-passin", "env:KCONF_PASSPHRASE"];
/// As [`PASSIN`], for one that it writes.
pub const PASSOUT: [&str; 2] = ["-passout", "env:KCONF_PASSPHRASE"];

/// What a command is given besides its arguments.
#[derive(Clone, Copy, Default)]
pub struct Given<'a> {
    /// What it reads on standard input.
    pub input: Option<&'a str>,
    /// What it finds behind [`PASSIN`] and [`PASSOUT`].
    pub passphrase: Option<&'a str>,
}

/// Runs `openssl`, which only looks, or makes something that it prints.
///
/// # Errors
/// When the machine has none, saying `purpose`, or it cannot be started, or a signal ends it: then it has not said no.
pub fn ask(ctx: &Context<'_>, args: &[&str], given: Given<'_>, purpose: &str) -> Result<Output, Failure> {
    let program = required_command(ctx.system, &["openssl"], purpose)?;
    let mut command = ctx.command([program.as_str()].iter().chain(args).copied());
    command.secret_stdin = given.input.map(Secret::new);
    if let Some(passphrase) = given.passphrase {
        command = command.env(VARIABLE, passphrase);
    }
    let output = ctx.system.probe(&command)?;
    if output.rc < 0 {
        return Err(Failure::new(format!("failed to {purpose}: {}", said(&output))));
    }
    Ok(output)
}

/// As [`ask`]; what it prints.
///
/// # Errors
/// As there, and when its exit code is not 0. What it printed may be secret, so it is not told.
pub fn make(ctx: &Context<'_>, args: &[&str], given: Given<'_>, purpose: &str) -> Result<Vec<u8>, Failure> {
    let output = ask(ctx, args, given, purpose)?;
    if output.success() {
        return Ok(output.stdout);
    }
    let output = Output { stdout: Vec::new(), ..output };
    let argv: Vec<String> = std::iter::once("openssl").chain(args.iter().copied()).map(str::to_owned).collect();
    Err(Failure::command(format!("failed to {purpose}: {}", said(&output)), &argv, &output))
}

/// As [`make`], where text is printed.
///
/// # Errors
/// As there, and when it is no text.
pub fn make_text(ctx: &Context<'_>, args: &[&str], given: Given<'_>, purpose: &str) -> Result<String, Failure> {
    String::from_utf8(make(ctx, args, given, purpose)?).map_err(|_| Failure::new(format!("failed to {purpose}: `openssl` printed no text")))
}
