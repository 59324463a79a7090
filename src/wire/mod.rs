//! What controller and runner say to each other: frames and messages.
//!
//! Imported by `runner`, `transport`, `engine`; imports `base`, `system` and `modules`.
//! Guarantees: everything that crosses is fully resolved (no templates, no inventory), every frame has a size limit, and a
//! peer of another protocol version is refused by its hello.
//!
//! A frame is a length (u32, big-endian, counting what follows), a kind (u8) and a payload. Small structured messages are JSON;
//! bytes of files and output travel raw. Transfers of content are paced: the receiver grants credit, the sender never has more than
//! [`WINDOW`] bytes under way, so neither side holds a file in memory.
//!
//! To add a message: a variant of [`Message`], its kind and both directions in `codec.rs`, and raise [`VERSION`].

#[cfg(feature = "controller")]
mod asynchronous;
mod codec;
pub mod message;

#[cfg(feature = "controller")]
pub use asynchronous::read_message_async;
pub use codec::{WireError, frame, read_message, write_message};
pub use message::{Hello, Message, Need, Offer, OnFailure, Reply, Request, TaskReply, TaskRequest, VERSION, Welcome, failed};

/// The most bytes a frame may have, kind included. A message that would be larger is refused by its sender.
pub const MAX_FRAME: usize = 64 * 1024 * 1024;

/// Bytes of content in one data frame at most.
pub const CHUNK: usize = 128 * 1024;

/// Bytes of one transfer that may be under way without credit.
pub const WINDOW: usize = 4 * 1024 * 1024;

/// Content up to this size goes along with the request; larger content only when it is asked for.
pub const INLINE_MAX: u64 = 64 * 1024;

/// Bytes of content that a runner keeps at most, so that equal content need not be sent again.
pub const KEPT_MAX: u64 = 32 * 1024 * 1024;
