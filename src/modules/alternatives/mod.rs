//! `alternatives`: which of several programs a common name means.

mod groups;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shared::run::{change, look};
use super::shared::{exists, required_command};
use super::spec::GENERAL;
use super::{Args, Context, Failure, Kind, ModuleResult, Opt, Outcome, Place, Return, Rule, Spec};
use crate::system::{Effect, Placed};
use groups::{Choice, Group, Slave};

/// What is used when a new alternative has no `priority`.
const PRIORITY: i64 = 50;

const SUBCOMMANDS: &[Opt] = &[
    Opt::new("name", Kind::Str, "Its common name.").required(),
    Opt::new("path", Kind::Path, "The program.").required(),
    Opt::new("link", Kind::Path, "The link that users call.").required(),
];

/// The declaration of `alternatives`.
pub static MODULE: Spec = Spec {
    name: "alternatives",
    collections: GENERAL,
    summary: "Choose what a common name means",
    description: &["Calls `update-alternatives` of the host: that of Debian, or that of Red Hat, which groups alternatives into families."],
    options: &[
        Opt::new("name", Kind::Str, "The common name: `editor`.").required(),
        Opt::new("path", Kind::Path, "The program that is meant."),
        Opt::new("family", Kind::Str, "The family that is meant instead of a program. Only Red Hat's alternatives have families."),
        Opt::new(
            "link",
            Kind::Path,
            "The link that users call: `/usr/bin/editor`. Needed for a name that is new, and on Red Hat's for each new alternative.",
        ),
        Opt::new("priority", Kind::Int, "The highest is chosen in automatic mode. A new alternative without one gets 50."),
        Opt::new(
            "state",
            Kind::Str,
            "`present`: it can be chosen. `selected`: it is chosen. `auto`: it can be chosen, and the highest priority decides. `absent`: it \
             is gone.",
        )
        .choices(&["present", "selected", "auto", "absent"])
        .default("\"selected\""),
        Opt::new(
            "subcommands",
            Kind::List(&Kind::Dict),
            "Links that change together with it: manual pages, companions. Those that are there stay when this is left out.",
        )
        .aliases(&["slaves"])
        .suboptions(SUBCOMMANDS),
    ],
    rules: &[Rule::OneOf(&["path", "family"])],
    free_form: None,
    returns: &[Return { name: "msg", kind: "str", when: "always", doc: "What was done." }],
    examples: "
- name: Everybody edits with vim
  community.general.alternatives:
    name: editor
    path: /usr/bin/vim.basic
",
    place: Place::Target(run),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    name: String,
    path: Option<String>,
    family: Option<String>,
    link: Option<String>,
    priority: Option<i64>,
    state: State,
    subcommands: Option<Vec<Slave>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Present,
    Selected,
    Auto,
    Absent,
}

/// The program that keeps them, and whether it is Debian's.
struct Keeper {
    program: String,
    is_debian: bool,
}

