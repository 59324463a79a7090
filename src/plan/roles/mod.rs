//! Roles: found, read, and turned into tasks and handlers where they are used.
//!
//! [`find`] looks up folders, [`parts`] the files in them, [`spec`] makes the task that validates arguments; here they come together.
//! Every use of a role gives a [`Role`] of its own, since parameters and what is around it differ; uses that are equal share their id.

mod find;
mod parts;
mod spec;

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::{Diagnostic, Span, text};
use crate::playbook::{Field, Fields, RoleCall, RoleEntry};
use crate::yaml::{Mapping, Node};

use super::inherit::{collections, inherit};
use super::model::{Action, Handler, Item, Keywords, LoopControl, Meta, Origin, Role, Task};
use super::session::{Place, Session};

pub(super) use find::collection_bases;
pub use spec::{KINDS as ARGUMENT_TYPES, WORDS as ARGUMENT_WORDS};

/// Files of a role to use instead of `main`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleFiles {
    /// `tasks_from:`.
    pub tasks: Option<String>,
    /// `vars_from:`.
    pub vars: Option<String>,
    /// `defaults_from:`.
    pub defaults: Option<String>,
    /// `handlers_from:`.
    pub handlers: Option<String>,
}

/// A role in one place of use.
pub(super) struct Used {
    pub role: Arc<Role>,
    /// It and its dependencies, these first.
    pub all: Vec<Arc<Role>>,
    pub items: Vec<Item>,
    pub handlers: Vec<Arc<Handler>>,
}

/// How a role is asked for.
struct Call<'a> {
    span: &'a Span,
    name: &'a str,
    files: RoleFiles,
    /// `vars:` of an entry.
    vars: Mapping,
    params: Mapping,
    /// Its keywords, with what they could be mistaken for: parameters.
    keywords: &'a [Field],
    /// What makes one use equal to another, beside the above.
    key: String,
    /// By `import_role` or `include_role`.
    included: bool,
    /// As a dependency.
    dependency: bool,
    /// Overrides the metadata.
    allow_duplicates: Option<bool>,
    validate: bool,
    /// Where `tasks_from` is written.
    from: Option<&'a Span>,
}

