//! Servers in check mode: those of this machine may answer differently after the real run.

use std::net::IpAddr;

use super::Overlay;
use crate::base::url::Url;
use crate::system::{Error, ErrorKind, HttpRequest, Result, System};

impl<S: System> Overlay<S> {
    /// An error if a server at `host` may answer otherwise after what would run and what services would be started or stopped.
    pub(super) fn check_connection(&self, attempt: &str, host: &str) -> Result<()> {
        let view = self.view()?;
        let Some(why) = view.memory.reason_for_other_answers() else { return Ok(()) };
        if !self.is_own(host)? {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unpredictable, attempt, format!("what answers there is known only after the real run, since {why}")))
    }

    pub(super) fn check_request(&self, request: &HttpRequest) -> Result<()> {
        let Some(url) = Url::parse(&request.url) else { return Ok(()) };
        let host = if request.unix_socket.is_some() { "localhost" } else { url.host.trim_matches(['[', ']']) };
        self.check_connection(&format!("request `{}`", url.text()), host)
    }

    fn is_own(&self, host: &str) -> Result<bool> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(ip.is_loopback() || ip.is_unspecified() || self.inner.addresses()?.iter().any(|address| address.ip == ip));
        }
        Ok(host.eq_ignore_ascii_case("localhost") || host.eq_ignore_ascii_case(&self.inner.platform()?.nodename))
    }
}
