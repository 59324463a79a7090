//! One running node: what it is made of and how its parts work together.
//!
//! `start` brings it up in the original's order of checks, `run` is its main loop (the only writer of the
//! chain), `catch_up` fetches blocks it missed. RPC reads a [`Node`] from other threads.

mod catch_up;
mod clean;
pub mod files;
mod limits;
pub mod ntp;
mod run;
pub mod start;
mod watchdog;

use std::sync::{Arc, Mutex};

use crate::bridge::main_bridge::MainBridge;
use crate::bridge::sub_bridge::SubBridge;
use crate::chain::ledger::Ledger;
use crate::chain::store::Record;
use crate::cli::Options;
use crate::crypto::keys::NodeKey;
use crate::crypto::types::{Address, PublicId};
use crate::p2p::peers::Peers;
use crate::sync::lock;

/// A node as others may look at it.
pub struct Node {
    pub options: Options,
    pub id: PublicId,
    pub address: Address,
    pub record: Record,
    pub ledger: Arc<Ledger>,
    pub peers: Arc<Peers>,
    pub main_bridge: Option<Arc<MainBridge>>,
    pub sub_bridge: Option<Arc<SubBridge>>,
    /// Round timeout at round 0.
    pub timeout_ms: u64,
    progress: Mutex<Option<Progress>>,
}

/// Catching up with the peers.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub start: u64,
    pub highest: u64,
}

impl Node {
    /// None while at the head.
    pub fn progress(&self) -> Option<Progress> {
        *lock(&self.progress)
    }

    /// What identifies the node; made from its key, which stays with the network side.
    fn identity(key: &NodeKey) -> (PublicId, Address) {
        (key.id(), key.address())
    }
}
