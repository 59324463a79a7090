//! One target of `../../targets.rs` under libFuzzer: the one that `KCONF_FUZZ_TARGET` names.

#![no_main]

#[path = "../../targets.rs"]
mod targets;

use std::sync::LazyLock;

use targets::{TARGETS, Target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let wanted = std::env::var("KCONF_FUZZ_TARGET").unwrap_or_default();
    match TARGETS.iter().find(|(name, _)| *name == wanted) {
        Some((_, target)) => *target,
        None => panic!("KCONF_FUZZ_TARGET names none of {:?}", TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>()),
    }
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
