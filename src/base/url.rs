//! URLs of HTTP servers in parts.

/// A URL in parts, as far as requests need them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `http` or `https`, or whatever it says.
    pub scheme: String,
    /// User name and password.
    pub login: Option<(String, String)>,
    /// Host name or address, with `[]` around one of IPv6.
    pub host: String,
    /// Port, when it is given.
    pub port: Option<u16>,
    /// Path and query, beginning with `/`.
    pub path: String,
}

impl Url {
    /// `None` when it is no URL with a host.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (login, host) = match authority.rsplit_once('@') {
            Some((login, host)) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                (Some((decode(user), decode(password))), host)
            }
            None => (None, authority),
        };
        let (host, port) = match host.rsplit_once(':') {
            Some((host, "")) => (host, None),
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
            _ => (host, None),
        };
        let path = if path.starts_with('/') { encode(path) } else { format!("/{}", encode(path)) };
        (!host.is_empty()).then(|| Self { scheme: scheme.to_lowercase(), login, host: host.to_owned(), port, path })
    }

    /// Scheme, host and port: what a proxy is told before the path.
    pub fn origin(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}", self.scheme, self.host)
    }

    /// The URL without user name and password.
    pub fn text(&self) -> String {
        format!("{}{}", self.origin(), self.path)
    }

    /// What `location` of an answer to this URL leads to.
    pub fn join(&self, location: &str) -> Option<Self> {
        let location = location.trim();
        if location.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphanumeric())) {
            return Self::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme));
        }
        let own = self.path.split('?').next().unwrap_or_default();
        let path = match location.chars().next() {
            Some('/') => location.to_owned(),
            Some('?') => format!("{own}{location}"),
            _ => format!("{}/{location}", own.rsplit_once('/').map_or("", |(dir, _)| dir)),
        };
        Self::parse(&format!("{}{path}", self.origin()))
    }
}

impl Url {
    /// The last name in the path, decoded; empty when it has none.
    pub fn file_name(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        decode(path.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
    }
}

/// `text` as a name or value in a form or query: blanks become `+`, all but letters, digits and `_.-~` becomes `%XX`.
pub fn form_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Bytes that a request line cannot carry as `%XX`; what is encoded already stays.
fn encode(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// `%XX` as the bytes they stand for.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = if *first == b'%' { tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()) } else { None };
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_in_parts() {
        let url = Url::parse("HTTPS://ada:p%40ss@Example.org:8443/a b/ü?q=%20#frag").unwrap();
        assert_eq!(url.login, Some(("ada".into(), "p@ss".into())));
        assert_eq!(url.text(), "https://Example.org:8443/a%20b/%C3%BC?q=%20");
        assert_eq!(Url::parse("http://[::1]:80").unwrap().text(), "http://[::1]:80/");
        assert_eq!(Url::parse("http://h?x=1").unwrap().path, "/?x=1");
        for wrong in ["", "no url", "http://", "http://h:port/", "/path"] {
            assert_eq!(Url::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn redirects_lead_where_they_say() {
        let url = Url::parse("http://h:8080/a/b?x=1").unwrap();
        let table = [
            ("https://other/z", "https://other/z"),
            ("//other/z", "http://other/z"),
            ("/z?u=http://x/", "http://h:8080/z?u=http://x/"),
            ("c", "http://h:8080/a/c"),
            ("?y=2", "http://h:8080/a/b?y=2"),
        ];
        for (location, expected) in table {
            assert_eq!(url.join(location).unwrap().text(), expected, "{location}");
        }
    }

    #[test]
    fn forms() {
        assert_eq!(form_encode("a b&c=d/é~"), "a+b%26c%3Dd%2F%C3%A9~");
    }

    #[test]
    fn names_of_files_and_equal_places() {
        for (url, name) in [("http://h/a/b.tar.gz?x=/y", "b.tar.gz"), ("http://h/a%20b/", "a b"), ("http://h", ""), ("http://h/a/..", "..")]
        {
            assert_eq!(Url::parse(url).unwrap().file_name(), name, "{url}");
        }
        assert_eq!(Url::parse("HTTP://H.example"), Url::parse("http://H.example/#top"));
    }
}