impl Session<'_> {
    /// An element of `roles:` or of a role's dependencies. Keywords of `place` are those around it.
    pub(super) fn use_entry(&mut self, entry: &RoleEntry, dependency: bool, place: &Place) -> Option<Used> {
        let name = self.render(&entry.name, place)?;
        self.check_fields(&entry.fields);
        let tags = self.tags(&entry.fields, place);
        // `vars:` are variables of the role, not of its tasks.
        let vars = entry.fields.get("vars").and_then(Node::as_map).cloned().unwrap_or_default();
        let fields = Fields(entry.fields.0.iter().filter(|field| field.keyword.name != "vars").cloned().collect());
        let call = Call {
            span: &entry.name.span,
            name: &name,
            files: RoleFiles::default(),
            key: format!("{:?} {tags:?}", shown(&fields.list("when"))),
            vars,
            params: entry.params.clone(),
            keywords: &fields.0,
            included: false,
            dependency,
            allow_duplicates: None,
            validate: true,
            from: None,
        };
        self.use_role(call, &place.with(inherit(&place.keywords, &fields, &tags)))
    }

    /// `import_role`. The keywords of `place` are those of the task.
    pub(super) fn import_role(&mut self, call: &RoleCall, place: &Place) -> Option<Used> {
        let name = self.render(&call.name, place)?;
        let mut part = |node: &Option<Node>| node.as_ref().and_then(|node| self.render(node, place));
        let files = RoleFiles {
            tasks: part(&call.tasks_from),
            vars: part(&call.vars_from),
            defaults: part(&call.defaults_from),
            handlers: part(&call.handlers_from),
        };
        let from = call.tasks_from.as_ref().map(|node| &node.span);
        self.use_included_role((&call.name.span, from), &name, files, (call.allow_duplicates, call.rolespec_validate), place)
    }

    /// `import_role` or `include_role`, rendered; with the places of its name and of `tasks_from`.
    pub(super) fn use_included_role(
        &mut self,
        (span, from): (&Span, Option<&Span>),
        name: &str,
        files: RoleFiles,
        (allow_duplicates, validate): (bool, bool),
        place: &Place,
    ) -> Option<Used> {
        let call = Call {
            span,
            name,
            files,
            vars: Mapping::default(),
            params: Mapping::default(),
            keywords: &[],
            key: format!("included {}", place.keywords.vars.iter().map(|layer| json(layer)).collect::<String>()),
            included: true,
            dependency: false,
            allow_duplicates: Some(allow_duplicates),
            validate,
            from,
        };
        self.use_role(call, place)
    }

    fn use_role(&mut self, call: Call<'_>, place: &Place) -> Option<Used> {
        let found = self.find_role(&call, place)?;
        let compiler = self.compiler;
        compiler.foreign.add_dir(&found.dir);
        let parent = place.role.as_deref();
        if let Some(depth) = place.stack.iter().position(|dir| *dir == found.dir) {
            let chain: Vec<String> = place.stack.iter().skip(depth).chain([&found.dir]).map(|dir| last_name(dir)).collect();
            let what = format!("the roles depend on each other in a circle: {}", chain.join(" -> "));
            self.out.push(Diagnostic::at(call.span, what));
            return None;
        }
        let meta = parts::file(&found.dir, "meta", None).map(|path| compiler.parse_meta(&path));
        if let Some(meta) = &meta {
            self.out.extend(meta.diagnostics.clone());
        }
        let mut read =
            |part, from: &Option<String>| parts::variables(compiler, &found.dir, part, from.as_deref(), call.span, &mut self.out);
        let (defaults, vars) = (read("defaults", &call.files.defaults), read("vars", &call.files.vars));
        for field in call.keywords {
            let name = field.keyword.name;
            if defaults.iter().any(|layer| layer.get(name).is_some()) {
                self.out.push(
                    Diagnostic::warning(format!("`{name}` is taken as the keyword, not as the variable of the role `{}`", found.name))
                        .with_span(&field.key)
                        .hint(format!("to set the variable, write it under `vars:`, or call it `{}_{name}`", last_name(&found.dir))),
                );
            }
        }
        let own_params = call.params.clone();
        let own_duplicates = meta.as_ref().is_some_and(|meta| meta.tree.fields.bool_or("allow_duplicates", false));
        let key = format!("{} {} {} {:?} {}", found.dir.display(), json(&own_params), json(&call.vars), call.files, call.key);
        let mut role = Role {
            name: found.name.clone(),
            dir: found.dir.clone(),
            defaults,
            vars,
            use_vars: Arc::new(call.vars.clone()),
            params: Arc::new(merged(parent.map(|role| &*role.params), own_params.clone())),
            outer_defaults: parent.map_or_else(Vec::new, |role| chained(&role.outer_defaults, &role.defaults, None)),
            outer_vars: parent.map_or_else(Vec::new, |role| chained(&role.outer_vars, &role.vars, Some(&role.use_vars))),
            dependencies: Vec::new(),
            parents: around(parent.map(|role| (&role.name, role.parents.as_slice())), call.included),
            parent_dirs: around(parent.map(|role| (&role.dir, role.parent_dirs.as_slice())), call.included),
            outer_dirs: parent.map_or_else(Vec::new, |role| chained(std::slice::from_ref(&role.dir), &role.outer_dirs, None)),
            dependency: call.dependency,
            id: compiler.role_id(key),
            allow_duplicates: call.allow_duplicates.unwrap_or(own_duplicates),
        };
        // A role does not take `collections:` from its play: it has its own, and the one it is part of.
        let mut keywords = (*place.keywords).clone();
        keywords.collections = found.collection.into_iter().collect();
        keywords.collections.extend(meta.as_ref().and_then(|meta| collections(&meta.tree.fields)).unwrap_or_default());
        compiler.foreign.add_collections(keywords.collections.iter().map(String::as_str));
        let mut inner = Place {
            role: Some(Arc::new(role.clone())),
            dirs: Vec::new(),
            handler: false,
            keywords: Arc::new(keywords),
            stack: place.stack.clone(),
            depth: place.depth,
        };
        inner.stack.push(found.dir.clone());

        let (mut all, mut items, mut handlers) = (Vec::new(), Vec::new(), Vec::new());
        for entry in meta.iter().flat_map(|meta| &meta.tree.dependencies) {
            if let Some(dependency) = self.use_entry(entry, true, &inner) {
                all.extend(dependency.all);
                items.extend(dependency.items);
                handlers.extend(dependency.handlers);
                role.dependencies.push(dependency.role);
            }
        }
        let role = Arc::new(role);
        inner.role = Some(role.clone());
        if call.validate {
            let spec = spec::task(self, &role, call.files.tasks.as_deref(), meta.as_deref(), &own_params, &inner);
            let selected = spec.filter(|task| compiler.inputs.selection.selects(&task.keywords.tags));
            items.extend(selected.map(|task| Item::Task(Arc::new(task))));
        }
        items.extend(self.role_tasks(&call, &role, &inner));
        items.push(Item::Task(Arc::new(self.role_complete(call.span, &inner))));
        handlers.extend(self.role_handlers(&call, &role, &inner));
        all.push(role.clone());
        Some(Used { role, all, items, handlers })
    }

    fn find_role(&mut self, call: &Call<'_>, place: &Place) -> Option<find::Found> {
        let beside = place.role.as_deref().and_then(|role| role.dir.parent());
        let found = find::find(self.compiler, call.name.trim(), &self.play.dir, beside, &place.keywords.collections);
        found
            .map_err(|searched| {
                let files = &self.compiler.files;
                let dirs: Vec<String> = searched.iter().map(|dir| files.shown(dir)).collect();
                let known = find::known(self.compiler, &self.play.dir);
                self.out.push(
                    Diagnostic::at(call.span, format!("cannot find the role `{}`", call.name))
                        .maybe_hint(text::did_you_mean(call.name, known.iter().map(String::as_str)))
                        .hint(format!("looked for {}", text::list(&dirs))),
                );
            })
            .ok()
    }

    fn role_tasks(&mut self, call: &Call<'_>, role: &Role, place: &Place) -> Vec<Item> {
        let Some(path) = self.role_file(call, role, "tasks", call.files.tasks.as_deref()) else { return Vec::new() };
        let parsed = self.compiler.parse_tasks(&path, false);
        self.out.extend(parsed.diagnostics.clone());
        self.items(&parsed.tree, &Place { dirs: dir_of(&path), ..place.clone() })
    }

    fn role_handlers(&mut self, call: &Call<'_>, role: &Role, place: &Place) -> Vec<Arc<Handler>> {
        let Some(path) = self.role_file(call, role, "handlers", call.files.handlers.as_deref()) else { return Vec::new() };
        let parsed = self.compiler.parse_tasks(&path, true);
        self.out.extend(parsed.diagnostics.clone());
        self.handlers(&parsed.tree, &Place { dirs: dir_of(&path), handler: true, ..place.clone() })
    }

    fn role_file(&mut self, call: &Call<'_>, role: &Role, part: &str, from: Option<&str>) -> Option<PathBuf> {
        let found = parts::file(&role.dir, part, from);
        if let (None, Some(from)) = (&found, from) {
            let span = call.from.filter(|_| part == "tasks").unwrap_or(call.span);
            self.out.push(parts::missing(self.compiler, &role.dir, part, from, span));
        }
        found
    }

    /// The end of a role, where hosts note that they have run it.
    fn role_complete(&self, span: &Span, place: &Place) -> Task {
        let mut keywords = Keywords::default();
        keywords.tags.insert("always".to_owned());
        self.made_task(span, None, Action::Meta(Meta::RoleComplete), keywords, place)
    }

    /// A task that nobody wrote.
    fn made_task(&self, span: &Span, name: Option<Node>, action: Action, keywords: Keywords, place: &Place) -> Task {
        Task {
            id: self.compiler.next_id(),
            span: span.clone(),
            name,
            action,
            role: place.role.clone(),
            loop_over: None,
            loop_control: LoopControl::default(),
            register: None,
            until: Vec::new(),
            retries: None,
            delay: None,
            changed_when: None,
            failed_when: None,
            notify: Vec::new(),
            delegate_to: keywords.delegate_to.clone(),
            delegate_facts: keywords.delegate_facts.clone(),
            run_async: None,
            poll: None,
            origin: Arc::new(Origin { play: self.play.clone(), dirs: place.dirs.clone(), handler: false, depth: place.depth }),
            keywords: Arc::new(keywords),
        }
    }
}

fn dir_of(path: &std::path::Path) -> Vec<PathBuf> {
    path.parent().map(std::path::Path::to_owned).into_iter().collect()
}

fn last_name(dir: &std::path::Path) -> String {
    dir.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn chained<T: Clone>(first: &[T], second: &[T], third: Option<&T>) -> Vec<T> {
    first.iter().chain(second).chain(third).cloned().collect()
}

/// What the roles around hand to one inside: with the nearest one itself when that `includes` it.
fn around<T: Clone>(parent: Option<(&T, &[T])>, includes: bool) -> Vec<T> {
    let Some((own, outer)) = parent else { return Vec::new() };
    Some(own).filter(|_| includes).into_iter().chain(outer).cloned().collect()
}

fn merged(outer: Option<&Mapping>, own: Mapping) -> Mapping {
    let mut all = outer.cloned().unwrap_or_default();
    for entry in own.entries {
        crate::playbook::freeform::set(&mut all, entry);
    }
    all
}

fn shown(nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(|node| node.to_json().to_string()).collect()
}

fn json(map: &Mapping) -> String {
    let entries: Vec<String> = map.entries.iter().map(|entry| format!("{}: {}", entry.key.to_json(), entry.value.to_json())).collect();
    entries.join(", ")
}
