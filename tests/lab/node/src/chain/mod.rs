//! Blocks, validators and where they are kept. Imports `crypto` and `genesis`.
//!
//! Guarantees: a block is appended only on its parent and with the commits of a quorum; what is on disk is
//! always a prefix of what was decided.

pub mod block;
pub mod ledger;
pub mod parent;
pub mod store;
pub mod validators;
