//! HTTP requests from the host, by its `curl`.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::session::Reply;
use super::{ShellSystem, quote};
use crate::base::text::seconds;
use crate::system::{Error, ErrorKind, HttpBody, HttpRequest, HttpResponse, Redirects, Result, System};

/// How many redirects are followed.
const REDIRECT_LIMIT: u32 = 10;

impl<S: Read + Write + Send> ShellSystem<S> {
    pub(super) fn request(&self, request: &HttpRequest, sink: &mut dyn Write) -> Result<HttpResponse> {
        let (head, content) = (self.session_file(), self.session_file());
        let body = match &request.body {
            HttpBody::Bytes(bytes) => Some(self.make_scratch(0o600, &mut |writer| {
                writer.write_all(bytes).map_err(|error| Error::new(ErrorKind::Other, "send the content of a request", error.to_string()))
            })?),
            HttpBody::Empty | HttpBody::File(_) => None,
        };
        let result = self.curl(request, body.as_deref(), &head, &content, sink);
        for file in [Some(head), Some(content), body].into_iter().flatten() {
            self.drop_scratch(&file);
        }
        result
    }

    fn curl(&self, request: &HttpRequest, body: Option<&Path>, head: &Path, content: &Path, sink: &mut dyn Write) -> Result<HttpResponse> {
        let attempt = format!("request `{}`", without_login(&request.url));
        if !request.unredirected.is_empty() && follows(request) {
            let reason = "the host is managed through its shell alone, and its `curl` sends all headers where a redirect leads";
            return Err(Error::new(ErrorKind::Unsupported, attempt, reason));
        }
        // Settings travel on standard input, so that no secret is in the list of processes.
        let settings = settings(request, body, head, content);
        let mut exports = String::new();
        for (name, value) in request.environment.iter().filter(|(name, _)| name.to_lowercase().ends_with("_proxy")) {
            exports.push_str(&format!("{}={}; export {name}\n", name, quote::text(value)));
        }
        let feed = self.session.borrow().feeding(settings.as_bytes(), "curl -q -K -");
        let script = format!("command -v curl >/dev/null || k_fail no-curl\n{exports}{feed}");
        let reply = self.ask(|| attempt.clone(), &script)?;
        if reply.rc != 0 {
            return Err(explain(&reply, request, &attempt));
        }
        let head = self.read(head)?;
        let mut response = parse_head(&String::from_utf8_lossy(&head))
            .ok_or_else(|| Error::new(ErrorKind::Other, attempt.clone(), "the answer has no head"))?;
        response.url = without_login(String::from_utf8_lossy(&reply.stdout).trim());
        let mut reader = match self.open(content) {
            Ok(reader) => reader,
            // An answer without content makes no file.
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(response),
            Err(error) => return Err(error),
        };
        std::io::copy(&mut reader, sink)
            .map_err(|error| Error::new(ErrorKind::from(error.kind()), attempt, format!("the answer could not be stored: {error}")))?;
        Ok(response)
    }
}

