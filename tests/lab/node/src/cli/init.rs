//! `init`: writes block 0 into a data directory.

use std::fs;

use super::flags::{self, Parsed};
use super::{App, options, table};
use crate::chain::store::{Record, Store};
use crate::genesis::Genesis;
use crate::log;
use crate::version::Version;

pub fn main(app: App, version: &Version, global: &Parsed, args: &[String]) -> Result<(), String> {
    // Up to v1.10 the flag library put flags behind the argument in front of it; since v1.11 it ignores them.
    let parsed = flags::parse(&table::init(), args, !version.since(1, 11, 0))?.or(global);
    let Some(path) = parsed.rest.first() else { log::crit("Must supply path to genesis JSON file", &[]) };
    let text = fs::read_to_string(path).unwrap_or_else(|e| log::crit("Failed to read genesis file", &[("err", &e)]));
    let genesis = match Genesis::read(&text) {
        Ok(genesis) => genesis,
        Err((message, cause)) if cause.is_empty() => log::crit(message, &[]),
        Err((message, cause)) => log::crit(message, &[("err", &cause)]),
    };
    let root = options::data_dir(app, &parsed);
    let store = Store::open(&root).unwrap_or_else(|e| log::crit("Failed to open database", &[("err", &e)]));
    match write(&store, genesis) {
        Ok(hash) => log::info("Successfully wrote genesis state", &[("database", &"chaindata"), ("hash", &hash)]),
        Err(e) => log::crit("Failed to write genesis block", &[("err", &e)]),
    }
    Ok(())
}

/// Writes the genesis, or its config over an earlier one with the same block 0.
pub fn write(store: &Store, genesis: Genesis) -> Result<crate::crypto::types::Hash, String> {
    let hash = genesis.hash();
    genesis.config.check_fork_order()?;
    if let Some(old) = store.record()? {
        if old.hash != hash {
            let have = old.hash;
            return Err(format!("database already contains an incompatible genesis block (have {have}, new {hash})"));
        }
        let (blocks, _) = store.load_blocks()?;
        let head = blocks.last().map_or(0, |block| block.number);
        old.genesis.config.check_compatible(&genesis.config, head)?;
        log::error("The same or more recent governance index exist. Skip writing governance index", &[("new", &0), ("govIndices", &"[0]")]);
    }
    store.write_record(&Record { hash, genesis })?;
    Ok(hash)
}
