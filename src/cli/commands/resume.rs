//! `kconf run --resume`: a run that did not end well is repeated, with its command line, in its directory, from the top.
//!
//! Not from the middle: what a task there needs (registered results, facts, handlers that were told) is known only to a run that went
//! through the tasks before it. Hosts that got through all plays are left out; hosts of a run that did not get through all plays cannot
//! be told apart like that, so all of them take part.

use std::collections::HashSet;

use super::super::args::{Command, Run};
use super::super::context::Context;
use super::super::exit::Failure;
use super::super::journal::{expect_store, find};
use super::super::settings::Settings;
use super::super::{left_out, messages, typed};
use crate::base::{Diagnostic, text};
use crate::event::Event;
use crate::inventory::{Inventory, pattern};
use crate::journal::{Journal, Start, State, Store};
use crate::report::about::About;

/// Hosts named in the line that says what is done; more are a number.
const MOST_NAMES: usize = 8;

/// A run that is gone on with.
pub struct Resumed {
    /// Its number.
    pub id: u64,
    /// "run 7 (failed, 2026-01-02 03:04:05)"
    name: String,
    hosts: Hosts,
}

/// On which hosts.
enum Hosts {
    /// Those that did not finish, and those that stand for the controller.
    Lost(Vec<String>, Vec<String>),
    /// All: it did not get through all plays.
    All,
    /// Those of the `--limit` that was typed.
    Typed,
}

/// The command line of run `id`, or of the last one in this directory, with what was typed beside `--resume`. The working directory is
/// that of the run from here on. `None`: it ended well, which was said.
///
/// # Errors
/// There is no such run, or it cannot be gone on with.
pub fn take_up(now: &Run, id: Option<u64>) -> Result<Option<(Run, Resumed)>, Failure> {
    let settings = Settings::read_quietly()?;
    let here = settings.dir.display().to_string();
    let is_candidate = |start: &Start| start.directory == here && !start.check;
    let journal = find(&expect_store(&settings)?, id, "no run was started in this directory, but for checks", |journal| {
        journal.start.as_ref().is_some_and(is_candidate)
    })?;
    let id = journal.id;
    let wrong = |what: &str| Failure::usage(Diagnostic::error(format!("run {id} {what}")));
    let Some(start) = &journal.start else { return Err(wrong("cannot be gone on with: the beginning of its journal cannot be read")) };
    let about = About::new(&journal, 0);
    match &journal.state {
        State::Running => return Err(wrong("is still going on")),
        State::Ended(end) if end.code == 0 => {
            messages::status(&format!("Run {id} ({}) ended well: there is nothing to go on with.", about.when));
            return Ok(None);
        }
        State::Ended(_) | State::Died => {}
    }
    if !Store::is_own(&journal).unwrap_or(false) {
        return Err(wrong("was made by somebody else, and what it did is not done again unseen"));
    }
    std::env::set_current_dir(&start.directory).map_err(|error| {
        Diagnostic::error(format!("failed to go to `{}`, where run {id} was started", start.directory)).caused_by(error.to_string())
    })?;
    let run = command_line(start, &now.words)?;
    let hosts = if now.connection.limit.is_some() { Hosts::Typed } else { unfinished(&journal)? };
    let name = format!("run {id} ({}, {})", about.result, about.when);
    Ok(Some((run, Resumed { id, name, hosts })))
}

/// What was typed then, with what was typed now. The inventory is that of the run even where a setting named it.
fn command_line(start: &Start, now: &[String]) -> Result<Run, Failure> {
    let before = start.command.iter().skip(1).cloned();
    let is_named = start.command.iter().any(|word| typed::option(word) == Some("--inventory"));
    let sources = start.inventory.iter().filter(|_| !is_named).map(|source| format!("--inventory={source}"));
    let words = typed::merged(&before.chain(sources).collect::<Vec<_>>(), now);
    let line = ["kconf", "run"].into_iter().map(str::to_owned).chain(words);
    match typed::parse(line).map(|cli| cli.command) {
        Ok(Command::Run(run)) => Ok(*run),
        Ok(_) => Err(Failure::usage(Diagnostic::error("the journal is not that of a run"))),
        Err(error) => {
            let text = error.to_string();
            let text = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Err(Failure::usage(Diagnostic::error("the command line of the run makes no sense today").caused_by(text)))
        }
    }
}

