//! Modules that kconf has no code of its own for: where they are, what they want, and what goes to hosts with them.
//!
//! Imported by `plan`, `engine`, `cli`; imports `base`, `system`, `modules`, `yaml`.
//! Guarantees: a module that is handed out can be run as far as can be seen here: it is of a known kind, and everything that it imports of
//! Ansible's library is in its package. Nothing of what is found is ever run on the controller, and no Python is needed here: sources
//! are read as text. The same module and library always make the same bytes, so that a host gets them once.
//!
//! The library is that of the user's own ansible-core ([`core`]); kconf carries none of it. What loads a module on the host is
//! `wrapper.py`; what starts that is `src/modules/foreign`.
//!
//! To add a kind of module: a variant of [`Kind`] here and of the format in `src/modules/foreign/arguments.rs`.

mod archive;
pub mod core;
mod files;
mod finder;
mod kind;
mod library;
mod module;
mod places;
mod routing;
mod scan;
mod statements;

pub use finder::{Finder, Found, Refused, Sources};
pub use kind::Kind;
pub use module::{Module, Package};
