//! Lists of tasks, blocks and handlers.

use crate::base::{Diagnostic, Diagnostics, Spanned, text};
use crate::yaml::{Entry, Mapping, Node};

use super::Words;
use super::actions;
use super::ast::{Action, Block, Fields, Item, Loop, Task};
use super::fields::{field, fields, head, not_a_keyword, wrong_kind};
use super::keywords::{self, Place};
use super::old_include;

/// What may stand beside `include_tasks` and `include_role`: the rest belongs under `apply:`.
pub const BESIDE_INCLUDE: &[&str] = &[
    "name",
    "tags",
    "when",
    "vars",
    "loop_control",
    "register",
    "ignore_errors",
    "no_log",
    "run_once",
    "timeout",
    "collections",
    "listen",
];

/// What has no meaning beside `import_tasks` and `import_role`, which are gone before anything runs.
const IDLE_BESIDE_IMPORT: &[&str] = &["register", "until", "retries", "delay", "changed_when", "failed_when", "async", "poll"];

/// The tasks of a file or a keyword; `what` names it in messages. Null is an empty list.
pub fn tasks(node: &Node, what: &str, words: &Words<'_>, out: &mut Diagnostics) -> Vec<Item> {
    Reader { words, place: Place::Task, out }.items(node, what)
}

/// As [`tasks`], for handlers.
pub fn handlers(node: &Node, what: &str, words: &Words<'_>, out: &mut Diagnostics) -> Vec<Item> {
    Reader { words, place: Place::Handler, out }.items(node, what)
}

