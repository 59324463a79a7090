//! What all parts of a run share: settings, templates, the inventory as it is now, and what was learnt of hosts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value as Json};

use super::content::Measured;
use super::jobs::Jobs;
use super::local_files::LocalFiles;
use super::scope::layers::{Layer, LayerCache};
use super::scope::store::Store;
use super::settings::Settings;
use super::task::finish::Masks;
use super::yaml_files::YamlFiles;
use crate::base::Diagnostic;
use crate::inventory::{Inventory, pattern};
use crate::template::{Templates, Value};
use crate::yaml::Node;

/// Hosts or groups that a task added.
type Addition = Box<dyn Fn(&mut Inventory) + Send + Sync>;

/// See the module documentation.
pub struct World {
    /// The settings of the run.
    pub settings: Settings,
    /// The renderer.
    pub templates: Templates,
    /// What was learnt of hosts.
    pub store: Store,
    /// Layers of variables made from the plan.
    pub layers: LayerCache,
    hosts: RwLock<Hosts>,
    /// Tasks in the background.
    pub jobs: Jobs,
    /// What tasks added to the inventory.
    additions: RwLock<Vec<Addition>>,
    playbook_dir: RwLock<PathBuf>,
    /// It is still to be asked before each task.
    stepping: AtomicBool,
    /// Files of the controller that were measured.
    pub measured: Measured,
    yaml: YamlFiles,
    /// Files of the controller as check mode predicts them.
    predicted: LocalFiles,
    /// Files of the controller as they are.
    real: LocalFiles,
    counter: AtomicU64,
}

/// The inventory with what is derived from it.
struct Hosts {
    inventory: Arc<Inventory>,
    /// Strongest first.
    layers: HashMap<String, Arc<[Layer]>>,
    groups: Option<Value>,
    group_names: HashMap<String, Value>,
}

impl Hosts {
    fn new(inventory: Arc<Inventory>) -> Self {
        Self { inventory, layers: HashMap::new(), groups: None, group_names: HashMap::new() }
    }
}

impl World {
    /// At the beginning of a run.
    pub fn new(settings: Settings, templates: Templates, inventory: Inventory, predicted: LocalFiles) -> Self {
        let stepping = settings.step;
        if settings.check {
            templates.read_from(Arc::new(predicted.clone()));
        }
        Self {
            predicted,
            real: LocalFiles::real(),
            settings,
            templates,
            store: Store::default(),
            layers: LayerCache::default(),
            hosts: RwLock::new(Hosts::new(Arc::new(inventory))),
            jobs: Jobs::default(),
            additions: RwLock::default(),
            playbook_dir: RwLock::default(),
            stepping: AtomicBool::new(stepping),
            measured: Measured::default(),
            yaml: YamlFiles::default(),
            counter: AtomicU64::new(0),
        }
    }

    /// A number that was not given out before in this run; later ones are greater.
    pub fn next_number(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// `--step`: asks whether to do a task. `c` as an answer is the last one; anything but `y` is a no.
    pub fn is_wanted(&self, task: &str) -> bool {
        let Some(prompter) = self.settings.prompter.as_ref().filter(|_| self.stepping.load(Ordering::Relaxed)) else { return true };
        let answer = prompter.ask(&format!("Perform task: TASK: {task} (N)o/(y)es/(c)ontinue: "), false).unwrap_or_default();
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => true,
            "c" | "continue" => {
                self.stepping.store(false, Ordering::Relaxed);
                true
            }
            _ => false,
        }
    }

