//! A new account.

use super::shadow::{self, Entry, Shadow};
use super::{Arguments, home, supplementary};
use crate::modules::shared::exists;
use crate::modules::shared::ids::{self, Defaults, Range};
use crate::modules::shared::make_parents;
use crate::modules::shared::run::{change, tell};
use crate::modules::{Context, Failure, Outcome};
use crate::system::{Effect, Group, User};

/// The group that new users get where neither the task nor the host names one.
const USERS: u32 = 100;

/// Makes the account, its home and its password.
pub(super) fn create(ctx: &mut Context<'_>, args: &Arguments, outcome: &mut Outcome) -> Result<(), Failure> {
    let purpose = format!("create the user `{}`", args.name);
    let defaults = Defaults::login(ctx.system)?;
    let program = args.program(ctx, "useradd", &purpose)?;
    let uid = number(ctx, args, &defaults)?;
    let primary = Primary::choose(ctx, args, &defaults, uid)?;
    let groups = supplementary::wanted(ctx, args, primary.gid())?.unwrap_or_default();
    let user = predicted(ctx, args, uid, primary.gid(), &groups)?;
    let mut argv = vec![program];
    argv.extend(options(args, &primary, &groups));
    if args.create_home && args.home.is_some() {
        make_parents(ctx, &user.home, Some(0o755))?;
    }
    let new_home = args.create_home && !exists(ctx.system, &user.home)?;
    let mut effects = Vec::new();
    if let Primary::Own(gid) = primary {
        effects.push(Effect::Group(Group { name: args.name.clone(), gid, members: Vec::new() }));
    }
    effects.push(Effect::User(user.clone()));
    let shadow = Shadow::read(ctx.system)?;
    effects.extend(shadow.effect(&args.name, Some(&entry(ctx, args, &defaults)?)));
    let skeleton = if new_home { home::Skeleton::read(ctx, args)? } else { home::Skeleton::default() };
    if new_home {
        effects.push(Effect::DirectoryMade(user.home.clone()));
        effects.extend(skeleton.effects(&user.home));
    }
    let command = ctx.command(argv);
    let output = change(ctx, &command, &effects, &purpose)?;
    tell(&mut outcome.result, &output);
    if new_home && exists(ctx.system, &user.home)? {
        // As `useradd` leaves it; known to check mode from here.
        home::give(ctx, args, &user, &skeleton)?;
    }
    if args.local {
        supplementary::change_local(ctx, args, &[], &groups)?;
        shadow::expire_account_local(ctx, args, outcome)?;
    }
    if let Some(password) = &args.password {
        let lock = if args.password_lock == Some(true) && !password.expose().starts_with('!') { "!" } else { "" };
        shadow::set_password(ctx, &args.name, &format!("{lock}{}", password.expose()), outcome)?;
    }
    Ok(())
}

fn number(ctx: &Context<'_>, args: &Arguments, defaults: &Defaults) -> Result<u32, Failure> {
    let fail = |reason: String| Failure::new(format!("failed to create the user `{}`: {reason}", args.name));
    if let Some(uid) = args.uid {
        let uid = ids::number("uid", uid)?;
        return match ctx.system.user(&uid.to_string())?.filter(|other| other.uid == uid) {
            Some(other) if !args.non_unique => Err(fail(format!("its number {uid} belongs to the user `{}`", other.name))
                .hint("choose another `uid`, or set `non_unique: true`")),
            _ => Ok(uid),
        };
    }
    let range = Range::of(defaults, "UID", args.system, args.uid_min, args.uid_max);
    ids::next_user(ctx.system, range)?.ok_or_else(|| fail(format!("no number from {} to {} is free", range.min, range.max)))
}

/// Where the primary group comes from.
enum Primary {
    /// The task names it.
    Given(u32),
    /// A group of the user's own, made with it.
    Own(u32),
    /// A group of the user's name is there already, so none can be made; the user gets the host's default.
    Taken(u32),
    /// The host's default.
    Default(u32),
}

