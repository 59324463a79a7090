//! Connections between nodes: real TCP, two channels, mutual proof of identity.
//!
//! Order of a connection: [`greet`] on the main channel (who are you, signed), then status (same network,
//! genesis and chain?), then the second channel on the port the other side announced, then the node with the
//! greater identity offers a place and the other takes it. Only then does the peer count on either side.
//!
//! May import `crypto`, `chain::block` and `consensus::message`. Guarantees: one connection per identity; a
//! peer is who its kni says. To add a message: a variant in [`wire::Message`], handled in `node`.

pub mod dial;
pub mod greet;
pub mod link;
pub mod peers;
pub mod server;
pub mod wire;
