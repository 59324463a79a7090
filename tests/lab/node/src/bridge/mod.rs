//! The bridge between the service chain and its parent chain.
//!
//! The sub bridge (kscn) dials the main bridge (ken, port 50505) and anchors block hashes there. One main
//! bridge serves one sub bridge. Connections are those of `p2p` under the protocol name `servicechain`.
//! Not the original: the parent chain gives every operator coins, and value transfer does not exist.

pub mod main_bridge;
mod operators;
pub mod sub_bridge;

/// Coins of every parent operator, in peb (10 whole coins). The original starts at 0 and needs a transfer first.
pub const OPERATOR_BALANCE: u64 = 10_000_000_000_000_000_000;

/// Protocol and version as shown in peer lists.
pub const CAPABILITY: &str = "servicechain/1";
