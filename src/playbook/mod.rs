//! The syntax tree of playbooks and roles, every node with its position.
//!
//! Imported by `plan`, `engine`; imports `base`, `yaml`.
//! Guarantees: an unknown keyword or a value of the wrong kind is an error with its position and near misses, and all of
//! them are collected before anything is reported. No templates are rendered here, no file is opened.
//! To add an action of the language: a row in `language.rs`, and its reading in `actions.rs`.
//! To add a keyword: a row in `keywords.rs`; a keyword with a structure of its own is read in `tasks.rs` or `plays.rs`.

pub mod actions;
pub mod ast;
pub mod fields;
pub mod freeform;
pub mod keywords;
pub mod language;

mod old_include;
mod plays;
mod roles;
mod tasks;

pub use ast::{
    Action, Args, Block, Field, Fields, ImportPlaybook, Item, Loop, Play, Playbook, PlaybookEntry, RoleCall, RoleEntry, RoleMeta, Task,
};
pub use plays::playbook;
pub use roles::role_meta;
pub use tasks::{BESIDE_INCLUDE, handlers, tasks};

/// What the parser must know of modules, to tell them from misspelt keywords.
pub struct Words<'a> {
    /// Whether a name, with or without its collection, is a module.
    pub is_module: &'a dyn Fn(&str) -> bool,
    /// Whether the module, the first, has an option of this name.
    pub has_option: &'a dyn Fn(&str, &str) -> bool,
    /// All short names, for near misses.
    pub modules: &'a [&'a str],
    /// What to say of a module, named with its collection, that is not there.
    pub explain: &'a dyn Fn(&str) -> Option<String>,
}
