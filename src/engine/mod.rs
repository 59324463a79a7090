//! Executes a plan and emits events.
//!
//! Imported by `cli`; imports everything below. Guarantees: it never prints; events leave in one order, decided by
//! [`dispatcher`]; variables are looked up, never merged; secrets are masked in every event; what a host answers is data and never
//! rendered as a template; after a cancellation nothing goes on running on any host.
//!
//! From the outside in: [`run`] goes through the plays, [`play`] through batches of hosts, [`strategy`] decides which hosts do what
//! next, [`stage`] takes over what comes of it, [`host_state`] knows where a host stands, [`task`] runs one task on one host with the
//! variables of [`scope`], and [`actions`] are the halves of modules that run on the controller.
//!
//! To add a strategy: `strategy/`. To add an action: `actions/`. To add a layer of variables: `scope/`.

pub mod actions;
pub mod batches;
pub mod content;
pub mod dispatcher;
pub mod gather;
pub mod handlers;
pub mod host_state;
pub mod include;
pub mod jobs;
pub mod local_files;
pub mod play;
pub mod play_context;
pub mod progress;
mod prompts;
pub mod reach;
pub mod recap;
pub mod run;
pub mod scope;
pub mod sessions;
pub mod settings;
pub mod stage;
pub mod strategy;
pub mod task;
pub mod task_info;
pub mod text_scan;
pub mod uses_facts;
pub mod vars_files;
pub mod world;
pub mod yaml_files;

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

/// The version of ansible-core whose language this is.
pub const LANGUAGE: &str = "2.19.0";

pub use scope::magic::all_names as magic_names;

pub use run::{Engine, RunSummary};
pub use sessions::Sessions;
pub use settings::{Becoming, Gathering, Prompter, Reload, Settings};
