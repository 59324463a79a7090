//! Variables: layers in Ansible's documented precedence, looked up by name, never merged.
//!
//! [`TaskScope`] is what a template sees: for a task on a host, for a host outside any task (`hostvars`), or for a play before it has
//! hosts. Magic variables are in [`magic`]. To add a layer: a line in [`TaskScope::find`] and one in [`TaskScope::all_names`].

mod bare;
pub mod layers;
pub mod magic;
pub mod render;
pub mod store;

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexSet;

use self::layers::Layer;
use self::store::Values;
use super::host_state::Due;
use super::include::IncludeVars;
use super::play_context::PlayContext;
use super::world::World;
use crate::plan::{Group, Keywords, Role, Task};
use crate::template::{Binding, Scope, Value};

/// The variables of one host, as one task sees them. Cheap to clone.
#[derive(Clone)]
pub struct TaskScope {
    /// What the run shares.
    pub world: Arc<World>,
    /// Whose variables: the host, or the one it is delegated to. Empty: no host (the head of a play).
    pub host: Arc<str>,
    /// `inventory_hostname`.
    pub named: Arc<str>,
    /// The play, unless it is for `hostvars`.
    pub play: Option<Arc<PlayContext>>,
    /// What the task adds.
    task: Option<Arc<TaskLayers>>,
    inventory: Arc<[Layer]>,
    /// Loop variables, and what the task learnt so far: the strongest of all.
    locals: Arc<Values>,
    /// The host that the task runs on: how it is reached can be read where no variable says otherwise.
    reaching: Option<Arc<str>>,
}

/// What a task adds to the variables of its host. All strongest first.
struct TaskLayers {
    task: Arc<Task>,
    include: Arc<IncludeVars>,
    vars: Vec<Layer>,
    include_params: Vec<Layer>,
    role_params: Option<Layer>,
    role_vars: Vec<Layer>,
    role_defaults: Vec<Layer>,
}

impl TaskScope {
    /// For a host outside any play, as `hostvars` shows it.
    pub fn of_host(world: &Arc<World>, host: &str) -> Self {
        let name: Arc<str> = host.into();
        let inventory = world.host_layers(host);
        Self {
            world: world.clone(),
            host: name.clone(),
            named: name,
            play: None,
            task: None,
            inventory,
            locals: Arc::default(),
            reaching: None,
        }
    }

    /// For a host in a play.
    pub fn of_play(world: &Arc<World>, play: &Arc<PlayContext>, host: &str) -> Self {
        Self { play: Some(play.clone()), ..Self::of_host(world, host) }
    }

    /// For a task.
    pub fn of_task(world: &Arc<World>, play: &Arc<PlayContext>, host: &str, due: &Due) -> Self {
        let layers = &world.layers;
        let (keywords, role) = (&due.task.keywords, &due.task.role);
        let (role_vars, role_defaults) = match role {
            Some(role) => (layers.strongest_first(role.var_layers().iter()), layers.strongest_first(role.default_layers().iter())),
            None => (Vec::new(), Vec::new()),
        };
        let task = TaskLayers {
            vars: layers.strongest_first(keywords.vars.iter()),
            include_params: layers.strongest_first(keywords.include_params.iter()),
            role_params: role.as_ref().filter(|role| !role.params.is_empty()).map(|role| layers.of(&role.params)),
            role_vars,
            role_defaults,
            include: due.include.clone(),
            task: due.task.clone(),
        };
        Self { task: Some(Arc::new(task)), ..Self::of_play(world, play, host) }
    }

    /// The same task with the variables of the host it is delegated to.
    #[must_use]
    pub fn delegated(&self, host: &str) -> Self {
        Self { host: host.into(), inventory: self.world.host_layers(host), ..self.clone() }
    }

    /// With a variable that wins over all others.
    #[must_use]
    pub fn with(&self, name: &str, value: Value) -> Self {
        self.with_all([(name.to_owned(), value)])
    }

    /// With variables that win over all others.
    #[must_use]
    pub fn with_all(&self, values: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut locals = (*self.locals).clone();
        locals.extend(values);
        Self { locals: Arc::new(locals), ..self.clone() }
    }

    /// As the arguments of a task see it that runs on `host`.
    #[must_use]
    pub fn reaching(&self, host: &str) -> Self {
        Self { reaching: Some(host.into()), ..self.clone() }
    }

    /// Without what only says how the host is reached.
    #[must_use]
    pub fn without_reach(&self) -> Self {
        Self { reaching: None, ..self.clone() }
    }

    /// A loop variable, or what the task learnt so far.
    pub fn local(&self, name: &str) -> Option<&Value> {
        self.locals.get(name)
    }

    /// The role of the task.
    pub fn role(&self) -> Option<&Arc<Role>> {
        self.task.as_ref()?.task.role.as_ref()
    }

    /// The group of modules that a key of `module_defaults` names.
    pub fn group(&self, key: &str) -> Option<Arc<Group>> {
        self.task.as_ref()?.task.origin.play.groups.of_key(key)
    }

    /// The keywords of the task, or of the play.
    pub fn keywords(&self) -> Option<&Arc<Keywords>> {
        match (&self.task, &self.play) {
            (Some(task), _) => Some(&task.task.keywords),
            (None, Some(play)) => Some(&play.play.keywords),
            (None, None) => None,
        }
    }

    /// The loop variables that the includes around the task handed down, and those of the task itself.
    pub fn include_values(&self) -> Values {
        let mut values = self.task.as_ref().map(|task| task.include.values.clone()).unwrap_or_default();
        values.extend(self.locals.iter().map(|(name, value)| (name.clone(), value.clone())));
        values
    }

