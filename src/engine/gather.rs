//! Gathering facts at the start of a play: when the play says so, or when it does not say and uses one.

use std::sync::Arc;

use super::host_state::Due;
use super::scope::TaskScope;
use super::settings::Gathering;
use super::task::keywords;
use super::uses_facts;
use super::world::World;
use crate::base::{Diagnostic, Spanned};
use crate::modules;
use crate::plan::{Action, Keywords, LoopControl, Origin, Play, PlayOrigin, Task};
use crate::yaml::{Entry, Mapping, Node};

/// The task that gathers facts for `hosts`, those that need it; `None` when no facts are to be gathered.
///
/// # Errors
/// A keyword cannot be evaluated, or there is no module for it.
pub fn due(world: &Arc<World>, play: &Arc<Play>, scope: &TaskScope, hosts: &[String]) -> Result<Option<(Due, Vec<String>)>, Diagnostic> {
    if !play.gathering_selected {
        return Ok(None);
    }
    let gathering = world.settings.gathering;
    let wanted = match keywords::boolean(scope, "gather_facts", play.gather_facts.as_ref())? {
        Some(said) => said,
        None => gathering != Gathering::Explicit && uses_facts::play(world, play, hosts),
    };
    if !wanted {
        return Ok(None);
    }
    let known = |host: &&String| gathering == Gathering::Smart && !world.store.facts(host).is_empty();
    let hosts: Vec<String> = hosts.iter().filter(|host| !known(host)).cloned().collect();
    if hosts.is_empty() {
        return Ok(None);
    }
    Ok(Some((Due { task: Arc::new(task(play)?), include: Arc::default(), handler: false }, hosts)))
}

fn task(play: &Play) -> Result<Task, Diagnostic> {
    let spec = modules::find("setup").ok_or_else(|| Diagnostic::at(&play.span, "this build has no module that gathers facts"))?;
    let options = [("gather_subset", &play.gather_subset), ("gather_timeout", &play.gather_timeout), ("fact_path", &play.fact_path)];
    let entries = options.into_iter().filter_map(|(name, node)| {
        let value = node.clone()?;
        Some(Entry { key: Node::text(value.span.clone(), name), value })
    });
    let words = &play.keywords;
    // What holds for the tasks of the play (conditions are those of its import), but nothing that would hide a failure.
    let keywords = Keywords { ignore_errors: None, run_once: None, any_errors_fatal: None, ..(**words).clone() };
    let origin =
        PlayOrigin { dir: play.dir.clone(), vars: play.vars.clone(), vars_files: play.vars_files.clone(), groups: play.groups.clone() };
    Ok(Task {
        id: 0,
        span: play.span.clone(),
        name: Some(Node::text(play.span.clone(), "Gathering Facts")),
        action: Action::Module {
            spec,
            written: Spanned::new("gather_facts".to_owned(), play.span.clone()),
            foreign: None,
            args: Mapping { entries: entries.collect() },
            free_form: None,
            args_template: None,
        },
        role: None,
        keywords: Arc::new(keywords),
        loop_over: None,
        loop_control: LoopControl::default(),
        register: None,
        until: Vec::new(),
        retries: None,
        delay: None,
        changed_when: None,
        failed_when: None,
        notify: Vec::new(),
        delegate_to: None,
        delegate_facts: None,
        run_async: None,
        poll: None,
        origin: Arc::new(Origin { play: Arc::new(origin), dirs: Vec::new(), handler: false, depth: 0 }),
    })
}
