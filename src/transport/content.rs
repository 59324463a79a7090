//! Content of the controller on its way to hosts, and back.

use std::io::{self, Read, Write};

use crate::modules::ContentRef;

/// Gives the content that tasks refer to and takes what they send back. The engine implements it.
pub trait ContentSource: Send + Sync {
    /// A reader over the content with this digest. Called once for every time it is sent; may block on local files.
    ///
    /// # Errors
    /// When the content cannot be read any more; the task then fails with the error's text.
    fn open(&self, content: &ContentRef) -> io::Result<Box<dyn Read + Send>>;

    /// A writer for content that the task sends back under `name`. Dropping it before `finish` was reached means that the
    /// content is incomplete.
    ///
    /// # Errors
    /// When it cannot be stored; the task then fails with the error's text.
    fn receive(&self, name: &str) -> io::Result<Box<dyn Incoming>>;
}

/// Content that is being received.
pub trait Incoming: Write + Send {
    /// All of it came: put it in place.
    ///
    /// # Errors
    /// When it cannot be put in place; the task then fails with the error's text.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// For tasks without content.
pub struct NoContent;

impl ContentSource for NoContent {
    fn open(&self, content: &ContentRef) -> io::Result<Box<dyn Read + Send>> {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("no content with the digest {} belongs to this task", content.sha256)))
    }

    fn receive(&self, name: &str) -> io::Result<Box<dyn Incoming>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, format!("this task was not expected to send back `{name}`")))
    }
}
