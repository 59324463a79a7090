//! An item made ready to run: conditions, arguments, identity, mode. Nothing is touched yet.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::args::{self, Written};
use super::effect::{Effect, Include, Wanted};
use super::finish::Masks;
use super::{Job, connect, keywords};
use crate::base::{Diagnostic, Spanned, python};
use crate::engine::jobs::Background;
use crate::engine::scope::TaskScope;
use crate::modules::Spec;
use crate::modules::check;
use crate::plan::Action;
use crate::template;
use crate::yaml::Node;

/// What an item comes to.
pub enum Prepared {
    /// A condition does not hold.
    Skip(Map<String, Json>),
    /// It only has an effect on the run: an include, a meta action.
    Effect(Effect),
    /// A module or action is to be run.
    Ready(Box<Ready>),
}

/// All that is needed to run a module or action for an item.
pub struct Ready {
    /// The declaration of the module.
    pub spec: &'static Spec,
    /// The coerced arguments.
    pub args: Map<String, Json>,
    /// The variables, with `ansible_delegated_vars` when it is delegated.
    pub scope: TaskScope,
    /// The host it is delegated to.
    pub delegated_to: Option<String>,
    /// Check mode.
    pub check: bool,
    /// Return differences.
    pub diff: bool,
    /// `environment:`, all layers together.
    pub environment: BTreeMap<String, String>,
    /// `async:`.
    pub background: Option<Background>,
    /// `timeout:`.
    pub timeout: Option<Duration>,
    /// Where and as whom it runs; resolved when first asked for, since many actions touch no host.
    pub route: OnceLock<connect::Route>,
    /// The handlers that it notifies, by name.
    pub notify: Vec<Spanned<String>>,
    /// Texts that must not be seen.
    pub masks: Masks,
    /// Nothing of the result is to be seen.
    pub no_log: bool,
}

/// The result of an item whose condition does not hold.
pub fn skip_result(condition: &Node) -> Map<String, Json> {
    let text = condition.as_str().map_or_else(|| Json::from(condition.span.text()), Json::from);
    let text = match &condition.value {
        crate::yaml::Value::Bool(truth) => Json::Bool(*truth),
        _ => text,
    };
    Map::from_iter([
        ("changed".to_owned(), Json::Bool(false)),
        ("skipped".to_owned(), Json::Bool(true)),
        ("skip_reason".to_owned(), "Conditional result was False".into()),
        ("false_condition".to_owned(), text),
    ])
}

/// Makes an item ready.
///
/// # Errors
/// A template or condition that cannot be evaluated, arguments that do not fit.
pub fn prepare(job: &Job, scope: &TaskScope) -> Result<Prepared, Diagnostic> {
    let task = &job.due.task;
    let scope = &scope.reaching(&job.host);
    if let Some(condition) = keywords::first_false(scope, &task.keywords.when)? {
        return Ok(Prepared::Skip(skip_result(condition)));
    }
    let delegated_to = delegate(scope, task.delegate_to.as_deref())?;
    let scope = match &delegated_to {
        None => scope.clone(),
        Some(host) => {
            let theirs = scope.delegated(host).as_value();
            scope.reaching(host).with("ansible_delegated_vars", template::Value::from_pairs([(host.clone(), theirs)]))
        }
    };
    let (spec, written) = match &task.action {
        Action::Meta(meta) => return Ok(Prepared::Effect(Effect::Meta(*meta))),
        Action::IncludeTasks { .. } | Action::IncludeRole { .. } => return include(job, &scope),
        Action::Module { spec, written, foreign, args, free_form, args_template } => {
            let (free_form, template) = (free_form.as_ref(), args_template.as_ref());
            let foreign = foreign.as_ref().map(|module| module.name.as_str());
            (*spec, Written { spec, name: &written.value, foreign, args, free_form, template, span: &task.span })
        }
    };
    let words = &task.keywords;
    let given = args::render(&scope, &written)?;
    let args = args::resolve(&written, given)?;
    let mut masks = Masks::default();
    masks.add(check::secret_values(spec.options, &args));
    Ok(Prepared::Ready(Box::new(Ready {
        spec,
        args,
        delegated_to,
        check: keywords::boolean(&scope, "check_mode", words.check_mode.as_deref())?.unwrap_or(job.world.settings.check),
        diff: keywords::boolean(&scope, "diff", words.diff.as_deref())?.unwrap_or(job.world.settings.diff),
        environment: environment(&scope, &words.environment)?,
        background: background(job, &scope)?,
        timeout: timeout(job, &scope)?,
        route: OnceLock::new(),
        no_log: no_log(job, &scope)?,
        notify: notifications(job, &scope)?,
        masks,
        scope,
    })))
}

