//! What is at a path, held in memory.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::spool::Spool;
use crate::system::Stat;

/// What an entry is beside its attributes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Body {
    /// A directory; entries that are not in memory are those of `below` on the machine below.
    Directory {
        /// A directory of the machine below; `None`: it holds only what is in memory.
        below: Option<PathBuf>,
    },
    /// A symbolic link with this text.
    Link(PathBuf),
    /// A regular file.
    File(Source),
    /// A device, pipe or socket.
    Special,
}

/// Where the content of a file is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Source {
    /// Here.
    Bytes(#[serde(with = "base64_bytes")] Arc<[u8]>),
    /// In this file of the machine below.
    Below(PathBuf),
    /// In a file put aside, because it is large.
    Spool(Arc<Spool>),
    /// Nobody knows before the real run; the text says why: "`make` would write it".
    Unknown(String),
}

/// An entry with its attributes.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) stat: Stat,
    pub(super) body: Body,
}

/// An entry found at a path without links in it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) node: Node,
    /// Whether memory holds it; else it is as the machine below has it.
    pub(super) in_memory: bool,
}

mod base64_bytes {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &Arc<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[u8]>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Arc::from).map_err(serde::de::Error::custom)
    }
}
