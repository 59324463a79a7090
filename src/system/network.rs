//! What a machine sees of its network, and requests that it makes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Secret;

/// An address of a network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Name of the interface: "eth0".
    pub interface: String,
    /// The address.
    pub ip: IpAddr,
    /// Number of bits of the network part.
    pub prefix: u8,
    /// The broadcast address, where there is one.
    pub broadcast: Option<IpAddr>,
}

/// A request to an HTTP server, made from the machine.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// Absolute, with scheme `http` or `https` (or `ftp`, which is refused with a clear error where it is not known).
    pub url: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// Names and values of headers.
    pub headers: BTreeMap<String, String>,
    /// Headers, in any case, that go with the first request only and not where a redirect leads.
    pub unredirected: Vec<String>,
    /// User name and password for basic and digest authentication.
    pub login: Option<(String, Secret)>,
    /// Send the login with the first request instead of waiting for a 401.
    pub login_first: bool,
    /// What to send.
    pub body: HttpBody,
    /// How long the connection and each wait for data may take.
    pub timeout: Duration,
    /// Which redirects to follow.
    pub redirects: Redirects,
    /// Whether the certificate of the server is checked.
    pub verify: bool,
    /// Certificates to check with; the machine's own when `None`.
    pub ca_file: Option<PathBuf>,
    /// Client certificate (PEM), possibly with its key in the same file.
    pub client_cert: Option<PathBuf>,
    /// Key of the client certificate (PEM).
    pub client_key: Option<PathBuf>,
    /// Ciphers of TLS that may be used, in the notation of OpenSSL; all that are safe when `None`.
    pub ciphers: Option<String>,
    /// Whether the proxy variables of the environment are heeded.
    pub use_proxy: bool,
    /// Variables set for the task, among them those of proxies.
    pub environment: BTreeMap<String, String>,
    /// Ask for compressed content and unpack it.
    pub decompress: bool,
    /// Connect to this socket instead of the host of the URL.
    pub unix_socket: Option<PathBuf>,
    /// Connections to go over, when there are more requests to the same server.
    pub connections: Option<Connections>,
}

/// Connections that requests with clones of this share, so that many requests to one server are one connection. It stays open as long as a
/// clone is there. The settings of the first request (timeout, compression) are those of all. On hosts worked through their shell each
/// request has a connection of its own all the same, and so has one by TLS, through a proxy or to a socket file.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<OnceLock<ureq::Agent>>);

impl Connections {
    /// Those that are there, or else `made`.
    pub(super) fn get_or<E>(&self, made: impl FnOnce() -> Result<ureq::Agent, E>) -> Result<ureq::Agent, E> {
        match self.0.get() {
            Some(agent) => Ok(agent.clone()),
            None => Ok(self
                .0
                .get_or_init({
                    let agent = made()?;
                    || agent
                })
                .clone()),
        }
    }
}

/// What a request sends.
#[derive(Clone, Debug, Default)]
pub enum HttpBody {
    /// Nothing.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// The content of a file of the machine.
    File(PathBuf),
}

/// Which redirects are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Redirects {
    /// None.
    None,
    /// Those of `GET` and `HEAD`.
    #[default]
    Safe,
    /// All; a redirected `POST` becomes a `GET`.
    All,
}

/// The head of an answer. An answer with an error status is an answer too; only no answer at all is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// 200, 404, …
    pub status: u16,
    /// "OK", "Not Found".
    pub reason: String,
    /// Where it came from in the end.
    pub url: String,
    /// Names in lower case, in the order of the answer; names may repeat. Cookies that redirects on the way set come first.
    pub headers: Vec<(String, String)>,
}

impl HttpResponse {
    /// The first header called `name` (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
