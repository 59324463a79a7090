//! Requests to small servers of our own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;

use super::*;
use crate::base::Secret;

/// A server that gives these answers, one connection each, and returns the requests it got: head and body.
fn serve(answers: Vec<String>) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let handle = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            requests.push(converse(&stream, &stream, answer.as_bytes()));
        }
        requests
    });
    (port, handle)
}

fn converse(reader: impl Read, mut writer: impl Write, answer: &[u8]) -> String {
    let mut reader = BufReader::new(reader);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    writer.write_all(answer).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}", body.len())
}

fn request(method: &str, url: String) -> HttpRequest {
    HttpRequest { url, method: method.into(), timeout: Duration::from_secs(20), verify: true, ..HttpRequest::default() }
}

fn get(request: &HttpRequest) -> Result<(HttpResponse, String)> {
    let mut sink = Vec::new();
    let response = perform(request, &mut sink, &Cancel::new())?;
    Ok((response, String::from_utf8(sink).unwrap()))
}

#[test]
fn an_error_status_is_an_answer_with_headers_and_content() {
    let (port, server) = serve(vec![answer("404 Not Found", "X-One: 1\r\nX-One: 2\r\n", "nothing")]);
    let mut wanted = request("get", format!("http://127.0.0.1:{port}/a b"));
    wanted.headers.insert("X-Mine".into(), "yes".into());
    let (response, body) = get(&wanted).unwrap();
    assert_eq!((response.status, response.reason.as_str(), body.as_str()), (404, "Not Found", "nothing"));
    assert_eq!(response.headers.iter().filter(|(name, _)| name == "x-one").count(), 2);
    assert_eq!(response.url, format!("http://127.0.0.1:{port}/a%20b"));
    let requests = server.join().unwrap();
    assert!(requests[0].starts_with("GET /a%20b HTTP/1.1\r\n"), "{requests:?}");
    assert!(requests[0].to_lowercase().contains("x-mine: yes\r\n"), "{requests:?}");
}

#[test]
fn a_redirected_post_becomes_a_get_where_redirects_are_followed() {
    let redirect = || answer("302 Found", "Location: /next\r\n", "");
    let (port, server) = serve(vec![redirect(), answer("200 OK", "", "done")]);
    let mut wanted = request("POST", format!("http://127.0.0.1:{port}/first"));
    wanted.body = HttpBody::Bytes(b"data".to_vec());
    wanted.redirects = Redirects::All;
    let (response, body) = get(&wanted).unwrap();
    assert_eq!((response.url, body.as_str()), (format!("http://127.0.0.1:{port}/next"), "done"));
    let requests = server.join().unwrap();
    assert!(requests[0].starts_with("POST /first") && requests[0].ends_with("data"), "{requests:?}");
    assert!(requests[1].starts_with("GET /next") && !requests[1].to_lowercase().contains("content-length"), "{requests:?}");

    let (port, server) = serve(vec![redirect()]);
    let wanted = HttpRequest { redirects: Redirects::Safe, url: format!("http://127.0.0.1:{port}/"), ..wanted };
    assert_eq!(get(&wanted).unwrap().0.status, 302);
    server.join().unwrap();
}

#[test]
fn the_login_goes_only_where_it_is_asked_for() {
    let (other, other_server) = serve(vec![answer("200 OK", "", "elsewhere")]);
    let elsewhere = format!("Location: http://127.0.0.1:{other}/\r\n");
    let challenge = answer("401 Unauthorized", "WWW-Authenticate: Basic realm=x\r\n", "");
    let (port, server) = serve(vec![challenge, answer("301 Moved", &elsewhere, "")]);
    let mut wanted = request("GET", format!("http://127.0.0.1:{port}/"));
    wanted.login = Some(("ada".into(), Secret::new("pw")));
    wanted.headers.insert("Cookie".into(), "c=1".into());
    assert_eq!(get(&wanted).unwrap().1, "elsewhere");
    let requests: Vec<String> = server.join().unwrap().iter().map(|request| request.to_lowercase()).collect();
    assert!(!requests[0].contains("authorization:") && requests[0].contains("cookie:"), "{requests:?}");
    assert!(requests[1].contains("authorization: basic ywrhonb3"), "{requests:?}");
    let foreign = other_server.join().unwrap()[0].to_lowercase();
    assert!(!foreign.contains("authorization:") && !foreign.contains("cookie:"), "{foreign}");
}

#[test]
fn redirects_end_somewhere() {
    let (port, server) = serve(vec![answer("302 Found", "Location: /\r\n", ""); REDIRECT_LIMIT + 1]);
    let error = get(&request("GET", format!("http://127.0.0.1:{port}/"))).unwrap_err();
    assert_eq!(error.to_string(), format!("failed to request `http://127.0.0.1:{port}/`: more than 10 redirects"));
    server.join().unwrap();
}

#[test]
fn a_proxy_is_told_the_whole_url() {
    let (port, server) = serve(vec![answer("200 OK", "", "through")]);
    let mut wanted = request("GET", "http://no-such-host.invalid/x?y".into());
    wanted.use_proxy = true;
    wanted.environment = [("http_proxy".to_owned(), format!("http://u:p@127.0.0.1:{port}")), ("no_proxy".to_owned(), String::new())].into();
    assert_eq!(get(&wanted).unwrap().1, "through");
    let requests = server.join().unwrap();
    assert!(requests[0].starts_with("GET http://no-such-host.invalid/x?y HTTP/1.1\r\n"), "{requests:?}");
    assert!(requests[0].to_lowercase().contains("proxy-authorization: basic dtpw"), "{requests:?}");
}

