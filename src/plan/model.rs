//! The plan: what is to be done, in order, with every keyword that applies to a task already on the task.
//!
//! Values are YAML nodes as written: templates in them are rendered by the engine, per host, when they are needed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::{Span, Spanned};
use crate::foreign::Module;
use crate::modules::Spec;
use crate::yaml::{Mapping, Node};

use super::groups::Groups;

/// All plays of a run, imported playbooks included, in order, with those tasks that the choice of tags selects.
#[derive(Debug)]
pub struct Plan {
    /// The plays.
    pub plays: Vec<Arc<Play>>,
}

/// A play.
#[derive(Clone, Debug)]
pub struct Play {
    /// Where it is written.
    pub span: Span,
    /// Its name; reporters show the host pattern when it has none.
    pub name: Option<Node>,
    /// The host pattern or list of patterns; may hold templates over extra variables.
    pub hosts: Node,
    /// The folder of its playbook, for relative paths and `playbook_dir`.
    pub dir: PathBuf,
    /// Its own keywords, for what runs outside any task (gathering facts).
    pub keywords: Arc<Keywords>,
    /// `gather_facts:`; `None`: when a fact is used.
    pub gather_facts: Option<Node>,
    /// The choice of tags lets facts be gathered at the start: always, unless the play has tags of its own.
    pub gathering_selected: bool,
    /// `gather_subset:`.
    pub gather_subset: Option<Node>,
    /// `gather_timeout:`.
    pub gather_timeout: Option<Node>,
    /// `fact_path:`.
    pub fact_path: Option<Node>,
    /// `vars:`.
    pub vars: Arc<Mapping>,
    /// The groups that `module_defaults` names.
    pub groups: Groups,
    /// `vars_files:`; each a path or a list of paths of which the first that exists counts.
    pub vars_files: Vec<Node>,
    /// `vars_prompt:`.
    pub vars_prompt: Vec<Prompt>,
    /// `serial:`; empty: all hosts at once.
    pub serial: Vec<Node>,
    /// `strategy:`.
    pub strategy: Option<Node>,
    /// `order:`.
    pub order: Option<Node>,
    /// `max_fail_percentage:`.
    pub max_fail_percentage: Option<Node>,
    /// `force_handlers:`.
    pub force_handlers: Option<Node>,
    /// What it does, in order; handlers are flushed at the end of each section.
    pub sections: Vec<Section>,
    /// Its handlers and those of its static roles, in the order in which they run.
    pub handlers: Vec<Arc<Handler>>,
    /// The roles that are part of it statically, dependencies before the roles that have them: their `defaults` and `vars` are visible
    /// to the whole play.
    pub roles: Vec<Arc<Role>>,
}

/// `pre_tasks`, roles, `tasks` or `post_tasks`.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its tasks and blocks.
    pub items: Vec<Item>,
}

/// `vars_prompt` entry.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The variable.
    pub name: Spanned<String>,
    /// The text to show; the variable's name when absent.
    pub prompt: Option<Node>,
    /// The value when nothing is typed.
    pub default: Option<Node>,
    /// Do not show what is typed.
    pub private: bool,
    /// Ask twice.
    pub confirm: bool,
    /// The scheme by which the value is hashed.
    pub encrypt: Option<Node>,
    /// Salt of the hash; made at random when absent.
    pub salt: Option<Node>,
    /// Characters of a salt that is made.
    pub salt_size: Option<Node>,
    /// The value is no template.
    pub is_unsafe: bool,
}

/// A task or a block.
#[derive(Clone, Debug)]
pub enum Item {
    /// A task.
    Task(Arc<Task>),
    /// A block.
    Block(Arc<Block>),
}

