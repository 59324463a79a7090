//! When a key that is there is replaced by a new one.

use serde::Deserialize;

use crate::modules::{Failure, Opt};

/// The values of the option.
pub const CHOICES: &[&str] = &["never", "fail", "partial_idempotence", "full_idempotence", "always"];

/// The documentation of the option.
pub const DOC: &str = "What is done with a key that is there. `never`: it stays, whatever it is, but one that cannot be read is an error. `fail`: one that is not as the \
     options say is an error. `partial_idempotence`: such a key is replaced; one that cannot be read (broken, with another passphrase, \
     or without one where `passphrase` is given) is an error. `full_idempotence`: that one is replaced too. `always`: as `force`.";

/// When a key is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regenerate {
    /// Not at all.
    Never,
    /// Not at all, and it is an error where it should.
    Fail,
    /// When it is not as asked for.
    PartialIdempotence,
    /// Also when it cannot be read.
    FullIdempotence,
    /// Each time.
    Always,
}

impl Regenerate {
    /// Whether a key is replaced that cannot be read because of `why`.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn of_unreadable(self, path: &std::path::Path, why: &str) -> Result<bool, Failure> {
        if matches!(self, Self::FullIdempotence | Self::Always) {
            return Ok(true);
        }
        let failure = Failure::new(format!("failed to read the key `{}`: {why}", path.display()));
        Err(failure.hint("`regenerate: full_idempotence`, `regenerate: always` and `force: true` replace it by a new key"))
    }

    /// Whether a key is replaced that differs in `what` from what is asked for.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn of_different(self, path: &std::path::Path, what: &str) -> Result<bool, Failure> {
        match self {
            Self::Never => Ok(false),
            Self::Fail => {
                let failure = Failure::new(format!("failed to keep the key `{}`: {what}", path.display()));
                Err(failure.hint("other values of `regenerate`, and `force: true`, replace it by a new key"))
            }
            Self::PartialIdempotence | Self::FullIdempotence | Self::Always => Ok(true),
        }
    }
}

/// The option, with this default as JSON text.
pub const fn option(default: &'static str) -> Opt {
    Opt::new("regenerate", crate::modules::Kind::Str, DOC).choices(CHOICES).default(default)
}
