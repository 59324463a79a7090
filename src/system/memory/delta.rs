//! Changes as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::node::Body;
use crate::system::{Effect, Stat};

/// One change that is known to be possible. Paths are absolute and hold no links.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Delta {
    /// A new entry takes the place of whatever is at the path.
    Put {
        /// Where.
        path: PathBuf,
        /// Its attributes; an inode of 0 gets a fresh number.
        stat: Stat,
        /// What it is.
        body: Body,
    },
    /// An entry of the machine below is held in memory from here on, with these attributes; what is beneath it stays as it is.
    Hold {
        /// Where.
        path: PathBuf,
        /// Its attributes.
        stat: Stat,
        /// What it is.
        body: Body,
    },
    /// The entry in memory at the path, under all its names, gets these attributes, and this body if there is one.
    Update {
        /// Where.
        path: PathBuf,
        /// Its attributes.
        stat: Stat,
        /// What it becomes.
        body: Option<Body>,
    },
    /// The entry in memory at `original` gets another name.
    Link {
        /// Where it is.
        original: PathBuf,
        /// Its other name.
        path: PathBuf,
    },
    /// Nothing is at the path any more, nor beneath it.
    Hide(
        /// Where.
        PathBuf,
    ),
    /// The entry in memory at `from`, with everything beneath it, is at `to`.
    Move {
        /// Where it was.
        from: PathBuf,
        /// Where it is.
        to: PathBuf,
    },
    /// Something that is no file.
    Effect(Effect),
    /// Something that may have changed anything: "the command `make`, which an earlier task would run,".
    Doubt(String),
    /// A package whose scripts may have changed what belongs to it: "the package `cron`, which an earlier task would install,".
    PackageDoubt(String),
}
