//! Tasks, blocks, handlers and imports: from the syntax tree to the plan, with what is inherited.

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::{Diagnostic, Diagnostics, Span, Spanned, text};
use crate::playbook::{Fields, Loop as WrittenLoop, ast};
use crate::yaml::Node;

use super::checks;
use super::compiler::{Compiler, Parsed, in_order};
use super::files::first_file;
use super::inherit::{add, inherit};
use super::lookup;
use super::meta;
use super::model::{Action, Block, Handler, Item, Keywords, Loop, LoopControl, Origin, PlayOrigin, Role, Task};
use super::roles::RoleFiles;
use super::syntax;

/// One compilation: a play, or an include at run time.
pub(super) struct Session<'c> {
    pub compiler: &'c Compiler,
    pub play: Arc<PlayOrigin>,
    /// What is wrong so far.
    pub out: Diagnostics,
    /// Handlers that roles imported by tasks brought.
    pub handlers: Vec<Arc<Handler>>,
    /// Roles used so far, dependencies first.
    pub roles: Vec<Arc<Role>>,
    /// Something is included at run time, so what exists is not all known.
    pub dynamic: bool,
    /// Literal names under `notify:`.
    pub notified: Vec<Spanned<String>>,
}

/// What is around the tasks that are compiled.
#[derive(Clone)]
pub(super) struct Place {
    pub role: Option<Arc<Role>>,
    /// Folders of the files that led here, innermost first.
    pub dirs: Vec<PathBuf>,
    pub handler: bool,
    pub keywords: Arc<Keywords>,
    /// Files that are being imported, outermost first.
    pub stack: Vec<PathBuf>,
    /// Through how many includes at run time it was come to.
    pub depth: usize,
}

impl Place {
    /// Inside a play, with its keywords.
    pub(super) fn of_play(keywords: Arc<Keywords>, handler: bool) -> Self {
        Self { role: None, dirs: Vec::new(), handler, keywords, stack: Vec::new(), depth: 0 }
    }

    /// Inside what `task` includes.
    pub(super) fn of_include(task: &Task, keywords: &Arc<Keywords>) -> Self {
        Self {
            role: task.role.clone(),
            dirs: task.origin.dirs.clone(),
            handler: task.origin.handler,
            keywords: keywords.clone(),
            stack: Vec::new(),
            depth: task.origin.depth + 1,
        }
    }

    /// The same with other keywords.
    pub(super) fn with(&self, keywords: Keywords) -> Self {
        Self { keywords: Arc::new(keywords), ..self.clone() }
    }
}

impl<'c> Session<'c> {
    pub(super) fn new(compiler: &'c Compiler, play: Arc<PlayOrigin>) -> Self {
        Self { compiler, play, out: Diagnostics::default(), handlers: Vec::new(), roles: Vec::new(), dynamic: false, notified: Vec::new() }
    }

    /// The result of an include, or all that is wrong. Warnings wait at the compiler.
    pub(super) fn finish<T>(self, result: T) -> Result<T, Diagnostics> {
        let out = in_order(self.out);
        if out.has_errors() {
            return Err(out);
        }
        self.compiler.keep_warnings(out);
        Ok(result)
    }

    pub(super) fn items(&mut self, items: &[ast::Item], place: &Place) -> Vec<Item> {
        let mut compiled = Vec::new();
        for item in items {
            match item {
                ast::Item::Block(block) => {
                    let block = self.block(block, place);
                    if [&block.body, &block.rescue, &block.always].iter().any(|items| !items.is_empty()) {
                        compiled.push(Item::Block(Arc::new(block)));
                    }
                }
                ast::Item::Task(task) => self.task(task, place, &mut compiled),
            }
        }
        compiled
    }

    fn block(&mut self, block: &ast::Block, place: &Place) -> Block {
        let inner = self.inside(&block.fields, place);
        Block {
            id: self.compiler.next_id(),
            span: block.span.clone(),
            body: self.items(&block.body, &inner),
            rescue: self.items(&block.rescue, &inner),
            always: self.items(&block.always, &inner),
            keywords: inner.keywords.clone(),
            role: place.role.clone(),
        }
    }

