//! The client's side of a connection as russh wants it: judging the host key, remembering why the connection ended.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use russh::client::{DisconnectReason, Handler, Session};
use russh::keys::{HashAlg, PublicKeyOrCertificate};

use super::known_hosts::{HostName, KnownHosts, Verdict, fingerprint, remember};
use crate::base::text;
use crate::transport::HostKeyChecking;

/// Why a connection does not come about or ends.
#[derive(Debug)]
pub(super) enum ClientError {
    /// The host key is not to be trusted.
    HostKey {
        /// What is wrong with it.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Anything that the protocol says.
    Ssh(russh::Error),
}

impl From<russh::Error> for ClientError {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

/// What is learned on the way.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Why the server ended the connection, in its words.
    pub(super) disconnect: Option<String>,
    /// Things to warn of.
    pub(super) warnings: Vec<String>,
}

/// Notes shared with the task that russh runs.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedNotes(Arc<Mutex<Notes>>);

impl SharedNotes {
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Notes) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Judges the key of one host.
pub(super) struct Client {
    pub(super) checking: HostKeyChecking,
    pub(super) host: HostName,
    pub(super) known: KnownHosts,
    /// The file that new keys are added to.
    pub(super) file: Option<PathBuf>,
    pub(super) notes: SharedNotes,
}

impl Handler for Client {
    type Error = ClientError;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, ClientError> {
        if self.checking == HostKeyChecking::Off {
            return Ok(true);
        }
        let key = shown.public_key();
        let print = fingerprint(key.key_data());
        let name = self.host.entry();
        match self.known.check(&self.host, shown) {
            Verdict::Known => Ok(true),
            Verdict::Unknown if self.checking == HostKeyChecking::AcceptNew => {
                self.accept(&key).await;
                Ok(true)
            }
            Verdict::Unknown => Err(ClientError::HostKey {
                message: format!("the key of `{name}` is not known: {print}"),
                hint: format!(
                    "compare the fingerprint with the machine's own (`ssh-keygen -lf /etc/ssh/ssh_host_{}_key.pub` there) and log in once with \
                     `ssh`, or set `ansible_ssh_common_args: -o StrictHostKeyChecking=accept-new` to trust every first key",
                    file_name(&key)
                ),
            }),
            Verdict::Changed { place, known } => Err(ClientError::HostKey {
                message: format!("the key of `{name}` has changed: {place} has {known}, the host shows {print}"),
                hint: format!(
                    "either the machine was installed anew, then remove the old key with `ssh-keygen -R '{name}' -f '{}'`, or another \
                     machine answers in its place",
                    place.file.display()
                ),
            }),
            Verdict::Revoked(place) => Err(ClientError::HostKey {
                message: format!("the key of `{name}` is revoked by {place}: {print}"),
                hint: "the machine needs a new host key".to_owned(),
            }),
            Verdict::BadCertificate(fault) => Err(ClientError::HostKey {
                message: format!("the certificate of `{name}` is not good: {fault}"),
                hint: "the machine needs a new host certificate from its authority".to_owned(),
            }),
        }
    }

    async fn disconnected(&mut self, reason: DisconnectReason<ClientError>) -> Result<(), ClientError> {
        match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                self.notes.with(|notes| notes.disconnect = Some(format!("the server ended the connection: {}", info.message.trim())));
                Ok(())
            }
            DisconnectReason::Error(error) => {
                if let ClientError::Ssh(error) = &error {
                    self.notes.with(|notes| notes.disconnect = Some(explain(error)));
                }
                Err(error)
            }
        }
    }

    async fn auth_banner(&mut self, _banner: &str, _session: &mut Session) -> Result<(), ClientError> {
        Ok(())
    }
}

impl Client {
    async fn accept(&mut self, key: &russh::keys::PublicKey) {
        let Some(file) = self.file.clone() else { return };
        let (host, new) = (self.host.clone(), key.clone());
        let result = tokio::task::spawn_blocking(move || (remember(&file, &host, &new), file)).await;
        if let Ok((Err(error), file)) = result {
            let text = format!("the key of `{}` could not be added to {}: {error}", self.host.entry(), file.display());
            self.notes.with(|notes| notes.warnings.push(text));
        }
    }
}

fn file_name(key: &russh::keys::PublicKey) -> &'static str {
    match key.algorithm() {
        russh::keys::Algorithm::Ecdsa { .. } => "ecdsa",
        russh::keys::Algorithm::Rsa { .. } => "rsa",
        _ => "ed25519",
    }
}

/// An error of the protocol for people.
pub(super) fn explain(error: &russh::Error) -> String {
    use russh::Error;
    match error {
        Error::IO(error) => text::reason(error).to_lowercase(),
        Error::HUP | Error::Disconnect | Error::SendError | Error::RecvError => "the connection was closed by the other side".to_owned(),
        Error::KeepaliveTimeout | Error::InactivityTimeout => "the host does not answer any more".to_owned(),
        Error::Version => "what answers there does not speak SSH version 2".to_owned(),
        Error::NoCommonAlgo { kind, theirs, .. } => {
            let kind = format!("{kind:?}").to_lowercase();
            format!("no {kind} algorithm in common with the server, which offers {}", theirs.join(", "))
        }
        Error::WrongServerSig => "the server could not prove that it owns its host key".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

/// The hash to show fingerprints with.
pub(super) const FINGERPRINT: HashAlg = HashAlg::Sha256;