impl Primary {
    fn choose(ctx: &Context<'_>, args: &Arguments, defaults: &Defaults, uid: u32) -> Result<Self, Failure> {
        if let Some(name) = &args.group {
            let Some(group) = ctx.system.group(name)? else { return Err(supplementary::no_such_group(args, name).missing_on(ctx.system)) };
            return Ok(Self::Given(group.gid));
        }
        let usual = match Defaults::useradd(ctx.system)?.get("GROUP") {
            Some(group) => ctx.system.group(group)?.map(|group| group.gid).or_else(|| group.parse().ok()).unwrap_or(USERS),
            None => USERS,
        };
        if ids::group_named(ctx.system, &args.name)?.is_some() {
            return Ok(Self::Taken(usual));
        }
        if !defaults.flag("USERGROUPS_ENAB") && !args.local {
            return Ok(Self::Default(usual));
        }
        if ctx.system.group(&uid.to_string())?.is_none() {
            return Ok(Self::Own(uid));
        }
        let range = Range::of(defaults, "GID", args.system, None, None);
        Ok(Self::Own(ids::next_group(ctx.system, range)?.unwrap_or(uid)))
    }

    fn gid(&self) -> u32 {
        match self {
            Self::Given(gid) | Self::Own(gid) | Self::Taken(gid) | Self::Default(gid) => *gid,
        }
    }
}

fn options(args: &Arguments, primary: &Primary, groups: &[String]) -> Vec<String> {
    let mut argv: Vec<String> = Vec::new();
    let mut option = |name: &str, value: String| argv.extend([name.to_owned(), value]);
    if let Some(uid) = args.uid {
        option("-u", uid.to_string());
    }
    if let Primary::Given(gid) = primary {
        option("-g", gid.to_string());
    }
    if !groups.is_empty() && !args.local {
        option("-G", groups.join(","));
    }
    if let Some(comment) = &args.comment {
        option("-c", comment.clone());
    }
    if let Some(home) = &args.home {
        option("-d", home.to_string_lossy().into_owned());
    }
    if let Some(shell) = &args.shell {
        option("-s", shell.clone());
    }
    if !args.local {
        if let Some(expires) = args.expires {
            option("-e", shadow::date(&shadow::day(expires)));
        }
        if let Some(days) = args.password_expire_account_disable {
            option("-f", days.to_string());
        }
        if let Some(umask) = &args.umask {
            option("-K", format!("UMASK={umask}"));
        }
        for (name, limit) in [("UID_MIN", args.uid_min), ("UID_MAX", args.uid_max)] {
            if let Some(limit) = limit {
                option("-K", format!("{name}={limit}"));
            }
        }
    }
    if let Some(seuser) = &args.seuser {
        option("-Z", seuser.clone());
    }
    if let Some(skeleton) = args.skeleton.as_ref().filter(|_| args.create_home) {
        option("-k", skeleton.to_string_lossy().into_owned());
    }
    let flags = [
        ("-o", args.uid.is_some() && args.non_unique),
        ("-N", matches!(primary, Primary::Taken(_)) && !args.local),
        ("-n", matches!(primary, Primary::Taken(_)) && args.local),
        ("-m", args.create_home && !args.local),
        ("-M", !args.create_home),
        ("-r", args.system),
    ];
    argv.extend(flags.iter().filter(|(_, set)| *set).map(|(name, _)| (*name).to_owned()));
    argv.push(args.name.clone());
    argv
}

/// The account as `useradd` will make it.
fn predicted(ctx: &Context<'_>, args: &Arguments, uid: u32, gid: u32, groups: &[String]) -> Result<User, Failure> {
    let defaults = Defaults::useradd(ctx.system)?;
    let home = args.home.clone().unwrap_or_else(|| std::path::Path::new(defaults.get("HOME").unwrap_or("/home")).join(&args.name));
    let shell = args.shell.clone().or_else(|| defaults.get("SHELL").map(str::to_owned)).unwrap_or_default();
    let mut groups = groups.to_vec();
    groups.sort();
    Ok(User { name: args.name.clone(), uid, gid, comment: args.comment.clone().unwrap_or_default(), home, shell, groups })
}

fn entry(ctx: &Context<'_>, args: &Arguments, defaults: &Defaults) -> Result<Entry, Failure> {
    let age = |name: &str| if args.system { String::new() } else { defaults.get(name).unwrap_or_default().to_owned() };
    Ok(Entry {
        password: "!".to_owned(),
        changed: shadow::today(ctx.system)?,
        min: age("PASS_MIN_DAYS"),
        max: age("PASS_MAX_DAYS"),
        warn: age("PASS_WARN_AGE"),
        inactive: args.password_expire_account_disable.filter(|days| *days >= 0).map(|days| days.to_string()).unwrap_or_default(),
        expire: args.expires.map(shadow::day).unwrap_or_default(),
        ..Entry::default()
    })
}
