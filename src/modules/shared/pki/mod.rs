//! Keys, certificate signing requests and certificates: read and put together here, made and signed by the `openssl` of the machine.
//!
//! Imported by `openssh_keypair`, `openssl_privatekey`, `openssl_csr` and `x509_certificate`. Guarantees: a private key or a passphrase is never
//! on a command line and never in a file that others may read; `openssl` gets keys on standard input and passphrases in a variable.
//! To add a kind of key: its names in `public.rs`, how it is made in `private.rs`, how it signs in `sign.rs`.

pub mod der;
pub mod extensions;
pub mod fingerprint;
#[cfg(test)]
pub(crate) mod made;
pub mod names;
pub mod openssl;
pub mod pem;
pub mod place;
pub mod private;
pub mod public;
pub mod regenerate;
pub mod request;
pub mod sign;
