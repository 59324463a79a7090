//! What Python's built-in types do, as far as templates can tell: how values print, are indexed and sliced, and their methods.

pub(crate) mod datetime;
mod format;
mod json;
pub(crate) mod methods;
mod methods_collection;
mod methods_text;
pub(crate) mod percent;
mod show;
mod slice;

pub(crate) use self::json::{JsonStyle, dumps};
pub(crate) use self::methods_text::{capitalize, lines, replaced, split};
pub(crate) use self::show::{repr, show};
pub(crate) use self::slice::{index, slice};