    /// A task as one item, or the items that it imports; nothing when the choice of tags leaves it out.
    fn task(&mut self, task: &ast::Task, place: &Place, compiled: &mut Vec<Item>) {
        match &task.action {
            ast::Action::ImportTasks(file) => {
                if let Some((parsed, inner)) = self.import(file, &task.fields, place) {
                    compiled.extend(self.items(&parsed.tree, &inner));
                }
            }
            ast::Action::ImportRole(call) => {
                let inner = self.inside(&task.fields, place);
                if let Some(used) = self.import_role(call, &inner) {
                    compiled.extend(used.items);
                    self.handlers.extend(used.handlers);
                    self.roles.extend(used.all);
                }
            }
            _ => {
                let selected = self.plain_task(task, place).filter(|task| self.compiler.inputs.selection.selects(&task.keywords.tags));
                compiled.extend(selected.map(|task| Item::Task(Arc::new(task))));
            }
        }
    }

    pub(super) fn handlers(&mut self, items: &[ast::Item], place: &Place) -> Vec<Arc<Handler>> {
        let mut compiled = Vec::new();
        for item in items {
            match item {
                ast::Item::Block(block) => {
                    for part in [&block.rescue, &block.always] {
                        if let Some(span) = part.first().map(item_span) {
                            self.out.push(Diagnostic::at(&span, "`rescue` and `always` are not possible among handlers"));
                        }
                    }
                    let inner = self.inside(&block.fields, place);
                    compiled.extend(self.handlers(&block.body, &inner));
                }
                ast::Item::Task(task) => {
                    if let ast::Action::ImportTasks(file) = &task.action {
                        if let Some((parsed, inner)) = self.import(file, &task.fields, place) {
                            compiled.extend(self.handlers(&parsed.tree, &inner));
                        }
                    } else if let Some(compiled_task) = self.plain_task(task, place) {
                        compiled.push(Arc::new(Handler { task: Arc::new(compiled_task), listen: task.fields.list("listen") }));
                    }
                }
            }
        }
        compiled
    }

    /// The place inside something with these keywords.
    fn inside(&mut self, fields: &Fields, place: &Place) -> Place {
        self.check_fields(fields);
        let tags = self.tags(fields, place);
        place.with(inherit(&place.keywords, fields, &tags))
    }

    /// Checks the templates and conditions in keywords.
    pub(super) fn check_fields(&mut self, fields: &Fields) {
        syntax::fields(&self.compiler.inputs.templates, fields, &mut self.out);
        if let Some(node) = fields.get("module_defaults") {
            self.module_defaults(node);
        }
    }

    /// The tasks of `import_tasks` with these keywords, and the place inside it.
    fn import(&mut self, file: &Node, fields: &Fields, place: &Place) -> Option<(Arc<Parsed<Vec<ast::Item>>>, Place)> {
        let inner = self.inside(fields, place);
        let path = self.render(file, &inner)?;
        self.task_file(&file.span, &path, &inner)
    }

    /// The file of tasks called `path`, and the place inside it.
    pub(super) fn task_file(&mut self, span: &Span, path: &str, place: &Place) -> Option<(Arc<Parsed<Vec<ast::Item>>>, Place)> {
        let files = &self.compiler.files;
        let found = match lookup::task_file(files, path.trim(), place, &self.play) {
            Ok(found) => found,
            Err(searched) => {
                let looked: Vec<String> = searched.iter().map(|path| files.shown(path)).collect();
                self.out.push(
                    Diagnostic::at(span, format!("cannot find the file `{path}`"))
                        .maybe_hint(
                            searched
                                .iter()
                                .find(|path| path.parent().is_some_and(std::path::Path::is_dir))
                                .and_then(|path| files.near(path)),
                        )
                        .hint(format!("looked for {}", text::list(&looked))),
                );
                return None;
            }
        };
        if place.stack.contains(&found) {
            self.out.push(
                Diagnostic::at(span, format!("`{}` imports itself", files.shown(&found)))
                    .hint("`include_tasks` can repeat a file, since it decides when it is reached"),
            );
            return None;
        }
        let parsed = self.compiler.parse_tasks(&found, place.handler);
        self.out.extend(parsed.diagnostics.clone());
        let mut inner = place.clone();
        if let Some(dir) = found.parent() {
            inner.dirs.retain(|known| known != dir);
            inner.dirs.insert(0, dir.to_owned());
        }
        inner.stack.push(found);
        Some((parsed, inner))
    }

