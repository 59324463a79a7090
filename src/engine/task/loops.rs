//! The items of a task, one after the other, and what came of all of them.

use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::attempt::{self, Tried};
use super::{Job, Outcome, Verdict, batch, finish, keywords, prepare};
use crate::base::{Diagnostic, python};
use crate::engine::scope::TaskScope;
use crate::event::{Event, Status};
use crate::plan::{Loop, LoopControl};
use crate::template::{self, Scope, Value};

/// Runs the task for every item, or once when it has no loop.
pub async fn run(job: &Job, scope: &TaskScope) -> Outcome {
    let task = &job.due.task;
    let Some(over) = &task.loop_over else {
        let tried = attempt::item(job, scope).await;
        return single(tried);
    };
    let items = match items(scope, over) {
        Ok(items) => items,
        // What a condition excludes need not have a list to go through.
        Err(wrong) => {
            return match keywords::first_false(scope, &task.keywords.when) {
                Ok(Some(condition)) => single(Tried::skipped(prepare::skip_result(condition))),
                _ => single(Tried::wrong(job, scope, &wrong)),
            };
        }
    };
    if items.is_empty() {
        let result = Map::from_iter([
            ("changed".to_owned(), Json::Bool(false)),
            ("skipped".to_owned(), Json::Bool(true)),
            ("skipped_reason".to_owned(), "No items in the list".into()),
            ("results".to_owned(), Json::Array(Vec::new())),
        ]);
        return single(Tried::skipped(result));
    }
    let names = Names::new(&task.loop_control);
    if scope.get(&names.item).is_some() {
        job.warn(format!(
            "the loop variable `{}` is already in use at {}; set `loop_var` in `loop_control` to another name",
            names.item, task.span
        ));
    }
    let mut walk = Walk { job, scope: scope.clone(), names, items, done: Vec::new() };
    match batch::is_independent(task) {
        true => batch::run(&mut walk).await,
        false => walk.run().await,
    }
    walk.outcome()
}

/// The outcome of a task without a loop.
pub fn single(tried: Tried) -> Outcome {
    Outcome {
        host: String::new(),
        delegated_to: tried.delegated_to,
        status: tried.verdict,
        looped: false,
        result: tried.result,
        shown: tried.shown,
        diagnostic: tried.diagnostic,
        ignored: tried.ignored,
        effects: tried.effects,
        took_ms: 0,
        more: false,
    }
}

/// What the loop goes through.
fn items(scope: &TaskScope, over: &Loop) -> Result<Vec<Value>, Diagnostic> {
    let (node, value) = match over {
        Loop::List(node) => (node, scope.render(node)?),
        Loop::Lookup(name, node) => return scope.lookup(name, node),
    };
    if !template::is_omit(&value) && matches!(template::to_json(&value), Json::Array(_)) {
        return value.try_iter().map(Iterator::collect).map_err(|_| not_a_list(node, &value));
    }
    Err(not_a_list(node, &value))
}

fn not_a_list(node: &crate::yaml::Node, value: &Value) -> Diagnostic {
    let kind = match template::to_json(value) {
        Json::String(_) => "text",
        Json::Object(_) => "a mapping",
        Json::Number(_) => "a number",
        Json::Bool(_) => "true or false",
        Json::Null | Json::Array(_) => "nothing",
    };
    Diagnostic::at(&node.span, format!("a loop needs a list, not {kind}"))
        .hint("write the items as a list, or a template whose value is a list; a mapping becomes one with `| dict2items`")
}

/// Names of the variables of a loop.
pub struct Names {
    /// The item.
    pub item: String,
    /// Its index.
    pub index: Option<String>,
}

impl Names {
    fn new(control: &LoopControl) -> Self {
        Self {
            item: control.loop_var.as_ref().map_or_else(|| "item".to_owned(), |name| name.value.clone()),
            index: control.index_var.as_ref().map(|name| name.value.clone()),
        }
    }
}

