//! Votes counted once per member.

use std::collections::{BTreeMap, BTreeSet};

use super::message::Prepared;
use crate::crypto::types::{Address, Hash};

/// Prepares or commits by round and proposal.
#[derive(Debug, Default)]
pub struct Votes(BTreeMap<(u64, Hash), BTreeSet<Address>>);

impl Votes {
    /// Adds a vote and returns how many there are for that proposal in that round.
    pub fn add(&mut self, round: u64, hash: Hash, from: Address) -> usize {
        let voters = self.0.entry((round, hash)).or_default();
        voters.insert(from);
        voters.len()
    }

    pub fn count(&self, round: u64, hash: Hash) -> usize {
        self.0.get(&(round, hash)).map_or(0, BTreeSet::len)
    }

    pub fn voters(&self, round: u64, hash: Hash) -> Vec<Address> {
        self.0.get(&(round, hash)).into_iter().flatten().copied().collect()
    }
}

/// Round change messages by the round they ask for.
#[derive(Debug, Default)]
pub struct RoundChanges(BTreeMap<u64, BTreeMap<Address, Option<Prepared>>>);

impl RoundChanges {
    /// Adds a message and returns how many ask for that round.
    pub fn add(&mut self, round: u64, from: Address, prepared: Option<Prepared>) -> usize {
        let asking = self.0.entry(round).or_default();
        asking.insert(from, prepared);
        asking.len()
    }

    /// Forgets rounds below `round`.
    pub fn clear_below(&mut self, round: u64) {
        self.0 = self.0.split_off(&round);
    }

    /// The highest round that at least `count` members ask for.
    pub fn highest_with(&self, count: usize) -> Option<u64> {
        self.0.iter().rev().find(|(_, asking)| asking.len() >= count).map(|(round, _)| *round)
    }

    /// The block prepared in the highest round, among those that ask for `round`.
    pub fn highest_prepared(&self, round: u64) -> Option<Prepared> {
        let asking = self.0.get(&round)?;
        asking.values().flatten().max_by_key(|prepared| prepared.round).cloned()
    }
}
