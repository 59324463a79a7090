//! OpenRC.

use super::Arguments;
use crate::base::shlex;
use crate::modules::shared::required_command;
use crate::modules::{Context, Failure};
use crate::system::Command;

/// The call of the service.
pub(super) fn act(ctx: &Context<'_>, args: &Arguments, verb: &str) -> Result<Command, Failure> {
    let program = required_command(ctx.system, &["rc-service"], &format!("{verb} the service `{}`", args.name))?;
    let more = shlex::split(&args.arguments)
        .map_err(|reason| Failure::new(format!("failed to read `arguments` of the service `{}`: {reason}", args.name)))?;
    Ok(ctx.command([program, args.name.clone(), verb.to_owned()].into_iter().chain(more)))
}

/// The command that adds it to the runlevel or takes it out.
pub(super) fn enable(ctx: &Context<'_>, args: &Arguments, enabled: bool) -> Result<Command, Failure> {
    let program = required_command(ctx.system, &["rc-update"], &format!("set whether the service `{}` starts at boot", args.name))?;
    Ok(ctx.command([program.as_str(), if enabled { "add" } else { "del" }, &args.name, &args.runlevel]))
}
