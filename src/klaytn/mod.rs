//! What kconf knows of Klaytn and Kaia chains, as pure functions: keys, genesis, quorum, and when a chain is healthy.
//!
//! Imported by `modules` and `engine`; imports `base`.
//! Guarantees: no input or output; the formats are those of the `kscn` and `homi` programs (each file names its source); a private key
//! is never shown by `Display` or `Debug`. To add a gate: a function in `gate.rs` from snapshots to a [`Verdict`].

pub mod gate;
pub mod genesis;
pub mod keys;
pub mod quorum;
pub mod rlp;
pub mod snapshot;

pub use gate::Verdict;
pub use genesis::{Account, Genesis, genesis_text};
pub use keys::{Address, NodeKey};
pub use snapshot::{Block, Snapshot};
