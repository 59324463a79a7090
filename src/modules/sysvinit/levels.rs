//! In which runlevels a script starts: the links `/etc/rcN.d/SNNname`, and the programs that make them.

use std::path::Path;

use crate::modules::shared::required_command;
use crate::modules::shared::run::change;
use crate::modules::{Context, Failure};
use crate::system::{Effect, ErrorKind, Output};

const LEVELS: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "S"];

/// How a runlevel treats a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Start,
    Stop,
    None,
}

/// Under this name check mode knows how a runlevel would treat it.
fn subject(name: &str, level: &str) -> String {
    format!("runlevels of /etc/init.d/{name}\n{level}")
}

fn link(ctx: &Context<'_>, name: &str, level: &str) -> Result<Link, Failure> {
    match ctx.system.known(&subject(name, level)).as_deref() {
        Some("start") => return Ok(Link::Start),
        Some(_) => return Ok(Link::Stop),
        None => {}
    }
    let entries = match ctx.system.list(Path::new(&format!("/etc/rc{level}.d"))) {
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Link::None),
        entries => entries?,
    };
    for entry in entries {
        let text = entry.name.to_string_lossy();
        let Some((start, rest)) = text.split_at_checked(3) else { continue };
        let is_number = start.get(1..).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        match (start.chars().next(), is_number && rest == name) {
            (Some('S'), true) => return Ok(Link::Start),
            (Some('K'), true) => return Ok(Link::Stop),
            _ => {}
        }
    }
    Ok(Link::None)
}

/// Makes the runlevels start it or not; what was said, `None` when it is so already.
pub(super) fn enable(ctx: &mut Context<'_>, name: &str, enabled: bool, levels: Option<&[String]>) -> Result<Option<Output>, Failure> {
    if let Some(level) = levels.iter().copied().flatten().find(|level| !LEVELS.contains(&level.as_str())) {
        return Err(Failure::new(format!("failed to read `runlevels`: `{level}` is none, but {} are", LEVELS.join(", "))));
    }
    let mut links = Vec::new();
    for level in LEVELS {
        links.push((*level, link(ctx, name, level)?));
    }
    let starts = |level: &str| links.iter().any(|(other, link)| *other == level && *link == Link::Start);
    let is_so = match levels {
        Some(levels) => levels.iter().all(|level| starts(level) == enabled),
        None => LEVELS.iter().any(|level| starts(level)) == enabled,
    };
    if is_so {
        return Ok(None);
    }
    let is_new = links.iter().all(|(_, link)| *link == Link::None);
    let purpose = format!("set whether the service `{name}` starts at boot");
    let program = required_command(ctx.system, &["update-rc.d", "chkconfig"], &purpose)?;
    let given: Vec<&str> = levels.iter().copied().flatten().map(String::as_str).collect();
    let command = if program.ends_with("chkconfig") {
        let at = given.concat();
        let level: Vec<&str> = if given.is_empty() { Vec::new() } else { vec!["--level", &at] };
        ctx.command([program.as_str()].into_iter().chain(level).chain([name, if enabled { "on" } else { "off" }]))
    } else {
        let verb = if enabled { "enable" } else { "disable" };
        let words = [program.as_str(), name, verb].into_iter().chain(given.iter().copied());
        // Without links there is nothing to turn on.
        if is_new {
            let command = ctx.command([program.as_str(), name, "defaults"]);
            change(ctx, &command, &[], &purpose)?;
        }
        ctx.command(words)
    };
    let value = if enabled { "start" } else { "stop" };
    // Which levels a script names itself only the program reads; one of them is enough to know whether it starts.
    let touched: Vec<&str> = match (given.is_empty(), enabled) {
        (false, _) => given,
        (true, true) => vec!["2", "3", "4", "5"],
        (true, false) => LEVELS.to_vec(),
    };
    let known = touched.iter().map(|level| Effect::Known { subject: subject(name, level), value: value.to_owned() });
    let effect = Effect::Service { name: name.to_owned(), active: None, enabled: Some(enabled), masked: None };
    let effects: Vec<Effect> = known.chain([effect]).collect();
    change(ctx, &command, &effects, &purpose).map(Some)
}
