//! An account that is there already.

use super::shadow::{self, Shadow};
use super::{Arguments, UpdatePassword, supplementary};
use crate::modules::shared::exists;
use crate::modules::shared::ids;
use crate::modules::shared::run::{change, tell};
use crate::modules::{Context, Failure, Outcome};
use crate::system::{Effect, User};

/// Brings the account into the state that the task describes.
pub(super) fn modify(ctx: &mut Context<'_>, args: &Arguments, old: User, outcome: &mut Outcome) -> Result<(), Failure> {
    let purpose = format!("change the user `{}`", args.name);
    let shadow = Shadow::read(ctx.system)?;
    let mut new = old.clone();
    let mut effects = Vec::new();
    let mut options = account(ctx, args, &mut new)?;
    options.extend(home(ctx, args, &mut new, &mut effects)?);
    let groups = groups(ctx, args, &mut new)?;
    if !args.local {
        options.extend(groups);
    }
    let mut entry = shadow.entry(&args.name);
    let password = password(args, &entry.password);
    let lock = match (&password, lock(args, &entry.password)) {
        (None, Lock::Unusable) => {
            *outcome = std::mem::take(outcome)
                .warn(format!("the user `{}` has no password that could be unlocked, so it stays locked", args.name));
            None
        }
        (None, Lock::Set(option, locked)) => {
            entry.password = locked;
            Some(option.to_owned())
        }
        _ => None,
    };
    options.extend(lock);
    if !args.local {
        options.extend(shadow::expiry(args, &mut entry));
    }
    if !options.is_empty() {
        let mut argv = vec![args.program(ctx, "usermod", &purpose)?];
        argv.append(&mut options);
        argv.push(args.name.clone());
        effects.push(Effect::User(new.clone()));
        if entry != shadow.entry(&args.name) {
            effects.extend(shadow.effect(&args.name, Some(&entry)));
            effects.push(Effect::Other(format!("user {}: password or expiry changed", args.name)));
        }
        let command = ctx.command(argv);
        let output = change(ctx, &command, &effects, &purpose)?;
        tell(&mut outcome.result, &output);
    }
    if args.local && new.groups != old.groups {
        supplementary::change_local(ctx, args, &old.groups, &new.groups)?;
    }
    if args.local {
        shadow::expire_account_local(ctx, args, outcome)?;
    }
    match password {
        Some(hash) => shadow::set_password(ctx, &args.name, &hash, outcome),
        None => Ok(()),
    }
}

/// Number, primary group, comment and shell.
fn account(ctx: &Context<'_>, args: &Arguments, user: &mut User) -> Result<Vec<String>, Failure> {
    let mut options = Vec::new();
    if let Some(uid) = args.uid.map(|uid| ids::number("uid", uid)).transpose()?.filter(|uid| *uid != user.uid) {
        let other = ctx.system.user(&uid.to_string())?.filter(|other| other.uid == uid);
        if let Some(other) = other.filter(|_| !args.non_unique) {
            return Err(Failure::new(format!(
                "failed to change the user `{}`: its new number {uid} belongs to the user `{}`",
                args.name, other.name
            ))
            .hint("choose another `uid`, or set `non_unique: true`"));
        }
        options.extend(["-u".to_owned(), uid.to_string()]);
        if args.non_unique {
            options.push("-o".to_owned());
        }
        user.uid = uid;
    }
    if let Some(name) = &args.group {
        let Some(group) = ctx.system.group(name)? else { return Err(supplementary::no_such_group(args, name).missing_on(ctx.system)) };
        if group.gid != user.gid {
            options.extend(["-g".to_owned(), group.gid.to_string()]);
            user.gid = group.gid;
            user.groups.retain(|other| *other != group.name);
        }
    }
    for (option, wanted, field) in [("-c", &args.comment, &mut user.comment), ("-s", &args.shell, &mut user.shell)] {
        if let Some(wanted) = wanted.as_ref().filter(|wanted| *wanted != field) {
            options.extend([option.to_owned(), wanted.clone()]);
            field.clone_from(wanted);
        }
    }
    Ok(options)
}

fn home(ctx: &Context<'_>, args: &Arguments, user: &mut User, effects: &mut Vec<Effect>) -> Result<Vec<String>, Failure> {
    let Some(home) = args.home.as_ref().filter(|home| **home != user.home) else { return Ok(Vec::new()) };
    let mut options = vec!["-d".to_owned(), home.to_string_lossy().into_owned()];
    if args.move_home && exists(ctx.system, &user.home)? && !exists(ctx.system, home)? {
        options.push("-m".to_owned());
        effects.push(Effect::FileRemoved(user.home.clone()));
        effects.push(Effect::DirectoryMade(home.clone()));
    }
    user.home.clone_from(home);
    Ok(options)
}

fn groups(ctx: &Context<'_>, args: &Arguments, user: &mut User) -> Result<Vec<String>, Failure> {
    let Some(wanted) = supplementary::wanted(ctx, args, user.gid)? else { return Ok(Vec::new()) };
    if args.append {
        let missing: Vec<String> = wanted.into_iter().filter(|group| !user.groups.contains(group)).collect();
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let options = vec!["-a".to_owned(), "-G".to_owned(), missing.join(",")];
        user.groups.extend(missing);
        user.groups.sort();
        return Ok(options);
    }
    let mut current = user.groups.clone();
    current.sort();
    if current == wanted {
        return Ok(Vec::new());
    }
    let options = vec!["-G".to_owned(), wanted.join(",")];
    user.groups = wanted;
    Ok(options)
}

/// The hash to set, if the account has another one. A lock in front is no difference.
fn password(args: &Arguments, current: &str) -> Option<String> {
    let wanted = args.password.as_ref()?.expose();
    if args.update_password != UpdatePassword::Always || wanted.trim_start_matches('!') == current.trim_start_matches('!') {
        return None;
    }
    let lock = if args.password_lock == Some(true) && !wanted.starts_with('!') { "!" } else { "" };
    Some(format!("{lock}{wanted}"))
}

enum Lock {
    Stays,
    /// The option of `usermod`, and the password field afterwards.
    Set(&'static str, String),
    Unusable,
}

fn lock(args: &Arguments, current: &str) -> Lock {
    match (args.password_lock, current.strip_prefix('!')) {
        (Some(true), None) => Lock::Set("-L", format!("!{current}")),
        (Some(false), Some("" | "!")) => Lock::Unusable,
        (Some(false), Some(hash)) => Lock::Set("-U", hash.to_owned()),
        _ => Lock::Stays,
    }
}
