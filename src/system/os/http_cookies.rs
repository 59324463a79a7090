//! Cookies that redirects set, for where they lead.

use crate::base::url::Url;

/// The cookies of one exchange.
#[derive(Debug, Default)]
pub(super) struct Cookies {
    all: Vec<Cookie>,
}

#[derive(Debug)]
struct Cookie {
    /// As the server wrote it.
    text: String,
    /// Name and value.
    pair: String,
    /// The host it goes to: the one that set it. Other hosts of a domain are not served.
    host: String,
    /// The path it goes to.
    path: String,
    /// Whether it needs TLS.
    secure: bool,
}

impl Cookies {
    /// Takes a `Set-Cookie` of an answer to a request for `url`.
    pub(super) fn set(&mut self, url: &Url, text: &str) {
        let mut parts = text.split(';').map(str::trim);
        let Some(pair) = parts.next().filter(|pair| pair.contains('=')) else { return };
        let (mut path, mut secure) = (None, false);
        for part in parts {
            match part.split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case("path") && value.starts_with('/') => path = Some(value.to_owned()),
                None if part.eq_ignore_ascii_case("secure") => secure = true,
                _ => {}
            }
        }
        let own = url.path.split('?').next().unwrap_or_default();
        let folder = own.rsplit_once('/').map_or("/", |(folder, _)| if folder.is_empty() { "/" } else { folder });
        let path = path.unwrap_or_else(|| folder.to_owned());
        let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
        self.all.retain(|old| (name(&old.pair), &old.host, &old.path) != (name(pair), &url.host, &path));
        self.all.push(Cookie { text: text.to_owned(), pair: pair.to_owned(), host: url.host.clone(), path, secure });
    }

    /// What a request for `url` sends.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let own = url.path.split('?').next().unwrap_or_default();
        let fits = |cookie: &&Cookie| {
            let below = own.strip_prefix(cookie.path.as_str());
            let in_path = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie.path.ends_with('/'));
            in_path && cookie.host.eq_ignore_ascii_case(&url.host) && (!cookie.secure || url.scheme == "https")
        };
        let pairs: Vec<&str> = self.all.iter().filter(fits).map(|cookie| cookie.pair.as_str()).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// All of them, as the servers wrote them.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|cookie| cookie.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_where_they_belong() {
        let url = |text: &str| Url::parse(text).unwrap();
        let mut cookies = Cookies::default();
        for text in ["a=old; Path=/", "a=1; Path=/", "b=\"x y\"; Secure; path=/", "c=3", "none", "d=4; Path=/app"] {
            cookies.set(&url("http://h/login/form?x=/"), text);
        }
        for (target, header) in [
            ("http://h/", Some("a=1")),
            ("https://h/", Some("a=1; b=\"x y\"")),
            ("http://h/login/next", Some("a=1; c=3")),
            ("http://H/app?q", Some("a=1; d=4")),
            ("http://h/apple", Some("a=1")),
            ("http://other/", None),
        ] {
            assert_eq!(cookies.header(&url(target)).as_deref(), header, "{target}");
        }
        assert_eq!(cookies.texts().count(), 4);
    }
}
