//! An account that is to go.

use std::path::Path;

use super::Arguments;
use super::shadow::Shadow;
use crate::modules::shared::ids::{self, Defaults};
use crate::modules::shared::run::{change, tell};
use crate::modules::{Context, ModuleResult, Outcome};
use crate::system::{Effect, User};

/// Removes the account, and with `remove` its home.
pub(super) fn remove(ctx: &mut Context<'_>, args: &Arguments, user: Option<User>) -> ModuleResult {
    let mut outcome = Outcome::new().with("name", args.name.as_str()).with("state", "absent");
    let Some(user) = user else { return Ok(outcome) };
    let purpose = format!("remove the user `{}`", args.name);
    let mut argv = vec![args.program(ctx, "userdel", &purpose)?];
    if args.force && !args.local {
        argv.push("-f".to_owned());
    }
    if args.remove {
        argv.push("-r".to_owned());
    }
    argv.push(args.name.clone());
    let mut effects = vec![Effect::UserRemoved(args.name.clone())];
    effects.extend(Shadow::read(ctx.system)?.effect(&args.name, None));
    if args.remove {
        effects.push(Effect::FileRemoved(user.home.clone()));
        effects.push(Effect::FileRemoved(Path::new("/var/mail").join(&args.name)));
    }
    // `userdel` takes the user's own group along when nobody else is in it.
    let own = ids::group_named(ctx.system, &args.name)?
        .filter(|group| group.gid == user.gid && group.members.iter().all(|member| *member == args.name));
    if own.is_some() && Defaults::login(ctx.system)?.flag("USERGROUPS_ENAB") {
        effects.push(Effect::GroupRemoved(args.name.clone()));
    }
    let command = ctx.command(argv);
    let output = change(ctx, &command, &effects, &purpose)?;
    tell(&mut outcome.result, &output);
    Ok(outcome.with("force", args.force).with("remove", args.remove))
}
