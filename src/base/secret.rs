//! Text that must not be seen.

use std::fmt;

/// What stands in place of a secret wherever it would be shown.
pub const MASK: &str = "********";

/// A text whose `Display` and `Debug` are a fixed mask: a password, a passphrase, a decrypted vault value.
#[derive(Clone, PartialEq, Eq, Hash, serde::Deserialize)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text that must not be shown from here on.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the wire encoder, the vault and authentication only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}