/// A block. Its keywords are already on its tasks; they are kept for what concerns the block itself.
#[derive(Clone, Debug)]
pub struct Block {
    /// Unique in the run.
    pub id: u64,
    /// Where it is written.
    pub span: Span,
    /// `block:`.
    pub body: Vec<Item>,
    /// `rescue:`.
    pub rescue: Vec<Item>,
    /// `always:`.
    pub always: Vec<Item>,
    /// Inherited keywords with its own.
    pub keywords: Arc<Keywords>,
    /// The role it belongs to.
    pub role: Option<Arc<Role>>,
}

/// A task with everything that applies to it.
#[derive(Debug)]
pub struct Task {
    /// Unique in the run.
    pub id: u64,
    /// Where it is written.
    pub span: Span,
    /// `name:`.
    pub name: Option<Node>,
    /// What it does.
    pub action: Action,
    /// The role it belongs to.
    pub role: Option<Arc<Role>>,
    /// Inherited keywords with its own.
    pub keywords: Arc<Keywords>,
    /// The list to go through; `None`: no loop.
    pub loop_over: Option<Loop>,
    /// `loop_control:`.
    pub loop_control: LoopControl,
    /// `register:`.
    pub register: Option<Spanned<String>>,
    /// `until:`, all must hold.
    pub until: Vec<Node>,
    /// `retries:`.
    pub retries: Option<Node>,
    /// `delay:`.
    pub delay: Option<Node>,
    /// `changed_when:`, all must hold; `None`: the module decides.
    pub changed_when: Option<Vec<Node>>,
    /// `failed_when:`, all must hold; `None`: the module decides.
    pub failed_when: Option<Vec<Node>>,
    /// `notify:`.
    pub notify: Vec<Node>,
    /// `delegate_to:`.
    pub delegate_to: Option<Arc<Node>>,
    /// `delegate_facts:`.
    pub delegate_facts: Option<Arc<Node>>,
    /// `async:` in seconds.
    pub run_async: Option<Node>,
    /// `poll:` in seconds.
    pub poll: Option<Node>,
    /// Where it was written.
    pub origin: Arc<Origin>,
}

/// Where tasks were written: what relative paths start from, and what an include at run time needs to know.
#[derive(Debug)]
pub struct Origin {
    /// The play.
    pub play: Arc<PlayOrigin>,
    /// Folders of the files that led to the task, its own file's first, without that of the play.
    pub dirs: Vec<PathBuf>,
    /// They are handlers.
    pub handler: bool,
    /// Through how many includes at run time it was come to.
    pub depth: usize,
}

/// What the tasks of a play have in common before anything runs.
#[derive(Debug)]
pub struct PlayOrigin {
    /// The folder of the playbook.
    pub dir: PathBuf,
    /// `vars:`, for names that are templates where no host is known yet.
    pub vars: Arc<Mapping>,
    /// `vars_files:`, for the same.
    pub vars_files: Vec<Node>,
    /// The groups that `module_defaults` names.
    pub groups: Groups,
}

/// A handler: a task (or a static include of tasks, expanded) that runs when it was notified.
#[derive(Debug)]
pub struct Handler {
    /// The task.
    pub task: Arc<Task>,
    /// Topics it listens to.
    pub listen: Vec<Node>,
}

/// What a task loops over.
#[derive(Clone, Debug)]
pub enum Loop {
    /// `loop:`.
    List(Node),
    /// `with_NAME:` with the lookup's name.
    Lookup(Spanned<String>, Node),
}

/// `loop_control:`.
#[derive(Clone, Debug, Default)]
pub struct LoopControl {
    /// Name of the loop variable; `item` when absent.
    pub loop_var: Option<Spanned<String>>,
    /// Name of the variable with the index.
    pub index_var: Option<Spanned<String>>,
    /// What to show for an item.
    pub label: Option<Node>,
    /// Seconds between items.
    pub pause: Option<Node>,
    /// Fill in `ansible_loop`.
    pub extended: Option<Node>,
    /// With `extended`: also `allitems`.
    pub extended_allitems: Option<Node>,
    /// Stop when one holds.
    pub break_when: Vec<Node>,
}

