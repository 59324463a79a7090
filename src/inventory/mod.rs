//! Hosts, groups, their variables, and where they come from.
//!
//! Imported by `plan`, `engine`, `cli`; imports `base`, `yaml`, `vault`, `template`.
//! Guarantees: the same sources give the same hosts, groups and variables as with Ansible; every source is read once; one
//! broken source is reported with its place and never half taken over.
//! To add a kind of source: a file with a function from its text (or configuration) to changes on an [`Inventory`], and a
//! line in `source.rs`, which decides what a path is.

#[cfg(feature = "aws")]
mod aws_ec2;
pub mod constructed;
pub mod ini;
pub mod literal;
pub mod model;
pub mod output;
pub mod pattern;
pub mod range;
pub mod read;
pub mod script;
pub mod source;
pub mod toml;
pub mod tree;
pub mod vars_files;

pub use model::{Group, Host, Inventory, Vars};
pub use source::{Options, load};
