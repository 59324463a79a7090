//! The halves of modules that run on the controller, one file per module.
//!
//! An action gets a [`Call`] with everything resolved, and answers with a result and with effects on the run; it changes nothing
//! itself. A module whose declaration says [`crate::modules::Place::Controller`] has its whole code here; others have what must be done
//! before the host can do its part: files found and read, templates rendered.
//!
//! To add one: a file with a unit struct that implements [`Action`], and a line in [`ACTIONS`].

pub mod add_host;
pub mod assemble;
pub mod assert;
pub mod async_status;
pub mod copy;
pub mod debug;
pub mod fail;
pub mod fetch;
pub mod foreign;
pub mod gather_facts;
pub mod group_by;
pub mod include_vars;
pub mod klaytn_health;
pub mod pause;
pub mod raw;
pub mod reboot;
pub mod script;
pub mod set_fact;
pub mod set_stats;
pub mod synchronize;
pub mod template;
pub mod unarchive;
pub mod uri;
pub mod validate_argument_spec;
pub mod wait_for_connection;

use async_trait::async_trait;

use super::task::{Asked, Call, Reply, Trouble};

/// The controller half of a module.
#[async_trait]
pub trait Action: Send + Sync {
    /// Does what the task asks.
    ///
    /// # Errors
    /// It cannot be done.
    async fn run(&self, call: &Call<'_>) -> Result<Reply, Trouble>;

    /// Where what it does comes to one request: how to make that.
    fn asking(&self) -> Option<&dyn Asking> {
        None
    }
}

/// A controller half that only makes a request: then several tasks, and items of a loop, can travel together.
pub trait Asking: Send + Sync {
    /// Makes the request.
    ///
    /// # Errors
    /// It cannot be made.
    fn ask(&self, call: &Call<'_>) -> Result<Asked, Trouble>;
}

/// All actions, by the short name of their module, in alphabetical order.
static ACTIONS: &[(&str, &dyn Action)] = &[
    ("_foreign", &foreign::Foreign),
    ("add_host", &add_host::AddHost),
    ("assemble", &assemble::Assemble),
    ("assert", &assert::Assert),
    ("async_status", &async_status::AsyncStatus),
    ("copy", &copy::Copy),
    ("debug", &debug::Debug),
    ("fail", &fail::Fail),
    ("fetch", &fetch::Fetch),
    ("gather_facts", &gather_facts::GatherFacts),
    ("group_by", &group_by::GroupBy),
    ("include_vars", &include_vars::IncludeVars),
    ("klaytn_health", &klaytn_health::KlaytnHealth),
    ("pause", &pause::Pause),
    ("raw", &raw::Raw),
    ("reboot", &reboot::Reboot),
    ("script", &script::Script),
    ("set_fact", &set_fact::SetFact),
    ("set_stats", &set_stats::SetStats),
    ("synchronize", &synchronize::Synchronize),
    ("template", &template::Template),
    ("unarchive", &unarchive::Unarchive),
    ("uri", &uri::Uri),
    ("validate_argument_spec", &validate_argument_spec::ValidateArgumentSpec),
    ("wait_for_connection", &wait_for_connection::WaitForConnection),
];

/// The action of a module, if it has one.
pub fn find(module: &str) -> Option<&'static dyn Action> {
    let at = ACTIONS.binary_search_by_key(&module, |(name, _)| name).ok()?;
    ACTIONS.get(at).map(|(_, action)| *action)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::{MODULES, Place, find_internal};

    #[test]
    fn the_list_is_sorted_so_that_actions_can_be_found() {
        assert!(ACTIONS.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn what_only_the_controller_can_fill_in_is_filled_in() {
        for spec in MODULES.iter().filter(|spec| spec.options.iter().any(|option| option.name.starts_with('_'))) {
            assert!(find(spec.name).is_some(), "`{}` has an option that no user can write, and no action that does", spec.name);
        }
    }

    #[test]
    fn every_module_of_the_controller_has_an_action_and_every_action_a_module() {
        for spec in MODULES.iter().filter(|spec| matches!(spec.place, Place::Controller)) {
            assert!(find(spec.name).is_some(), "`{}` runs on the controller but has no action", spec.name);
        }
        for (name, _) in ACTIONS {
            assert!(find_internal(name).is_some(), "the action `{name}` has no module");
        }
    }
}
