//! What `include_tasks` and `include_role` bring when they are reached.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::plan::Item;
use crate::template::Value;

/// Tasks that an include brought, for those hosts on which it meant the same.
#[derive(Debug)]
pub struct Included {
    /// Grows with every include of the run: hosts go through what an include brought in this order.
    pub number: u64,
    /// The tasks and blocks.
    pub items: Vec<Item>,
    /// Variables that they see.
    pub vars: Arc<IncludeVars>,
}

/// Variables that dynamic includes hand to their tasks: the loop variables with which they were reached. What is written in their
/// `vars:` is in the keywords of the tasks.
#[derive(Clone, Debug, Default)]
pub struct IncludeVars {
    /// Of all includes around the task; the innermost wins.
    pub values: IndexMap<String, Value>,
}
