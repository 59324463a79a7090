//! What every other folder stands on: positions in source text, diagnostics, secrets, small text helpers.
//!
//! Imported by everyone; imports nothing of the crate. Guarantees: no input or output, no global state.
//! To add a helper: it belongs here only if two folders that may not import each other need it.

pub mod crypt;
pub mod des_crypt;
pub mod diagnostic;
pub mod python;
pub mod regex;
pub mod secret;
pub mod shlex;
pub mod span;
pub mod text;
pub mod url;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use secret::Secret;
pub use span::{Source, Span, Spanned};
