//! Byte streams to hosts, and sessions over them.
//!
//! Imported by `engine`, `cli`; imports `base`, `system`, `modules`, `wire`, `runner`.
//! Guarantees: one connection per host and run, one connection per bastion for all hosts behind it (also when the bastion is
//! itself a target); host keys are checked unless a setting switches that off by name; private keys and passwords never leave
//! the controller but as authentication of the hop they belong to; a dropped connection is an error that names the hop; nothing
//! that was started on a host outlives its session.
//!
//! The way in: [`route::resolve`] turns variables into a [`Target`], [`Hub::session`] turns a target into a [`Session`],
//! [`Session::call`] runs a module there; [`Hub::attach`] gives a person a shell.
//!
//! To add a kind of connection: a variant of [`Kind`], its name in `route`, and a file that opens a byte stream to it.

pub mod attached;
mod bootstrap;
pub mod content;
mod elevate;
mod ending;
mod exec;
mod fallback;
mod host;
pub mod hub;
mod inline;
mod link;
mod local;
mod predictions;
mod quote;
mod raw;
pub mod relay;
pub mod route;
pub mod runners;
mod running;
pub mod session;
pub mod ssh;
mod start;
pub mod target;
pub mod terminal;
mod transfers;
pub mod unreachable;

pub use attached::{Attached, Ended, Streams};
pub use content::{ContentSource, Incoming, NoContent};
pub use hub::{Counters, Hub, HubOptions};
pub use runners::Runners;
pub use session::{LiveSender, RawCommand, RawOutput, Session, Via};
pub use target::{Become, BecomeMethod, Hop, HostKeyChecking, Kind, Target};
pub use terminal::{Size, Terminal};
pub use unreachable::{Stage, TriedKey, Unreachable};
