//! How validators agree on the next block: rounds of pre-prepare, prepare, commit, and round changes.
//!
//! `core` is a pure state machine: messages and the time go in, actions come out. It may import `chain`; the
//! node drives it. Guarantees: never two blocks at one height as long as nodes only crash; timing and
//! thresholds as in the original. Left out: signatures inside messages (connections are authenticated),
//! gossip over third nodes (all validators are expected to be connected to each other).

pub mod core;
pub mod message;
#[cfg(test)]
mod simulation;
pub mod timeout;
pub mod votes;
