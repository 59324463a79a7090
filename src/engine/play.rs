//! One play: its hosts, in batches, through the strategy.

use std::sync::Arc;

use super::batches::{self, Size};
use super::dispatcher::Dispatcher;
use super::gather;
use super::host_state::Standing;
use super::play_context::PlayContext;
use super::prompts;
use super::scope::TaskScope;
use super::stage::Stage;
use super::strategy;
use super::task::keywords;
use super::vars_files;
use crate::base::{Diagnostic, text};
use crate::event::Event;
use crate::inventory::pattern::LOCAL_NAMES;
use crate::plan::{Play, STRATEGIES};

/// Whether the next play is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is.
    GoOn,
    /// Too much failed, or the run was cancelled.
    Stop,
}

/// Runs a play.
///
/// # Errors
/// Something that no host is to blame for: a keyword of the play, a file of variables, a handler that is not there.
pub async fn run(dispatcher: &mut Dispatcher<'_>, play: &Arc<Play>) -> Result<Next, Diagnostic> {
    let world = dispatcher.world.clone();
    world.set_playbook_dir(&play.dir);
    let nobody: Arc<[String]> = Arc::default();
    let unnamed = PlayContext::new(&world, play.clone(), String::new(), nobody.clone(), nobody, Arc::default());
    let head = TaskScope::of_play(&world, &Arc::new(unnamed), "");

    let patterns = keywords::texts(&head, std::slice::from_ref(&play.hosts))?.join(",");
    let name = match keywords::text(&head, "name", play.name.as_ref()) {
        Ok(Some(name)) if !name.is_empty() => name,
        Err(_) => play.name.as_ref().and_then(|node| node.as_str()).unwrap_or_default().to_owned(),
        Ok(_) => patterns.clone(),
    };
    let strategy = keywords::text(&head, "strategy", play.strategy.as_ref())?.unwrap_or_else(|| world.settings.strategy.clone());
    let Some(strategy) = strategy::find(&strategy) else {
        let place = play.strategy.as_ref().map_or(&play.span, |node| &node.span);
        let wrong = Diagnostic::at(place, format!("the strategy `{strategy}` is not supported"));
        return Err(wrong.hint(format!("it can be {}", text::list(STRATEGIES))));
    };
    let all = hosts(dispatcher, play, &patterns)?;
    let hosts = ordered(play, &head, all.clone())?;
    if hosts.is_empty() {
        dispatcher.emit(&Event::NoHostsMatched { play: name });
        return Ok(Next::GoOn);
    }
    let prompts = Arc::new(prompts::ask_all(dispatcher, &head, &play.vars_prompt)?);
    let sizes = sizes(&head, play)?;
    let all: Arc<[String]> = all.into();
    let force_handlers = keywords::boolean(&head, "force_handlers", play.force_handlers.as_ref())?.unwrap_or(world.settings.force_handlers);
    let max_fail = keywords::number(&head, "max_fail_percentage", play.max_fail_percentage.as_ref())?;

    let mut lost: Vec<String> = Vec::new();
    for batch in batches::split(&hosts, &sizes) {
        let context = PlayContext::new(&world, play.clone(), name.clone(), all.clone(), batch.into(), prompts.clone());
        lost.iter().for_each(|host| context.lose(host));
        let context = Arc::new(context);
        dispatcher.emit(&Event::PlayStarted { name: name.clone(), hosts: context.batch.to_vec() });
        let mut stage = Stage::new(dispatcher, context.clone(), force_handlers, max_fail);
        start(&mut stage, play).await?;
        strategy::run(&mut stage, strategy).await;
        if let Some(wrong) = stage.fatal {
            return Err(wrong);
        }
        let all_lost = stage.lost() == stage.hosts.len();
        let (end_play, broken) = (stage.end_play, stage.broken);
        lost.extend(context.batch.iter().filter(|host| dispatcher.recap.is_lost(host)).cloned());
        if all_lost || broken || dispatcher.is_cancelled() {
            return Ok(Next::Stop);
        }
        if end_play {
            break;
        }
    }
    Ok(Next::GoOn)
}

