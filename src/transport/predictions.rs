//! What check mode has recorded on one machine, under all identities: each sees what the others would have done.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::system::Effect;
use crate::system::overlay::Change;

/// The record of one machine.
#[derive(Default)]
pub(super) struct Predictions(Mutex<Vec<(u64, Change)>>);

/// How far a runner has been told.
#[derive(Default)]
pub(super) struct Told(Mutex<usize>);

impl Predictions {
    /// What others than `runner` have recorded since it was last told.
    pub(super) fn news(&self, runner: u64, told: &Told) -> Vec<Change> {
        let record = self.lock();
        let mut told = told.0.lock().unwrap_or_else(PoisonError::into_inner);
        let news = record.iter().skip(*told).filter(|(by, _)| *by != runner).map(|(_, change)| change.clone()).collect();
        *told = record.len();
        news
    }

    /// What was recorded behind the first `known` changes.
    pub(super) fn since(&self, known: usize) -> Vec<Change> {
        self.lock().iter().skip(known).map(|(_, change)| change.clone()).collect()
    }

    /// Adds what `runner` has recorded.
    pub(super) fn add(&self, runner: u64, changes: Vec<Change>) {
        self.lock().extend(changes.into_iter().map(|change| (runner, change)));
    }

    /// Whether `user` would be there.
    pub(super) fn know_user(&self, user: &str) -> bool {
        let record = self.lock();
        let last = record.iter().rev().find_map(|(_, change)| match change.effect() {
            Some(Effect::User(there)) if there.name == user => Some(true),
            Some(Effect::UserRemoved(name)) if name == user => Some(false),
            _ => None,
        });
        last.unwrap_or(false)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Change)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
