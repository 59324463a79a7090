//! Variables that nothing defines: neither the plan nor, as far as the caller knows it, the inventory.

use std::collections::HashSet;
use std::sync::Arc;

use crate::base::{Diagnostic, Diagnostics, Span, text};
use crate::playbook::fields;
use crate::template::{Names as TextNames, Templates};
use crate::yaml::{Mapping, Node, Value};

use super::model::{Action, Loop, Play, Task};

/// Modules after which anything may be defined: they read files, or change which hosts and groups there are.
const DEFINES_ANYTHING: &[&str] = &["include_vars", "add_host", "group_by"];

/// Modules whose facts are known by names of their own.
const FACTS: &[&str] = &["services", "packages", "mount_points"];

/// The variables of a plan.
#[derive(Debug, Default)]
pub struct Names {
    defined: HashSet<String>,
    /// Where nothing is said when they are undefined.
    optional: HashSet<Arc<str>>,
    needed: Vec<(Arc<str>, Span)>,
    /// More may be defined than is known.
    open: bool,
}

impl Names {
    /// Notes what a play defines.
    pub(super) fn play(&mut self, play: &Play) {
        self.define(&play.vars);
        self.defined.extend(play.vars_prompt.iter().map(|prompt| prompt.name.value.clone()));
        for role in &play.roles {
            role.default_layers().iter().chain(&role.var_layers()).for_each(|layer| self.define(layer));
            self.define(&role.params);
        }
    }

    /// Notes a file of variables; `None` when it is not known.
    pub(super) fn vars_file(&mut self, vars: Option<&Mapping>) {
        match vars {
            Some(vars) => self.define(vars),
            None => self.open = true,
        }
    }

    /// Something is not known that may define anything.
    pub(super) fn unknown(&mut self) {
        self.open = true;
    }

    /// Notes what a task defines, and what it needs if it is `certain` to be reached.
    pub(super) fn task(&mut self, templates: &Templates, task: &Task, certain: bool) {
        let keywords = &task.keywords;
        keywords.vars.iter().for_each(|layer| self.define(layer));
        if let Some(role) = &task.role {
            role.default_layers().iter().chain(&role.var_layers()).for_each(|layer| self.define(layer));
            self.define(&role.params);
        }
        let control = &task.loop_control;
        let names = task.register.iter().chain(&control.loop_var).chain(&control.index_var);
        self.defined.extend(names.map(|name| name.value.clone()));
        let mut values: Vec<&Node> = Vec::new();
        if let Action::Module { spec, foreign, args, free_form, args_template, .. } = &task.action {
            // What facts a module gives that is none of kconf's own, nobody knows.
            self.open |= foreign.is_some();
            self.open |= DEFINES_ANYTHING.contains(&spec.name) || (spec.name == "set_fact" && args_template.is_some());
            if spec.name == "set_fact" {
                self.open |= args.entries.iter().any(|entry| fields::is_template(&entry.key.key_text()));
                self.define(args);
            }
            // What `debug` and `assert` do with a name is their own.
            values
                .extend(args.entries.iter().filter(|entry| !matches!(entry.key.as_str(), Some("var" | "that"))).map(|entry| &entry.value));
            values.extend(free_form.iter().chain(args_template));
        }
        let over = task.loop_over.as_ref().map(|over| match over {
            Loop::List(node) | Loop::Lookup(_, node) => node,
        });
        let first = keywords.when.first();
        first.into_iter().for_each(|condition| self.value(templates, condition, true, certain && task.loop_over.is_none()));
        keywords.when.iter().skip(1).chain(&task.until).for_each(|condition| self.value(templates, condition, true, false));
        let certain = certain && keywords.when.is_empty();
        over.into_iter().for_each(|node| self.value(templates, node, false, certain));
        // A loop may have no items.
        values.into_iter().for_each(|node| self.value(templates, node, false, certain && task.loop_over.is_none()));
    }

    fn define(&mut self, vars: &Mapping) {
        self.defined.extend(vars.entries.iter().map(|entry| entry.key.key_text()));
    }

    fn value(&mut self, templates: &Templates, node: &Node, condition: bool, certain: bool) {
        match &node.value {
            Value::Str { text, is_unsafe: false, .. } => {
                let TextNames { needed, optional } = templates.names(text, condition);
                self.optional.extend(optional);
                if certain {
                    self.needed.extend(needed.into_iter().map(|(name, range)| (name, node.locate(range))));
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.value(templates, item, condition, certain)),
            Value::Map(map) => map.entries.iter().for_each(|entry| self.value(templates, &entry.value, condition, certain)),
            _ => {}
        }
    }

    /// The warnings for what is needed and defined neither by the plan nor by `others`: the inventory, the command line, kconf itself.
    pub fn undefined<'a>(&self, others: impl IntoIterator<Item = &'a str>) -> Diagnostics {
        let mut out = Diagnostics::default();
        if self.open {
            return out;
        }
        let others: HashSet<&str> = others.into_iter().collect();
        for (name, span) in &self.needed {
            let is_known = self.defined.contains(&**name) || others.contains(&**name) || self.optional.contains(name);
            // Facts are not known before they are gathered.
            if is_known || name.starts_with("ansible_") || name.starts_with("getent_") || FACTS.contains(&&**name) || **name == *"item" {
                continue;
            }
            let known = self.defined.iter().map(String::as_str).chain(others.iter().copied());
            out.push(
                Diagnostic::warning(format!("nothing defines the variable `{name}`"))
                    .with_span(span)
                    .maybe_hint(text::did_you_mean(name, known)),
            );
        }
        out
    }
}
