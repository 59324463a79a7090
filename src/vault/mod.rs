//! Encrypted strings and files in the format of `ansible-vault` (AES256, 1.1 and 1.2).
//!
//! Imported by `template`, `inventory`, `plan`, `engine`, `cli`; imports only `base`.
//! Guarantees: byte-compatible with `ansible-vault` both ways; a wrong password, a damaged file and a missing id are told apart as
//! far as the format allows; passwords and decrypted texts are shown by nothing. To add a cipher: a variant in `envelope.rs`.

mod cipher;
mod envelope;
mod keyring;

pub use envelope::is_encrypted;
pub use keyring::{Keyring, Opened, VaultError, encrypt};
