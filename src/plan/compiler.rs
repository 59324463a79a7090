//! What compiling needs and keeps: settings, files read, numbers given out. The engine asks it for what is included at run time.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{Diagnostic, Diagnostics, Severity, Source, Span};
use crate::foreign::{Finder, Sources};
use crate::inventory::Vars;
use crate::modules;
use crate::playbook::{self, RoleMeta, Words, ast};
use crate::template::Templates;
use crate::yaml::Node;

use super::files::Files;
use super::model::{Action, Handler, Item, Role, Task};
use super::roles::RoleFiles;
use super::session::{Place, Session};
use super::tags::Selection;

/// Where a plan comes from.
#[derive(Clone)]
pub struct Inputs {
    /// The playbooks, as the user named them.
    pub playbooks: Vec<PathBuf>,
    /// Further playbooks that stand in no file (`kconf exec`), by the name that messages give them.
    pub texts: Vec<Arc<Source>>,
    /// Folders in which roles are looked up, after `roles/` beside the playbook.
    pub roles_path: Vec<PathBuf>,
    /// Folders that hold `ansible_collections/`, after `collections/` beside the playbook.
    pub collections_path: Vec<PathBuf>,
    /// Where modules are looked up that are none of kconf's own, besides the project.
    pub foreign: Sources,
    /// Variables of the command line, for names that are templates.
    pub extra_vars: Vars,
    /// The tags asked for.
    pub selection: Selection,
    /// Renders names and checks templates; its passwords open encrypted files.
    pub templates: Arc<Templates>,
    /// The folder in which the program was started.
    pub cwd: PathBuf,
}

/// What `include_role` brings.
#[derive(Debug)]
pub struct IncludedRole {
    /// The role.
    pub role: Arc<Role>,
    /// It and its dependencies, these first: what becomes visible to the play when the include is public.
    pub roles: Vec<Arc<Role>>,
    /// Its tasks, those of its dependencies first.
    pub items: Vec<Item>,
    /// Its handlers, to be added to those of the play.
    pub handlers: Vec<Arc<Handler>>,
}

/// Compiles playbooks, and at run time what they include.
pub struct Compiler {
    pub(super) inputs: Inputs,
    pub(super) files: Files,
    /// Finds modules that are none of kconf's own.
    pub(super) foreign: Finder,
    /// By path, and whether they are handlers.
    tasks: Cache<(PathBuf, bool), Vec<ast::Item>>,
    metas: Cache<PathBuf, RoleMeta>,
    roles: Mutex<HashMap<String, u64>>,
    warnings: Mutex<Diagnostics>,
    tags: Mutex<BTreeSet<String>>,
    next_id: AtomicU64,
}

/// How deep includes at run time may be nested.
const INCLUDES: usize = 500;

/// How many syntax trees of a kind are kept, in case that their files are used again.
const KEPT_FILES: usize = 100;

/// Syntax trees of files that were read.
type Cache<K, T> = Mutex<HashMap<K, Arc<Parsed<T>>>>;

/// A syntax tree with what is wrong with it.
pub(super) struct Parsed<T> {
    pub tree: T,
    pub diagnostics: Diagnostics,
}

impl Inputs {
    /// Playbooks that use only what lies beside them, from the folder `cwd`.
    pub fn new(playbooks: Vec<PathBuf>, cwd: PathBuf, templates: Arc<Templates>) -> Self {
        Self {
            playbooks,
            texts: Vec::new(),
            roles_path: Vec::new(),
            collections_path: Vec::new(),
            foreign: Sources::default(),
            extra_vars: Vars::new(),
            selection: Selection::default(),
            templates,
            cwd,
        }
    }
}

impl Compiler {
    /// With nothing read yet.
    pub fn new(inputs: Inputs) -> Self {
        let files = Files::new(inputs.cwd.clone(), inputs.templates.clone());
        let collections_path = inputs.collections_path.iter().map(|path| files.absolute(Path::new(""), &path.to_string_lossy())).collect();
        let foreign = Finder::new(Sources { collections_path, ..inputs.foreign.clone() });
        inputs.roles_path.iter().for_each(|path| foreign.add_roles(&files.absolute(Path::new(""), &path.to_string_lossy())));
        Self {
            inputs,
            files,
            foreign,
            tasks: Mutex::default(),
            metas: Mutex::default(),
            roles: Mutex::default(),
            warnings: Mutex::default(),
            tags: Mutex::default(),
            next_id: AtomicU64::new(1),
        }
    }