    /// The folder of the playbook that runs now.
    pub fn playbook_dir(&self) -> PathBuf {
        self.playbook_dir.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another playbook begins.
    pub fn set_playbook_dir(&self, dir: &Path) {
        *self.playbook_dir.write().unwrap_or_else(PoisonError::into_inner) = dir.to_owned();
    }

    /// The inventory as it is now.
    pub fn inventory(&self) -> Arc<Inventory> {
        self.hosts.read().unwrap_or_else(PoisonError::into_inner).inventory.clone()
    }

    /// Changes the inventory (`add_host`, `group_by`, `refresh_inventory`).
    pub fn change_inventory<T>(&self, change: impl FnOnce(&mut Inventory) -> T) -> T {
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        let mut inventory = hosts.inventory.clone();
        let answer = change(Arc::make_mut(&mut inventory));
        *hosts = Hosts::new(inventory);
        answer
    }

    /// Adds hosts and groups for the rest of the run: they stay when the inventory is read again.
    pub fn add_to_inventory<T>(&self, addition: impl Fn(&mut Inventory) -> T + Send + Sync + 'static) -> T {
        let answer = self.change_inventory(&addition);
        let again = move |inventory: &mut Inventory| drop(addition(inventory));
        self.additions.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(again));
        answer
    }

    /// The inventory was read again.
    pub fn replace_inventory(&self, fresh: Inventory) {
        self.change_inventory(|known| {
            let implied: Vec<String> = known.hosts.iter().filter(|(_, host)| host.implicit).map(|(name, _)| name.clone()).collect();
            *known = fresh;
            for name in implied {
                if !known.hosts.contains_key(&name) {
                    known.add_implicit(&name);
                }
            }
            for add in self.additions.read().unwrap_or_else(PoisonError::into_inner).iter() {
                add(known);
            }
        });
    }

    /// The variables of a host in the inventory, strongest layer first.
    pub fn host_layers(&self, host: &str) -> Arc<[Layer]> {
        if let Some(layers) = self.hosts.read().unwrap_or_else(PoisonError::into_inner).layers.get(host) {
            return layers.clone();
        }
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        let layers: Arc<[Layer]> = hosts.inventory.host_layers(host).into_iter().rev().collect();
        hosts.layers.insert(host.to_owned(), layers.clone());
        layers
    }

    /// `groups`: the hosts of every group.
    pub fn groups(&self) -> Value {
        if let Some(groups) = &self.hosts.read().unwrap_or_else(PoisonError::into_inner).groups {
            return groups.clone();
        }
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        let groups =
            Value::from_pairs(hosts.inventory.groups.keys().map(|name| (name.clone(), Value::from(hosts.inventory.group_hosts(name)))));
        hosts.groups = Some(groups.clone());
        groups
    }

    /// `group_names` of a host.
    pub fn group_names(&self, host: &str) -> Value {
        if let Some(names) = self.hosts.read().unwrap_or_else(PoisonError::into_inner).group_names.get(host) {
            return names.clone();
        }
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        let names = Value::from(hosts.inventory.group_names(host));
        hosts.group_names.insert(host.to_owned(), names.clone());
        names
    }

    /// Files of the controller as tasks see them, in check mode or in earnest.
    pub fn files(&self, check: bool) -> &LocalFiles {
        if check { &self.predicted } else { &self.real }
    }

    /// What a file of variables holds; `None` when it is empty.
    ///
    /// # Errors
    /// It cannot be read, decrypted or understood.
    pub fn read_yaml(&self, path: &Path) -> Result<Option<Arc<Node>>, Diagnostic> {
        self.yaml.read(self.files(self.settings.check), path, &self.templates)
    }

    /// Remembers a text that must not be seen.
    pub fn add_secret(&self, text: &str) {
        self.templates.secrets().add(text);
    }

    /// Takes what must not be seen out of a result: secrets of the run, and those of `masks`.
    pub fn mask(&self, masks: &Masks, result: &mut Map<String, Json>) {
        masks.apply(result);
        let secrets = self.templates.secrets();
        if !secrets.is_empty() {
            result.values_mut().for_each(|value| secrets.mask_json(value));
        }
    }

    /// Likewise of a text.
    pub fn mask_text(&self, masks: &Masks, text: &str) -> String {
        self.templates.secrets().mask(&masks.text(text)).into_owned()
    }

    /// The hosts that a pattern selects, within `--limit`. `localhost` is there even if no inventory names it.
    ///
    /// # Errors
    /// A malformed pattern.
    pub fn select(&self, pattern_text: &str) -> Result<pattern::Selection, Diagnostic> {
        pattern::select(&self.inventory(), pattern_text, self.settings.limit.as_deref())
    }
}
