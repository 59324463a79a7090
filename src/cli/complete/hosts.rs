//! Hosts and groups of the inventory.

use std::ffi::OsStr;
use std::time::Duration;

use clap_complete::engine::CompletionCandidate;

use super::super::args::InventoryArgs;
use super::super::context::Context;
use super::super::secrets;
use super::super::settings::Settings;
use super::words;
use crate::base::text::count;
use crate::inventory::Inventory;

/// Longer than this nobody waits for a suggestion: a cloud that is slow to answer is not asked further.
const PATIENCE: Duration = Duration::from_secs(2);

/// Host patterns: what stands behind the last `:`, `,`, `&` or `!` is completed to a group or host.
pub fn patterns(current: &OsStr) -> Vec<CompletionCandidate> {
    let typed = current.to_string_lossy();
    let start = typed.rfind([':', ',', '&', '!']).map_or(0, |at| at + 1);
    let (before, word) = typed.split_at(start);
    let Some(inventory) = inventory() else { return Vec::new() };
    let hosts = inventory.hosts.iter().filter(|(_, host)| !host.implicit).map(|(name, _)| (name.clone(), "host".to_owned()));
    named(groups_of(&inventory).into_iter().chain(hosts), before, word)
}

/// Groups alone.
pub fn groups(current: &OsStr) -> Vec<CompletionCandidate> {
    inventory().map(|inventory| named(groups_of(&inventory).into_iter(), "", &current.to_string_lossy())).unwrap_or_default()
}

fn groups_of(inventory: &Inventory) -> Vec<(String, String)> {
    let groups = inventory.groups.keys().filter(|name| *name != "ungrouped");
    groups.map(|name| (name.clone(), format!("group of {}", count(inventory.group_hosts(name).len(), "host")))).collect()
}

fn named(names: impl Iterator<Item = (String, String)>, before: &str, word: &str) -> Vec<CompletionCandidate> {
    let fitting = names.filter(|(name, _)| name.starts_with(word));
    fitting.map(|(name, what)| CompletionCandidate::new(format!("{before}{name}")).help(Some(what.into()))).collect()
}

/// The inventory that the command would have; `None` when it cannot be read, not in time, or not without asking for a password.
fn inventory() -> Option<Inventory> {
    let context = context()?;
    let args = inventory_args();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().ok()?;
    let loaded = runtime.block_on(async { tokio::time::timeout(PATIENCE, context.inventory(&args, &[])).await });
    runtime.shutdown_background();
    loaded.ok()?.ok()
}

fn inventory_args() -> InventoryArgs {
    InventoryArgs { inventory: words::option("-i", "--inventory"), ..InventoryArgs::default() }
}

/// Settings and passwords, if nobody has to be asked for one.
pub(super) fn context() -> Option<Context> {
    let settings = Settings::read().ok()?;
    let asks = settings.flag("ask_vault_pass").ok()?.unwrap_or(false);
    let identities = settings.words("vault_identity_list");
    if asks || identities.iter().any(|id| secrets::is_asked_for(secrets::parts(id).1)) {
        return None;
    }
    Context::new(&inventory_args()).ok()
}
