//! The integration tests: one binary, one file per topic.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

mod architecture;
mod journal;
mod playbook;
mod transport;
mod vault;
