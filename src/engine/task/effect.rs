//! What a task changes in what the run knows. Applied by the dispatcher when the task is done.

use serde_json::{Map, Value as Json};

use crate::base::Spanned;
use crate::engine::scope::store::Values;
use crate::plan::Meta;
use crate::template::{Binding, Value};

/// One change.
#[derive(Debug)]
pub enum Effect {
    /// Facts of a host, under the names the module gave them.
    Facts {
        /// The host.
        host: String,
        /// The facts.
        facts: Map<String, Json>,
    },
    /// `set_fact`.
    Set {
        /// The host.
        host: String,
        /// The values.
        values: Values,
        /// They are facts as well, which other plays and `ansible_facts` see.
        cacheable: bool,
    },
    /// `include_vars`.
    IncludeVars {
        /// The host.
        host: String,
        /// The variables.
        vars: Vec<(String, Binding)>,
    },
    /// `add_host`.
    AddHost {
        /// Its name.
        name: String,
        /// The groups it is put into.
        groups: Vec<String>,
        /// Its variables.
        vars: Vec<(String, Json)>,
    },
    /// `group_by`.
    AddToGroup {
        /// The host.
        host: String,
        /// The group.
        group: String,
        /// The groups that it is a child of.
        parents: Vec<String>,
    },
    /// `set_stats`.
    Stats {
        /// The host; `None`: of the run.
        host: Option<String>,
        /// The values.
        values: Map<String, Json>,
        /// Add up with what is there.
        aggregate: bool,
    },
    /// The handlers to be told of when the task changes something, by the names that were asked for.
    Notify(Vec<Spanned<String>>),
    /// The dynamic includes.
    Include(Box<Include>),
    /// A meta action whose conditions hold.
    Meta(Meta),
}

/// Tasks to be brought in.
#[derive(Debug)]
pub struct Include {
    /// What.
    pub what: Wanted,
    /// Loop variables its tasks see.
    pub values: Values,
    /// The item, when it is a loop.
    pub item: Option<Value>,
    /// The label of the item.
    pub label: Option<String>,
}

/// What an include asks for, rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `include_tasks`.
    Tasks {
        /// The file as written.
        file: String,
    },
    /// `include_role`.
    Role {
        /// The role.
        name: String,
        /// Which file of `tasks`.
        tasks_from: Option<String>,
        /// Which file of `vars`.
        vars_from: Option<String>,
        /// Which file of `defaults`.
        defaults_from: Option<String>,
        /// Which file of `handlers`.
        handlers_from: Option<String>,
    },
}