/// Whether the result is to be hidden.
///
/// # Errors
/// The keyword cannot be evaluated.
pub fn no_log(job: &Job, scope: &TaskScope) -> Result<bool, Diagnostic> {
    Ok(keywords::boolean(scope, "no_log", job.due.task.keywords.no_log.as_deref())?.unwrap_or(false))
}

fn notifications(job: &Job, scope: &TaskScope) -> Result<Vec<Spanned<String>>, Diagnostic> {
    let mut all = Vec::new();
    for node in &job.due.task.notify {
        let names = keywords::texts(scope, std::slice::from_ref(node)).map_err(|wrong| wrong.context("failed to read `notify`"))?;
        all.extend(names.into_iter().map(|value| Spanned { value, span: node.span.clone() }));
    }
    Ok(all)
}

fn background(job: &Job, scope: &TaskScope) -> Result<Option<Background>, Diagnostic> {
    let task = &job.due.task;
    let seconds = keywords::count(scope, "async", task.run_async.as_ref())?.unwrap_or(0);
    let poll = keywords::number(scope, "poll", task.poll.as_ref())?;
    // In check mode there is nothing to wait for.
    let on = seconds > 0 && !job.world.settings.check;
    Ok(on.then(|| Background { limit: Duration::from_secs(seconds), detached: poll == Some(0.0) }))
}

fn timeout(job: &Job, scope: &TaskScope) -> Result<Option<Duration>, Diagnostic> {
    let seconds = keywords::number(scope, "timeout", job.due.task.keywords.timeout.as_deref())?;
    let fallback = || job.world.settings.task_timeout.map(Duration::from_secs);
    Ok(seconds.map(Duration::from_secs_f64).or_else(fallback).filter(|time| !time.is_zero()))
}

/// The host that a task is delegated to.
fn delegate(scope: &TaskScope, node: Option<&Node>) -> Result<Option<String>, Diagnostic> {
    let Some(host) = keywords::text(scope, "delegate_to", node)? else { return Ok(None) };
    match (host.is_empty(), node) {
        (true, Some(node)) => Err(Diagnostic::at(&node.span, "`delegate_to` is empty: it must name a host")),
        _ => Ok(Some(host)),
    }
}

/// All layers of `environment:` together; inner ones win.
fn environment(scope: &TaskScope, layers: &[Node]) -> Result<BTreeMap<String, String>, Diagnostic> {
    let mut environment = BTreeMap::new();
    for layer in layers {
        let wrong = || Diagnostic::at(&layer.span, "`environment` must be a mapping of names to values");
        let maps = match template::to_json(&scope.render(layer)?) {
            Json::Array(maps) => maps,
            Json::Null => continue,
            Json::String(text) if text.is_empty() => continue,
            map => vec![map],
        };
        for map in maps {
            let Json::Object(map) = map else { return Err(wrong()) };
            environment.extend(map.iter().map(|(name, value)| (name.clone(), python::text(value))));
        }
    }
    Ok(environment)
}

/// What a dynamic include asks for.
fn include(job: &Job, scope: &TaskScope) -> Result<Prepared, Diagnostic> {
    let text = |name: &str, node: &Option<Node>| keywords::text(scope, name, node.as_ref());
    let needed = |name: &str, node: &Node| {
        let missing = || Diagnostic::at(&node.span, format!("`{name}` is empty"));
        keywords::text(scope, name, Some(node))?.filter(|text| !text.is_empty()).ok_or_else(missing)
    };
    let what = match &job.due.task.action {
        Action::IncludeTasks { file, .. } => Wanted::Tasks { file: needed("file", file)? },
        Action::IncludeRole { name, tasks_from, vars_from, defaults_from, handlers_from, .. } => Wanted::Role {
            name: needed("name", name)?,
            tasks_from: text("tasks_from", tasks_from)?,
            vars_from: text("vars_from", vars_from)?,
            defaults_from: text("defaults_from", defaults_from)?,
            handlers_from: text("handlers_from", handlers_from)?,
        },
        Action::Module { .. } | Action::Meta(_) => return Err(Diagnostic::at(&job.due.task.span, "this is no include")),
    };
    let include = Include { what, values: scope.include_values(), item: None, label: None };
    Ok(Prepared::Effect(Effect::Include(Box::new(include))))
}
