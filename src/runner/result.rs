//! The result of a task as playbooks see it: put together here and nowhere else.

use serde_json::{Map, Value};

use crate::modules::{Failure, ModuleResult};
use crate::wire::TaskReply;

/// What was seen of a task from outside the module.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// The machine was changed through its `System`.
    pub(super) changed: bool,
    /// Before and after of what was changed, when a diff was asked for.
    pub(super) diff: Option<Value>,
}

/// The reply of a module that ran.
pub(super) fn reply(outcome: ModuleResult, observed: Observed) -> TaskReply {
    let mut result = Map::new();
    match outcome {
        Ok(outcome) => {
            result.insert("changed".to_owned(), outcome.changed.unwrap_or(observed.changed).into());
            result.extend(outcome.result);
            if outcome.skipped {
                result.insert("skipped".to_owned(), true.into());
            }
            if !outcome.warnings.is_empty() {
                result.insert("warnings".to_owned(), outcome.warnings.into());
            }
        }
        // Check mode: whether it would change something is not known, so it counts as one that was not run, and its reason is told.
        Err(failure) if failure.unpredictable => {
            result.insert("changed".to_owned(), observed.changed.into());
            if !observed.changed {
                result.insert("skipped".to_owned(), true.into());
            }
            let msg = format!("it would run; what it does is known only then: {}", failure.message);
            result.insert("msg".to_owned(), msg.into());
        }
        Err(failure) => {
            result.insert("changed".to_owned(), observed.changed.into());
            result.insert("failed".to_owned(), true.into());
            result.insert("msg".to_owned(), failure.message.into());
            if let Some(hint) = failure.hint {
                result.insert("hint".to_owned(), hint.into());
            }
            result.extend(failure.result);
        }
    }
    if let Some(diff) = observed.diff {
        // A module that shows its own diff knows better.
        result.entry("diff").or_insert(diff);
    }
    TaskReply { result }
}

/// The reply to a task in check mode of which only the real run tells what it does.
pub fn unknown(why: &str) -> TaskReply {
    reply(Err(Failure { unpredictable: true, ..Failure::new(why) }), Observed::default())
}

/// The reply to a task that could not run at all.
pub fn failed(why: &str) -> TaskReply {
    reply(Err(Failure::new(why)), Observed::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::Outcome;

    fn observed(changed: bool) -> Observed {
        Observed { changed, ..Observed::default() }
    }

    #[test]
    fn the_machine_says_whether_it_changed_unless_the_module_knows_better() {
        for (says, seen, expected) in [(None, true, true), (None, false, false), (Some(true), false, true), (Some(false), true, false)] {
            let outcome = Outcome { changed: says, ..Outcome::new() };
            assert_eq!(reply(Ok(outcome), observed(seen)).result["changed"], expected);
        }
    }

    #[test]
    fn a_failure_keeps_its_keys_and_what_was_changed_before_it() {
        let reply = reply(Err(Failure::new("no").hint("try").with("rc", 3)), observed(true));
        assert_eq!(Value::Object(reply.result), serde_json::json!({"changed": true, "failed": true, "msg": "no", "hint": "try", "rc": 3}));
    }

    #[test]
    fn what_is_known_only_in_the_real_run_is_no_failure() {
        let unknown = || Err(Failure { unpredictable: true, ..Failure::new("failed to read `/x`: no") });
        let nothing_seen = reply(unknown(), observed(false)).result;
        let msg = "it would run; what it does is known only then: failed to read `/x`: no";
        assert_eq!(Value::Object(nothing_seen), serde_json::json!({"changed": false, "skipped": true, "msg": msg}));
        let something_seen = reply(unknown(), observed(true)).result;
        assert_eq!(Value::Object(something_seen), serde_json::json!({"changed": true, "msg": msg}));
    }

    #[test]
    fn quiet_results_have_no_empty_keys() {
        let reply = reply(Ok(Outcome::new().with("ping", "pong")), observed(false));
        assert_eq!(Value::Object(reply.result), serde_json::json!({"changed": false, "ping": "pong"}));
    }
}
