//! How a host is reached outside a run, by the same variables as within one.

use std::sync::Arc;

use super::local_files::LocalFiles;
use super::scope::TaskScope;
use super::settings::Settings;
use super::task::connect;
use super::world::World;
use crate::base::Diagnostic;
use crate::inventory::Inventory;
use crate::plan::Keywords;
use crate::template::Templates;
use crate::transport::Target;

/// The way to `host`.
///
/// # Errors
/// A variable that cannot be rendered or makes no sense.
pub fn target(inventory: Inventory, settings: Settings, templates: Templates, host: &str) -> Result<Target, Diagnostic> {
    let world = Arc::new(World::new(settings, templates, inventory, LocalFiles::real()));
    connect::target(&TaskScope::of_host(&world, host), &Keywords::default())
}
