//! Handlers: which ones a notification means.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::host_state::Due;
use super::play_context::PlayContext;
use super::scope::TaskScope;
use super::task::keywords;
use super::world::World;
use crate::base::text::did_you_mean;
use crate::base::{Diagnostic, Span};
use crate::plan::Handler;

/// The handlers that `notification` means for a host, in the order in which they run: the one with that name, and those that listen
/// to it. Of several with the same name one counts: the last group of handlers (role after role, then the play) wins, and in a group
/// the first.
///
/// # Errors
/// There is none.
pub fn find(
    world: &Arc<World>,
    play: &Arc<PlayContext>,
    host: &str,
    handlers: &[Arc<Handler>],
    notification: &str,
    place: &Span,
) -> Result<Vec<Arc<Handler>>, Diagnostic> {
    let mut named = Winners::default();
    let mut listening = Winners::default();
    let mut known = Vec::new();
    for handler in handlers {
        let scope = scope(world, play, host, handler);
        let names = names(&scope, handler);
        if names.iter().any(|name| name == notification) {
            named.add(notification, handler);
        }
        let topics = keywords::texts(&scope, &handler.listen).unwrap_or_default();
        if topics.iter().any(|topic| topic == notification) {
            let own = names.last().cloned().unwrap_or_else(|| format!("\0{}", handler.task.id));
            listening.add(&own, handler);
        }
        known.extend(names);
        known.extend(topics);
    }
    let chosen: HashSet<u64> = named.0.values().chain(listening.0.values()).map(|handler| handler.task.id).collect();
    if chosen.is_empty() {
        let hint = did_you_mean(notification, known.iter().map(String::as_str));
        let wrong = Diagnostic::at(place, format!("no handler is called `{notification}`, and none listens to it"));
        return Err(wrong.maybe_hint(hint));
    }
    Ok(handlers.iter().filter(|handler| chosen.contains(&handler.task.id)).cloned().collect())
}

/// The handler that counts for each name.
#[derive(Default)]
struct Winners(HashMap<String, Arc<Handler>>);

impl Winners {
    fn add(&mut self, name: &str, handler: &Arc<Handler>) {
        let group = |handler: &Handler| handler.task.role.as_ref().map(|role| role.id);
        match self.0.get(name) {
            Some(known) if group(known) == group(handler) => {}
            _ => drop(self.0.insert(name.to_owned(), handler.clone())),
        }
    }
}

fn scope(world: &Arc<World>, play: &Arc<PlayContext>, host: &str, handler: &Handler) -> TaskScope {
    let due = Due { task: handler.task.clone(), include: Arc::default(), handler: true };
    TaskScope::of_task(world, play, host, &due)
}

/// The names a handler goes by: its own, and with its role in front.
fn names(scope: &TaskScope, handler: &Handler) -> Vec<String> {
    let Ok(Some(name)) = keywords::text(scope, "name", handler.task.name.as_ref()) else { return Vec::new() };
    match &handler.task.role {
        None => vec![name],
        Some(role) => {
            let short = role.name.rsplit('.').next().unwrap_or_default();
            vec![format!("{} : {name}", role.name), format!("{short} : {name}"), name]
        }
    }
}
