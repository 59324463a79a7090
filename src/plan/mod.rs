//! Syntax tree to plan: roles and imports resolved, keywords inherited, everything checked that can be known before a host is touched.
//!
//! Imported by `engine`, `cli`; imports `base`, `yaml`, `vault`, `template`, `inventory`, `playbook`, `modules`, `foreign`.
//! Guarantees: a plan without errors names only modules, options, keywords, roles and files that exist. The engine never looks at
//! the syntax tree: all that it needs is in [`model`]. What can be known only at run time (`include_tasks`, `include_role`) is
//! compiled by the same code when the engine asks for it.
//!
//! To add a keyword that is inherited: a field of [`Keywords`] and a line in `inherit.rs`; one of tasks alone: a field of [`Task`] and a
//! line in `session.rs`. To add a check: `checks.rs`.

pub mod list;
pub mod model;
pub mod tags;

mod ahead;
#[cfg(test)]
mod case_tests;
mod checks;
mod compiler;
mod files;
mod foreign;
mod groups;
mod handlers;
mod inherit;
mod lookup;
mod meta;
mod names;
mod plays;
mod roles;
mod session;
mod start_at;
mod statics;
mod syntax;
mod task;

pub use compiler::{Compiler, IncludedRole, Inputs};
pub use groups::{Group, Groups};
pub use meta::words as meta_words;
pub use model::{
    Action, Block, Handler, Item, Keywords, Loop, LoopControl, Meta, Origin, Plan, Play, PlayOrigin, Prompt, Role, Section, Task,
};
pub use names::Names;
pub use plays::{Compiled, ORDERS, STRATEGIES};
pub use roles::{ARGUMENT_TYPES, ARGUMENT_WORDS, RoleFiles};
pub use start_at::start_at;
pub use tags::Selection;
pub use task::excerpt;

use crate::base::Diagnostics;

/// Compiles playbooks with all that they import.
///
/// # Errors
/// Everything that is wrong in them, together with the warnings.
pub fn compile(inputs: Inputs) -> Result<Compiled, Diagnostics> {
    plays::compile(Compiler::new(inputs))
}