/// What a task does.
#[derive(Debug)]
pub enum Action {
    /// Runs a module, on the target or on the controller.
    Module {
        /// Its declaration.
        spec: &'static Spec,
        /// The name as written.
        written: Spanned<String>,
        /// The module that runs, when it is none of kconf's own; `spec` is then that of what runs it.
        foreign: Option<Arc<Module>>,
        /// Its arguments as written, free-form `k=v` pairs already split; names checked against the declaration.
        args: Mapping,
        /// The free-form text of modules that take one.
        free_form: Option<Node>,
        /// `args:` that is one template for the whole mapping.
        args_template: Option<Node>,
    },
    /// `meta:`.
    Meta(Meta),
    /// `include_tasks`: compiled when reached, by [`crate::plan`].
    IncludeTasks {
        /// The file.
        file: Node,
        /// What its tasks inherit: what is around the include, its `vars:` and its `apply:`, but not its own conditions and tags.
        apply: Arc<Keywords>,
    },
    /// `include_role`: compiled when reached.
    IncludeRole {
        /// The role.
        name: Node,
        /// Which files of the role to use instead of `main`.
        tasks_from: Option<Node>,
        /// As above, for variables.
        vars_from: Option<Node>,
        /// As above, for defaults.
        defaults_from: Option<Node>,
        /// As above, for handlers.
        handlers_from: Option<Node>,
        /// Its defaults and variables become visible to the rest of the play.
        public: bool,
        /// It may run more than once.
        allow_duplicates: bool,
        /// Validate its argument specification first.
        rolespec_validate: bool,
        /// What its tasks inherit, as for `include_tasks`.
        apply: Arc<Keywords>,
    },
}

/// `meta:` actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the meta action of that name")]
pub enum Meta {
    FlushHandlers,
    RefreshInventory,
    Noop,
    ClearFacts,
    ClearHostErrors,
    EndPlay,
    EndHost,
    EndBatch,
    EndRole,
    ResetConnection,
    /// Not written by anyone: the end of a role's tasks. A host on which a task of the role ran (was not skipped) has run the role
    /// when it comes here; later uses of the same [`Role::id`] are skipped silently on it, unless [`Role::allow_duplicates`].
    RoleComplete,
}

/// A role as it is used in one place.
#[derive(Clone, Debug)]
pub struct Role {
    /// Name as users know it, with its collection if it has one.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// `defaults/`, in the order of the files.
    pub defaults: Vec<Arc<Mapping>>,
    /// `vars/`.
    pub vars: Vec<Arc<Mapping>>,
    /// `vars:` given where it is used: the strongest layer of the role's variables, seen by its own tasks and by its dependencies only.
    pub use_vars: Arc<Mapping>,
    /// Parameters given where it is used (`roles: - {role: x, port: 1}`), which win over most variables. Those of the roles
    /// that depend on it come first.
    pub params: Arc<Mapping>,
    /// `defaults` of the roles that depend on this one, outermost role first.
    pub outer_defaults: Vec<Arc<Mapping>>,
    /// `vars` and `use_vars` of the roles that depend on this one, outermost role first.
    pub outer_vars: Vec<Arc<Mapping>>,
    /// The roles it depends on.
    pub dependencies: Vec<Arc<Role>>,
    /// The roles that include or import it, nearest first.
    pub parents: Vec<String>,
    /// Their folders.
    pub parent_dirs: Vec<PathBuf>,
    /// Folders of the roles that include it or depend on it, nearest first.
    pub outer_dirs: Vec<PathBuf>,
    /// It is there because another role depends on it.
    pub dependency: bool,
    /// The same for uses of one role with equal parameters, conditions and tags in one play: it runs once on a host.
    pub id: u64,
    /// `allow_duplicates:` of its metadata (or of the include): it runs wherever it is used.
    pub allow_duplicates: bool,
}

