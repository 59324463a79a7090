//! Strategies: which hosts do what next.
//!
//! To add one: a file with a function over a [`super::stage::Stage`], a line in [`run`], and its name in [`STRATEGIES`].

pub mod free;
pub mod linear;

use self::free::Way;
use super::stage::Stage;
use crate::plan::STRATEGIES;

/// A strategy by its name, with or without that of its collection.
pub fn find(name: &str) -> Option<&'static str> {
    let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    STRATEGIES.iter().copied().find(|known| *known == short)
}

/// Takes the hosts of a stage through the play by the strategy `name`.
pub async fn run(stage: &mut Stage<'_, '_>, name: &str) {
    match name {
        "free" => free::run(stage, &Way { pinned: false, ahead: false }).await,
        "host_pinned" => free::run(stage, &Way { pinned: true, ahead: false }).await,
        "stream" => free::run(stage, &Way { pinned: false, ahead: true }).await,
        _ => linear::run(stage).await,
    }
}
