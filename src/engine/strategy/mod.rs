//! Strategies: which hosts do what next.
//!
//! To add one: a file with a function over a [`super::stage::Stage`], and a line in [`run`] and [`NAMES`].

pub mod free;
pub mod linear;

use self::free::Way;
use super::stage::Stage;

/// The names of the strategies that there are.
pub const NAMES: &[&str] = &["linear", "free", "host_pinned", "stream"];

/// A strategy by its name, with or without that of its collection.
pub fn find(name: &str) -> Option<&'static str> {
    let (short, ours) = match name.strip_prefix("ansible.builtin.") {
        Some(short) => (short, false),
        None => (name, true),
    };
    NAMES.iter().copied().find(|known| *known == short && (ours || *known != "stream"))
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
