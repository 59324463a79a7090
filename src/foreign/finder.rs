//! Where modules are looked for, in Ansible's order.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::core::{Core, Environment};
use super::kind;
use super::library;
use super::module::Module;
use super::routing::{Route, Routing};
use super::{files, places};
use crate::base::text;

/// Redirects that are followed at most.
const REDIRECTS: usize = 10;

/// Where modules may be, besides the folders of playbooks and roles.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The setting `library`: folders of modules.
    pub library: Vec<PathBuf>,
    /// The setting `module_utils`: folders with additions to Ansible's library.
    pub module_utils: Vec<PathBuf>,
    /// The setting `action_plugins`.
    pub action_plugins: Vec<PathBuf>,
    /// Folders that hold `ansible_collections/`.
    pub collections_path: Vec<PathBuf>,
    /// The setting `python_modules`: modules and collections whose own code is wanted where kconf has code too.
    pub python_modules: Vec<String>,
    /// Where ansible-core may be.
    pub core: Environment,
}

/// Finds modules.
#[derive(Default)]
pub struct Finder {
    sources: Sources,
    project: Mutex<Project>,
    /// What the folders of the settings bring: they come behind.
    settings: Project,
    /// Names of modules in roles that may yet be used.
    possible: Mutex<HashSet<String>>,
    /// What any `collections:` names so far.
    collections: Mutex<Vec<String>>,
    core: OnceLock<Result<Core, String>>,
    routings: Mutex<HashMap<PathBuf, Arc<Routing>>>,
    modules: Mutex<HashMap<PathBuf, Result<Arc<Module>, Refused>>>,
}

/// What playbooks and roles bring, in the order in which they were met: the first of a name counts.
#[derive(Default)]
struct Project {
    dirs: Vec<PathBuf>,
    /// Files in the folders `library`, by the name of the module.
    modules: HashMap<String, PathBuf>,
    /// Files in the folders `action_plugins`.
    actions: HashMap<String, PathBuf>,
}

impl Project {
    fn add(&mut self, libraries: &[PathBuf], action_plugins: &[PathBuf]) {
        let all = |folders: &[PathBuf]| folders.iter().flat_map(|folder| places::index(folder)).collect::<Vec<_>>();
        for (name, path) in all(libraries) {
            self.modules.entry(name).or_insert(path);
        }
        for (name, path) in all(action_plugins) {
            self.actions.entry(name).or_insert(path);
        }
    }
}

/// A module that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// It.
    pub module: Arc<Module>,
    /// What its collection says about its use.
    pub warning: Option<String>,
}

/// Why there is something of that name that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// A fragment that follows the name: "is an action plugin, ...".
    pub reason: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Refused {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: None }
    }

    fn action(path: &Path) -> Self {
        Self {
            reason: format!("is done by an action plugin, Python on the controller, which kconf does not run: {}", path.display()),
            hint: None,
        }
    }
}

/// A name that was looked for: not there, there, or there and of no use.
type Answer = Option<Result<Found, Refused>>;

impl Finder {
    /// With these sources.
    pub fn new(sources: Sources) -> Self {
        let mut project = Project::default();
        project.add(&sources.library, &sources.action_plugins);
        Self { sources, settings: project, ..Self::default() }
    }

    /// Notes the folder of a playbook or role: modules in its `library` are there for everybody from here on.
    pub fn add_dir(&self, dir: &Path) {
        let mut project = self.project.lock().unwrap_or_else(PoisonError::into_inner);
        if !project.dirs.iter().any(|known| known == dir) {
            project.dirs.push(dir.to_owned());
            project.add(&[dir.join("library")], &[dir.join("action_plugins")]);
        }
    }

    /// Notes the roles in a folder: tasks behind one that is imported may use its modules, and are read before it is.
    pub fn add_roles(&self, folder: &Path) {
        let names = files::list(folder).into_iter().flat_map(|role| places::index(&role.join("library"))).map(|(name, _)| name);
        self.possible.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
    }

