//! All connections of a run: each opened once, whoever asks first; those behind a bastion through the one to the bastion.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use super::connection::Connection;
use super::dial::dial;
use super::keyring::Keyring;
use crate::transport::{Hop, Target, Unreachable};

/// A hop that could not be connected.
#[derive(Clone, Debug)]
struct Failed {
    /// Position of the hop on the way.
    index: usize,
    failure: super::dial::HopFailure,
}

type Connecting = Shared<BoxFuture<'static, Result<Arc<Connection>, Failed>>>;

/// All connections of a run. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::transport) struct Pool(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// By the logins on the way, so that a bastion that is a target itself is the same connection.
    ways: Mutex<HashMap<String, Connecting>>,
    keyring: Keyring,
    opened: std::sync::atomic::AtomicU64,
}

impl Pool {
    /// The connection to a target.
    ///
    /// # Errors
    /// Says which hop failed.
    pub(in crate::transport) async fn connect(&self, target: &Target) -> Result<Arc<Connection>, Unreachable> {
        let mut way = target.bastions.clone();
        way.push(target.host.clone());
        let length = way.len();
        self.get(way.clone()).await.map_err(|Failed { index, failure }| {
            let bastion = index + 1 < length;
            let hop = way.get(index).map_or_else(|| target.host.login(), |hop| hop_label(hop, bastion));
            Unreachable {
                host: target.name.clone(),
                hop,
                bastion,
                stage: failure.stage,
                message: failure.message,
                hint: failure.hint,
                tried_keys: failure.tried,
            }
        })
    }

    /// How many connections were opened.
    pub(in crate::transport) fn opened(&self) -> u64 {
        self.0.opened.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Things to warn of that were noticed while connecting, once.
    pub(in crate::transport) fn take_warnings(&self) -> Vec<String> {
        let ways = self.0.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = ways.values().filter_map(|connecting| connecting.peek()?.as_ref().ok());
        let mut warnings: Vec<String> = connections.flat_map(|connection| connection.take_warnings()).collect();
        warnings.sort();
        warnings.dedup();
        warnings
    }

    fn get(&self, way: Vec<Hop>) -> BoxFuture<'static, Result<Arc<Connection>, Failed>> {
        let key = way.iter().map(Hop::login).collect::<Vec<_>>().join(" > ");
        let mut ways = self.0.ways.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = ways.get(&key) {
            let usable = match known.peek() {
                None => true,
                Some(Ok(connection)) => !connection.is_closed(),
                Some(Err(_)) => false,
            };
            if usable {
                return known.clone().boxed();
            }
        }
        let pool = self.clone();
        // A task of its own: whoever asked first may lose interest while others still wait.
        let task = tokio::spawn(async move { pool.open(way).await });
        let connecting = async move {
            task.await.unwrap_or_else(|_| {
                let failure = super::dial::HopFailure::cancelled();
                Err(Failed { index: 0, failure })
            })
        };
        let connecting = connecting.boxed().shared();
        ways.insert(key, connecting.clone());
        connecting.boxed()
    }

    async fn open(&self, mut way: Vec<Hop>) -> Result<Arc<Connection>, Failed> {
        let index = way.len().saturating_sub(1);
        let Some(hop) = way.pop() else {
            return Err(Failed { index, failure: super::dial::HopFailure::cancelled() });
        };
        let through = if way.is_empty() { None } else { Some(self.get(way).await?) };
        let connection = dial(&hop, through.as_ref(), &self.0.keyring).await.map_err(|failure| Failed { index, failure })?;
        self.0.opened.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(Arc::new(connection))
    }

    /// Closes the connection to a target, and those that lead through it.
    pub(in crate::transport) async fn reset(&self, target: &Target) {
        let key = target.bastions.iter().chain([&target.host]).map(Hop::login).collect::<Vec<_>>().join(" > ");
        let behind = format!("{key} > ");
        let mut gone = Vec::new();
        self.0.ways.lock().unwrap_or_else(PoisonError::into_inner).retain(|way, connecting| {
            let stays = *way != key && !way.starts_with(&behind);
            if !stays {
                gone.push((way.clone(), connecting.clone()));
            }
            stays
        });
        end(gone).await;
    }

    /// Closes all connections.
    pub(in crate::transport) async fn close(&self) {
        let ways = self.0.ways.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        end(ways).await;
    }
}

/// Closes connections, those behind bastions first.
async fn end(mut ways: Vec<(String, Connecting)>) {
    ways.sort_by_key(|(key, _)| std::cmp::Reverse(key.matches(" > ").count()));
    for (_, connecting) in ways {
        if let Some(Ok(connection)) = connecting.peek() {
            connection.close().await;
        }
    }
}

/// A hop as messages name it: a bastion also by its name in the inventory.
pub(in crate::transport) fn hop_label(hop: &Hop, bastion: bool) -> String {
    if bastion && hop.name != hop.address { format!("{}, {}", hop.name, hop.login()) } else { hop.login() }
}