fn unfinished(journal: &Journal) -> Result<Hosts, Failure> {
    let Some(end) = journal.end().filter(|end| !end.stopped && !end.lost.is_empty()) else { return Ok(Hosts::All) };
    let mut controller: Vec<String> = Vec::new();
    let events = journal
        .events()
        .map_err(|error| Diagnostic::error(format!("failed to read `{}`", journal.path.display())).caused_by(error.to_string()))?;
    for entry in events {
        if let Event::PlayStarted { hosts, .. } = entry.event {
            let local = hosts.into_iter().filter(|host| pattern::LOCAL_NAMES.contains(&host.as_str()) && !end.lost.contains(host));
            controller.extend(local);
        }
    }
    controller.sort();
    controller.dedup();
    Ok(Hosts::Lost(end.lost.clone(), controller))
}

impl Resumed {
    /// Whether all is there that the journal does not hold.
    ///
    /// # Errors
    /// Secrets that have to be given again.
    pub fn check(&self, args: &Run, context: &Context) -> Result<(), Failure> {
        let missing = left_out::missing(&args.words, &context.extra_vars);
        let Some(first) = missing.first() else { return Ok(()) };
        let again = if first.starts_with("--") { format!("{first}=…") } else { format!("-e {first}=…") };
        let what = format!("the journal does not hold what may be a secret: {}", text::list(&missing));
        Err(Failure::usage(Diagnostic::error(what).hint(format!("give it again: `kconf run --resume {} {again}`", self.id))))
    }

    /// Cuts the run down to the hosts that did not finish, and says in a line what is going to be done.
    pub fn narrow(&self, args: &mut Run, inventory: &Inventory) {
        let on = match &self.hosts {
            Hosts::Typed => "on the hosts that `--limit` selects".to_owned(),
            Hosts::All => "on all its hosts, since it did not get through all plays".to_owned(),
            Hosts::Lost(lost, controller) => match limit(lost, controller, inventory) {
                Some(limit) => {
                    args.words = typed::merged(&args.words, &[format!("--limit={limit}")]);
                    args.connection.limit = Some(limit);
                    let beside = if controller.is_empty() { String::new() } else { format!(", and on {}", controller.join(", ")) };
                    format!("on what did not finish: {}{beside}", names(lost))
                }
                None => "on all its hosts, since some that did not finish are not in the inventory".to_owned(),
            },
        };
        messages::status(&format!("Going on with {}: from the top, {on}.", self.name));
    }
}

/// A pattern for exactly these hosts; `None`: there is none, since one is not in the inventory (a task added it, or it is gone).
fn limit(lost: &[String], controller: &[String], inventory: &Inventory) -> Option<String> {
    let wanted: HashSet<&String> = lost.iter().chain(controller).collect();
    let names: Vec<&str> = lost.iter().chain(controller).map(String::as_str).collect();
    // With a comma, so that no colon of a name is taken for a sign of patterns.
    let pattern =
        if names.len() == 1 && names.iter().any(|name| name.contains(':')) { format!("{},", names.join(",")) } else { names.join(",") };
    let selection = pattern::select(inventory, &pattern, None).ok()?;
    (selection.unmatched.is_empty() && selection.hosts.iter().collect::<HashSet<_>>() == wanted).then_some(pattern)
}

fn names(hosts: &[String]) -> String {
    let named = hosts.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = hosts.len().saturating_sub(MOST_NAMES);
    if more > 0 { format!("{named} and {more} more") } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_selects_exactly_the_hosts_or_nothing() {
        let mut inventory = Inventory::default();
        for host in ["a", "b", "c", "fe80::1"] {
            inventory.add_to_group(host, "web");
        }
        inventory.add_to_group("x", "b");
        inventory.settle();
        let limit = |lost: &[&str], controller: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            super::limit(&owned(lost), &owned(controller), &inventory)
        };
        assert_eq!(limit(&["a", "c"], &["localhost"]).as_deref(), Some("a,c,localhost"));
        assert_eq!(limit(&["fe80::1"], &[]).as_deref(), Some("fe80::1,"));
        // A group of the same name has another host; a host that a task added is not there.
        assert_eq!(limit(&["b"], &[]), None);
        assert_eq!(limit(&["a", "added"], &[]), None);
    }

    #[test]
    fn the_command_line_is_that_of_the_run_with_what_was_typed_now() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let start = Start {
            command: words("run --extra-vars=a=1 --limit=web --check site.yml"),
            inventory: words("hosts.ini more.ini"),
            ..Start::default()
        };
        let run = command_line(&start, &words("--limit=db --extra-vars=a=2")).unwrap();
        assert_eq!(run.playbooks, [std::path::Path::new("site.yml")]);
        assert_eq!(run.inventory.extra_vars, ["a=1", "a=2"]);
        assert_eq!(run.inventory.inventory, ["hosts.ini", "more.ini"]);
        assert_eq!((run.connection.limit.as_deref(), run.check), (Some("db"), true));
        assert_eq!(command_line(&start, &words("--inventory=x")).unwrap().inventory.inventory, ["x"]);
    }
}