    /// Notes collections in which short names are looked up somewhere.
    pub fn add_collections<'n>(&self, names: impl IntoIterator<Item = &'n str>) {
        let mut known = self.collections.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if !known.iter().any(|one| one == name) {
                known.push(name.to_owned());
            }
        }
    }

    /// Whether there is, or may yet be, anything of this name, wherever short names may be looked up.
    pub fn knows(&self, name: &str) -> bool {
        if self.possible.lock().unwrap_or_else(PoisonError::into_inner).contains(name) {
            return true;
        }
        let collections = self.collections.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.find(name, &collections).is_some()
    }

    /// The module `name`; short names are looked up in `collections` first.
    ///
    /// # Errors
    /// There is something of that name, but it cannot be run.
    pub fn find(&self, name: &str, collections: &[String]) -> Answer {
        let is_short = !name.contains('.');
        let short = if is_short { Some(name) } else { name.strip_prefix("ansible.legacy.") };
        let Some(short) = short else { return self.full(name, 0) };
        let searched = collections.iter().filter(|collection| is_short && !collection.starts_with("ansible."));
        let found = searched.into_iter().find_map(|collection| self.in_collection(collection, short, 0));
        found.or_else(|| self.in_project(short)).or_else(|| self.in_core(short, 0))
    }

    /// The module `short` in the folders `library` of the project and of the settings.
    pub fn in_project(&self, short: &str) -> Answer {
        let (module, action) = {
            let project = self.project.lock().unwrap_or_else(PoisonError::into_inner);
            let all = [&*project, &self.settings];
            let first = |pick: &dyn Fn(&Project) -> Option<PathBuf>| all.iter().find_map(|place| pick(place));
            (first(&|place| place.modules.get(short).cloned()), first(&|place| place.actions.get(short).cloned()))
        };
        if let Some(plugin) = action {
            return Some(Err(Refused::action(&plugin)));
        }
        module.map(|path| self.module(short, path, format!("ansible.legacy.{short}")))
    }

    /// The full name under which the setting `python_modules` asks for the code of a collection instead of kconf's: `names` are those
    /// of the module in its collections.
    pub fn prefers(&self, names: &[String]) -> Option<String> {
        let wanted = |name: &&String| {
            let collection = name.rsplit_once('.').map(|(collection, _)| collection);
            self.sources.python_modules.iter().any(|one| one == *name || Some(one.as_str()) == collection)
        };
        names.iter().find(wanted).cloned()
    }

    /// Names of modules of the project, for near misses.
    pub fn project_names(&self) -> Vec<String> {
        let project = self.project.lock().unwrap_or_else(PoisonError::into_inner);
        project.modules.keys().chain(self.settings.modules.keys()).cloned().collect()
    }

    /// What to say of `name`, which has its collection in front and is not there.
    pub fn explain(&self, name: &str) -> Option<String> {
        let (collection, module) = split(name)?;
        let dir = self.collection_dir(&collection)?;
        let known: Vec<String> =
            places::index(&dir.join("plugins/modules")).into_iter().map(|(short, _)| format!("{collection}.{short}")).collect();
        let near = text::did_you_mean(name, known.iter().map(String::as_str));
        Some(near.unwrap_or_else(|| format!("the collection `{collection}` is installed, but has no module `{module}`")))
    }

    /// The installed ansible-core.
    ///
    /// # Errors
    /// There is none; what was looked for.
    pub fn core(&self) -> Result<&Core, String> {
        self.core.get_or_init(|| Core::find(&self.sources.core)).as_ref().map_err(Clone::clone)
    }

    /// The folders with additions to Ansible's library.
    pub(super) fn module_utils(&self) -> Vec<PathBuf> {
        let dirs = self.dirs().into_iter().map(|dir| dir.join("module_utils"));
        dirs.chain(self.sources.module_utils.iter().cloned()).filter(|dir| dir.is_dir()).collect()
    }

    /// The folder of an installed collection.
    pub(super) fn collection_dir(&self, collection: &str) -> Option<PathBuf> {
        let inside = Path::new("ansible_collections").join(collection.replace('.', "/"));
        let beside = self.dirs().into_iter().map(|dir| dir.join("collections"));
        let bases = beside.chain(self.sources.collections_path.iter().cloned());
        let found = bases.map(|base| base.join(&inside)).find(|dir| dir.is_dir());
        found.or_else(|| Some(self.core().ok()?.path(&inside.to_string_lossy())).filter(|dir| dir.is_dir()))
    }

    /// The routes of a collection, or of ansible-core itself under `ansible.builtin`.
    pub(super) fn routing(&self, collection: &str) -> Option<Arc<Routing>> {
        let path = match collection {
            "ansible.builtin" => self.core().ok()?.path("ansible/config/ansible_builtin_runtime.yml"),
            _ => self.collection_dir(collection)?.join("meta/runtime.yml"),
        };
        let mut known = self.routings.lock().unwrap_or_else(PoisonError::into_inner);
        Some(known.entry(path).or_insert_with_key(|path| Arc::new(Routing::read(path))).clone())
    }

    fn dirs(&self) -> Vec<PathBuf> {
        self.project.lock().unwrap_or_else(PoisonError::into_inner).dirs.clone()
    }

    fn full(&self, name: &str, depth: usize) -> Answer {
        match name.strip_prefix("ansible.builtin.") {
            Some(short) => self.in_core(short, depth),
            None => split(name).and_then(|(collection, module)| self.in_collection(&collection, &module, depth)),
        }
    }

    fn in_collection(&self, collection: &str, module: &str, depth: usize) -> Answer {
        let dir = self.collection_dir(collection)?;
        let name = format!("{collection}.{module}");
        let (mut answer, routed) = self.routed(collection, module, &dir.join("plugins/action"), depth);
        if answer.is_none() {
            let inside = dir.join("plugins/modules").join(module.replace('.', "/"));
            let file = inside.parent().zip(inside.file_name()).and_then(|(folder, file)| places::file(folder, &file.to_string_lossy()));
            answer = file.map(|path| self.module(&name, path, format!("ansible_collections.{collection}.plugins.modules.{module}")));
        }
        warned(answer, &name, routed)
    }

    fn in_core(&self, short: &str, depth: usize) -> Answer {
        let core = self.core().ok()?;
        let path = core.path(&format!("ansible/modules/{short}.py"));
        let is_there = !short.contains(['/', '.']) && path.is_file();
        let (mut answer, routed) = self.routed("ansible.builtin", short, &core.path("ansible/plugins/action"), depth);
        if answer.is_none() && is_there {
            answer = Some(self.module(&format!("ansible.builtin.{short}"), path, format!("ansible.modules.{short}")));
        }
        warned(answer, short, routed)
    }

    /// What the routes of a collection and its action plugins make of a name, and the route itself.
    fn routed(&self, collection: &str, module: &str, actions: &Path, depth: usize) -> (Answer, Option<Route>) {
        let routing = self.routing(collection);
        let route = routing.as_ref().and_then(|routing| routing.modules.get(module)).cloned();
        // One plugin may do the work of all modules that begin with its name, as for switches and routers.
        let group = module.split_once('_').map(|(group, _)| group).filter(|_| collection != "ansible.builtin");
        let action = [Some(module), group].into_iter().flatten().map(|name| actions.join(format!("{name}.py"))).find(|path| path.is_file());
        let answer = match &route {
            Some(Route { tombstone: Some(why), .. }) => Some(Err(Refused::new(format!("is gone from its collection: {why}")))),
            Some(Route { redirect: Some(to), .. }) if depth >= REDIRECTS => {
                Some(Err(Refused::new(format!("leads in a circle: to `{to}`"))))
            }
            Some(Route { redirect: Some(to), .. }) => Some(self.full(to, depth + 1).unwrap_or_else(|| {
                Err(Refused {
                    hint: Some("install the collection that has it".to_owned()),
                    ..Refused::new(format!("is now `{to}`, which is not installed"))
                })
            })),
            _ if action.is_some() => action.map(|path| Err(Refused::action(&path))),
            _ => routing.as_ref().and_then(|routing| routing.actions.get(module)?.redirect.clone()).map(|plugin| {
                Err(Refused::new(format!("is done by the action plugin `{plugin}`, Python on the controller, which kconf does not run")))
            }),
        };
        (answer, route)
    }

    /// The module in a file, looked at and packaged once.
    fn module(&self, name: &str, path: PathBuf, entry: String) -> Result<Found, Refused> {
        if let Some(known) = self.modules.lock().unwrap_or_else(PoisonError::into_inner).get(&path) {
            return known.clone().map(|module| Found { module, warning: None });
        }
        let made = self.look(name, path.clone(), entry);
        self.modules.lock().unwrap_or_else(PoisonError::into_inner).insert(path, made.clone());
        made.map(|module| Found { module, warning: None })
    }

    fn look(&self, name: &str, path: PathBuf, entry: String) -> Result<Arc<Module>, Refused> {
        let shown = path.display().to_string();
        let unusable = |why: String| Refused::new(format!("cannot be run: {why} (`{shown}`)"));
        // What stands beside it in PowerShell is the module, it only describes that.
        if path.with_extension("ps1").is_file() {
            return Err(unusable(kind::POWERSHELL.to_owned()));
        }
        let bytes = files::read(&path).map_err(|error| unusable(error.to_string()))?;
        let head = kind::look(&bytes).map_err(unusable)?;
        let module = Module::new(name.to_owned(), path, entry, head);
        let package = library::package(self, &module, bytes);
        // Nobody else has it yet.
        let _ = module.package.set(package);
        Ok(Arc::new(module))
    }
}

fn warned(answer: Answer, name: &str, route: Option<Route>) -> Answer {
    let deprecation = route.and_then(|route| route.deprecation);
    answer.map(|found| {
        found.map(|found| match deprecation {
            Some(why) => Found { warning: Some(format!("the module `{name}` is to go: {why}")), ..found },
            None => found,
        })
    })
}

/// A full name as its collection and the module in it.
fn split(name: &str) -> Option<(String, String)> {
    let mut parts = name.splitn(3, '.');
    let (namespace, collection, module) = (parts.next()?, parts.next()?, parts.next()?);
    Some((format!("{namespace}.{collection}"), module.to_owned()))
}