impl Role {
    /// The layers of defaults that its tasks see, weakest first: of its dependencies, of the roles that depend on it, its own.
    pub fn default_layers(&self) -> Vec<Arc<Mapping>> {
        let mut layers = Vec::new();
        self.add_dependencies(&mut layers, &|role| &role.defaults);
        layers.extend(self.outer_defaults.iter().cloned());
        layers.extend(self.defaults.iter().cloned());
        layers
    }

    /// The layers of variables that its tasks see, weakest first: of the roles that depend on it, of its dependencies, its own.
    /// Parameters are apart: they are stronger.
    pub fn var_layers(&self) -> Vec<Arc<Mapping>> {
        let mut layers = self.outer_vars.clone();
        self.add_dependencies(&mut layers, &|role| &role.vars);
        layers.extend(self.vars.iter().cloned());
        layers.push(self.use_vars.clone());
        layers
    }

    fn add_dependencies(&self, layers: &mut Vec<Arc<Mapping>>, pick: &dyn Fn(&Role) -> &Vec<Arc<Mapping>>) {
        for dependency in &self.dependencies {
            dependency.add_dependencies(layers, pick);
            layers.extend(pick(dependency).iter().cloned());
        }
    }
}

/// Keywords that plays, blocks and tasks hand down. For each the nearest one counts, but for the lists, which add up from the outside in.
/// Every task has them all, so what is handed down is shared.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    /// Layers of variables of blocks, imports, includes and the task, outermost first (the play's are not among them).
    pub vars: Vec<Arc<Mapping>>,
    /// Those of them that were given to `include_tasks` and `include_role`, outermost first: they win over facts set and results registered
    /// as well, like role parameters.
    pub include_params: Vec<Arc<Mapping>>,
    /// Conditions, outermost first: all must hold.
    pub when: Vec<Node>,
    /// All tags that apply.
    pub tags: BTreeSet<String>,
    /// Layers of environment variables, outermost first: each a mapping or a template for one.
    pub environment: Vec<Node>,
    /// Layers of `module_defaults`, outermost first.
    pub module_defaults: Vec<Node>,
    /// `collections:`, nearest first.
    pub collections: Vec<String>,
    /// `become:`.
    pub become_: Option<Arc<Node>>,
    /// `become_user:`.
    pub become_user: Option<Arc<Node>>,
    /// `become_method:`.
    pub become_method: Option<Arc<Node>>,
    /// `become_flags:`.
    pub become_flags: Option<Arc<Node>>,
    /// `become_exe:`.
    pub become_exe: Option<Arc<Node>>,
    /// `connection:`.
    pub connection: Option<Arc<Node>>,
    /// `port:`.
    pub port: Option<Arc<Node>>,
    /// `remote_user:`.
    pub remote_user: Option<Arc<Node>>,
    /// `ignore_errors:`.
    pub ignore_errors: Option<Arc<Node>>,
    /// `ignore_unreachable:`.
    pub ignore_unreachable: Option<Arc<Node>>,
    /// `no_log:`.
    pub no_log: Option<Arc<Node>>,
    /// `check_mode:`.
    pub check_mode: Option<Arc<Node>>,
    /// `diff:`.
    pub diff: Option<Arc<Node>>,
    /// `run_once:`.
    pub run_once: Option<Arc<Node>>,
    /// `throttle:`.
    pub throttle: Option<Arc<Node>>,
    /// `timeout:` in seconds.
    pub timeout: Option<Arc<Node>>,
    /// `any_errors_fatal:`.
    pub any_errors_fatal: Option<Arc<Node>>,
    /// `delegate_to:`; tasks have theirs in [`Task::delegate_to`].
    pub delegate_to: Option<Arc<Node>>,
    /// `delegate_facts:`; tasks have theirs in [`Task::delegate_facts`].
    pub delegate_facts: Option<Arc<Node>>,
    /// `notify:`, of the blocks and of the task, innermost first; tasks have theirs in [`Task::notify`].
    pub notify: Vec<Node>,
}
