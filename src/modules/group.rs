//! `group`: groups of users.

use serde::Deserialize;

use super::shared::ids::{self, Defaults, Range};
use super::shared::required_command;
use super::shared::run::{change, tell};
use super::shared::state::State;
use super::spec::BUILTIN;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Effect, Group};

/// The declaration of `group`.
pub static MODULE: Spec = Spec {
    name: "group",
    collections: BUILTIN,
    summary: "Make, change and remove groups of users",
    description: &["Uses `groupadd`, `groupmod` and `groupdel` of the host. Members are set by the module `user`."],
    options: &[
        Opt::new("name", Kind::Str, "Name of the group.").required(),
        Opt::new("state", Kind::Str, "Whether it is to be there.").choices(&["absent", "present"]).default("\"present\""),
        Opt::new("gid", Kind::Int, "Its number."),
        Opt::new("system", Kind::Bool, "Whether a new group gets a number from the range of the system.").default("false"),
        Opt::new("non_unique", Kind::Bool, "Whether `gid` may be a number that another group has.").default("false"),
        Opt::new("force", Kind::Bool, "Remove it even if it is the primary group of a user.").default("false"),
        Opt::new(
            "local",
            Kind::Bool,
            "Use the commands of libuser (`lgroupadd` and so on), for hosts whose accounts come from a directory service.",
        )
        .default("false"),
        Opt::new(
            "gid_min",
            Kind::Int,
            "The smallest number for a new group, in place of `GID_MIN` in `/etc/login.defs`. Not with `local`.",
        ),
        Opt::new("gid_max", Kind::Int, "The largest number for a new group, in place of `GID_MAX` in `/etc/login.defs`. Not with `local`."),
    ],
    rules: &[Rule::If("non_unique", "true", &["gid"])],
    free_form: None,
    returns: &[
        Return { name: "name", kind: "str", when: "always", doc: "Name of the group." },
        Return { name: "state", kind: "str", when: "always", doc: "`present` or `absent`." },
        Return { name: "gid", kind: "int", when: "state is present", doc: "Its number." },
        Return { name: "system", kind: "bool", when: "state is present", doc: "What `system` says." },
        Return { name: "stdout", kind: "str", when: "a command wrote something", doc: "What it wrote (`stderr`: to standard error)." },
    ],
    examples: "
- name: A group for the service
  group:
    name: klaytn
    system: true
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    state: State,
    gid: Option<i64>,
    system: bool,
    non_unique: bool,
    force: bool,
    local: bool,
    gid_min: Option<i64>,
    gid_max: Option<i64>,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    for (option, limit) in [("gid_min", args.gid_min), ("gid_max", args.gid_max)] {
        if args.local && limit.is_some() {
            return Err(Failure::new(format!("failed to manage the group `{}`: `{option}` means nothing with `local`", args.name)));
        }
    }
    let group = ids::group_named(ctx.system, &args.name)?;
    match args.state {
        State::Absent => absent(ctx, &args, group),
        State::Present => present(ctx, &args, group),
    }
}

fn absent(ctx: &mut Context<'_>, args: &Arguments, group: Option<Group>) -> ModuleResult {
    let mut outcome = Outcome::new().with("name", args.name.as_str()).with("state", "absent");
    let Some(group) = group else { return Ok(outcome) };
    let purpose = format!("remove the group `{}`", args.name);
    if let Some(user) = primary_user(ctx, &group)?
        && !args.force
    {
        return Err(Failure::new(format!("failed to {purpose}: it is the primary group of the user `{user}`"))
            .hint("remove the user or give it another group first, or set `force: true`"));
    }
    let program = required_command(ctx.system, &[if args.local { "lgroupdel" } else { "groupdel" }], &purpose)?;
    let mut argv = vec![program];
    if args.force && !args.local {
        argv.push("-f".to_owned());
    }
    argv.push(args.name.clone());
    let command = ctx.command(argv);
    let output = change(ctx, &command, &[Effect::GroupRemoved(args.name.clone())], &purpose)?;
    tell(&mut outcome.result, &output);
    Ok(outcome)
}

