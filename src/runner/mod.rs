//! The program on the target: reads requests, runs modules, answers.
//!
//! Imported by the binary `kconf-runner` and by `transport`, which runs it in-process for `connection: local` and for hosts that only
//! have a shell. Imports `base`, `system`, `modules`, `wire`.
//! Guarantees: it leaves nothing running and restores whatever it changed in its own process (it changes nothing: environment,
//! directory and umask are set per command); a panic in a module becomes a failed task; when its input ends, everything it
//! started ends. It knows nothing of inventories, variables or templates.
//!
//! One thread reads messages ([`server`]), one thread per request runs its tasks ([`task`]), all write through one lock ([`output`]).
//! To serve another kind of machine: implement [`Machine`].

/// What a runner says when its machine went away with a task that was ended.
pub const GONE: &str = "the shell of the host is gone";

mod machine;
mod output;
mod process;
mod result;
mod server;
mod task;
mod transfer;

pub use machine::{Access, Condition, Machine, ThisMachine};
pub use process::main;
pub use result::{failed, unknown};
pub use server::{Options, serve};
