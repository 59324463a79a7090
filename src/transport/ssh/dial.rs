//! One hop: TCP (or a channel of the hop before), handshake, login.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, Config, Handle};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{ChannelOpenFailure, Preferred, cipher, compression};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::auth::Login;
use super::client::{Client, ClientError, SharedNotes, explain};
use super::connection::Connection;
use super::keyring::Keyring;
use super::known_hosts::{HostName, KnownHosts};
use super::tunnel;
use crate::base::text;
use crate::transport::unreachable::TriedKey;
use crate::transport::{Hop, HostKeyChecking, Stage};

/// How long logging in may take: servers look up names and wait after a wrong password.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// The first pause before a hop is tried again; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(400);
/// Times that a server may close the connection before it says anything, as busy ones do, without that counting as a failure.
const SHY: u32 = 2;
/// Bytes that may be under way to us on a channel.
const CHANNEL_WINDOW: u32 = 4 * 1024 * 1024;
/// Messages of a channel that wait to be taken, each of up to 32 KB. So few that who waits for whom shows in every test, not once in a
/// thousand runs.
const CHANNEL_QUEUE: usize = 16;

/// Why a hop could not be connected.
#[derive(Clone, Debug)]
pub(super) struct HopFailure {
    pub(super) stage: Stage,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) tried: Vec<TriedKey>,
    /// It may work the next time.
    passing: bool,
    /// The server closed the connection before it said anything.
    shy: bool,
}

impl HopFailure {
    fn new(stage: Stage, message: impl Into<String>) -> Self {
        Self { stage, message: message.into(), hint: None, tried: Vec::new(), passing: false, shy: false }
    }

    /// Nobody waits for the connection any more.
    pub(super) fn cancelled() -> Self {
        Self::new(Stage::Cancelled, "the run was cancelled")
    }

    fn passing(mut self) -> Self {
        self.passing = true;
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Connects to `hop`, from here or through a connection to the hop before; what fails and may pass is tried again.
pub(super) async fn dial(hop: &Hop, through: Option<&Arc<Connection>>, keyring: &Keyring) -> Result<Connection, HopFailure> {
    let mut pause = FIRST_PAUSE;
    let (mut retries, mut shy) = (hop.retries, SHY);
    loop {
        let failure = match dial_once(hop, through, keyring).await {
            Ok(connection) => return Ok(connection),
            Err(failure) => failure,
        };
        if failure.shy && shy > 0 {
            shy -= 1;
        } else if failure.passing && retries > 0 {
            retries -= 1;
        } else {
            return Err(failure);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn dial_once(hop: &Hop, through: Option<&Arc<Connection>>, keyring: &Keyring) -> Result<Connection, HopFailure> {
    let deadline = Instant::now() + hop.connect_timeout;
    let host = HostName::new(hop.host_key_alias.as_deref().unwrap_or(&hop.address), hop.port);
    let known = match hop.host_key_checking {
        HostKeyChecking::Off => KnownHosts::default(),
        _ => {
            let files = hop.known_hosts.clone();
            tokio::task::spawn_blocking(move || KnownHosts::load(&files)).await.unwrap_or_default()
        }
    };
    let notes = SharedNotes::default();
    notes.with(|notes| notes.warnings.clone_from(&known.warnings));
    let config = Arc::new(config(hop, &known, &host));
    let client = Client { checking: hop.host_key_checking, host, known, file: hop.known_hosts.first().cloned(), notes: notes.clone() };
    let mut handle = match through {
        None => {
            let stream = open_tcp(hop, deadline).await?;
            handshake(config, stream, client, deadline, hop).await?
        }
        Some(bastion) => {
            let channel = bastion.handle().channel_open_direct_tcpip(hop.address.clone(), hop.port.into(), "127.0.0.1", 0);
            let channel = match timeout_at(deadline, channel).await {
                Ok(channel) => channel.map_err(|error| forwarding_failure(hop, &error))?,
                Err(_) => return Err(silent_behind_bastion(hop)),
            };
            handshake(config, tunnel::through(channel), client, deadline, hop).await?
        }
    };
    match timeout(LOGIN_TIMEOUT.max(hop.connect_timeout), Login::new(&mut handle, hop, keyring).run()).await {
        Ok(Ok(())) => Ok(Connection::new(handle, hop.clone(), through.cloned(), notes)),
        Ok(Err(failure)) => {
            let message =
                if failure.closed { notes.with(|notes| notes.disconnect.take()).unwrap_or(failure.message) } else { failure.message };
            Err(HopFailure {
                hint: failure.hint,
                tried: failure.tried,
                passing: failure.closed,
                ..HopFailure::new(Stage::Authentication, message)
            })
        }
        Err(_) => Err(HopFailure::new(Stage::Authentication, "the server takes too long to answer").passing()),
    }
}

async fn open_tcp(hop: &Hop, deadline: Instant) -> Result<TcpStream, HopFailure> {
    // A port of a name with a zone or brackets is never part of the address here.
    let address = hop.address.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = match timeout_at(deadline, lookup_host((address, hop.port))).await {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            let hint = "check the spelling, or set `ansible_host` to the address";
            return Err(HopFailure::new(Stage::Resolve, format!("`{address}`: {}", plain(&error))).hint(hint));
        }
        Err(_) => return Err(HopFailure::new(Stage::Resolve, format!("`{address}`: the name servers do not answer")).passing()),
    };
    let mut failure = HopFailure::new(Stage::Resolve, format!("the name `{address}` has no address"));
    for (index, address) in addresses.iter().enumerate() {
        // An address that does not answer must not use up the time of those behind it.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(1).max(1);
        failure = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Refused only by sockets that are closed already, and then the handshake says so.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => connect_failure(hop, &error),
            Err(_) => timed_out(hop),
        };
    }
    Err(failure)
}

fn connect_failure(hop: &Hop, error: &io::Error) -> HopFailure {
    let failure = HopFailure::new(Stage::Connect, plain(error)).passing();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            failure.hint(format!("nothing listens on port {}; is sshd running, and on this port?", hop.port))
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            failure.hint("there is no way to this address from here; a host in a private network needs a bastion (`kconf_bastion`)")
        }
        _ => failure,
    }
}

/// "10 seconds": how long a connection may take.
fn patience(hop: &Hop) -> String {
    text::count(usize::try_from(hop.connect_timeout.as_secs()).unwrap_or(usize::MAX), "second")
}

fn silent_behind_bastion(hop: &Hop) -> HopFailure {
    HopFailure::new(Stage::Connect, format!("the bastion got no answer from it within {}", patience(hop)))
        .passing()
        .hint("the bastion answers; the machine behind it is down, or a firewall (security group) does not let the bastion in")
}

fn timed_out(hop: &Hop) -> HopFailure {
    HopFailure::new(Stage::Connect, format!("no answer within {}", patience(hop)))
        .passing()
        .hint("the machine is down, a firewall drops the packets, or the address is one of a private network behind a bastion")
}

fn forwarding_failure(hop: &Hop, error: &russh::Error) -> HopFailure {
    match error {
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited) => {
            HopFailure::new(Stage::Connect, "the bastion does not forward connections")
                .hint("its sshd needs `AllowTcpForwarding yes` (and a `PermitOpen` that allows this host)")
        }
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed) => {
            HopFailure::new(Stage::Connect, format!("the bastion cannot connect to {}:{}", hop.address, hop.port))
                .passing()
                .hint("the machine is down, its sshd does not run, or a firewall (security group) does not let the bastion in")
        }
        russh::Error::ChannelOpenFailure(other) => HopFailure::new(Stage::Connect, format!("the bastion refuses the channel: {other:?}")),
        other => HopFailure::new(Stage::Connect, format!("the connection to the bastion was lost: {}", explain(other))).passing(),
    }
}

