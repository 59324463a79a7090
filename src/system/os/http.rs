//! HTTP requests from this machine.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::config::AutoHeaderValue;
use ureq::http::header::{AUTHORIZATION, CONTENT_ENCODING, COOKIE, LOCATION, PROXY_AUTHORIZATION, SET_COOKIE, WWW_AUTHENTICATE};
use ureq::http::{self, Method, StatusCode, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Proxy};

use super::http_cookies::Cookies;
use super::http_digest::Challenge;
use super::http_proxy::proxy_for;
use super::http_stream::Target;
use super::{http_tls, resolve};
use crate::base::text;
use crate::base::url::Url;
use crate::system::{Cancel, Error, ErrorKind, HttpBody, HttpRequest, HttpResponse, Redirects, Result};

/// How many redirects are followed.
const REDIRECT_LIMIT: usize = 10;
/// Headers that only the host they were meant for may see.
const PRIVATE_HEADERS: &[&str] = &["authorization", "cookie", "proxy-authorization"];

/// Makes a request, follows redirects, and writes the content of the answer to `sink`.
pub(super) fn perform(request: &HttpRequest, sink: &mut dyn Write, cancel: &Cancel) -> Result<HttpResponse> {
    let first = Url::parse(&request.url)
        .ok_or_else(|| Error::new(ErrorKind::Other, format!("request `{}`", request.url), "it is not a URL with a scheme and a host"))?;
    let secret = request.login.as_ref().map(|(user, password)| (user.clone(), password.expose().to_owned()));
    let mut exchange = Exchange {
        request,
        cancel,
        method: request.method.to_uppercase(),
        login: secret.or_else(|| first.login.clone()),
        authorized: request.login_first,
        challenge: None,
        cookies: Cookies::default(),
        with_body: true,
        redirected: false,
        foreign: false,
        url: first,
    };
    for _ in 0..=REDIRECT_LIMIT {
        cancel.check(&exchange.attempt())?;
        let answer = exchange.send()?;
        if answer.status() == StatusCode::UNAUTHORIZED && exchange.authorize(&answer) {
            continue;
        } else if let Some(next) = exchange.redirect(&answer)? {
            exchange.follow(&answer, next);
        } else {
            return exchange.receive(answer, sink);
        }
    }
    Err(Error::new(ErrorKind::Other, exchange.attempt(), format!("more than {REDIRECT_LIMIT} redirects")))
}

struct Exchange<'a> {
    request: &'a HttpRequest,
    cancel: &'a Cancel,
    url: Url,
    method: String,
    login: Option<(String, String)>,
    /// Whether the login is sent.
    authorized: bool,
    /// What the login answers, if the server asked for more than the login itself.
    challenge: Option<Challenge>,
    cookies: Cookies,
    with_body: bool,
    redirected: bool,
    /// Whether a redirect led to another host than the one that was asked for.
    foreign: bool,
}

