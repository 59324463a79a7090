//! The transport against real servers: sshd on free ports of the loopback, with keys and directories of its own.

mod content;
mod fallback;
pub(crate) mod identity;
mod login;
mod network;
mod password;
mod proxy;
mod raw;
pub(crate) mod server;
pub(crate) mod tasks;