fn run(ctx: &mut Context<'_>, args: Args) -> ModuleResult {
    let args: Arguments = args.parse()?;
    let purpose = format!("choose what `{}` means", args.name);
    let wrong = |why: &str| Failure::new(format!("failed to {purpose}: {why}"));
    if args.name.is_empty() || args.name.starts_with('-') || args.name.contains(['/', ' ', '\n']) {
        return Err(wrong("a name cannot be like that"));
    }
    let program = required_command(ctx.system, &["update-alternatives", "alternatives"], &purpose)?;
    let version = look(ctx, &ctx.command([program.as_str(), "--version"]), &purpose)?;
    let keeper = Keeper { program, is_debian: version.stdout_text().contains("Debian") };
    if keeper.is_debian && args.family.is_some() {
        return Err(wrong("the `update-alternatives` of this machine knows no families"));
    }
    let mut group = keeper.read(ctx, &args.name, &purpose)?;
    let mut done = Vec::new();
    let Some(path) = &args.path else {
        let family = args.family.as_deref().unwrap_or_default();
        by_family(ctx, &keeper, &args, group, family, &purpose, &mut done)?;
        return Ok(Outcome::new().with("msg", done.join("; ")));
    };
    let known = group.as_ref().and_then(|group| group.choices.iter().find(|choice| choice.path == *path));
    if args.state == State::Absent {
        if known.is_some() {
            let mut left = group.clone().unwrap_or_default();
            left.remove(path);
            keeper.change(ctx, &args.name, &["--remove", &args.name, path], group.as_ref(), &left, &purpose)?;
            done.push(format!("removed {path}"));
        }
        return Ok(Outcome::new().with("msg", done.join("; ")));
    }
    if !exists(ctx.system, Path::new(path))? {
        return Err(wrong(&format!("there is no `{path}`")).missing_on(ctx.system));
    }
    let is_chosen = group.as_ref().is_some_and(|group| group.value.as_ref() == Some(path));
    let is_as_wanted = known.is_some_and(|known| {
        args.priority.is_none_or(|priority| known.priority == priority)
            && (args.family.is_none() || args.family == known.family)
            && args.subcommands.as_ref().is_none_or(|wanted| keeper.are_same(wanted, &known.slaves))
    });
    if !is_as_wanted {
        let link = args.link.clone().or_else(|| group.as_ref().and_then(|group| group.link.clone()));
        let link = link.ok_or_else(|| wrong("`link` is missing, which a new alternative needs"))?;
        let choice = Choice {
            path: path.clone(),
            priority: args.priority.or(known.map(|known| known.priority)).unwrap_or(PRIORITY),
            family: args.family.clone().or_else(|| known.and_then(|known| known.family.clone())),
            slaves: args.subcommands.clone().or_else(|| known.map(|known| known.slaves.clone())).unwrap_or_default(),
        };
        let mut next = group.clone().unwrap_or_default();
        next.install(&link, choice.clone());
        let priority = choice.priority.to_string();
        let mut words = vec!["--install", link.as_str(), args.name.as_str(), path.as_str(), priority.as_str()];
        if let Some(family) = &choice.family {
            words.extend(["--family", family]);
        }
        for slave in &choice.slaves {
            words.extend(["--slave", &slave.link, &slave.name, &slave.path]);
        }
        keeper.change(ctx, &args.name, &words, group.as_ref(), &next, &purpose)?;
        done.push(format!("installed {path}"));
        group = Some(next);
    }
    let mut next = group.clone().unwrap_or_default();
    match args.state {
        // What automatic mode happens to choose now is to stay when another one comes.
        State::Selected if !is_chosen => {
            (next.value, next.is_auto) = (Some(path.clone()), false);
            keeper.change(ctx, &args.name, &["--set", &args.name, path], group.as_ref(), &next, &purpose)?;
            done.push(format!("selected {path}"));
        }
        State::Auto if !next.is_auto => {
            next.is_auto = true;
            next.settle();
            keeper.change(ctx, &args.name, &["--auto", &args.name], group.as_ref(), &next, &purpose)?;
            done.push("set to automatic mode".to_owned());
        }
        _ => {}
    }
    Ok(Outcome::new().with("msg", done.join("; ")))
}