/// Reads the files of variables and gathers facts.
async fn start(stage: &mut Stage<'_, '_>, play: &Arc<Play>) -> Result<(), Diagnostic> {
    let world = stage.dispatcher.world.clone();
    let hosts: Vec<String> = stage.play.batch.to_vec();
    let mut again = Vec::new();
    for host in &hosts {
        if vars_files::load(&world, &stage.play, host, false)? {
            again.push(host.clone());
        }
    }
    let Some(first) = hosts.first() else { return Ok(()) };
    let scope = TaskScope::of_play(&world, &stage.play, first);
    if let Some((due, gathering)) = gather::due(&world, play, &scope, &hosts)? {
        stage.gather(gathering, &due).await;
    }
    for host in again {
        let gone = stage.hosts.get(&host).is_none_or(|state| state.standing() != Standing::Active);
        if !gone {
            vars_files::load(&world, &stage.play, &host, true)?;
        }
    }
    Ok(())
}

/// The hosts of a play, without those that earlier plays lost.
fn hosts(dispatcher: &mut Dispatcher<'_>, play: &Play, patterns: &str) -> Result<Vec<String>, Diagnostic> {
    let world = dispatcher.world.clone();
    let selection = world.select(patterns).map_err(|wrong| wrong.with_span(&play.hosts.span))?;
    if !selection.unmatched.is_empty() {
        let parts = text::list(&selection.unmatched);
        let inventory = world.inventory();
        let known = inventory.groups.keys().chain(inventory.hosts.keys()).map(String::as_str);
        let hint = match selection.unmatched.first() {
            _ if inventory.hosts.is_empty() => Some("the inventory is empty, name one with `-i`".to_owned()),
            Some(part) => text::did_you_mean(part, known),
            None => None,
        };
        let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
        dispatcher.warn(None, format!("{parts} in `hosts` at {} matches no host of the inventory{hint}", play.hosts.span));
    }
    let mut hosts = selection.hosts;
    for host in hosts.iter().filter(|host| LOCAL_NAMES.contains(&host.as_str())) {
        if !world.inventory().hosts.contains_key(host) {
            world.change_inventory(|inventory| inventory.add_implicit(host));
        }
    }
    hosts.retain(|host| !dispatcher.recap.is_lost(host));
    Ok(hosts)
}

/// The hosts in the order that the play wants them in.
fn ordered(play: &Play, head: &TaskScope, mut hosts: Vec<String>) -> Result<Vec<String>, Diagnostic> {
    match keywords::text(head, "order", play.order.as_ref())?.as_deref() {
        None | Some("inventory") => {}
        Some("sorted") => hosts.sort(),
        Some("reverse_sorted") => {
            hosts.sort();
            hosts.reverse();
        }
        Some("reverse_inventory") => hosts.reverse(),
        Some("shuffle") => shuffle(&mut hosts),
        Some(other) => {
            let place = play.order.as_ref().map_or(&play.span, |node| &node.span);
            let hint = "it can be `inventory`, `reverse_inventory`, `sorted`, `reverse_sorted` or `shuffle`";
            return Err(Diagnostic::at(place, format!("there is no order `{other}`")).hint(hint));
        }
    }
    Ok(hosts)
}

fn shuffle(hosts: &mut [String]) {
    use rand::seq::SliceRandom;
    hosts.shuffle(&mut rand::rng());
}

fn sizes(head: &TaskScope, play: &Play) -> Result<Vec<Size>, Diagnostic> {
    let mut sizes = Vec::new();
    for node in &play.serial {
        for text in keywords::texts(head, std::slice::from_ref(node))? {
            let wrong = || Diagnostic::at(&node.span, format!("`serial` must be a number of hosts or a percentage, not `{text}`"));
            sizes.push(Size::parse(&text).ok_or_else(wrong)?);
        }
    }
    Ok(sizes)
}