async fn handshake<S>(config: Arc<Config>, stream: S, client: Client, deadline: Instant, hop: &Hop) -> Result<Handle<Client>, HopFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let notes = client.notes.clone();
    match timeout_at(deadline, client::connect_stream(config, stream, client)).await {
        Ok(Ok(handle)) => Ok(handle),
        Ok(Err(ClientError::HostKey { message, hint })) => Err(HopFailure::new(Stage::HostKey, message).hint(hint)),
        Ok(Err(ClientError::Ssh(error))) => {
            let closed = matches!(&error, russh::Error::HUP | russh::Error::Disconnect | russh::Error::IO(_));
            let message = notes.with(|notes| notes.disconnect.take()).filter(|_| closed).unwrap_or_else(|| explain(&error));
            let failure = HopFailure::new(Stage::Handshake, message);
            Err(if closed { HopFailure { shy: true, ..failure.passing() } } else { failure })
        }
        Err(_) => Err(HopFailure { stage: Stage::Handshake, ..timed_out(hop) }),
    }
}

fn config(hop: &Hop, known: &KnownHosts, host: &HostName) -> Config {
    let keys = host_key_order(&known.algorithms(host));
    let certificates = if known.has_authority(host) { keys.clone() } else { Vec::new() };
    Config {
        nodelay: true,
        window_size: CHANNEL_WINDOW,
        channel_buffer_size: CHANNEL_QUEUE,
        keepalive_interval: (!hop.keepalive.is_zero()).then_some(hop.keepalive),
        keepalive_max: usize::try_from(hop.keepalive_max).unwrap_or(usize::MAX),
        preferred: Preferred {
            key: keys.into(),
            host_key_certificates: certificates.into(),
            cipher: vec![
                cipher::AES_128_GCM,
                cipher::AES_256_GCM,
                cipher::CHACHA20_POLY1305,
                cipher::AES_256_CTR,
                cipher::AES_192_CTR,
                cipher::AES_128_CTR,
            ]
            .into(),
            compression: vec![compression::NONE].into(),
            ..Preferred::DEFAULT
        },
        ..Config::default()
    }
}

/// Every algorithm for host keys that is safe, those first of which a key is known: a server with several keys shows that one.
fn host_key_order(known: &[Algorithm]) -> Vec<Algorithm> {
    let ecdsa = |curve| Algorithm::Ecdsa { curve };
    let rsa = |hash| Algorithm::Rsa { hash: Some(hash) };
    let mut order = vec![
        Algorithm::Ed25519,
        ecdsa(EcdsaCurve::NistP256),
        ecdsa(EcdsaCurve::NistP384),
        ecdsa(EcdsaCurve::NistP521),
        rsa(HashAlg::Sha512),
        rsa(HashAlg::Sha256),
    ];
    let rank = |algorithm: &Algorithm| {
        let is = |known: &Algorithm| match (known, algorithm) {
            (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
            (known, algorithm) => known == algorithm,
        };
        known.iter().position(is).unwrap_or(known.len())
    };
    order.sort_by_key(rank);
    order
}

fn plain(error: &io::Error) -> String {
    let reason = text::reason(error);
    reason.strip_prefix("failed to lookup address information: ").unwrap_or(&reason).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_kinds_of_host_keys_are_asked_for_first() {
        let known = [Algorithm::Rsa { hash: None }, Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 }];
        let order: Vec<String> = host_key_order(&known).iter().map(ToString::to_string).collect();
        assert_eq!(
            order,
            ["rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp384", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521"]
        );
        assert_eq!(host_key_order(&[]).first(), Some(&Algorithm::Ed25519));
    }
}