fn settings(request: &HttpRequest, body: Option<&Path>, head: &Path, content: &Path) -> String {
    let mut lines: Vec<String> = ["silent", "show-error", "globoff"].map(str::to_owned).into();
    let mut set = |name: &str, value: &str| lines.push(format!("{name} = {}", quoted(value)));
    set("url", &request.url);
    set("dump-header", &head.to_string_lossy());
    set("output", &content.to_string_lossy());
    set("write-out", "%{url_effective}");
    let sent: Option<PathBuf> = match &request.body {
        HttpBody::File(path) => Some(path.clone()),
        _ => body.map(Path::to_path_buf),
    };
    let method = request.method.to_uppercase();
    match sent {
        Some(file) => set("data-binary", &format!("@{}", file.to_string_lossy())),
        None if matches!(method.as_str(), "POST" | "PUT" | "PATCH") => set("data-binary", ""),
        None => {}
    }
    for (name, value) in &request.headers {
        set("header", &if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") });
    }
    if (matches!(request.body, HttpBody::Bytes(_) | HttpBody::File(_)) || method == "POST")
        && !request.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"))
    {
        // It would make one up.
        set("header", "Content-Type:");
    }
    if let Some((user, password)) = &request.login {
        set("user", &format!("{user}:{}", password.expose()));
    }
    for (name, file) in
        [("cacert", &request.ca_file), ("cert", &request.client_cert), ("key", &request.client_key), ("unix-socket", &request.unix_socket)]
    {
        if let Some(file) = file {
            set(name, &file.to_string_lossy());
        }
    }
    if let Some(list) = &request.ciphers {
        set("ciphers", list);
    }
    if !request.headers.keys().any(|name| name.eq_ignore_ascii_case("cookie")) {
        // Cookies that redirects set go to where they lead.
        set("cookie", "");
    }
    if !request.use_proxy {
        set("noproxy", "*");
    }
    if !request.timeout.is_zero() {
        let limit = request.timeout.as_secs().max(1).to_string();
        set("connect-timeout", &limit);
        set("speed-time", &limit);
        set("speed-limit", "1");
    }
    set("max-redirs", &REDIRECT_LIMIT.to_string());
    match method.as_str() {
        "HEAD" => lines.push("head".to_owned()),
        // Named by nothing but their content, these become a GET where a redirect says so.
        "POST" | "GET" if method == "POST" || matches!(request.body, HttpBody::Empty) => {}
        _ => lines.push(format!("request = {}", quoted(&method))),
    }
    let switches = [
        (follows(request), "location"),
        (!request.verify, "insecure"),
        (request.decompress, "compressed"),
        (request.login.is_some() && request.login_first, "basic"),
        (request.login.is_some() && !request.login_first, "anyauth"),
    ];
    lines.extend(switches.iter().filter(|(on, _)| *on).map(|(_, name)| (*name).to_owned()));
    lines.join("\n") + "\n"
}

fn follows(request: &HttpRequest) -> bool {
    match request.redirects {
        Redirects::None => false,
        Redirects::Safe => matches!(request.method.to_uppercase().as_str(), "GET" | "HEAD"),
        Redirects::All => true,
    }
}

/// As the settings of curl take a text.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn explain(reply: &Reply, request: &HttpRequest, attempt: &str) -> Error {
    if reply.reported().is_some() {
        let reason = "the host is managed through its shell alone and has no `curl`";
        return Error::new(ErrorKind::Unsupported, attempt, reason);
    }
    let text = reply.complaint().1;
    // "curl: (7) Failed to connect": the number is the exit code.
    let text = text.split_once(") ").map_or(text.as_str(), |(_, text)| text);
    match reply.rc {
        28 => Error::new(ErrorKind::TimedOut, attempt, format!("no answer within {}", seconds(request.timeout))),
        6 => Error::new(ErrorKind::NotFound, attempt, text),
        23 => Error::new(ErrorKind::NoSpace, attempt, "the answer could not be stored on the host"),
        _ => Error::new(ErrorKind::Other, attempt, text),
    }
}

/// The last head of several (redirects, a request for a login, a proxy), with the cookies of all.
fn parse_head(text: &str) -> Option<HttpResponse> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let first = lines.iter().rposition(|line| line.starts_with("HTTP/"))?;
    let mut status = lines.get(first)?.splitn(3, ' ').skip(1);
    let (status, reason) = (status.next()?.parse().ok()?, status.next().unwrap_or_default().to_owned());
    let headers = lines.iter().enumerate().filter_map(|(at, line)| {
        let (name, value) = line.split_once(':').filter(|_| !line.starts_with("HTTP/"))?;
        let name = name.to_lowercase();
        (at > first || name == "set-cookie").then(|| (name, value.trim().to_owned()))
    });
    Some(HttpResponse { status, reason, headers: headers.collect(), ..HttpResponse::default() })
}

fn without_login(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, tail) = rest.split_at(end);
            format!("{scheme}://{}{tail}", authority.rsplit_once('@').map_or(authority, |(_, host)| host))
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    #[test]
    fn the_last_head_counts() {
        let text = "HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: 0\r\n\r\nHTTP/1.1 404 Not Found\r\nX-One: a: b\r\nSet-Cookie: 1\r\nSet-Cookie: 2\r\n\r\n";
        let response = parse_head(text).unwrap();
        assert_eq!((response.status, response.reason.as_str(), response.header("x-one")), (404, "Not Found", Some("a: b")));
        let cookies: Vec<&str> =
            response.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
        assert_eq!((response.headers.len(), cookies), (4, vec!["0", "1", "2"]));
        assert_eq!(without_login("http://u:p@h/x@y"), "http://h/x@y");
    }

    #[test]
    fn settings_keep_what_they_are_given() {
        let request = HttpRequest {
            url: "http://h/\"x\"".into(),
            method: "PUT".into(),
            login: Some(("ada".into(), Secret::new("a\\b"))),
            redirects: Redirects::All,
            ciphers: Some("HIGH".into()),
            verify: true,
            ..HttpRequest::default()
        };
        let text = settings(&request, None, Path::new("/h"), Path::new("/c"));
        for line in [
            "url = \"http://h/\\\"x\\\"\"",
            "user = \"ada:a\\\\b\"",
            "request = \"PUT\"",
            "data-binary = \"\"",
            "location",
            "ciphers = \"HIGH\"",
            "cookie = \"\"",
            "anyauth",
            "noproxy = \"*\"",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(!text.contains("insecure"));
    }
}