    /// A task that stays one.
    fn plain_task(&mut self, task: &ast::Task, place: &Place) -> Option<Task> {
        let inner = self.inside(&task.fields, place);
        let mut keywords = (*inner.keywords).clone();
        if let Some(span) = &task.local
            && task.fields.get("delegate_to").is_none()
        {
            keywords.delegate_to = Some(Arc::new(Node::text(span.clone(), "localhost")));
        }
        let action = self.action(task, place, &inner)?;
        self.check_loop(task);
        for node in task.fields.list("notify") {
            if let Some(name) = node.as_str().filter(|name| !checks::has_template(name)) {
                self.notified.push(Spanned::new(name.to_owned(), node.span.clone()));
            }
        }
        self.compiler.note_tags(keywords.tags.iter());
        let fields = &task.fields;
        let compiled = Task {
            id: self.compiler.next_id(),
            span: task.span.clone(),
            name: fields.value("name"),
            action,
            role: place.role.clone(),
            loop_over: task.loop_over.as_ref().map(|over| match over {
                WrittenLoop::List(node) => Loop::List(node.clone()),
                WrittenLoop::Lookup(name, node) => Loop::Lookup(name.clone(), node.clone()),
            }),
            loop_control: loop_control(&task.loop_control),
            register: name_field(fields, "register"),
            until: fields.list("until"),
            retries: fields.value("retries"),
            delay: fields.value("delay"),
            changed_when: fields.get("changed_when").map(|_| fields.list("changed_when")),
            failed_when: fields.get("failed_when").map(|_| fields.list("failed_when")),
            notify: keywords.notify.clone(),
            delegate_to: keywords.delegate_to.clone(),
            delegate_facts: keywords.delegate_facts.clone(),
            run_async: fields.value("async"),
            poll: fields.value("poll"),
            origin: Arc::new(Origin { play: self.play.clone(), dirs: place.dirs.clone(), handler: place.handler, depth: place.depth }),
            keywords: Arc::new(keywords),
        };
        checks::task(&compiled, &mut self.out);
        self.template_file(&compiled);
        Some(compiled)
    }

    /// Checks the file of a `template` task, where its name is written out.
    fn template_file(&mut self, task: &Task) {
        let Action::Module { spec, args, .. } = &task.action else { return };
        let name = args.get("src").and_then(Node::as_str).filter(|name| !checks::has_template(name));
        let has_own_marks = args.entries.iter().any(|entry| entry.key.as_str().is_some_and(|key| key.ends_with("_string")));
        let Some(name) = name.filter(|_| spec.name == "template" && !has_own_marks) else { return };
        let files = &self.compiler.files;
        let places =
            task.search_path().into_iter().flat_map(|base| [files.absolute(&base.join("templates"), name), files.absolute(&base, name)]);
        let Some(source) = first_file(places).and_then(|path| files.text(&path)) else { return };
        let found = self.compiler.inputs.templates.check_file(&source);
        // Under a condition it may never be needed.
        let certain = task.keywords.when.is_empty();
        self.out.extend(if certain { found } else { syntax::as_warnings(found) });
    }

