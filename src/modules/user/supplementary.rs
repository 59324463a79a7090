//! The groups of a user beside the primary one.

use super::Arguments;
use crate::modules::shared::run::change;
use crate::modules::{Context, Failure};
use crate::system::Effect;

/// The names of the groups that the task lists, without the primary group `gid`, sorted; `None` when it lists none.
pub(super) fn wanted(ctx: &Context<'_>, args: &Arguments, gid: u32) -> Result<Option<Vec<String>>, Failure> {
    let Some(groups) = &args.groups else { return Ok(None) };
    let mut names = Vec::new();
    for name in groups.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let Some(group) = ctx.system.group(name)? else { return Err(no_such_group(args, name).missing_on(ctx.system)) };
        if group.gid != gid {
            names.push(group.name);
        }
    }
    names.sort();
    names.dedup();
    Ok(Some(names))
}

/// The error for a group that is not there.
pub(super) fn no_such_group(args: &Arguments, group: &str) -> Failure {
    Failure::new(format!("failed to put the user `{}` into the group `{group}`: the machine knows no such group", args.name))
        .hint("create the group in an earlier task")
}

/// Brings a user of libuser from the groups `old` to the groups `new`.
pub(super) fn change_local(ctx: &mut Context<'_>, args: &Arguments, old: &[String], new: &[String]) -> Result<(), Failure> {
    let joins = new.iter().filter(|group| !old.contains(group)).map(|group| ("-M", group));
    let leaves = old.iter().filter(|group| !new.contains(group)).map(|group| ("-m", group));
    for (option, group) in joins.chain(leaves) {
        let purpose = format!("change the members of the group `{group}`");
        let argv = [args.program(ctx, "groupmod", &purpose)?, option.to_owned(), args.name.clone(), group.clone()];
        let command = ctx.command(argv);
        // The user's effect says which groups the user is in.
        change(ctx, &command, &[Effect::Other(format!("group {group}: members changed"))], &purpose)?;
    }
    Ok(())
}
