//! Why a task could not be done.

use serde_json::{Map, Value as Json};

use crate::base::Diagnostic;
use crate::runner;
use crate::transport::{Stage, Unreachable};

/// Why a task could not be done.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// Something is wrong on the controller: an undefined variable, a bad argument, a missing file.
    Wrong(Box<Diagnostic>),
    /// An action failed with this result.
    Failed(Map<String, Json>),
    /// Check mode: only the real run tells what it would do, as this result says.
    Unknown(Map<String, Json>),
    /// The host could not be reached, or was lost.
    Unreachable(Box<Unreachable>),
    /// The run was cancelled.
    Cancelled,
}

impl Trouble {
    /// Check mode: only the real run tells what it would do.
    pub fn unknown(why: &str) -> Self {
        Self::Unknown(runner::unknown(why).result)
    }

    /// A failure with a message.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(Map::from_iter([("msg".to_owned(), Json::String(message.into()))]))
    }

    /// The result of a task in the background that came to this.
    pub fn into_result(self) -> Map<String, Json> {
        let failed = |message: String| Map::from_iter([("failed".to_owned(), Json::Bool(true)), ("msg".to_owned(), message.into())]);
        match self {
            Self::Wrong(wrong) => failed(wrong.one_line()),
            Self::Unreachable(unreachable) => failed(unreachable.summary()),
            Self::Cancelled => failed("the run was cancelled".to_owned()),
            Self::Unknown(result) => result,
            Self::Failed(mut result) => {
                result.insert("failed".to_owned(), Json::Bool(true));
                result
            }
        }
    }
}

impl From<Diagnostic> for Trouble {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Wrong(Box::new(diagnostic))
    }
}

impl From<Unreachable> for Trouble {
    fn from(unreachable: Unreachable) -> Self {
        match unreachable.stage {
            Stage::Cancelled => Self::Cancelled,
            // The host is there; it is the task that cannot run as it is to run.
            Stage::Become => Self::failed(unreachable.to_string()),
            _ => Self::Unreachable(Box::new(unreachable)),
        }
    }
}