/// A loop on its way.
pub struct Walk<'a> {
    /// The task.
    pub job: &'a Job,
    /// Its variables, with what earlier items left.
    pub scope: TaskScope,
    /// Names of the loop variables.
    pub names: Names,
    /// The items.
    pub items: Vec<Value>,
    /// What came of those that are done.
    pub done: Vec<Tried>,
}

impl Walk<'_> {
    /// One item after the other.
    async fn run(&mut self) {
        let control = &self.job.due.task.loop_control;
        for at in 0..self.items.len() {
            let scope = match self.item_scope(at) {
                Ok(scope) => scope,
                Err(wrong) => {
                    let tried = Tried::wrong(self.job, &self.scope, &wrong);
                    self.finish_item(at, &self.scope.clone(), tried);
                    continue;
                }
            };
            if at > 0
                && let Ok(Some(seconds)) = keywords::number(&scope, "pause", control.pause.as_ref())
            {
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            }
            let tried = attempt::item(self.job, &scope).await;
            let learnt = tried.learnt(self.job);
            let cancelled = tried.verdict == Verdict::Cancelled;
            let stop = !control.break_when.is_empty()
                && keywords::all_hold(&scope.with_all(learnt.clone()), &control.break_when).unwrap_or_else(|wrong| {
                    self.job.warn(format!("`break_when` cannot be evaluated: {}", wrong.one_line()));
                    false
                });
            self.finish_item(at, &scope, tried);
            self.scope = self.scope.with_all(learnt);
            if cancelled || stop {
                return;
            }
        }
    }

    /// The variables of an item.
    ///
    /// # Errors
    /// `extended` cannot be evaluated.
    pub fn item_scope(&self, at: usize) -> Result<TaskScope, Diagnostic> {
        let control = &self.job.due.task.loop_control;
        let item = self.items.get(at).cloned().unwrap_or_default();
        let mut values = vec![(self.names.item.clone(), item), ("ansible_loop_var".to_owned(), self.names.item.clone().into())];
        if let Some(name) = &self.names.index {
            values.push((name.clone(), at.into()));
            values.push(("ansible_index_var".to_owned(), name.clone().into()));
        }
        let scope = self.scope.with_all(values);
        if !keywords::boolean(&scope, "extended", control.extended.as_ref())?.unwrap_or(false) {
            return Ok(scope);
        }
        let all = keywords::boolean(&scope, "extended_allitems", control.extended_allitems.as_ref())?.unwrap_or(true);
        Ok(scope.with("ansible_loop", self.extended(at, all)))
    }

    /// `ansible_loop`.
    fn extended(&self, at: usize, all_items: bool) -> Value {
        let length = self.items.len();
        let mut values = vec![
            ("index", Value::from(at + 1)),
            ("index0", at.into()),
            ("first", (at == 0).into()),
            ("last", (at + 1 == length).into()),
            ("length", length.into()),
            ("revindex", (length - at).into()),
            ("revindex0", (length - at - 1).into()),
        ];
        if all_items {
            values.push(("allitems", self.items.clone().into()));
        }
        if let Some(item) = at.checked_sub(1).and_then(|before| self.items.get(before)) {
            values.push(("previtem", item.clone()));
        }
        if let Some(item) = self.items.get(at + 1) {
            values.push(("nextitem", item.clone()));
        }
        Value::from_pairs(values)
    }

    /// Adds what belongs to the loop to the result of an item, and reports it.
    pub fn finish_item(&mut self, at: usize, scope: &TaskScope, mut tried: Tried) {
        let item = self.items.get(at).cloned().unwrap_or_default();
        let mut about = Map::new();
        about.insert(self.names.item.clone(), template::to_json(&item));
        about.insert("ansible_loop_var".to_owned(), self.names.item.clone().into());
        if let Some(name) = &self.names.index {
            about.insert(name.clone(), at.into());
            about.insert("ansible_index_var".to_owned(), name.clone().into());
        }
        if let Some(extended) = scope.local("ansible_loop") {
            about.insert("ansible_loop".to_owned(), template::to_json(extended));
        }
        let label = if tried.no_log { finish::CENSORED_ITEM.to_owned() } else { self.label(scope, &item) };
        if !tried.no_log {
            let mut shown_about = about.clone();
            tried.masks.apply(&mut shown_about);
            tried.shown.extend(shown_about);
        }
        tried.result.extend(about);
        for effect in &mut tried.effects {
            if let super::Effect::Include(include) = effect {
                include.label = Some(label.clone());
                include.item = Some(item.clone());
            }
        }
        // What an include brings is reported for all its hosts together.
        let included = tried.effects.iter().any(|effect| matches!(effect, super::Effect::Include(_)));
        if let Verdict::Done(status) = tried.verdict
            && !included
        {
            self.job.emit(Event::Item {
                host: self.job.host.clone(),
                delegated_to: tried.delegated_to.clone(),
                task: self.job.number,
                status,
                label: tried.masks.text(&label),
                result: tried.shown.clone(),
                diagnostic: tried.diagnostic.clone(),
            });
        }
        self.done.push(tried);
    }

    fn label(&self, scope: &TaskScope, item: &Value) -> String {
        let rendered = match &self.job.due.task.loop_control.label {
            Some(node) => scope.render(node).ok(),
            None => None,
        };
        let value = rendered.as_ref().unwrap_or(item);
        let text = match template::to_json(value) {
            Json::Null => "None".to_owned(),
            json => python::text(&json),
        };
        self.job.world.mask_text(&finish::Masks::default(), &text)
    }

    /// What came of all of them.
    fn outcome(self) -> Outcome {
        let any = |wanted: fn(&Tried) -> bool| self.done.iter().any(wanted);
        let all_skipped = self.done.iter().all(|tried| tried.verdict == Verdict::Done(Status::Skipped));
        let changed = any(|tried| tried.result.get("changed") == Some(&Json::Bool(true)));
        let failed = any(|tried| tried.verdict == Verdict::Done(Status::Failed));
        let unreachable = any(|tried| tried.verdict == Verdict::Done(Status::Unreachable));
        let (status, message) = match () {
            () if any(|tried| tried.verdict == Verdict::Cancelled) => (Verdict::Cancelled, "The run was cancelled"),
            () if unreachable => (Verdict::Done(Status::Unreachable), "One or more items failed"),
            () if failed => (Verdict::Done(Status::Failed), "One or more items failed"),
            () if all_skipped => (Verdict::Done(Status::Skipped), "All items skipped"),
            () if changed => (Verdict::Done(Status::Changed), "All items completed"),
            () => (Verdict::Done(Status::Ok), "All items completed"),
        };
        let mut result = Map::from_iter([
            ("changed".to_owned(), Json::Bool(changed)),
            ("msg".to_owned(), message.into()),
            ("skipped".to_owned(), Json::Bool(all_skipped)),
        ]);
        if failed {
            result.insert("failed".to_owned(), Json::Bool(true));
        }
        if unreachable {
            result.insert("unreachable".to_owned(), Json::Bool(true));
        }
        let mut shown = result.clone();
        if self.done.iter().any(|tried| tried.no_log) {
            shown = finish::censored(&result);
        }
        let bad = |tried: &&Tried| matches!(tried.verdict, Verdict::Done(Status::Failed | Status::Unreachable));
        let ignored = (failed || unreachable) && self.done.iter().filter(bad).all(|tried| tried.ignored);
        let mut outcome = Outcome { status, looped: true, ignored, ..Outcome::default() };
        let mut results = Vec::with_capacity(self.done.len());
        for tried in self.done {
            outcome.delegated_to = outcome.delegated_to.or(tried.delegated_to);
            outcome.effects.extend(tried.effects);
            results.push(Json::Object(tried.result));
        }
        result.insert("results".to_owned(), json!(results));
        outcome.result = result;
        outcome.shown = shown;
        outcome
    }
}
