//! Scripts in `/etc/init.d`.

use std::path::Path;

use super::Arguments;
use crate::base::shlex;
use crate::modules::shared::required_command;
use crate::modules::{Context, Failure};
use crate::system::Command;

/// The call of the script.
pub(super) fn act(ctx: &Context<'_>, args: &Arguments, verb: &str) -> Result<Command, Failure> {
    let script = Path::new("/etc/init.d").join(&args.name).to_string_lossy().into_owned();
    let more = shlex::split(&args.arguments)
        .map_err(|reason| Failure::new(format!("failed to read `arguments` of the service `{}`: {reason}", args.name)))?;
    Ok(ctx.command([script, verb.to_owned()].into_iter().chain(more)))
}

/// The command that makes the runlevels start it or not.
pub(super) fn enable(ctx: &Context<'_>, args: &Arguments, enabled: bool) -> Result<Command, Failure> {
    let purpose = format!("set whether the service `{}` starts at boot", args.name);
    let program = required_command(ctx.system, &["update-rc.d", "chkconfig"], &purpose)?;
    if program.ends_with("chkconfig") {
        return Ok(ctx.command([program.as_str(), &args.name, if enabled { "on" } else { "off" }]));
    }
    // `defaults` makes the links where there are none, and keeps those that are there.
    let script = if enabled { "$1 $2 defaults && $1 $2 enable" } else { "$1 $2 defaults && $1 $2 disable" };
    Ok(ctx.command(["/bin/sh", "-c", script, "sh", &program, &args.name]))
}
