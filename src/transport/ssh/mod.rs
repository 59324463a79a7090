//! Connections by SSH: one hop at a time, the next through the one before.
//!
//! [`pool`] shares connections, [`dial`] opens one, through a [`tunnel`] where there is a hop before it, [`client`] judges its host key by [`known_hosts`], [`auth`] logs in with the keys of
//! [`keyring`], [`connection`] runs commands on it, [`attach`] those that a person works with.

mod attach;
mod auth;
mod client;
mod connection;
mod dial;
pub mod glob;
mod keyring;
pub mod known_hosts;
mod modes;
mod pool;
mod tunnel;

pub(super) use attach::{Control, Output};
pub(super) use connection::Connection;
pub(super) use pool::{Pool, hop_label};