struct Reader<'a> {
    words: &'a Words<'a>,
    place: Place,
    out: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn items(&mut self, node: &Node, what: &str) -> Vec<Item> {
        if node.is_null() {
            return Vec::new();
        }
        let Some(list) = node.as_list() else {
            let error = wrong_kind(what, node, "a list of tasks");
            self.out.push(if node.as_map().is_some() { error.hint("write `- ` in front of each task") } else { error });
            return Vec::new();
        };
        if let Some(hosts) = list.first().and_then(Node::as_map).and_then(|map| map.entry("hosts")) {
            self.out.push(
                Diagnostic::at(&hosts.key.span, "this is a play, and tasks are expected here")
                    .hint("a file of plays is used with `import_playbook`, which stands beside plays"),
            );
            return Vec::new();
        }
        list.iter().filter_map(|node| self.item(node)).collect()
    }

    fn item(&mut self, node: &Node) -> Option<Item> {
        if node.is_null() {
            return None;
        }
        let Some(map) = node.as_map() else {
            let mut error = Diagnostic::at(&node.span, format!("a task must be a mapping, not {}", node.kind_name()));
            if let Some(name) = node.as_str().filter(|name| (self.words.is_module)(name)) {
                error = error.hint(format!("write `{name}:`, with a colon"));
            }
            self.out.push(error);
            return None;
        };
        if ["block", "rescue", "always"].iter().any(|name| map.get(name).is_some()) {
            return Some(Item::Block(Box::new(self.block(node, map))));
        }
        self.task(node, map).map(|task| Item::Task(Box::new(task)))
    }

    fn block(&mut self, node: &Node, map: &Mapping) -> Block {
        let all = fields(map, Place::Block, self.out);
        let mut part = |name: &str| all.get(name).map_or_else(Vec::new, |node| self.items(node, name));
        let (body, rescue, always) = (part("block"), part("rescue"), part("always"));
        for name in ["rescue", "always"] {
            if let Some(entry) = map.entry(name)
                && map.get("block").is_none()
            {
                self.out.push(Diagnostic::at(&entry.key.span, format!("`{name}` needs a `block` beside it")));
            }
        }
        let rest = all.0.into_iter().filter(|f| !["block", "rescue", "always"].contains(&f.keyword.name)).collect();
        Block { span: node.span.clone(), fields: Fields(rest), body, rescue, always }
    }

    fn task(&mut self, node: &Node, map: &Mapping) -> Option<Task> {
        let before = self.out.0.len();
        let mut all = Fields::default();
        let mut loops: Vec<(Spanned<String>, Loop)> = Vec::new();
        let mut candidates: Vec<&Entry> = Vec::new();
        for entry in &map.entries {
            let Some(name) = actions::entry_name(entry) else {
                self.out.push(not_a_keyword(&entry.key, self.place));
                continue;
            };
            if let Some(found) = field(entry, self.place, self.out) {
                all.0.extend(found);
            } else if let Some(lookup) = name.value.strip_prefix("with_").filter(|_| !(self.words.is_module)(&name.value)) {
                let lookup = Spanned::new(lookup.to_owned(), name.span.clone());
                if entry.value.is_null() {
                    self.out.push(wrong_kind(&name.value, &entry.value, "something to loop over"));
                }
                loops.push((name, Loop::Lookup(lookup, entry.value.clone())));
            } else {
                candidates.push(entry);
            }
        }
        if let Some(field) = all.field("loop") {
            loops.push((Spanned::new("loop".to_owned(), field.key.clone()), Loop::List(field.value.clone())));
        }
        if let [(first, _), (second, _), ..] = loops.as_slice() {
            self.out.push(
                Diagnostic::at(&second.span, format!("a task has one loop, not both `{}` and `{}`", first.value, second.value))
                    .with_related(&first.span, "the other loop"),
            );
        }
        let loop_control = self.loop_control(&all);
        let looped = !loops.is_empty();
        let (action, local) = self.action(node, &mut all, &candidates, looped, before)?;
        let task = Task {
            span: node.span.clone(),
            action,
            local,
            loop_over: loops.into_iter().next().map(|(_, over)| over),
            loop_control,
            fields: Fields(all.0.into_iter().filter(|f| !is_read_apart(f.keyword.name)).collect()),
        };
        self.check_include(&task);
        Some(task)
    }

    fn loop_control(&mut self, all: &Fields) -> Fields {
        match all.get("loop_control") {
            None => Fields::default(),
            Some(node) => match node.as_map() {
                Some(map) => fields(map, Place::LoopControl, self.out),
                None => {
                    self.out.push(wrong_kind("loop_control", node, "a mapping"));
                    Fields::default()
                }
            },
        }
    }

    /// Finds the one action among `action`, `local_action` and the keys that are no keywords.
    fn action(
        &mut self,
        node: &Node,
        all: &mut Fields,
        candidates: &[&Entry],
        looped: bool,
        before: usize,
    ) -> Option<(Action, Option<crate::base::Span>)> {
        let (modules, mut strangers): (Vec<&Entry>, Vec<&Entry>) = candidates.iter().partition(|entry| self.is_action(entry));
        let mut is_static = None;
        if modules.iter().any(|entry| entry.key.as_str().is_some_and(old_include::is_include)) {
            is_static = strangers.iter().position(|entry| entry.key.as_str() == Some("static")).map(|at| &strangers.remove(at).value);
        }
        let mut found: Vec<Spanned<String>> = ["action", "local_action"]
            .iter()
            .filter_map(|name| all.field(name))
            .map(|field| Spanned::new(field.keyword.name.to_owned(), field.key.clone()))
            .collect();
        found.extend(modules.iter().filter_map(|entry| actions::entry_name(entry)));
        if let [first, second, ..] = found.as_slice() {
            let is_misplaced = |name: &str| is_keyword_elsewhere(name) && keywords::find(name, self.place).is_none();
            if let Some(keyword) = [second, first].into_iter().find(|name| is_misplaced(&name.value)) {
                self.out.push(keywords::unknown(&keyword.value, &keyword.span, self.place, []));
                return None;
            }
            self.out.push(
                Diagnostic::at(&second.span, format!("a task runs one module, not both `{}` and `{}`", first.value, second.value))
                    .with_related(&first.span, "the other module")
                    .hint("make two tasks of it"),
            );
            self.strangers(&strangers, false);
            return None;
        }
        if let [module] = found.as_slice()
            && self.misplaced_options(module, &strangers)
        {
            return None;
        }
        self.strangers(&strangers, found.is_empty());
        let args = all.get("args");
        if let Some(field) = all.field("action").or_else(|| all.field("local_action")) {
            let (name, mut arguments) = actions::written_action(&field.value, self.out)?;
            if !self.is_action_name(&name.value) {
                self.out.push(self.unknown_module(&name));
                return None;
            }
            if let Some(more) = args {
                actions::add_args(&mut arguments, more);
            }
            let action = actions::build(&name, arguments, self.out)?;
            return Some((action, (field.keyword.name == "local_action").then(|| field.key.clone())));
        }
        let Some(entry) = modules.first() else {
            // A misspelt module was reported already.
            if strangers.is_empty() && self.out.0.len() == before {
                let error = actions::no_action(&head(node));
                let has_name = all.get("name").is_some();
                self.out.push(if has_name { error } else { error.hint("if this belongs to the task above, remove the `-`") });
            }
            return None;
        };
        let name = actions::entry_name(entry)?;
        if old_include::is_include(&name.value) {
            let mut arguments = actions::arguments(&name.value, &entry.value, self.out)?;
            if let Some(more) = args {
                actions::add_args(&mut arguments, more);
            }
            let beside = old_include::Beside { looped, is_static, place: self.place };
            return old_include::tasks(&name, arguments, &beside, all, self.out).map(|action| (action, None));
        }
        actions::keyed(&name, &entry.value, args, self.out).map(|action| (action, None))
    }

    /// Options of the module that stand beside it instead of below it.
    fn misplaced_options(&mut self, module: &Spanned<String>, strangers: &[&Entry]) -> bool {
        let is_option = |entry: &Entry| entry.key.as_str().is_some_and(|name| (self.words.has_option)(&module.value, name));
        let Some(first) = strangers.iter().find(|entry| is_option(entry)) else { return false };
        let names: Vec<String> = strangers.iter().filter(|entry| is_option(entry)).map(|entry| entry.key.key_text()).collect();
        let what = if names.len() == 1 { "is an option" } else { "are options" };
        self.out.push(
            Diagnostic::at(&first.key.span, format!("{} {what} of `{}` and must be indented below it", text::list(&names), module.value))
                .with_related(&module.span, "the module"),
        );
        let others: Vec<&Entry> = strangers.iter().copied().filter(|entry| !is_option(entry)).collect();
        self.strangers(&others, false);
        true
    }

    fn is_action(&self, entry: &Entry) -> bool {
        entry.key.as_str().is_some_and(|name| self.is_action_name(name))
    }

    fn is_action_name(&self, name: &str) -> bool {
        actions::is_language(name) || (self.words.is_module)(name)
    }

    /// Keys that are neither keywords nor modules. Where the task has no module, such a key was most likely meant to be one.
    fn strangers(&mut self, entries: &[&Entry], want_module: bool) {
        for entry in entries {
            let Some(name) = actions::entry_name(entry) else { continue };
            let error = if want_module && !is_keyword_elsewhere(&name.value) {
                self.unknown_module(&name)
            } else {
                keywords::unknown(&name.value, &name.span, self.place, self.words.modules.iter().copied())
            };
            self.out.push(error);
        }
    }

    fn unknown_module(&self, name: &Spanned<String>) -> Diagnostic {
        let error = Diagnostic::at(&name.span, format!("unknown module `{}`", name.value));
        let mut known: Vec<&str> = self.words.modules.to_vec();
        known.extend(super::language::ACTIONS.iter().map(|action| action.name));
        known.extend(keywords::names(self.place));
        let short = name.value.rsplit('.').next().unwrap_or(&name.value);
        if short != name.value && (self.words.is_module)(short) {
            return error.hint(format!("`{short}` is known, but not as a part of that collection"));
        }
        if let Some(hint) = (self.words.explain)(&name.value) {
            return error.hint(hint);
        }
        let hint = text::did_you_mean(short, known);
        match name.value.split('.').collect::<Vec<_>>().as_slice() {
            [namespace, collection, _, ..] if *namespace != "ansible" && hint.is_none() => error.hint(format!(
                "kconf has no modules of the collection `{namespace}.{collection}`, and it is not installed; `kconf doc` lists those it has"
            )),
            _ => error.maybe_hint(hint),
        }
    }

    fn check_include(&mut self, task: &Task) {
        let (name, dynamic) = match &task.action {
            Action::IncludeTasks { .. } => ("include_tasks", true),
            Action::IncludeRole(_) => ("include_role", true),
            Action::ImportTasks(_) => ("import_tasks", false),
            Action::ImportRole(_) => ("import_role", false),
            Action::Module { .. } | Action::Meta(_) => return,
        };
        if self.place == Place::Handler && name.ends_with("_role") {
            self.out.push(Diagnostic::at(&head_of(task), format!("`{name}` cannot be a handler")));
        }
        if !dynamic && let Some(over) = &task.loop_over {
            let span = match over {
                Loop::List(node) => &node.span,
                Loop::Lookup(lookup, _) => &lookup.span,
            };
            let instead = name.replace("import", "include");
            self.out.push(Diagnostic::at(span, format!("`{name}` cannot loop")).hint(format!("use `{instead}`")));
        }
        for field in &task.fields.0 {
            let keyword = field.keyword.name;
            if dynamic && !BESIDE_INCLUDE.contains(&keyword) {
                let error = Diagnostic::at(&field.key, format!("`{keyword}` does not apply to `{name}` itself"));
                let is_for_blocks = keywords::find(keyword, Place::Block).is_some();
                self.out.push(if is_for_blocks { error.hint("to apply it to what is included, put it under `apply:`") } else { error });
            }
            if !dynamic && IDLE_BESIDE_IMPORT.contains(&keyword) {
                self.out.push(Diagnostic::warning(format!("`{keyword}` has no effect on `{name}`")).with_span(&field.key));
            }
        }
    }
}

fn head_of(task: &Task) -> crate::base::Span {
    task.fields.0.first().map_or_else(|| task.span.clone(), |field| field.key.clone())
}

fn is_keyword_elsewhere(name: &str) -> bool {
    keywords::KEYWORDS.iter().any(|keyword| keyword.name == name)
}

fn is_read_apart(name: &str) -> bool {
    matches!(name, "action" | "local_action" | "args" | "loop" | "loop_control")
}
