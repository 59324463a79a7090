//! YAML text to a tree whose every node knows its position, read as PyYAML reads it.
//!
//! Imported by `template`, `inventory`, `playbook`, `plan`, `engine`, `cli`; imports only `base`.
//! Guarantees: positions are exact; scalars follow YAML 1.1 as PyYAML's safe loader resolves them (but numbers of base 60 and
//! dates stay text); duplicate keys are reported; expansion of aliases and nesting are bounded; nothing a file contains makes
//! it panic.
//! To change how a scalar is read: `resolve.rs`, with a line in its table test. To explain one more common mistake: `explain.rs`.

mod build;
mod explain;
mod indentation;
mod json;
mod line;
mod load;
mod locate;
mod mapping;
pub mod node;
mod resolve;
mod scalar;
mod write;

pub use load::{Document, load, load_all, read};
pub use node::{Entry, Mapping, Node, Style, Value};
pub use write::{Brackets, Layout, to_yaml, write};
