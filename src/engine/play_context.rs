//! What the tasks of one batch of a play share.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use indexmap::IndexSet;

use super::prompts::Answers;
use super::scope::layers::Layer;
use super::world::World;
use crate::plan::{Play, Role};

/// A batch of hosts going through a play.
pub struct PlayContext {
    /// The play.
    pub play: Arc<Play>,
    /// Its name, rendered; the host pattern when it has none.
    pub name: String,
    /// All hosts of the play.
    pub all_hosts: Arc<[String]>,
    /// The hosts of this batch.
    pub batch: Arc<[String]>,
    /// `vars:`.
    pub vars: Layer,
    /// Answers to `vars_prompt:`.
    pub prompts: Arc<Answers>,
    state: RwLock<State>,
}

/// What changes while the batch runs.
#[derive(Default)]
struct State {
    /// Hosts that failed or could not be reached.
    gone: IndexSet<String>,
    /// `vars_files:` of each host, strongest first: their names may depend on facts.
    files: HashMap<String, Arc<[Layer]>>,
    /// Roles whose variables the whole play sees, in order of execution.
    roles: Vec<Arc<Role>>,
    role_defaults: Arc<[Layer]>,
    role_vars: Arc<[Layer]>,
}

impl PlayContext {
    /// A batch at its beginning.
    pub fn new(
        world: &World,
        play: Arc<Play>,
        name: String,
        all_hosts: Arc<[String]>,
        batch: Arc<[String]>,
        prompts: Arc<Answers>,
    ) -> Self {
        let vars = world.layers.of(&play.vars);
        let roles = play.roles.clone();
        let context = Self { play, name, all_hosts, batch, vars, prompts, state: RwLock::default() };
        context.publish(world, &roles);
        context
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the variables of roles visible to the whole play.
    pub fn publish(&self, world: &World, roles: &[Arc<Role>]) {
        let mut state = self.write();
        state.roles.extend(roles.iter().cloned());
        state.role_defaults = world.layers.strongest_first(state.roles.iter().flat_map(|role| &role.defaults)).into();
        state.role_vars = world.layers.strongest_first(state.roles.iter().flat_map(|role| &role.vars)).into();
    }

    /// Defaults of all roles of the play, strongest first.
    pub fn role_defaults(&self) -> Arc<[Layer]> {
        self.read().role_defaults.clone()
    }

    /// Variables of all roles of the play, strongest first.
    pub fn role_vars(&self) -> Arc<[Layer]> {
        self.read().role_vars.clone()
    }

    /// The hosts of this batch in the order of the inventory, whatever `order:` says.
    pub fn batch_in_order(&self) -> Vec<String> {
        let batch: IndexSet<&String> = self.batch.iter().collect();
        self.all_hosts.iter().filter(|host| batch.contains(host)).cloned().collect()
    }

    /// Names of the roles of the play: `direct` only those that it names itself.
    pub fn role_names(&self, direct: bool, dependencies: bool) -> Vec<String> {
        let state = self.read();
        let wanted = state.roles.iter().filter(|role| if role.dependency { dependencies } else { direct });
        let names = wanted.map(|role| role.name.clone());
        // Uses are listed one by one, dependencies by name.
        if dependencies { names.collect::<IndexSet<_>>().into_iter().collect() } else { names.collect() }
    }

    /// `vars_files:` of a host, strongest first.
    pub fn files(&self, host: &str) -> Option<Arc<[Layer]>> {
        self.read().files.get(host).cloned()
    }

    /// Sets `vars_files:` of a host.
    pub fn set_files(&self, host: &str, layers: Arc<[Layer]>) {
        self.write().files.insert(host.to_owned(), layers);
    }

    /// A host failed or cannot be reached.
    pub fn lose(&self, host: &str) {
        self.write().gone.insert(host.to_owned());
    }

    /// The hosts of `hosts` that were not lost.
    pub fn present(&self, hosts: &[String]) -> Vec<String> {
        let state = self.read();
        hosts.iter().filter(|host| !state.gone.contains(*host)).cloned().collect()
    }
}
