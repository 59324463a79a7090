//! Why a host could not be reached, for people.

use std::fmt;

/// How far a connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Looking up the address of its name.
    Resolve,
    /// Opening the TCP connection (through a bastion: its channel to the host).
    Connect,
    /// Agreeing on algorithms.
    Handshake,
    /// Making sure that it is the right machine.
    HostKey,
    /// Logging in.
    Authentication,
    /// Opening a channel for a command.
    Channel,
    /// Starting the runner.
    RunnerStart,
    /// Becoming another user.
    Become,
    /// It was reached, and then the connection ended.
    Lost,
    /// The run was cancelled.
    Cancelled,
}

impl Stage {
    /// As a fragment behind "failed to".
    pub fn attempt(self) -> &'static str {
        match self {
            Self::Resolve => "look up the address",
            Self::Connect => "connect",
            Self::Handshake => "agree on an encrypted connection",
            Self::HostKey => "verify the host key",
            Self::Authentication => "log in",
            Self::Channel => "open a channel",
            Self::RunnerStart => "start the runner",
            Self::Become => "become another user",
            Self::Lost => "keep the connection",
            Self::Cancelled => "finish before the run was cancelled",
        }
    }
}

/// What happened to a key that could have been used to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedKey {
    /// What it is: path of the file, or `agent: COMMENT`, or `password`.
    pub name: String,
    /// "refused by the server", "not readable: …", "encrypted and no passphrase was given", ….
    pub outcome: String,
}

/// A host that could not be reached, or was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// Name of the host in the inventory.
    pub host: String,
    /// The hop that failed, `user@address:port`; of a bastion also its name.
    pub hop: String,
    /// Whether the hop that failed is a bastion.
    pub bastion: bool,
    /// How far it came.
    pub stage: Stage,
    /// What happened, a lowercase fragment: "connection refused".
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The ways to log in that were tried or passed over, when that is what failed.
    pub tried_keys: Vec<TriedKey>,
}

impl Unreachable {
    /// One line: the hop, the stage and what happened.
    pub fn summary(&self) -> String {
        let via = if self.bastion { format!("bastion {}", self.hop) } else { self.hop.clone() };
        format!("failed to {} ({via}): {}", self.stage.attempt(), self.message)
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        for key in &self.tried_keys {
            write!(f, "\n  tried {}: {}", key.name, key.outcome)?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Unreachable {}