    /// The tasks in the file that `task`, an `include_tasks`, names: `path`, rendered.
    ///
    /// # Errors
    /// The file is not found, or something is wrong in it or in what it imports.
    pub fn include_tasks(&self, task: &Task, path: &str) -> Result<Vec<Item>, Diagnostics> {
        let Action::IncludeTasks { file, apply } = &task.action else { return Ok(Vec::new()) };
        bounded(task)?;
        let mut session = Session::new(self, task.origin.play.clone());
        let place = Place::of_include(task, apply);
        let items = session.task_file(&file.span, path, &place).map_or_else(Vec::new, |(items, place)| session.items(&items.tree, &place));
        session.finish(items)
    }

    /// The role that `task`, an `include_role`, names: `name` and `files`, rendered.
    ///
    /// # Errors
    /// The role or one of its files is not found, or something is wrong in it.
    pub fn include_role(&self, task: &Task, name: &str, files: RoleFiles) -> Result<IncludedRole, Diagnostics> {
        bounded(task)?;
        let mut session = Session::new(self, task.origin.play.clone());
        let included = match &task.action {
            Action::IncludeRole { name: written, tasks_from, allow_duplicates, rolespec_validate, apply, .. } => {
                let place = Place::of_include(task, apply);
                session.include_role(
                    (&written.span, tasks_from.as_ref().map(|node| &node.span)),
                    name,
                    files,
                    (*allow_duplicates, *rolespec_validate),
                    &place,
                )
            }
            _ => None,
        };
        let Some(used) = included else {
            let nothing = Diagnostic::at(&task.span, format!("the role `{name}` cannot be used"));
            session.out.0.is_empty().then(|| session.out.push(nothing));
            return Err(session.out);
        };
        let included = IncludedRole { role: used.role, roles: used.all, items: used.items, handlers: used.handlers };
        session.finish(included)
    }

    /// The warnings about what was included since this was last called.
    pub fn take_warnings(&self) -> Diagnostics {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn keep_warnings(&self, warnings: Diagnostics) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).extend(warnings);
    }

    /// Notes tags that something has, whether or not it is selected.
    pub(super) fn note_tags<'a>(&self, tags: impl Iterator<Item = &'a String>) {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner).extend(tags.cloned());
    }

    /// All tags that were noted.
    pub(super) fn known_tags(&self) -> BTreeSet<String> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The next number for a task or a block.
    pub(super) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// The number of a use of a role: the same for the same `key`.
    pub(super) fn role_id(&self, key: String) -> u64 {
        let mut roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
        let next = roles.len() as u64 + 1;
        *roles.entry(key).or_insert(next)
    }

    /// The tasks or handlers in a file.
    pub(super) fn parse_tasks(&self, path: &Path, handlers: bool) -> Arc<Parsed<Vec<ast::Item>>> {
        let key = (path.to_owned(), handlers);
        parsed(&self.tasks, key, || {
            let file = self.files.read_once(path);
            let mut diagnostics = file.diagnostics.clone();
            let tree = file.root.as_ref().map_or_else(Vec::new, |root| {
                self.with_words(root, |words| match handlers {
                    true => playbook::handlers(root, "this file", words, &mut diagnostics),
                    false => playbook::tasks(root, "this file", words, &mut diagnostics),
                })
            });
            Parsed { tree, diagnostics }
        })
    }

    /// Hands on what the parser of `root` must know of modules.
    fn with_words<R>(&self, root: &Node, parse: impl FnOnce(&Words<'_>) -> R) -> R {
        self.foreign.add_collections(collections_in(root));
        let own = self.foreign.project_names();
        let names: Vec<&str> = modules::MODULES.iter().map(|spec| spec.name).chain(own.iter().map(String::as_str)).collect();
        let has_option = |module: &str, name: &str| {
            let is_it = |option: &&modules::Opt| option.name == name || option.aliases.contains(&name);
            modules::find(module).is_some_and(|spec| spec.options.iter().any(|option| is_it(&option)))
        };
        parse(&Words {
            is_module: &|name| modules::find(name).is_some() || self.foreign.knows(name),
            has_option: &has_option,
            modules: &names,
            explain: &|name| self.foreign.explain(name),
        })
    }

    /// The metadata of a role.
    pub(super) fn parse_meta(&self, path: &Path) -> Arc<Parsed<RoleMeta>> {
        parsed(&self.metas, path.to_owned(), || {
            let file = self.files.read_once(path);
            let mut diagnostics = file.diagnostics.clone();
            let tree = file.root.as_ref().map_or_else(RoleMeta::default, |root| playbook::role_meta(root, &mut diagnostics));
            Parsed { tree, diagnostics }
        })
    }

    /// A playbook.
    pub(super) fn parse_playbook(&self, path: &Path, out: &mut Diagnostics) -> ast::Playbook {
        let file = self.files.read(path);
        out.extend(file.diagnostics.clone());
        match &file.root {
            Some(root) => {
                let dir = path.parent().unwrap_or(Path::new("/"));
                self.foreign.add_dir(dir);
                self.foreign.add_roles(&dir.join("roles"));
                self.with_words(root, |words| playbook::playbook(root, words, out))
            }
            None => {
                if !file.diagnostics.has_errors() {
                    let place = Span::synthetic(&self.files.shown(path));
                    out.push(Diagnostic::at(&place, "a playbook needs at least one play, but this file is empty"));
                }
                ast::Playbook::default()
            }
        }
    }

    /// What the file of an entry of `vars_files:` holds, if its name is written out and it is there.
    pub(super) fn vars_file(&self, play_dir: &Path, node: &Node) -> Option<Node> {
        let name = node.as_str().filter(|name| !playbook::fields::is_template(name))?;
        let places = [self.files.absolute(&play_dir.join("vars"), name), self.files.absolute(play_dir, name)];
        self.read_node(places.iter().find(|path| path.is_file())?, &mut Diagnostics::default())
    }

    /// What a file of variables holds; null when it is empty.
    pub(super) fn read_node(&self, path: &Path, out: &mut Diagnostics) -> Option<Node> {
        let file = self.files.read(path);
        out.extend(file.diagnostics.clone());
        file.root.clone()
    }
}

