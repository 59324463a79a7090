//! Installing, upgrading and removing packages.

use super::aptget::AptGet;
use super::names::{Wanted, parse_all};
use super::{Arguments, State, Upgrade};
use crate::modules::shared::ids::text_of;
use crate::modules::shared::required_command;
use crate::modules::shared::run::tell;
use crate::modules::{Context, Failure, Outcome};
use crate::system::Effect;

/// Where apt notes which packages were installed as dependencies only.
const STATES: &str = "/var/lib/apt/extended_states";

/// Brings packages into one of the states in which they are there.
pub(super) fn install(
    ctx: &mut Context<'_>,
    apt: &AptGet,
    args: &Arguments,
    names: &[&str],
    outcome: &mut Outcome,
) -> Result<bool, Failure> {
    let wanted = parse_all(ctx, apt, names)?;
    let mut words: Vec<String> = Vec::new();
    for package in &wanted {
        if args.state == State::BuildDep {
            words.push(package.name.clone());
        } else {
            words.extend(package.word(ctx, apt, args)?);
        }
    }
    let mut changed = false;
    if !words.is_empty() || args.state == State::Fixed {
        let mut all: Vec<&str> = match args.state {
            State::BuildDep => vec!["build-dep"],
            State::Fixed => vec!["--fix-broken", "install"],
            _ => vec!["install"],
        };
        all.extend(words.iter().map(String::as_str));
        let purpose = format!("install {}", if words.is_empty() { "what is broken".to_owned() } else { words.join(", ") });
        changed = apt.perform(ctx, &all, &purpose, outcome)?;
    }
    if args.state != State::BuildDep {
        mark_manual(ctx, apt, &wanted)?;
    }
    Ok(changed)
}

/// Lets apt know that someone wants these packages, so that it does not remove them as leftovers. It is no change that is reported.
fn mark_manual(ctx: &mut Context<'_>, apt: &AptGet, wanted: &[Wanted]) -> Result<(), Failure> {
    let states = text_of(ctx.system, STATES)?;
    let automatic: Vec<String> = wanted.iter().map(|package| package.name.clone()).filter(|name| is_automatic(&states, name)).collect();
    if automatic.is_empty() {
        return Ok(());
    }
    let purpose = "mark packages as wanted";
    let program = required_command(ctx.system, &["apt-mark"], purpose)?;
    let command = ctx.command([program, "manual".to_owned()].into_iter().chain(automatic));
    apt.run(ctx, &command, &[], purpose)?;
    Ok(())
}

fn is_automatic(states: &str, name: &str) -> bool {
    let name = name.split(':').next().unwrap_or(name);
    states.split("\n\n").any(|stanza| {
        let has = |line: String| stanza.lines().any(|other| other == line);
        has(format!("Package: {name}")) && has("Auto-Installed: 1".to_owned())
    })
}

/// Upgrades all that is installed.
pub(super) fn upgrade(ctx: &mut Context<'_>, apt: &AptGet, upgrade: Upgrade, outcome: &mut Outcome) -> Result<bool, Failure> {
    let words: &[&str] = match upgrade {
        Upgrade::Dist | Upgrade::Full => &["dist-upgrade"],
        _ => &["--with-new-pkgs", "upgrade"],
    };
    apt.perform(ctx, words, "upgrade what is installed", outcome)
}

/// Removes what was installed as a dependency and is not needed any more.
pub(super) fn autoremove(ctx: &mut Context<'_>, apt: &AptGet, outcome: &mut Outcome) -> Result<bool, Failure> {
    apt.perform(ctx, &["autoremove"], "remove packages that are not needed any more", outcome)
}

/// Mends broken dependencies.
pub(super) fn fix(ctx: &mut Context<'_>, apt: &AptGet, outcome: &mut Outcome) -> Result<bool, Failure> {
    apt.perform(ctx, &["--fix-broken", "install"], "mend broken dependencies", outcome)
}

/// Removes packages.
pub(super) fn remove(
    ctx: &mut Context<'_>,
    apt: &AptGet,
    args: &Arguments,
    names: &[&str],
    outcome: &mut Outcome,
) -> Result<bool, Failure> {
    let mut words = vec!["remove".to_owned()];
    for package in parse_all(ctx, apt, names)? {
        if package.is_there(ctx)? || (args.purge && !package.is_installed(ctx)? && has_configuration(ctx, &package.name)?) {
            words.push(package.name);
        }
    }
    if words.len() == 1 {
        return if args.autoremove { autoremove(ctx, apt, outcome) } else { Ok(false) };
    }
    let purpose = format!("remove {}", words.get(1..).unwrap_or_default().join(", "));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let simulation = apt.simulate(ctx, &words, &purpose)?;
    let command = apt.command(ctx, words.iter().copied());
    // Of packages that are only foreseen apt knows nothing.
    let named = words.iter().skip(1).map(|word| Effect::PackageRemoved(word.split(':').next().unwrap_or(word).to_owned()));
    let effects: Vec<Effect> = simulation.effects().into_iter().chain(named).collect();
    let output = apt.run(ctx, &command, &effects, &purpose)?;
    tell(&mut outcome.result, &output);
    Ok(true)
}

/// Whether a package that was removed left its configuration.
fn has_configuration(ctx: &Context<'_>, name: &str) -> Result<bool, Failure> {
    let Some(program) = ctx.system.which("dpkg-query")? else { return Ok(false) };
    let program = program.to_string_lossy().into_owned();
    let command = ctx.command([program.as_str(), "-W", "-f", "${db:Status-Status}\n", name]);
    Ok(ctx.system.probe(&command)?.stdout_text().lines().any(|line| line == "config-files"))
}