#[test]
fn a_socket_file_takes_the_place_of_the_host() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        converse(&stream, &stream, answer("200 OK", "", "local").as_bytes())
    });
    let wanted = HttpRequest { unix_socket: Some(path), ..request("GET", "http://docker/info".into()) };
    assert_eq!(get(&wanted).unwrap().1, "local");
    assert!(server.join().unwrap().to_lowercase().contains("host: docker"));
}

#[test]
fn compressed_content_is_unpacked_only_when_asked_for() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"plain").unwrap();
    let packed = packed.finish().unwrap();
    for decompress in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut bytes = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len()).into_bytes();
        bytes.extend_from_slice(&packed);
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            converse(&stream, &stream, &bytes)
        });
        let wanted = HttpRequest { decompress, ..request("GET", format!("http://127.0.0.1:{port}/")) };
        let mut sink = Vec::new();
        perform(&wanted, &mut sink, &Cancel::new()).unwrap();
        assert_eq!(sink, if decompress { b"plain".to_vec() } else { packed.clone() });
        assert_eq!(server.join().unwrap().to_lowercase().contains("accept-encoding: gzip"), decompress);
    }
}

#[test]
fn a_file_is_sent_and_a_truncated_answer_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("body");
    std::fs::write(&path, "from a file").unwrap();
    let (port, server) = serve(vec!["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_owned()]);
    let wanted = HttpRequest { body: HttpBody::File(path), ..request("PUT", format!("http://127.0.0.1:{port}/")) };
    assert!(get(&wanted).is_err());
    let requests = server.join().unwrap();
    assert!(requests[0].ends_with("from a file"), "{requests:?}");
}

#[test]
fn what_cannot_be_asked_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    let slow = HttpRequest { timeout: Duration::from_millis(100), ..request("GET", format!("http://127.0.0.1:{silent_port}/")) };
    let table = [
        (request("GET", format!("http://u:secret@127.0.0.1:{port}/")), ErrorKind::Other, "Connection refused"),
        (request("GET", "ftp://h/x".into()), ErrorKind::Unsupported, "`ftp` URLs are not supported"),
        (request("GET", "not a url".into()), ErrorKind::Other, "not a URL"),
        (slow, ErrorKind::TimedOut, "no answer within 0.1 seconds"),
    ];
    for (request, kind, reason) in table {
        let error = get(&request).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.reason.contains(reason) && !error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn requests_share_a_connection_when_they_are_told_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        for status in ["200 OK", "404 Not Found", "200 OK"] {
            converse(&stream, &stream, format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok").as_bytes());
        }
        // What goes over none of theirs has one of its own.
        let (stream, _) = listener.accept().unwrap();
        converse(&stream, &stream, answer("200 OK", "", "own").as_bytes());
    });
    let connections = Some(crate::system::Connections::default());
    let url = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    for (path, status) in [("a", 200), ("b", 404), ("c", 200)] {
        let wanted = HttpRequest { connections: connections.clone(), ..request("GET", url(path)) };
        let (response, content) = get(&wanted).unwrap();
        assert_eq!((response.status, content.as_str()), (status, "ok"));
    }
    assert_eq!(get(&request("GET", url("d"))).unwrap().1, "own");
    server.join().unwrap();
}

#[test]
fn a_digest_is_answered() {
    let challenge = answer(
        "401 Unauthorized",
        "WWW-Authenticate: Basic realm=x\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n",
        "",
    );
    let (port, server) = serve(vec![challenge.clone(), answer("200 OK", "", "in")]);
    let mut wanted = request("GET", format!("http://127.0.0.1:{port}/a?b"));
    wanted.login = Some(("ada".into(), Secret::new("pw")));
    wanted.headers.insert("Authorization".into(), "Bearer token".into());
    assert_eq!(get(&wanted).unwrap().1, "in");
    let requests = server.join().unwrap();
    assert!(requests[0].to_lowercase().contains("authorization: bearer token"), "{requests:?}");
    assert!(
        requests[1].contains("Digest username=\"ada\"") && requests[1].contains("uri=\"/a?b\"") && !requests[1].contains("Bearer"),
        "{requests:?}"
    );
    let (port, server) = serve(vec![challenge.clone(), challenge]);
    wanted.url = format!("http://127.0.0.1:{port}/");
    assert_eq!(get(&wanted).unwrap().0.status, 401);
    assert_eq!(server.join().unwrap().len(), 2);
}

#[test]
fn redirects_take_cookies_along_and_leave_headers_behind() {
    let (port, server) = serve(vec![
        answer("302 Found", "Location: /next\r\nSet-Cookie: id=7; Path=/\r\n", ""),
        answer("200 OK", "Set-Cookie: x=1\r\n", ""),
    ]);
    let mut wanted = request("POST", format!("http://127.0.0.1:{port}/login"));
    wanted.redirects = Redirects::All;
    wanted.body = HttpBody::Bytes(b"a=b".to_vec());
    wanted.headers =
        [("X-Key", "1"), ("X-Other", "2"), ("Content-Type", "text/x")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    wanted.unredirected = vec!["x-key".into()];
    let (response, _) = get(&wanted).unwrap();
    let cookies: Vec<&str> = response.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
    assert_eq!(cookies, ["id=7; Path=/", "x=1"]);
    let requests: Vec<String> = server.join().unwrap().iter().map(|request| request.to_lowercase()).collect();
    assert!(requests[0].contains("x-key: 1") && requests[0].contains("content-type: text/x"), "{requests:?}");
    assert!(requests[1].contains("cookie: id=7\r\n") && requests[1].contains("x-other: 2"), "{requests:?}");
    assert!(!requests[1].contains("x-key") && !requests[1].contains("content-type"), "{requests:?}");
}