/// The error for an include that is nested too deeply to ever end.
fn bounded(task: &Task) -> Result<(), Diagnostics> {
    if task.origin.depth < INCLUDES {
        return Ok(());
    }
    let error = Diagnostic::at(&task.span, format!("includes are nested {INCLUDES} levels deep: this one includes itself without end"));
    Err(error.hint("give it a condition (`when`) that ends it, or use `loop` or `until`").into())
}

/// What any `collections:` in a file names.
fn collections_in(node: &Node) -> Vec<&str> {
    if let Some(list) = node.as_list() {
        return list.iter().flat_map(collections_in).collect();
    }
    let entries = node.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
    let of_entry = |entry: &'_ crate::yaml::Entry| entry.key.as_str() == Some("collections");
    let (named, others): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| of_entry(entry));
    let named = named.into_iter().flat_map(|entry| entry.value.as_list().unwrap_or(std::slice::from_ref(&entry.value)));
    named.filter_map(Node::as_str).chain(others.into_iter().flat_map(|entry| collections_in(&entry.value))).collect()
}

fn parsed<K: Eq + std::hash::Hash, T>(cache: &Cache<K, T>, key: K, parse: impl FnOnce() -> Parsed<T>) -> Arc<Parsed<T>> {
    if let Some(known) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return known.clone();
    }
    let fresh = Arc::new(parse());
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= KEPT_FILES {
        // Most files are used in one place only; those that are not are soon here again.
        cache.clear();
    }
    cache.insert(key, fresh.clone());
    fresh
}

/// Takes out what was said before (a file that is used twice says the same twice), and puts the rest in order: warnings, then errors,
/// file by file as they were first met, from top to bottom.
pub(super) fn in_order(diagnostics: Diagnostics) -> Diagnostics {
    let mut seen = HashSet::new();
    let mut sources: Vec<String> = Vec::new();
    let mut kept: Vec<(Severity, usize, usize, Diagnostic)> = Vec::new();
    for diagnostic in diagnostics.0 {
        if !seen.insert(diagnostic.to_string()) {
            continue;
        }
        let (mut file, mut offset) = (usize::MAX, 0);
        if let Some(span) = diagnostic.span() {
            let name = span.source().name();
            file = sources.iter().position(|known| known == name).unwrap_or_else(|| {
                sources.push(name.to_owned());
                sources.len() - 1
            });
            offset = span.range().start;
        }
        kept.push((diagnostic.severity(), file, offset, diagnostic));
    }
    kept.sort_by_key(|(severity, file, offset, _)| (*severity, *file, *offset));
    Diagnostics(kept.into_iter().map(|(_, _, _, diagnostic)| diagnostic).collect())
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler").field("playbooks", &self.inputs.playbooks).finish_non_exhaustive()
    }
}
