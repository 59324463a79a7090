//! Whether the handlers that are notified exist.

use std::sync::Arc;

use crate::base::{Diagnostic, Diagnostics, text};

use super::checks::has_template;
use super::model::Handler;
use super::session::Session;

/// The errors for handlers that are notified by a literal name and do not exist. Nothing is said where more handlers may come at run
/// time: by includes, or by names that are templates.
pub(super) fn check(session: &Session<'_>, handlers: &[Arc<Handler>]) -> Diagnostics {
    let mut out = Diagnostics::default();
    let mut known: Vec<String> = Vec::new();
    for handler in handlers {
        for node in handler.task.name.iter().chain(&handler.listen) {
            let Some(name) = node.as_str() else { continue };
            if has_template(name) {
                return out;
            }
            known.push(name.to_owned());
            known.extend(handler.task.role.as_ref().map(|role| format!("{} : {name}", role.name)));
        }
    }
    if session.dynamic {
        return out;
    }
    for name in &session.notified {
        if !known.contains(&name.value) {
            let error = Diagnostic::at(&name.span, format!("there is no handler `{}`", name.value));
            out.push(match text::did_you_mean(&name.value, known.iter().map(String::as_str)) {
                Some(hint) => error.hint(hint),
                None if known.is_empty() => error.hint("this play has no handlers"),
                None if known.len() <= 8 => error.hint(format!(
                    "the play has {} {}",
                    if known.len() == 1 { "the handler" } else { "the handlers" },
                    text::list(&known)
                )),
                None => error,
            });
        }
    }
    out
}
