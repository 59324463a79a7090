//! The options that every module with a URL has, and requests made of them.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::base::url::Url;
use crate::base::{Secret, python};
use crate::modules::{Args, Context, Failure, Kind, Opt};
use crate::system::{ErrorKind, Follow, HttpRequest, Redirects};

/// Their declarations.
pub const HTTP_OPTIONS: &[Opt] = &[
    Opt::new("url_username", Kind::Str, "User name for basic and digest authentication.").aliases(&["user", "username"]),
    Opt::new("url_password", Kind::Str, "Password for basic and digest authentication.").aliases(&["password"]).secret(),
    Opt::new(
        "force_basic_auth",
        Kind::Bool,
        "Send user name and password with the first request, for servers that do not ask for them with status 401.",
    )
    .default("false"),
    Opt::new("headers", Kind::Dict, "Headers to send, by name.").default("{}"),
    Opt::new("unredirected_headers", Kind::List(&Kind::Str), "Names of headers that are not sent where a redirect leads, in any case.")
        .default("[]"),
    Opt::new("http_agent", Kind::Str, "What the header `User-Agent` says.").default("\"ansible-httpget\""),
    Opt::new("use_proxy", Kind::Bool, "Whether to go through the proxy that variables like `https_proxy` of the host name.")
        .default("true"),
    Opt::new(
        "use_netrc",
        Kind::Bool,
        "Whether user name and password are looked for in `~/.netrc` (or the file that `NETRC` names) of the host when none are given.",
    )
    .default("true"),
    Opt::new("validate_certs", Kind::Bool, "Whether the certificate of the server is checked. Switch it off for tests only.")
        .default("true"),
    Opt::new("client_cert", Kind::Path, "Certificate to show to the server, in PEM, possibly with its key in the same file."),
    Opt::new("client_key", Kind::Path, "Key of `client_cert`, in PEM."),
    Opt::new(
        "ciphers",
        Kind::List(&Kind::Str),
        "Ciphers that TLS may use, in the notation of OpenSSL, of those there are: AES-GCM and ChaCha20 with an ephemeral key exchange.",
    ),
    Opt::new("decompress", Kind::Bool, "Whether content that comes compressed by gzip is unpacked.").default("true"),
    Opt::new("use_gssapi", Kind::Bool, "Kerberos is not supported, so it can only be switched off.").default("false").choices(&["false"]),
];

/// Their values.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpOptions {
    url_username: Option<String>,
    url_password: Option<String>,
    force_basic_auth: bool,
    headers: Map<String, Value>,
    unredirected_headers: Vec<String>,
    http_agent: String,
    use_proxy: bool,
    use_netrc: bool,
    validate_certs: bool,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    ciphers: Option<Vec<String>>,
    decompress: bool,
    #[serde(rename = "use_gssapi")]
    _use_gssapi: Option<IgnoredAny>,
}

impl HttpOptions {
    /// Takes the options out of `args`, so that the rest fits the module's own struct.
    ///
    /// # Errors
    /// When they do not fit their declaration.
    pub fn take(args: &mut Args) -> Result<Self, Failure> {
        let own = HTTP_OPTIONS.iter().filter_map(|opt| args.0.remove_entry(opt.name));
        Args(own.collect()).parse()
    }

    /// A request without content that follows safe redirects, and gives up when nothing comes for `timeout`.
    ///
    /// # Errors
    /// When a header is no text, or the machine cannot tell what its `.netrc` says.
    pub fn request(&self, ctx: &Context<'_>, url: &str, method: &str, timeout: Duration) -> Result<HttpRequest, Failure> {
        let mut request = HttpRequest {
            // A login goes apart from the URL, which messages show.
            url: shown(url),
            method: method.to_owned(),
            timeout,
            unredirected: self.unredirected_headers.clone(),
            login_first: self.force_basic_auth,
            verify: self.validate_certs,
            client_cert: self.client_cert.clone(),
            client_key: self.client_key.clone(),
            ciphers: self.ciphers.as_ref().map(|list| list.join(":")),
            use_proxy: self.use_proxy,
            environment: ctx.environment.clone(),
            decompress: self.decompress,
            ..HttpRequest::default()
        };
        request.headers.insert("User-Agent".to_owned(), self.http_agent.clone());
        for (name, value) in &self.headers {
            if value.is_array() || value.is_object() {
                return Err(Failure::new(format!("failed to request `{}`: the header `{name}` must be text", shown(url))));
            }
            set_header(&mut request, name, &python::text(value));
        }
        let in_url = Url::parse(url).and_then(|url| url.login);
        let given = self.url_username.clone().map(|user| (user, self.url_password.clone().unwrap_or_default())).or(in_url);
        if let Some((user, password)) = given {
            request.login = Some((user, Secret::new(password)));
        } else if self.use_netrc
            && let Some((user, password)) = from_netrc(ctx, url)?
        {
            request.login = Some((user, Secret::new(password)));
            request.login_first = true;
        }
        Ok(request)
    }
}

