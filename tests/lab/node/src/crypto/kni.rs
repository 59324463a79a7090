//! Node addresses: `kni://<128 hex>@<host>:<tcp>?discport=0&ntype=cn`.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

use super::types::PublicId;

/// Where a node is and which identity it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kni {
    pub id: PublicId,
    /// IPv4, `[IPv6]` or a name.
    pub host: String,
    pub port: u16,
    /// Ports of further channels, if the address names them.
    pub subports: Vec<u16>,
    /// `cn`, `pn`, `en`, `bn`, or nothing.
    pub node_type: String,
}

impl Kni {
    pub fn parse(url: &str) -> Result<Kni, String> {
        let rest = url.strip_prefix("kni://").or_else(|| url.strip_prefix("enode://"));
        let rest = rest.ok_or("invalid URL scheme, want \"kni\"")?;
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (id, place) = address.split_once('@').ok_or("does not contain node ID")?;
        let id: PublicId = id.parse().map_err(|e| format!("invalid node ID ({e})"))?;
        let (host, port) = place.rsplit_once(':').ok_or_else(|| format!("invalid host: missing port in `{place}`"))?;
        if host.is_empty() {
            return Err("invalid host: empty".to_owned());
        }
        let mut kni = Kni {
            id,
            host: host.to_owned(),
            port: port.parse().map_err(|_| format!("invalid port `{port}`"))?,
            subports: Vec::new(),
            node_type: String::new(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("subport", text) => {
                    kni.subports.push(text.parse().map_err(|_| format!("invalid subport `{text}` in query"))?);
                }
                ("discport", text) => {
                    text.parse::<u16>().map_err(|_| format!("invalid discport `{text}` in query"))?;
                }
                ("ntype", text @ ("cn" | "pn" | "en" | "bn")) => kni.node_type = text.to_owned(),
                ("ntype", text) => return Err(format!("invalid ntype `{text}` in query")),
                // The original reads the keys it knows and no others.
                _ => {}
            }
        }
        Ok(kni)
    }

    /// Looks the host up; names are resolved once, when the file is loaded.
    pub fn resolve(&self) -> Result<SocketAddr, String> {
        let place = format!("{}:{}", self.host, self.port);
        let found = place.to_socket_addrs().map_err(|e| format!("failed to resolve `{}`: {e}", self.host))?.next();
        found.ok_or_else(|| format!("no address for `{}`", self.host))
    }
}

impl fmt::Display for Kni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kni://{}@{}:{}?discport=0", self.id, self.host, self.port)?;
        if !self.node_type.is_empty() {
            write!(f, "&ntype={}", self.node_type)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str =
        "8318535b54105d4a7aae60c08fc45f9687181b4fdfc625bd1a753fa7397fed753547f11ca8696646f2f3acb08e31016afac23e630c5d11f59f61fef57b0d2aa5";

    #[test]
    fn round_trip() {
        let text = format!("kni://{ID}@10.0.100.11:22323?discport=0&ntype=cn");
        assert_eq!(Kni::parse(&text).unwrap().to_string(), text);
        let bridge = Kni::parse(&format!("kni://{ID}@[::]:50505?discport=0&subport=50506")).unwrap();
        assert_eq!((bridge.host.as_str(), bridge.port, bridge.subports), ("[::]", 50505, vec![50506]));
    }

    #[test]
    fn refusals() {
        assert_eq!(Kni::parse("http://x@y:1").unwrap_err(), "invalid URL scheme, want \"kni\"");
        assert!(Kni::parse("kni://abcd@10.0.0.1:22323").unwrap_err().starts_with("invalid node ID"));
        assert!(Kni::parse(&format!("kni://{ID}@10.0.0.1")).is_err());
        assert!(Kni::parse(&format!("kni://{ID}@10.0.0.1:99999")).is_err());
        assert!(Kni::parse(&format!("kni://{ID}@10.0.0.1:1?ntype=xx")).is_err());
    }
}
