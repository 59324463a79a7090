//! Connections as the engine sees them.

use std::sync::Arc;

use async_trait::async_trait;

use crate::system::overlay::Change;
use crate::transport::{Attached, Become, Hub, Session, Target, Unreachable};

/// Gives sessions. The [`Hub`] does; tests have their own.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The session of an identity on a host.
    ///
    /// # Errors
    /// As [`Hub::session`].
    async fn session(&self, target: &Target, becoming: Option<&Become>) -> Result<Arc<dyn Session>, Unreachable>;

    /// Starts `line` in a shell of a host, with streams that somebody carries.
    ///
    /// # Errors
    /// As [`Hub::attach`].
    async fn attach(&self, target: &Target, becoming: Option<&Become>, line: &str) -> Result<Attached, Unreachable>;

    /// Forgets the connection to a host, so that the next session opens a new one.
    async fn reset(&self, target: &Target);

    /// Things to warn of that were noticed while connecting, once.
    fn take_warnings(&self) -> Vec<String>;

    /// What check mode has recorded of this machine behind the first `known` changes.
    fn predicted_here(&self, known: usize) -> Vec<Change>;

    /// Ends everything that runs on any host.
    fn cancel(&self);

    /// Ends all sessions and connections.
    async fn close(&self);
}

#[async_trait]
impl Sessions for Hub {
    async fn session(&self, target: &Target, becoming: Option<&Become>) -> Result<Arc<dyn Session>, Unreachable> {
        Hub::session(self, target, becoming).await
    }

    async fn attach(&self, target: &Target, becoming: Option<&Become>, line: &str) -> Result<Attached, Unreachable> {
        Hub::attach(self, target, becoming, Some(line), None).await
    }

    async fn reset(&self, target: &Target) {
        Hub::reset(self, target).await;
    }

    fn take_warnings(&self) -> Vec<String> {
        Hub::take_warnings(self)
    }

    fn predicted_here(&self, known: usize) -> Vec<Change> {
        Hub::predicted_here(self, known)
    }

    fn cancel(&self) {
        Hub::cancel(self);
    }

    async fn close(&self) {
        Hub::close(self).await;
    }
}