/// A user whose primary group it is.
fn primary_user(ctx: &Context<'_>, group: &Group) -> Result<Option<String>, Failure> {
    let passwd = ids::text_of(ctx.system, "/etc/passwd")?;
    let number = group.gid.to_string();
    for line in passwd.lines() {
        let mut fields = line.split(':');
        let (Some(name), Some(gid)) = (fields.next(), fields.nth(2)) else { continue };
        // Check mode may know better than the file.
        if gid == number && ids::user_named(ctx.system, name)?.is_some_and(|user| user.gid == group.gid) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

fn present(ctx: &mut Context<'_>, args: &Arguments, group: Option<Group>) -> ModuleResult {
    let mut outcome = Outcome::new();
    let wanted = args.gid.map(|gid| ids::number("gid", gid)).transpose()?;
    let (verb, names, effect) = match group {
        Some(group) if wanted.is_none_or(|gid| gid == group.gid) => return tell_group(ctx, args, outcome),
        Some(group) => {
            let gid = wanted.unwrap_or(group.gid);
            ("change", ["groupmod", "lgroupmod"], Group { gid, ..group })
        }
        None => (
            "create",
            ["groupadd", "lgroupadd"],
            Group { name: args.name.clone(), gid: new_number(ctx, args, wanted)?, members: Vec::new() },
        ),
    };
    let purpose = format!("{verb} the group `{}`", args.name);
    if let Some(gid) = wanted
        && !args.non_unique
        && let Some(other) = ctx.system.group(&gid.to_string())?.filter(|other| other.gid == gid && other.name != args.name)
    {
        return Err(Failure::new(format!("failed to {purpose}: its number {gid} belongs to the group `{}`", other.name))
            .hint("choose another `gid`, or set `non_unique: true`"));
    }
    let [usual, local] = names;
    let mut argv = vec![required_command(ctx.system, &[if args.local { local } else { usual }], &purpose)?];
    if let Some(gid) = wanted {
        argv.extend(["-g".to_owned(), gid.to_string()]);
        if args.non_unique {
            argv.push("-o".to_owned());
        }
    }
    if verb == "create" {
        if args.system {
            argv.push("-r".to_owned());
        }
        for (name, limit) in [("GID_MIN", args.gid_min), ("GID_MAX", args.gid_max)] {
            if let Some(limit) = limit {
                argv.extend(["-K".to_owned(), format!("{name}={limit}")]);
            }
        }
    }
    argv.push(args.name.clone());
    let command = ctx.command(argv);
    let output = change(ctx, &command, &[Effect::Group(effect)], &purpose)?;
    tell(&mut outcome.result, &output);
    tell_group(ctx, args, outcome)
}

fn new_number(ctx: &Context<'_>, args: &Arguments, wanted: Option<u32>) -> Result<u32, Failure> {
    if let Some(gid) = wanted {
        return Ok(gid);
    }
    let range = Range::of(&Defaults::login(ctx.system)?, "GID", args.system, args.gid_min, args.gid_max);
    ids::next_group(ctx.system, range)?.ok_or_else(|| {
        Failure::new(format!("failed to create the group `{}`: no number from {} to {} is free", args.name, range.min, range.max))
    })
}

fn tell_group(ctx: &Context<'_>, args: &Arguments, outcome: Outcome) -> ModuleResult {
    let gid = ids::group_named(ctx.system, &args.name)?.map(|group| group.gid);
    Ok(outcome.with("name", args.name.as_str()).with("state", "present").with("system", args.system).with("gid", gid))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::modules::testing::{apply, refused};
    use crate::system::fake::Fake;

    fn machine() -> Fake {
        ["groupadd", "groupmod", "groupdel", "lgroupadd"]
            .iter()
            .fold(Fake::new(), |fake, name| fake.program(&format!("/usr/sbin/{name}")))
            .group("ada", 1000)
            .user("ada", 1000)
            .file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n")
            .group("wheel", 10)
    }

    #[test]
    fn what_is_asked_for_is_done_by_the_right_command_once() {
        for (args, command, gid) in [
            (json!({"name": "ops"}), Some("groupadd ops"), Some(1001)),
            (json!({"name": "ops", "system": true}), Some("groupadd -r ops"), Some(999)),
            (json!({"name": "ops", "gid": 2000}), Some("groupadd -g 2000 ops"), Some(2000)),
            (json!({"name": "ops", "gid": 10, "non_unique": true}), Some("groupadd -g 10 -o ops"), Some(10)),
            (json!({"name": "ops", "gid_min": 3000, "gid_max": 3010}), Some("groupadd -K GID_MIN=3000 -K GID_MAX=3010 ops"), Some(3000)),
            (json!({"name": "ops", "local": true}), Some("lgroupadd ops"), Some(1001)),
            (json!({"name": "wheel"}), None, Some(10)),
            (json!({"name": "wheel", "gid": 10}), None, Some(10)),
            (json!({"name": "wheel", "gid": 11}), Some("groupmod -g 11 wheel"), Some(11)),
            (json!({"name": "wheel", "state": "absent"}), Some("groupdel wheel"), None),
            (json!({"name": "none", "state": "absent"}), None, None),
            (json!({"name": "ada", "state": "absent", "force": true}), Some("groupdel -f ada"), None),
        ] {
            let applied = apply(&MODULE, machine(), args.clone());
            assert_eq!(applied.changed, command.is_some(), "{args}");
            let ran: Vec<String> =
                applied.machine.commands().iter().filter_map(|line| line.strip_prefix("run /usr/sbin/").map(str::to_owned)).collect();
            assert_eq!(ran, command.iter().map(|command| (*command).to_owned()).collect::<Vec<_>>(), "{args}");
            assert_eq!(applied.get("gid").as_u64(), gid, "{args}");
        }
    }

    #[test]
    fn the_number_is_refused_before_the_command_refuses_it() {
        for args in [json!({"name": "ops", "gid": 10}), json!({"name": "ada", "gid": 10})] {
            let applied = apply(&MODULE, machine(), args);
            assert!(applied.failure().message.ends_with("its number 10 belongs to the group `wheel`"), "{}", applied.failure());
        }
        let applied = apply(&MODULE, machine(), json!({"name": "ops", "gid": -1}));
        assert!(applied.failure().message.contains("between 0 and"), "{}", applied.failure());
    }

    #[test]
    fn a_primary_group_stays() {
        let applied = apply(&MODULE, machine(), json!({"name": "ada", "state": "absent"}));
        assert_eq!(applied.failure().message, "failed to remove the group `ada`: it is the primary group of the user `ada`");
    }

    #[test]
    fn the_words_of_the_command_are_told() {
        let machine = machine().answer(&["/usr/sbin/groupadd"], 10, "", "groupadd: cannot open /etc/group\n");
        let applied = crate::modules::testing::apply_once(&MODULE, machine, json!({"name": "ops"}));
        let failure = applied.failure();
        assert_eq!(failure.message, "failed to create the group `ops`: groupadd: cannot open /etc/group");
        assert_eq!(failure.result["rc"], 10);
        let bare = apply(&MODULE, Fake::new(), json!({"name": "ops"}));
        assert_eq!(bare.failure().message, "failed to create the group `ops`: the machine has no `groupadd`");
    }

    #[test]
    fn options_that_do_not_fit_are_refused() {
        assert!(refused(&MODULE, json!({"name": "ops", "non_unique": true})).contains("gid"));
        let applied = apply(&MODULE, machine(), json!({"name": "ops", "local": true, "gid_min": 5}));
        assert!(applied.failure().message.contains("`gid_min` means nothing with `local`"));
    }
}
