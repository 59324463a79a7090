//! A look at what is included at run time, where its name is known already: what is wrong there should not wait until it is reached.

use std::collections::HashSet;
use std::path::Path;

use crate::base::span::near;
use crate::base::{Diagnostic, Diagnostics, text};
use crate::yaml::{self, Mapping, Node};

use super::checks::has_template;
use super::compiler::Compiler;
use super::model::{Action, Item, Plan, Task};
use super::names::Names;
use super::roles::RoleFiles;

/// How deep includes are followed: a file may include itself for ever.
const DEPTH: usize = 20;

/// What was seen.
#[derive(Default)]
pub(super) struct Ahead {
    /// Wrong in what is certainly reached.
    pub errors: Diagnostics,
    /// Wrong in what may be reached: under a condition, after a failure.
    pub later: Diagnostics,
    /// Something is included whose name is not known yet.
    pub unknown: bool,
    /// The variables of all that was seen.
    pub names: Names,
    seen: HashSet<(String, bool)>,
    /// Where files are named that are not there.
    missing: HashSet<String>,
}

/// How a task is come to.
#[derive(Clone)]
struct Way {
    certain: bool,
    depth: usize,
    /// Loop variables of the includes around.
    loop_vars: Vec<String>,
}

/// Follows all includes of a plan.
pub(super) fn look(compiler: &Compiler, plan: &Plan) -> Ahead {
    let mut ahead = Ahead::default();
    for play in &plan.plays {
        ahead.names.play(play);
        for node in &play.vars_files {
            ahead.names.vars_file(compiler.vars_file(&play.dir, node).and_then(|vars| vars.as_map().cloned()).as_ref());
        }
        let way = Way { certain: true, depth: 0, loop_vars: Vec::new() };
        for section in &play.sections {
            ahead.items(compiler, &section.items, &way);
        }
        let way = Way { certain: false, ..way };
        for handler in &play.handlers {
            ahead.task(compiler, &handler.task, &way);
        }
    }
    ahead
}

impl Ahead {
    fn items(&mut self, compiler: &Compiler, items: &[Item], way: &Way) {
        for item in items {
            match item {
                Item::Task(task) => self.task(compiler, task, way),
                Item::Block(block) => {
                    let certain = way.certain && block.rescue.is_empty();
                    self.items(compiler, &block.body, &Way { certain, ..way.clone() });
                    self.items(compiler, &block.rescue, &Way { certain: false, ..way.clone() });
                    self.items(compiler, &block.always, way);
                }
            }
        }
    }

    fn task(&mut self, compiler: &Compiler, task: &Task, way: &Way) {
        self.loop_variable(task, way);
        self.names.task(&compiler.inputs.templates, task, way.certain);
        let brought = match &task.action {
            Action::IncludeTasks { file, .. } => literal(file).map(|file| compiler.include_tasks(task, file)),
            Action::IncludeRole { name, tasks_from, vars_from, defaults_from, handlers_from, .. } => {
                let files = [tasks_from, vars_from, defaults_from, handlers_from];
                let all_known = files.iter().all(|node| node.as_ref().is_none_or(|node| literal(node).is_some()));
                let part = |node: &Option<Node>| node.as_ref().and_then(literal).map(str::to_owned);
                literal(name).filter(|_| all_known).map(|name| {
                    let files = RoleFiles {
                        tasks: part(tasks_from),
                        vars: part(vars_from),
                        defaults: part(defaults_from),
                        handlers: part(handlers_from),
                    };
                    compiler.include_role(task, name, files).map(|role| role.items)
                })
            }
            Action::Module { spec, args, .. } => return self.source(task, spec.name, args),
            Action::Meta(_) => return,
        };
        let Some(brought) = brought else {
            self.unknown = true;
            self.names.unknown();
            return;
        };
        let certain = way.certain && task.keywords.when.is_empty();
        match brought {
            Err(wrong) if certain => self.errors.extend(wrong),
            Err(wrong) => self.later.extend(wrong),
            Ok(items) => {
                // A second way to the same place brings nothing new, unless it is the first that is certain.
                if way.depth >= DEPTH || !self.seen.insert((task.span.to_string(), certain)) {
                    return;
                }
                let mut loop_vars = way.loop_vars.clone();
                loop_vars.extend(loop_var(task).map(|name| name.to_owned()));
                self.items(compiler, &items, &Way { certain, depth: way.depth + 1, loop_vars });
            }
        }
    }

    /// A file that a task takes from the controller, and that is not there. It may be made by the time the task is come to.
    fn source(&mut self, task: &Task, module: &str, args: &Mapping) {
        let kind = match module {
            "copy" => "files",
            "template" => "templates",
            _ => return,
        };
        let elsewhere = ["remote_src", "content"]
            .iter()
            .any(|name| args.get(name).is_some_and(|value| !matches!(value.value, yaml::Value::Bool(false))));
        let Some((node, name)) = args.get("src").and_then(|node| Some((node, literal(node)?))).filter(|_| !elsewhere) else { return };
        if name.starts_with('~') {
            return;
        }
        let places = task.file_places(kind, Path::new(name));
        if places.iter().any(|place| place.exists()) || !self.missing.insert(node.span.to_string()) {
            return;
        }
        let looked: Vec<String> = places.iter().map(|place| near(&place.to_string_lossy()).to_owned()).collect();
        let wrong = Diagnostic::warning(format!("there is no file `{name}` on the controller so far")).with_span(&node.span);
        self.later.push(
            wrong.hint(format!("looked for {}", text::list(&looked))).hint("the task fails unless the file is made before it is run"),
        );
    }

    /// A loop inside an include that loops over the same variable hides the outer item.
    fn loop_variable(&mut self, task: &Task, way: &Way) {
        let Some(name) = loop_var(task) else { return };
        if way.loop_vars.iter().any(|outer| outer == name) {
            self.later.push(
                Diagnostic::warning(format!("the loop variable `{name}` hides that of the loop around the include"))
                    .with_span(&task.span)
                    .hint("name it with `loop_control: {loop_var: …}`"),
            );
        }
    }
}

fn loop_var(task: &Task) -> Option<&str> {
    task.loop_over.as_ref()?;
    Some(task.loop_control.loop_var.as_ref().map_or("item", |name| &name.value))
}

fn literal(node: &Node) -> Option<&str> {
    node.as_str().filter(|text| !has_template(text))
}
