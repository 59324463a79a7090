//! The integration tests: one binary, one file per topic.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

mod architecture;
mod completion;
mod foreign;
mod journal;
mod playbook;
mod reference;
mod report;
mod screen;
mod ssh;
mod synchronize;
mod transport;
mod vault;
