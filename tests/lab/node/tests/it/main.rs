//! The stand-in through its real binary: chains of several nodes on this machine's loopback.
//!
//! Waiting is always for a state, with a deadline far beyond what it takes; no test asserts a duration.

mod bridge;
mod chain;
mod files;
mod lab;
mod package;