    fn action(&mut self, task: &ast::Task, place: &Place, inner: &Place) -> Option<Action> {
        match &task.action {
            ast::Action::Module { name, args } => {
                let chosen = self.module_called(name, inner)?;
                Some(checks::module(&self.compiler.inputs.templates, (name, chosen), args, inner, &mut self.out))
            }
            ast::Action::Meta(word) => self.meta(word),
            ast::Action::IncludeTasks { file, apply } => {
                self.dynamic = true;
                Some(Action::IncludeTasks { file: file.clone(), apply: self.handed_down(task, apply, place) })
            }
            ast::Action::IncludeRole(call) => {
                self.dynamic = true;
                Some(Action::IncludeRole {
                    name: call.name.clone(),
                    tasks_from: call.tasks_from.clone(),
                    vars_from: call.vars_from.clone(),
                    defaults_from: call.defaults_from.clone(),
                    handlers_from: call.handlers_from.clone(),
                    public: call.public.unwrap_or(false),
                    allow_duplicates: call.allow_duplicates,
                    rolespec_validate: call.rolespec_validate,
                    apply: self.handed_down(task, &call.apply, place),
                })
            }
            // Both were expanded by the callers.
            ast::Action::ImportTasks(_) | ast::Action::ImportRole(_) => None,
        }
    }

    fn check_loop(&mut self, task: &ast::Task) {
        self.check_fields(&task.loop_control);
        match &task.loop_over {
            None => {}
            Some(WrittenLoop::List(node)) => syntax::node(&self.compiler.inputs.templates, node, &mut self.out),
            Some(WrittenLoop::Lookup(name, node)) => {
                self.out.extend(syntax::lookup(name));
                syntax::node(&self.compiler.inputs.templates, node, &mut self.out);
            }
        }
    }

    /// What an include at run time hands down: what is around it, its variables, what it applies.
    fn handed_down(&mut self, task: &ast::Task, apply: &Fields, place: &Place) -> Arc<Keywords> {
        let mut keywords = (*place.keywords).clone();
        if let Some(vars) = task.fields.get("vars").and_then(Node::as_map)
            && !vars.is_empty()
        {
            let vars = Arc::new(vars.clone());
            keywords.vars.push(vars.clone());
            keywords.include_params.push(vars);
        }
        self.check_fields(apply);
        let tags = self.tags(apply, place);
        add(&mut keywords, apply, &tags);
        Arc::new(keywords)
    }

    fn meta(&mut self, word: &Spanned<String>) -> Option<Action> {
        let found = meta::find(&word.value).map(Action::Meta);
        if found.is_none() {
            let names: Vec<&str> = meta::words().map(|(name, _)| name).collect();
            let hint = text::did_you_mean(&word.value, names.iter().copied());
            self.out.push(
                Diagnostic::at(&word.span, format!("unknown meta action `{}`", word.value))
                    .hint(hint.unwrap_or_else(|| format!("known are {}", text::list(&names)))),
            );
        }
        found
    }

    /// A role used by `include_role` at run time.
    pub(super) fn include_role(
        &mut self,
        places: (&Span, Option<&Span>),
        name: &str,
        files: RoleFiles,
        flags: (bool, bool),
        place: &Place,
    ) -> Option<super::roles::Used> {
        self.use_included_role(places, name, files, flags, place)
    }
}

fn item_span(item: &ast::Item) -> Span {
    match item {
        ast::Item::Task(task) => task.span.clone(),
        ast::Item::Block(block) => block.span.clone(),
    }
}

fn name_field(fields: &Fields, name: &str) -> Option<Spanned<String>> {
    let node = fields.get(name)?;
    Some(Spanned::new(node.as_str()?.to_owned(), node.span.clone()))
}

fn loop_control(fields: &Fields) -> LoopControl {
    LoopControl {
        loop_var: name_field(fields, "loop_var"),
        index_var: name_field(fields, "index_var"),
        label: fields.value("label"),
        pause: fields.value("pause"),
        extended: fields.value("extended"),
        extended_allitems: fields.value("extended_allitems"),
        break_when: fields.list("break_when"),
    }
}
