//! What a task does: the module and its arguments in all the ways they can be written.

use crate::base::{Diagnostic, Diagnostics, Span, Spanned, text};
use crate::yaml::{Entry, Mapping, Node, Value};

use super::ast::{Action, Args, Fields, RoleCall};
use super::fields::{fields, is_template, literal_bool, node_is_template, wrong_kind};
use super::freeform::{self, COMMANDS, Unbalanced};
use super::keywords::Place;
use super::language;

/// Looks like an action, but is an element of a playbook.
const PLAYBOOK_IMPORT: &str = "import_playbook";

/// The action of the language that `name` is, with or without its collection.
pub fn language_action(name: &str) -> Option<&'static str> {
    let short = short_name(name);
    language::find(short).map(|action| action.name)
}

/// A name without `ansible.builtin.` or `ansible.legacy.`.
pub fn short_name(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

/// The action written as `name: value`, with the task's `args:`.
pub fn keyed(name: &Spanned<String>, value: &Node, more: Option<&Node>, out: &mut Diagnostics) -> Option<Action> {
    let mut args = arguments(&name.value, value, out)?;
    if let Some(more) = more {
        add_args(&mut args, more);
    }
    build(name, args, out)
}

/// The module and arguments of `action:` or `local_action:`.
pub fn written_action(node: &Node, out: &mut Diagnostics) -> Option<(Spanned<String>, Args)> {
    match &node.value {
        Value::Str { text, .. } => {
            let (name, rest_at) = first_word(text);
            let exact = node.span.text() == text.as_str();
            let name_span = if exact { node.span.part(0..name.len()) } else { node.span.clone() };
            let rest = text.get(rest_at..).unwrap_or("");
            let span = if exact { node.span.part(rest_at..text.len()) } else { node.span.clone() };
            let mut value = node.clone();
            value.span = span;
            if let Value::Str { text, .. } = &mut value.value {
                *text = rest.to_owned();
            }
            let name = Spanned::new(name.to_owned(), name_span);
            let args = arguments(&name.value, &value, out)?;
            Some((name, args))
        }
        Value::Map(map) => mapped_action(node, map, out),
        _ => {
            out.push(wrong_kind("action", node, "text or a mapping with `module`"));
            None
        }
    }
}

fn mapped_action(node: &Node, map: &Mapping, out: &mut Diagnostics) -> Option<(Spanned<String>, Args)> {
    let Some(module) = map.get("module") else {
        out.push(Diagnostic::at(&node.span, "`action` needs `module`, the module to run"));
        return None;
    };
    // `module:` may itself hold arguments: `module: command echo hi`.
    if module.as_str().is_none() {
        out.push(wrong_kind("module", module, "the name of a module"));
        return None;
    }
    let (name, mut args) = written_action(module, out)?;
    for entry in &map.entries {
        match entry.key.as_str() {
            Some("module") => {}
            Some("args") => add_args(&mut args, &entry.value),
            _ => freeform::set(&mut args.map, entry.clone()),
        }
    }
    Some((name, args))
}

fn first_word(text: &str) -> (&str, usize) {
    let end = text.find([' ', '\n', '\t']).unwrap_or(text.len());
    let rest = text.get(end..).unwrap_or("");
    let blank = rest.len() - rest.trim_start().len();
    (text.get(..end).unwrap_or(text), end + blank)
}

/// Adds `args:`: what is written with the module wins.
pub fn add_args(args: &mut Args, more: &Node) {
    match &more.value {
        Value::Map(map) => {
            for entry in &map.entries {
                if entry.key.as_str().is_none_or(|name| args.map.get(name).is_none()) {
                    args.map.entries.push(entry.clone());
                }
            }
        }
        Value::Str { .. } => args.template = Some(more.clone()),
        _ => {}
    }
}

/// The arguments of `module`, written as a mapping or as text.
pub(super) fn arguments(module: &str, value: &Node, out: &mut Diagnostics) -> Option<Args> {
    match &value.value {
        Value::Null => Some(Args::default()),
        Value::Map(map) => Some(Args { map: map.clone(), ..Args::default() }),
        Value::Str { text, .. } => {
            let command = COMMANDS.contains(&short_name(module));
            if !command && is_template(text) && is_one_template(text) {
                return Some(Args { template: Some(value.clone()), ..Args::default() });
            }
            match freeform::parse(value, command) {
                Ok(args) => Some(args),
                Err(unbalanced) => {
                    let what = match unbalanced {
                        Unbalanced::Quote => "a quote",
                        Unbalanced::Braces => "`{{`, `{%` or `{#`",
                    };
                    let place = match unbalanced {
                        Unbalanced::Quote => freeform::open_quote(text).map(|at| value.locate(at..at + 1)),
                        Unbalanced::Braces => None,
                    };
                    let place = place.unwrap_or_else(|| value.span.clone());
                    out.push(Diagnostic::at(&place, format!("the arguments of `{module}` have {what} that is not closed")));
                    None
                }
            }
        }
        _ => {
            out.push(wrong_kind(module, value, "a mapping of arguments or text"));
            None
        }
    }
}

/// Whether a text is nothing but one `{{ … }}`.
pub fn is_one_template(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{{") && text.ends_with("}}") && text.matches("{{").count() == 1
}

/// An action from its name and arguments.
pub fn build(name: &Spanned<String>, args: Args, out: &mut Diagnostics) -> Option<Action> {
    match language_action(&name.value) {
        None if short_name(&name.value) == PLAYBOOK_IMPORT => {
            out.push(
                Diagnostic::at(&name.span, format!("`{PLAYBOOK_IMPORT}` stands beside plays, not among tasks"))
                    .hint("to bring in tasks, use `import_tasks`"),
            );
            None
        }
        None if super::old_include::is_include(&name.value) => {
            out.push(Diagnostic::at(&name.span, "`include` cannot be an action").hint("write `include_tasks:` with the file"));
            None
        }
        None => Some(Action::Module { name: name.clone(), args }),
        Some("meta") => meta(name, &args, out),
        Some("import_tasks") => Options::new(name, args, out)?.import_tasks(out),
        Some("include_tasks") => Options::new(name, args, out)?.include_tasks(out),
        Some("import_role") => Some(Action::ImportRole(Options::new(name, args, out)?.role(out)?)),
        Some(_) => Some(Action::IncludeRole(Options::new(name, args, out)?.role(out)?)),
    }
}

fn meta(name: &Spanned<String>, args: &Args, out: &mut Diagnostics) -> Option<Action> {
    match (&args.free_form, args.map.entries.first()) {
        (Some(node), None) => {
            let word = node.as_str().unwrap_or("").trim().to_owned();
            Some(Action::Meta(Spanned::new(word, node.span.clone())))
        }
        _ => {
            let span = args.template.as_ref().map_or(&name.span, |node| &node.span);
            out.push(Diagnostic::at(span, "`meta` must be one word, such as `flush_handlers`"));
            None
        }
    }
}

/// The options of an include or import.
struct Options<'a> {
    name: &'a Spanned<String>,
    args: Args,
}

impl<'a> Options<'a> {
    fn new(name: &'a Spanned<String>, args: Args, out: &mut Diagnostics) -> Option<Self> {
        let known = language::find(short_name(&name.value)).map(language::option_names).unwrap_or_default();
        if let Some(template) = &args.template {
            // `include_tasks: "{{ file }}"` is a file name; `args:` as one template cannot be checked.
            let is_value = args.free_form.is_none() && args.map.is_empty() && known.contains(&"file");
            if is_value {
                let args = Args { free_form: Some(template.clone()), ..Args::default() };
                return Some(Self { name, args });
            }
            out.push(Diagnostic::at(&template.span, format!("the arguments of `{}` cannot be one template", name.value)));
            return None;
        }
        for entry in &args.map.entries {
            let key = entry.key.as_str().unwrap_or("");
            if !known.contains(&key) {
                let error = Diagnostic::at(&entry.key.span, format!("`{}` has no option `{key}`", name.value));
                let hint = text::did_you_mean(key, known.iter().copied());
                out.push(error.hint(hint.unwrap_or_else(|| "variables go under `vars:`".to_owned())));
            }
        }
        Some(Self { name, args })
    }

    fn import_tasks(self, out: &mut Diagnostics) -> Option<Action> {
        self.file(out).map(Action::ImportTasks)
    }

    fn include_tasks(self, out: &mut Diagnostics) -> Option<Action> {
        let file = self.file(out)?;
        Some(Action::IncludeTasks { file, apply: self.apply(out) })
    }

    fn file(&self, out: &mut Diagnostics) -> Option<Node> {
        let found = self.args.free_form.as_ref().or_else(|| self.args.map.get("file"));
        match found {
            Some(node) if node.as_str().is_some_and(|text| !text.trim().is_empty()) => Some(node.clone()),
            Some(node) => {
                out.push(wrong_kind("file", node, "the path of a file"));
                None
            }
            None => {
                out.push(Diagnostic::at(&self.name.span, format!("`{}` needs the file with the tasks", self.name.value)));
                None
            }
        }
    }

    fn apply(&self, out: &mut Diagnostics) -> Fields {
        match self.args.map.get("apply") {
            None => Fields::default(),
            Some(node) => match node.as_map() {
                Some(map) => fields(map, Place::Block, out),
                None => {
                    out.push(wrong_kind("apply", node, "a mapping of keywords"));
                    Fields::default()
                }
            },
        }
    }

    fn role(self, out: &mut Diagnostics) -> Option<RoleCall> {
        if let Some(free) = &self.args.free_form {
            let written = free.as_str().unwrap_or("").trim();
            out.push(
                Diagnostic::at(&free.span, format!("`{}` needs `name`, the role", self.name.value))
                    .hint(format!("write `name: {written}`")),
            );
            return None;
        }
        let Some(name) = self.args.map.get("name").or_else(|| self.args.map.get("role")).filter(|node| !node.is_null()) else {
            out.push(Diagnostic::at(&self.name.span, format!("`{}` needs `name`, the role", self.name.value)));
            return None;
        };
        if name.as_str().is_none() {
            out.push(wrong_kind("name", name, "the name of a role"));
            return None;
        }
        Some(RoleCall {
            tasks_from: self.text("tasks_from", out),
            vars_from: self.text("vars_from", out),
            defaults_from: self.text("defaults_from", out),
            handlers_from: self.text("handlers_from", out),
            public: self.flag("public", out),
            allow_duplicates: self.flag("allow_duplicates", out).unwrap_or(true),
            rolespec_validate: self.flag("rolespec_validate", out).unwrap_or(true),
            apply: self.apply(out),
            name: name.clone(),
        })
    }

    fn text(&self, option: &str, out: &mut Diagnostics) -> Option<Node> {
        let node = self.args.map.get(option).filter(|node| !node.is_null())?;
        if node.as_str().is_none() {
            out.push(wrong_kind(option, node, "the name of a file of the role"));
            return None;
        }
        Some(node.clone())
    }

    fn flag(&self, option: &str, out: &mut Diagnostics) -> Option<bool> {
        let node = self.args.map.get(option).filter(|node| !node.is_null())?;
        let flag = literal_bool(node);
        if flag.is_none() {
            let note = if node_is_template(node) { "`true` or `false`, written out" } else { "`true` or `false`" };
            out.push(wrong_kind(option, node, note));
        }
        flag
    }
}

/// The key of an entry as a name with its place.
pub fn entry_name(entry: &Entry) -> Option<Spanned<String>> {
    entry.key.as_str().map(|name| Spanned::new(name.to_owned(), entry.key.span.clone()))
}

/// Whether `name` is an action of the language, or looks like one.
pub fn is_language(name: &str) -> bool {
    language_action(name).is_some() || short_name(name) == PLAYBOOK_IMPORT || super::old_include::is_include(name)
}

/// The error for a task with nothing to do.
pub fn no_action(span: &Span) -> Diagnostic {
    Diagnostic::at(span, "this task has no module").hint("add the module to run, such as `command:`")
}