    fn find(&self, name: &str) -> Option<Binding> {
        if let Some(value) = self.locals.get(name) {
            return Some(Binding::Value(value.clone()));
        }
        if let Some(binding) = magic::find(self, name) {
            return Some(binding);
        }
        if let Some(node) = self.world.settings.extra_vars.get(name) {
            return Some(Binding::Template(node.clone()));
        }
        let task = self.task.as_deref();
        if let Some(task) = task {
            if let Some(value) = task.include.values.get(name) {
                return Some(Binding::Value(value.clone()));
            }
            if let Some(node) = first(&task.include_params, name).or_else(|| first(task.role_params.as_slice(), name)) {
                return Some(node);
            }
        }
        let store = &self.world.store;
        if let Some(value) = store.set_value(&self.host, name) {
            return Some(Binding::Value(value));
        }
        if let Some(binding) = store.included(&self.host, name) {
            return Some(binding);
        }
        if let Some(task) = task
            && let Some(node) = first(&task.vars, name).or_else(|| first(&task.role_vars, name))
        {
            return Some(node);
        }
        if let Some(play) = &self.play {
            if let Some(node) = first(&play.role_vars(), name).or_else(|| first(&play.files(&self.host).unwrap_or_default(), name)) {
                return Some(node);
            }
            if let Some(answer) = play.prompts.get(name) {
                return Some(answer.clone());
            }
            if let Some(node) = play.vars.get(name) {
                return Some(Binding::Template(node.clone()));
            }
        }
        if let Some(value) = store.fact(&self.host, name) {
            return Some(Binding::Value(value));
        }
        if let Some(node) = first(&self.inventory, name) {
            return Some(node);
        }
        if let Some(task) = task
            && let Some(node) = first(&task.role_defaults, name)
        {
            return Some(node);
        }
        first(&self.play.as_ref()?.role_defaults(), name).or_else(|| self.reached_by(name))
    }

    /// Variables that say how the host is reached, where no layer has them: those of the host that the task is delegated to, their other
    /// spelling, then what keywords and the command line say.
    fn reached_by(&self, name: &str) -> Option<Binding> {
        let host = self.reaching.as_ref()?;
        let (new, old) = REACHING.iter().find(|(new, old)| *new == name || *old == Some(name))?;
        let other = if *new == name { *old } else { Some(*new) };
        let theirs = (*host != self.host).then(|| Self::of_host(&self.world, host));
        let named = theirs.as_ref().and_then(|theirs| theirs.find(name).or_else(|| theirs.find(other?)));
        if let Some(binding) = named.or_else(|| self.without_reach().find(other?)) {
            return Some(binding);
        }
        let defaults = &self.world.settings.connection;
        let keywords = self.keywords()?;
        let (keyword, set) = match *new {
            "ansible_host" => return Some(Binding::Value(Value::from(&**host))),
            "ansible_connection" => (&keywords.connection, &defaults.connection),
            "ansible_port" => (&keywords.port, &None),
            "ansible_user" => (&keywords.remote_user, &defaults.user),
            _ => return None,
        };
        let keyword = keyword.as_ref().map(|node| Binding::Template(node.clone()));
        keyword.or_else(|| set.as_ref().map(|text| Binding::Value(Value::from(text.as_str()))))
    }

    fn all_names(&self) -> IndexSet<String> {
        let mut names: IndexSet<String> = IndexSet::new();
        names.extend(self.inventory.iter().flat_map(|layer| layer.keys().cloned()));
        names.extend(self.world.store.names(&self.host));
        let add = |names: &mut IndexSet<String>, layers: &[Layer]| names.extend(layers.iter().flat_map(|layer| layer.keys().cloned()));
        if let Some(play) = &self.play {
            names.extend(play.vars.keys().chain(play.prompts.keys()).cloned());
            add(&mut names, &play.role_defaults());
            add(&mut names, &play.files(&self.host).unwrap_or_default());
            add(&mut names, &play.role_vars());
        }
        if let Some(task) = &self.task {
            for layers in [&task.role_defaults, &task.role_vars, &task.vars, &task.include_params] {
                add(&mut names, layers);
            }
            add(&mut names, task.role_params.as_slice());
            names.extend(task.include.values.keys().cloned());
        }
        names.extend(self.world.settings.extra_vars.keys().cloned());
        names.extend(magic::names(self).map(str::to_owned));
        names.extend(self.locals.keys().cloned());
        names
    }
}

impl Scope for TaskScope {
    fn get(&self, name: &str) -> Option<Binding> {
        self.find(name)
    }

    fn names(&self) -> Vec<String> {
        self.all_names().into_iter().collect()
    }

    fn search_path(&self) -> Vec<PathBuf> {
        match (&self.task, &self.play) {
            (Some(task), _) => task.task.search_path(),
            (None, Some(play)) => vec![play.play.dir.clone()],
            (None, None) => Vec::new(),
        }
    }
}

/// Variables that say how a host is reached, with their older spelling.
const REACHING: &[(&str, Option<&str>)] = &[
    ("ansible_host", Some("ansible_ssh_host")),
    ("ansible_connection", None),
    ("ansible_password", Some("ansible_ssh_pass")),
    ("ansible_port", Some("ansible_ssh_port")),
    ("ansible_private_key_file", Some("ansible_ssh_private_key_file")),
    ("ansible_shell_type", None),
    ("ansible_user", Some("ansible_ssh_user")),
];

/// The definition in the first layer that has one.
fn first(layers: &[Layer], name: &str) -> Option<Binding> {
    layers.iter().find_map(|layer| layer.get(name)).map(|node| Binding::Template(node.clone()))
}
