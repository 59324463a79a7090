//! All connections of a run.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::host::{HostSession, Place};
use super::predictions::Predictions;
use super::runners::Runners;
use super::ssh::Pool;
use crate::system::overlay::Change;

use super::{Attached, Become, Hop, Kind, Session, Stage, Target, Terminal, Unreachable};

/// How long runners may take to end at the end of a run.
const CLOSING: Duration = Duration::from_secs(8);

/// The way to this machine.
const HERE: Vec<String> = Vec::new();

/// What holds for all connections of a run.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// Remove the runner's cached file from every host at the end (`--no-cache`).
    pub no_cache: bool,
    /// The runners that can be sent.
    pub runners: Runners,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self { no_cache: false, runners: Runners::embedded() }
    }
}

/// What a run cost, for `-vvv` and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// SSH connections opened, bastions included.
    pub connections: u64,
    /// Channels opened on them (and processes started here) for commands, not those that carry a connection onward.
    pub channels: u64,
    /// Requests sent to runners: round trips.
    pub requests: u64,
    /// Runners that had to be sent.
    pub uploads: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counting {
    channels: AtomicU64,
    requests: AtomicU64,
    uploads: AtomicU64,
    runners: AtomicU64,
}

impl Counting {
    /// A number for a runner that starts.
    pub(super) fn runner(&self) -> u64 {
        self.runners.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn channel(&self) {
        self.channels.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn upload(&self) {
        self.uploads.fetch_add(1, Ordering::Relaxed);
    }
}

/// What all sessions of a run share.
pub(super) struct Common {
    pub(super) options: HubOptions,
    pub(super) counting: Counting,
    pub(super) cancelled: CancellationToken,
    /// Commands that are being ended.
    pub(super) endings: TaskTracker,
    /// Hosts that are worked on through their shell, with the warning as long as nobody took it.
    shells: Mutex<HashMap<String, Option<String>>>,
}

impl Common {
    /// Has the warning for a host that is worked on through its shell, once for each host.
    pub(super) fn works_through_shell(&self, host: &str, why: &str) {
        let warning = || Some(format!("`{host}` is worked on through its shell, which is slower than the runner: {why}"));
        self.shells.lock().unwrap_or_else(PoisonError::into_inner).entry(host.to_owned()).or_insert_with(warning);
    }
}

/// All connections of a run: opened when first asked for, shared by everyone who asks again. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    common: Arc<Common>,
    pool: Pool,
    sessions: Mutex<HashMap<Key, HostSession>>,
    /// By the way to the machine, without the logins.
    predictions: Mutex<HashMap<Vec<String>, Arc<Predictions>>>,
}

/// What tells one session from another.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    kind: Kind,
    way: Vec<String>,
    to: Option<Become>,
}

impl Hub {
    /// No connections yet.
    pub fn new(options: HubOptions) -> Self {
        let common = Common {
            options,
            counting: Counting::default(),
            cancelled: CancellationToken::new(),
            endings: TaskTracker::new(),
            shells: Mutex::default(),
        };
        Self(Arc::new(Inner { common: Arc::new(common), pool: Pool::default(), sessions: Mutex::default(), predictions: Mutex::default() }))
    }

    /// The session of an identity on a host. The first caller connects; callers at the same time wait for the same connection.
    /// A connection that failed is tried anew by the next caller; one that was lost is opened again. The runner is started by the
    /// first task, so a user that one cannot become is an error of [`Session::call`], with [`Stage::Become`].
    ///
    /// # Errors
    /// Says which hop failed at what, and what to do.
    pub async fn session(&self, target: &Target, to: Option<&Become>) -> Result<Arc<dyn Session>, Unreachable> {
        Ok(Arc::new(self.host_session(target, to).await?))
    }

    /// Starts `line` in the login shell of a host, or that shell itself, for a person; with `terminal` on a terminal there. Only a line
    /// without a terminal can be run as another user.
    ///
    /// # Errors
    /// Says which hop failed at what, and what to do.
    pub async fn attach(
        &self,
        target: &Target,
        to: Option<&Become>,
        line: Option<&str>,
        terminal: Option<&Terminal>,
    ) -> Result<Attached, Unreachable> {
        self.host_session(target, to).await?.attach(line, terminal).await
    }