/// A plain GET, for what a module needs itself: follows redirects and gives up when nothing comes for 30 seconds.
pub fn get(ctx: &Context<'_>, url: &str, verify: bool) -> HttpRequest {
    HttpRequest {
        url: url.to_owned(),
        method: "GET".to_owned(),
        timeout: Duration::from_secs(30),
        redirects: Redirects::All,
        verify,
        use_proxy: true,
        environment: ctx.environment.clone(),
        ..HttpRequest::default()
    }
}

/// The content that the answer to `request` has; `purpose` completes "failed to".
///
/// # Errors
/// When there is no answer, or one with a status other than 200.
pub fn fetch(ctx: &Context<'_>, request: &HttpRequest, purpose: &str) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let head = ctx.system.http_probe(request, &mut content)?;
    if head.status == 200 {
        return Ok(content);
    }
    Err(Failure::new(format!("failed to {purpose}: the server answers {} {}", head.status, head.reason)))
}

/// Sets a header in place of one that is there, in whatever case.
pub fn set_header(request: &mut HttpRequest, name: &str, value: &str) {
    request.headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
    request.headers.insert(name.to_owned(), value.to_owned());
}

/// Whether a header is there, in whatever case.
pub fn has_header(request: &HttpRequest, name: &str) -> bool {
    request.headers.keys().any(|known| known.eq_ignore_ascii_case(name))
}

/// A URL for messages: without user name and password.
pub fn shown(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            format!("{scheme}://{}{path}", authority.rsplit_once('@').map_or(authority, |(_, host)| host))
        }
        None => url.to_owned(),
    }
}

fn from_netrc(ctx: &Context<'_>, url: &str) -> Result<Option<(String, String)>, Failure> {
    let Some(url) = Url::parse(url) else { return Ok(None) };
    let variable = |name: &str| -> Result<Option<String>, Failure> {
        match ctx.environment.get(name) {
            Some(value) => Ok(Some(value.clone())),
            None => Ok(ctx.system.environment()?.get(name).cloned()),
        }
    };
    let path = match variable("NETRC")? {
        Some(path) => PathBuf::from(path),
        None => ctx.system.identity()?.home.join(".netrc"),
    };
    match ctx.system.read(&path) {
        Ok(bytes) => Ok(netrc(&String::from_utf8_lossy(&bytes), url.host.trim_matches(['[', ']']))),
        // That an earlier command may make the file is no reason to know nothing of the request.
        Err(error) if error.kind == ErrorKind::Unpredictable && ctx.system.stat(&path, Follow::Yes)?.is_none() => Ok(None),
        Err(error) if matches!(error.kind, ErrorKind::Cancelled | ErrorKind::Unpredictable) => Err(error.into()),
        // Without a file, or with one for others, there is no login.
        Err(_) => Ok(None),
    }
}

/// The login that a `.netrc` has for `host`, or for every other host.
fn netrc(text: &str, host: &str) -> Option<(String, String)> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut is_macro = false;
    for line in text.lines() {
        is_macro &= !line.trim().is_empty();
        if is_macro || line.trim_start().starts_with('#') {
            continue;
        }
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            let last = entries.last_mut();
            match (word, last) {
                ("machine", _) => entries.push(Entry { host: words.next().map(str::to_owned), ..Entry::default() }),
                ("default", _) => entries.push(Entry::default()),
                ("login" | "user", Some(entry)) => entry.user = words.next().map(str::to_owned),
                ("password", Some(entry)) => entry.password = words.next().map(str::to_owned),
                ("account", _) => drop(words.next()),
                ("macdef", _) => {
                    is_macro = true;
                    break;
                }
                _ => {}
            }
        }
    }
    let named = entries.iter().find(|entry| entry.host.as_deref() == Some(host));
    let entry = named.or_else(|| entries.iter().find(|entry| entry.host.is_none()))?;
    Some((entry.user.clone()?, entry.password.clone()?))
}

#[derive(Default)]
struct Entry {
    /// `None` is any.
    host: Option<String>,
    user: Option<String>,
    password: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_of_a_netrc() {
        let text = "# mine\nmachine a.example login ada password p1\nmacdef init\nmachine evil login x password y\n\n\
                    machine b.example\n  login bob\n  account z\n  password p2\nmachine half login c\ndefault login any password p3\n";
        for (host, expected) in
            [("a.example", Some(("ada", "p1"))), ("b.example", Some(("bob", "p2"))), ("evil", Some(("any", "p3"))), ("half", None)]
        {
            let found = netrc(text, host);
            assert_eq!(found.as_ref().map(|(user, password)| (user.as_str(), password.as_str())), expected, "{host}");
        }
        assert_eq!(netrc("machine a login x password y\n", "b"), None);
    }

    #[test]
    fn logins_are_not_shown() {
        for (url, expected) in [
            ("http://ada:pw@h:80/x?y", "http://h:80/x?y"),
            ("https://h", "https://h"),
            ("no url", "no url"),
            ("http://h/a@b", "http://h/a@b"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
