//! Expressions and templates: Jinja2 as Ansible configures it.
//!
//! Imported by `inventory`, `plan`, `engine`, `cli`; imports `base`, `vault`, `yaml`.
//! Guarantees: values keep their native types; a variable is rendered when it is read, never before; an undefined variable is an
//! error that names it and where it was used; data that came from a host is never rendered as a template.
//!
//! Grammar and values are minijinja's (`syntax`), what expressions mean is here (`eval`, `python`). Everything else of the program
//! calls [`Templates`] and implements [`Scope`]; of minijinja it knows [`Value`] alone.
//!
//! To add a filter, test, function or lookup: an entry in the table of its theme (`filters/`, `tests.rs`, `functions.rs`, `lookups/`)
//! with name, arguments, a sentence, an example and its result; one test renders every example.

mod call;
#[cfg(test)]
mod cases;
mod check;
mod core;
mod data;
mod docs;
mod eval;
mod fault;
mod file;
mod files;
mod filters;
mod functions;
mod jmespath;
mod lookups;
#[cfg(test)]
mod messages;
mod names;
mod pattern;
mod python;
mod random;
mod scope;
mod secrets;
mod syntax;
mod templates;
mod tests;
mod value;
mod version;

pub use minijinja::Value;

pub use self::data::{is_omit, omit};
pub use self::docs::{Doc, documentation};
pub use self::files::Files;
pub use self::names::Names;
pub use self::scope::{Binding, MapScope, Scope};
pub use self::secrets::Secrets;
pub use self::syntax::Markers;
pub use self::templates::{FileOptions, Templates};
pub use self::value::{from_json, to_json};

/// `format` with the marks of `strftime` replaced, for a moment in local time given in seconds since 1970; `None` when there is no such
/// moment or mark.
pub fn local_time(format: &str, seconds: f64) -> Option<String> {
    python::datetime::strftime(format, Some(seconds), false).ok()
}