    async fn host_session(&self, target: &Target, to: Option<&Become>) -> Result<HostSession, Unreachable> {
        let place = match target.kind {
            Kind::Local => Place::Local,
            Kind::Ssh => Place::Ssh(tokio::select! {
                biased;
                () = self.0.common.cancelled.cancelled() => return Err(cancelled(target)),
                connection = self.0.pool.connect(target) => connection?,
            }),
        };
        let way = match target.kind {
            // Two names of this machine are one machine.
            Kind::Local => Vec::new(),
            Kind::Ssh => target.bastions.iter().chain([&target.host]).map(Hop::login).collect(),
        };
        let key = Key { kind: target.kind, way, to: to.cloned() };
        let mut sessions = self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = sessions.get(&key).filter(|session| session.is_usable()) {
            return Ok(session.clone());
        }
        let session = HostSession::new(target.clone(), to.cloned(), place, Arc::clone(&self.0.common), self.predictions(target));
        sessions.insert(key, session.clone());
        Ok(session)
    }

    /// What check mode has recorded of this machine behind the first `known` changes.
    pub fn predicted_here(&self, known: usize) -> Vec<Change> {
        self.predictions_of(HERE).since(known)
    }

    fn predictions(&self, target: &Target) -> Arc<Predictions> {
        let machine = match target.kind {
            Kind::Local => HERE,
            Kind::Ssh => target.bastions.iter().chain([&target.host]).map(|hop| format!("{}:{}", hop.address, hop.port)).collect(),
        };
        self.predictions_of(machine)
    }

    fn predictions_of(&self, machine: Vec<String>) -> Arc<Predictions> {
        Arc::clone(self.0.predictions.lock().unwrap_or_else(PoisonError::into_inner).entry(machine).or_default())
    }

    /// Closes the connection to a host with all its sessions, and those that lead through it: the next session opens a new one. For
    /// hosts that are restarted, whose connections may look alive for minutes, and for `meta: reset_connection`.
    pub async fn reset(&self, target: &Target) {
        let way: Vec<String> = match target.kind {
            Kind::Local => Vec::new(),
            Kind::Ssh => target.bastions.iter().chain([&target.host]).map(Hop::login).collect(),
        };
        let mut gone = Vec::new();
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner).retain(|key, session| {
            let stays = key.kind != target.kind || !key.way.starts_with(&way);
            if !stays {
                gone.push(session.clone());
            }
            stays
        });
        let _ = timeout(CLOSING, join_all(gone.iter().map(HostSession::close))).await;
        if target.kind == Kind::Ssh {
            let _ = timeout(CLOSING, self.0.pool.reset(target)).await;
        }
    }

    /// Ends everything that runs on any host: calls in progress come back as unreachable, with [`Stage::Cancelled`], and so does
    /// whatever is asked from then on. [`Hub::close`] waits for the ends.
    pub fn cancel(&self) {
        self.0.common.cancelled.cancel();
    }

    /// Ends all sessions and connections in an orderly way: everything that still runs on hosts is ended, and what was made there for
    /// the run is removed.
    pub async fn close(&self) {
        let sessions: Vec<HostSession> =
            self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner).drain().map(|(_, session)| session).collect();
        // Whoever does not answer any more is left to notice the end of the connection by itself.
        self.0.common.endings.close();
        let endings = async { tokio::join!(self.0.common.endings.wait(), join_all(sessions.iter().map(HostSession::close))) };
        let _ = timeout(CLOSING, endings).await;
        let _ = timeout(CLOSING, self.0.pool.close()).await;
    }

    /// Things to warn of that were noticed while connecting, once.
    pub fn take_warnings(&self) -> Vec<String> {
        let mut shells = self.0.common.shells.lock().unwrap_or_else(PoisonError::into_inner);
        let mut warnings: Vec<String> = shells.values_mut().filter_map(Option::take).collect();
        warnings.sort();
        warnings.splice(..0, self.0.pool.take_warnings());
        warnings
    }

    /// What it cost so far.
    pub fn counters(&self) -> Counters {
        let Counting { channels, requests, uploads, .. } = &self.0.common.counting;
        Counters {
            connections: self.0.pool.opened(),
            channels: channels.load(Ordering::Relaxed),
            requests: requests.load(Ordering::Relaxed),
            uploads: uploads.load(Ordering::Relaxed),
        }
    }
}

fn cancelled(target: &Target) -> Unreachable {
    Unreachable {
        host: target.name.clone(),
        hop: target.host.login(),
        bastion: false,
        stage: Stage::Cancelled,
        message: "the run was cancelled".to_owned(),
        hint: None,
        tried_keys: Vec::new(),
    }
}
