//! A small HTTP/1.1 server: POST of JSON, one thread per connection, connections kept open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Largest request body, in bytes.
const LARGEST: usize = 512 << 10;
/// A connection without a request for this long is closed.
const IDLE: Duration = Duration::from_secs(120);

/// Who may ask.
pub struct Rules {
    /// Accepted names in `Host`; `*` for all. Addresses and localhost are always accepted.
    pub vhosts: Vec<String>,
    /// Answered as `Access-Control-Allow-Origin` unless empty.
    pub cors: String,
}

/// A request as far as it matters here.
struct Request {
    method: String,
    host: String,
    content_type: String,
    body: String,
    keep_open: bool,
}

/// Serves until the process ends; `answer` turns a request body into a response body.
pub fn serve(socket: TcpListener, rules: Rules, answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) {
    let shared = Arc::new((rules, answer));
    thread::spawn(move || {
        for stream in socket.incoming().flatten() {
            let shared = shared.clone();
            thread::spawn(move || {
                let _ = stream.set_read_timeout(Some(IDLE));
                // The client went away or talks nonsense: nothing to tell anyone.
                let _ = connection(&stream, &shared.0, &shared.1);
            });
        }
    });
}

fn connection(stream: &TcpStream, rules: &Rules, answer: &impl Fn(&str) -> Option<String>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        let (status, kind, body) = respond(&request, rules, answer);
        let cors = if rules.cors.is_empty() { String::new() } else { format!("Access-Control-Allow-Origin: {}\r\n", rules.cors) };
        let connection = if request.keep_open { "keep-alive" } else { "close" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{cors}Connection: {connection}\r\n\r\n",
            body.len()
        );
        let mut writer = stream;
        writer.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        if !request.keep_open {
            break;
        }
    }
    Ok(())
}

fn respond(request: &Request, rules: &Rules, answer: &impl Fn(&str) -> Option<String>) -> (&'static str, &'static str, String) {
    if !host_allowed(&request.host, &rules.vhosts) {
        return ("403 Forbidden", "text/plain", "invalid host specified\n".to_owned());
    }
    match request.method.as_str() {
        // What the original answers to a health check by GET.
        "GET" if request.body.is_empty() => ("200 OK", "text/plain", String::new()),
        "POST" if !request.content_type.starts_with("application/json") => {
            ("415 Unsupported Media Type", "text/plain", "invalid content type, only application/json is supported\n".to_owned())
        }
        "POST" => ("200 OK", "application/json", answer(&request.body).unwrap_or_default() + "\n"),
        _ => ("405 Method Not Allowed", "text/plain", "method not allowed\n".to_owned()),
    }
}

fn host_allowed(host: &str, vhosts: &[String]) -> bool {
    let name = if host.starts_with('[') { "" } else { host.rsplit_once(':').map_or(host, |(name, _)| name) };
    name.is_empty() || name == "localhost" || name.parse::<IpAddr>().is_ok() || vhosts.iter().any(|known| known == "*" || known == name)
}

/// The next request; none at the end of the connection.
fn read(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let mut keep_open = words.nth(1) != Some("HTTP/1.0");
    let (mut host, mut content_type, mut length) = (String::new(), String::new(), 0_usize);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "host" => host = value.to_owned(),
            "content-type" => content_type = value.to_ascii_lowercase(),
            "content-length" => length = value.parse().map_err(std::io::Error::other)?,
            "connection" if value.eq_ignore_ascii_case("close") => keep_open = false,
            _ => {}
        }
    }
    if length > LARGEST {
        return Err(std::io::Error::other("request too large"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8(body).map_err(std::io::Error::other)?;
    Ok(Some(Request { method, host, content_type, body, keep_open }))
}

/// Sends `body` to `http://host:port` and returns the body of the answer (for the console).
pub fn post(place: &str, body: &str) -> Result<String, String> {
    let talk = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(place)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {place}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = talk().map_err(|e| e.to_string())?;
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).ok_or_else(|| "not an HTTP answer".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let listed = ["node.lab".to_owned()];
        assert!(host_allowed("127.0.0.1:8551", &[]));
        assert!(host_allowed("localhost", &[]));
        assert!(host_allowed("[::1]:8551", &[]));
        assert!(host_allowed("node.lab:8551", &listed));
        assert!(!host_allowed("evil.example:8551", &listed));
        assert!(host_allowed("evil.example", &["*".to_owned()]));
    }

    #[test]
    fn several_requests_over_one_connection() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = socket.local_addr().unwrap().to_string();
        serve(socket, Rules { vhosts: Vec::new(), cors: String::new() }, |body| Some(body.to_uppercase()));
        assert_eq!(post(&place, "abc").unwrap(), "ABC\n");
        let mut stream = TcpStream::connect(&place).unwrap();
        let request = "POST / HTTP/1.1\r\nHost: x\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\nhi";
        for _ in 0..2 {
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = vec![0; 512];
            let size = stream.read(&mut answer).unwrap();
            assert!(String::from_utf8_lossy(&answer[..size]).ends_with("HI\n"));
        }
    }
}