impl Exchange<'_> {
    fn attempt(&self) -> String {
        format!("request `{}`", self.url.text())
    }

    fn failed(&self, kind: ErrorKind, reason: impl Into<String>) -> Error {
        Error::new(kind, self.attempt(), reason)
    }

    /// Whether the login has not been tried yet in the strongest way that the answer offers; then it is next.
    fn authorize(&mut self, answer: &http::Response<Body>) -> bool {
        if self.login.is_none() {
            return false;
        }
        let offers =
            || answer.headers().get_all(WWW_AUTHENTICATE).iter().map(|offer| String::from_utf8_lossy(offer.as_bytes()).into_owned());
        if self.challenge.is_none()
            && let Some(challenge) = offers().find_map(|offer| Challenge::parse(&offer))
        {
            self.challenge = Some(challenge);
            self.authorized = true;
            return true;
        }
        let basic = offers().any(|offer| offer.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic")));
        basic && !std::mem::replace(&mut self.authorized, true)
    }

    /// Where the answer leads, if it is to be followed.
    fn redirect(&self, answer: &http::Response<Body>) -> Result<Option<Url>> {
        let follows = match self.request.redirects {
            Redirects::None => false,
            Redirects::Safe => matches!(self.method.as_str(), "GET" | "HEAD"),
            Redirects::All => true,
        };
        let Some(location) =
            answer.headers().get(LOCATION).filter(|_| follows && matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308))
        else {
            return Ok(None);
        };
        let place = String::from_utf8_lossy(location.as_bytes());
        let next =
            self.url.join(&place).ok_or_else(|| self.failed(ErrorKind::Other, format!("it redirects to `{place}`, which is no URL")))?;
        Ok(Some(next))
    }

    fn follow(&mut self, answer: &http::Response<Body>, next: Url) {
        for cookie in answer.headers().get_all(SET_COOKIE) {
            self.cookies.set(&self.url, &String::from_utf8_lossy(cookie.as_bytes()));
        }
        self.redirected = true;
        if next.origin() != self.url.origin() {
            self.foreign = true;
            self.login = next.login.clone();
            self.challenge = None;
        }
        let becomes_get = match answer.status().as_u16() {
            302 | 303 => self.method != "HEAD",
            301 => self.method == "POST",
            _ => false,
        };
        if becomes_get {
            "GET".clone_into(&mut self.method);
            self.with_body = false;
        }
        self.url = next;
    }

    fn send(&self) -> Result<http::Response<Body>> {
        if !matches!(self.url.scheme.as_str(), "http" | "https") {
            return Err(
                self.failed(ErrorKind::Unsupported, format!("`{}` URLs are not supported, only `http` and `https`", self.url.scheme))
            );
        }
        let variables = if self.request.use_proxy { self.variables() } else { BTreeMap::new() };
        let proxy = proxy_for(&self.url, &variables).filter(|_| self.request.unix_socket.is_none());
        let head = self.head(proxy.as_ref())?;
        let agent = match &self.request.connections {
            Some(shared) if self.url.scheme == "http" && proxy.is_none() && self.request.unix_socket.is_none() => {
                shared.get_or(|| self.agent(None))?
            }
            _ => self.agent(proxy.as_ref())?,
        };
        let invalid = |error: http::Error| self.failed(ErrorKind::Other, error.to_string());
        let sent = match &self.request.body {
            HttpBody::Bytes(bytes) if self.with_body => agent.run(head.body(bytes.as_slice()).map_err(invalid)?),
            HttpBody::File(path) if self.with_body => {
                let file = File::open(path).map_err(|error| Error::io("read", path, &error))?;
                agent.run(head.body(file).map_err(invalid)?)
            }
            _ if matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") => agent.run(head.body([].as_slice()).map_err(invalid)?),
            _ => agent.run(head.body(()).map_err(invalid)?),
        };
        sent.map_err(|error| self.explain(error))
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = super::process::environment();
        variables.extend(self.request.environment.clone());
        variables
    }

    fn head(&self, proxy: Option<&Url>) -> Result<http::request::Builder> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| self.failed(ErrorKind::Other, format!("`{}` is no method", self.method)))?;
        let mut head = http::Request::builder().method(method).uri(self.url.text());
        let login = self.login.as_ref().filter(|_| self.authorized);
        let is_sent = |name: &str| {
            let name = name.to_lowercase();
            !(self.foreign && PRIVATE_HEADERS.contains(&name.as_str())
                || self.redirected && self.request.unredirected.iter().any(|other| other.eq_ignore_ascii_case(&name))
                || login.is_some() && name == "authorization"
                // They speak of what is no longer sent.
                || !self.with_body && matches!(name.as_str(), "content-type" | "content-length"))
        };
        for (name, value) in self.request.headers.iter().filter(|(name, _)| is_sent(name)) {
            head = head.header(name, value);
        }
        if let Some(cookies) = self.cookies.header(&self.url)
            && !self.request.headers.keys().any(|name| name.eq_ignore_ascii_case("cookie"))
        {
            head = head.header(COOKIE, cookies);
        }
        match (login, &self.challenge) {
            (Some((user, password)), Some(challenge)) => {
                let fresh = format!("{:032x}", rand::random::<u128>());
                head = head.header(AUTHORIZATION, challenge.answer(user, password, &self.method, &self.url.path, &fresh));
            }
            (Some((user, password)), None) => head = head.header(AUTHORIZATION, basic(user, password)),
            (None, _) => {}
        }
        if let Some((user, password)) = proxy.and_then(|proxy| proxy.login.as_ref())
            && self.url.scheme == "http"
        {
            head = head.header(PROXY_AUTHORIZATION, basic(user, password));
        }
        Ok(head)
    }

    fn agent(&self, proxy: Option<&Url>) -> Result<Agent> {
        let timeout = Some(self.request.timeout).filter(|timeout| !timeout.is_zero());
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .user_agent("kconf")
            .accept_encoding(if self.request.decompress { AutoHeaderValue::from("gzip") } else { AutoHeaderValue::None })
            .timeout_resolve(timeout)
            .timeout_connect(timeout)
            .timeout_per_read(timeout)
            .timeout_per_write(timeout)
            .timeout_recv_response(timeout)
            .proxy(None);
        if self.url.scheme == "https" {
            config = config.tls_config(http_tls::config(self.request)?);
        }
        let resolver =
            |host: Option<String>| Lookup { timeout: timeout.unwrap_or(Duration::from_secs(30)), cancel: self.cancel.clone(), host };
        if let Some(socket) = &self.request.unix_socket {
            if self.url.scheme == "https" {
                return Err(self.failed(ErrorKind::Unsupported, "TLS over a socket file is not supported"));
            }
            return Ok(Agent::with_parts(config.build(), Target::Socket(socket.clone()), resolver(Some("127.0.0.1".to_owned()))));
        }
        let Some(proxy) = proxy else { return Ok(Agent::with_parts(config.build(), DefaultConnector::new(), resolver(None))) };
        if self.url.scheme == "http" && proxy.scheme == "http" {
            let place = format!("{}:{}", proxy.host, proxy.port.unwrap_or(80));
            return Ok(Agent::with_parts(config.build(), Target::Forwarding(self.url.origin()), resolver(Some(place))));
        }
        let through = match &proxy.login {
            Some((user, password)) => {
                format!("{}://{user}:{password}@{}", proxy.scheme, proxy.origin().split_once("://").map_or("", |(_, host)| host))
            }
            None => proxy.origin(),
        };
        let through = Proxy::new(&through)
            .map_err(|_| self.failed(ErrorKind::Other, format!("the proxy `{}` is not one that can be used", proxy.origin())))?;
        Ok(Agent::with_parts(config.proxy(Some(through)).build(), DefaultConnector::new(), resolver(None)))
    }

    fn receive(&self, answer: http::Response<Body>, sink: &mut dyn Write) -> Result<HttpResponse> {
        let (head, body) = answer.into_parts();
        let value_of = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let response = HttpResponse {
            status: head.status.as_u16(),
            reason: head.status.canonical_reason().unwrap_or_default().to_owned(),
            url: self.url.text(),
            headers: self
                .cookies
                .texts()
                .map(|cookie| ("set-cookie".to_owned(), cookie.to_owned()))
                .chain(head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value_of(value))))
                .collect(),
        };
        let packed = head.headers.get(CONTENT_ENCODING).is_some_and(|coding| matches!(coding.as_bytes(), b"gzip" | b"x-gzip"));
        let reader = body.into_with_config().limit(u64::MAX).reader();
        let mut reader: Box<dyn Read> =
            if packed && self.request.decompress { Box::new(flate2::read::MultiGzDecoder::new(reader)) } else { Box::new(reader) };
        let mut buffer = vec![0; 1 << 16];
        loop {
            self.cancel.check(&self.attempt())?;
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(response),
                Ok(n) => sink.write_all(buffer.get(..n).unwrap_or_default()).map_err(|error| {
                    let reason = format!("the answer could not be stored: {}", text::reason(&error));
                    self.failed(ErrorKind::from(error.kind()), reason)
                })?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.explain(ureq::Error::from(error))),
            }
        }
    }

    fn explain(&self, error: ureq::Error) -> Error {
        let (kind, reason) = match error {
            ureq::Error::Timeout(_) => (ErrorKind::TimedOut, format!("no answer within {}", text::seconds(self.request.timeout))),
            ureq::Error::HostNotFound => (ErrorKind::NotFound, format!("Name or service not known: `{}`", self.url.host)),
            ureq::Error::Io(error) => {
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
                match inner {
                    Some(inner) => (inner.kind, inner.reason.clone()),
                    None => (ErrorKind::from(error.kind()), text::reason(&error)),
                }
            }
            ureq::Error::ConnectionFailed => (ErrorKind::Other, "the connection failed".to_owned()),
            other => (ErrorKind::Other, other.to_string()),
        };
        self.failed(kind, reason)
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Names to addresses without NSS.
#[derive(Debug)]
struct Lookup {
    timeout: Duration,
    cancel: Cancel,
    /// Host and perhaps port to look up instead of those of the URL.
    host: Option<String>,
}

impl Resolver for Lookup {
    fn resolve(
        &self,
        uri: &Uri,
        _config: &ureq::config::Config,
        _timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let own = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(default));
        let (host, port) = match self.host.as_deref().map(|place| (place, place.rsplit_once(':'))) {
            Some((_, Some((host, port)))) => (host, port.parse().unwrap_or(default)),
            Some((host, None)) => (host, default),
            None => own,
        };
        let found = resolve::addresses_of(host, self.timeout, &self.cancel).map_err(io::Error::other)?;
        let mut addresses = self.empty();
        for address in found.into_iter().take(16) {
            addresses.push(SocketAddr::new(address, port));
        }
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