/// Chooses the best of a family.
fn by_family(
    ctx: &mut Context<'_>,
    keeper: &Keeper,
    args: &Arguments,
    group: Option<Group>,
    family: &str,
    purpose: &str,
    done: &mut Vec<String>,
) -> Result<(), Failure> {
    let wrong = |why: String| Failure::new(format!("failed to {purpose}: {why}"));
    let missing = || wrong(format!("there is no alternative of the family `{family}`"));
    let of_family = |group: &Group| {
        let own = group.choices.iter().filter(|choice| choice.family.as_deref() == Some(family));
        own.max_by_key(|choice| choice.priority).map(|choice| choice.path.clone())
    };
    let best = group.as_ref().and_then(of_family);
    let (Some(group), Some(best)) = (group, best) else {
        return if args.state == State::Absent { Ok(()) } else { Err(missing().missing_on(ctx.system)) };
    };
    let is_chosen =
        group.choices.iter().any(|choice| Some(&choice.path) == group.value.as_ref() && choice.family.as_deref() == Some(family));
    let mut next = group.clone();
    match args.state {
        State::Selected if !is_chosen => {
            (next.value, next.is_auto) = (Some(best), false);
            keeper.change(ctx, &args.name, &["--set", &args.name, family], Some(&group), &next, purpose)?;
            done.push(format!("selected the family {family}"));
        }
        State::Auto if !group.is_auto => {
            next.is_auto = true;
            next.settle();
            keeper.change(ctx, &args.name, &["--auto", &args.name], Some(&group), &next, purpose)?;
            done.push("set to automatic mode".to_owned());
        }
        State::Absent => {
            let own: Vec<String> =
                group.choices.iter().filter(|one| one.family.as_deref() == Some(family)).map(|one| one.path.clone()).collect();
            let mut before = group;
            for path in own {
                next.remove(&path);
                keeper.change(ctx, &args.name, &["--remove", &args.name, &path], Some(&before), &next, purpose)?;
                done.push(format!("removed {path}"));
                before = next.clone();
            }
        }
        _ => {}
    }
    Ok(())
}

/// Under this name check mode knows what earlier tasks would make of a name.
fn subject(name: &str) -> String {
    format!("alternatives\n{name}")
}

impl Keeper {
    /// What there is under a name; `None` when it is not known.
    fn read(&self, ctx: &Context<'_>, name: &str, purpose: &str) -> Result<Option<Group>, Failure> {
        if let Some(known) = ctx.system.known(&subject(name)) {
            return Ok(Group::parse(&known));
        }
        let how = if self.is_debian { "--query" } else { "--display" };
        let output = ctx.system.probe(&ctx.command([self.program.as_str(), how, name]))?;
        if !output.success() {
            // It says so by its exit code alone that there is no such name.
            return if output.rc == 2 { Ok(None) } else { Err(Failure::command(format!("failed to {purpose}"), &[], &output)) };
        }
        let text = output.stdout_text();
        Ok(if self.is_debian { Group::parse(&text) } else { Group::parse_display(&text) })
    }

    /// Red Hat's program does not tell the links of subcommands.
    fn are_same(&self, wanted: &[Slave], there: &[Slave]) -> bool {
        let parts = |slaves: &[Slave]| {
            let mut parts: Vec<(String, String, Option<String>)> =
                slaves.iter().map(|one| (one.name.clone(), one.path.clone(), self.is_debian.then(|| one.link.clone()))).collect();
            parts.sort();
            parts
        };
        parts(wanted) == parts(there)
    }

    fn change(
        &self,
        ctx: &mut Context<'_>,
        name: &str,
        words: &[&str],
        old: Option<&Group>,
        new: &Group,
        purpose: &str,
    ) -> Result<(), Failure> {
        let shown = |group: Option<&Group>| group.and_then(|group| group.value.clone()).unwrap_or_else(|| "nothing".to_owned());
        let mut effects = vec![
            Effect::Other(format!("{name}: {} ({} -> {})", words.join(" "), shown(old), shown(Some(new)))),
            Effect::Known { subject: subject(name), value: new.query() },
        ];
        let common = PathBuf::from("/etc/alternatives").join(name);
        match (&new.link, &new.value) {
            (Some(link), Some(value)) => {
                let placed = |path: PathBuf, to: PathBuf| Effect::Placed { path, mode: 0o777, what: Placed::Link(to) };
                effects.push(placed(common.clone(), PathBuf::from(value)));
                effects.push(placed(PathBuf::from(link), common));
            }
            (link, None) => {
                let link = link.as_ref().or_else(|| old.and_then(|old| old.link.as_ref()));
                effects.extend(link.map(|link| Effect::FileRemoved(PathBuf::from(link))));
                effects.push(Effect::FileRemoved(common));
            }
            (None, Some(_)) => {}
        }
        let command = ctx.command(std::iter::once(self.program.as_str()).chain(words.iter().copied()));
        change(ctx, &command, &effects, purpose).map(drop)
    }
}
