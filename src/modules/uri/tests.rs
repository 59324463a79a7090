use serde_json::json;

use super::super::testing::{Applied, apply, apply_once, content, predict, refused};
use super::*;
use crate::system::fake::Fake;

const URL: &str = "http://api/x";

fn api(status: u16, headers: &[(&str, &str)], content: &str) -> Fake {
    ["GET", "POST", "PUT"].iter().fold(Fake::new(), |machine, method| machine.http(method, URL, status, headers, content))
}

fn ask(machine: Fake, args: Value) -> Applied {
    let mut all = json!({"url": URL});
    all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
    apply_once(&MODULE, machine, all)
}

/// Headers and content of the one request that was made.
fn sent(applied: &Applied) -> (HttpRequest, String) {
    let request = applied.machine.requests().pop().unwrap();
    let body = match &request.body {
        HttpBody::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        HttpBody::Empty => String::new(),
        HttpBody::File(path) => format!("file {}", path.display()),
    };
    (request, body)
}

#[test]
fn an_answer_is_told() {
    let headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", "9"),
        ("X-Two", "1"),
        ("X-Two", "2"),
        ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie", "b=\"x y\"; HttpOnly"),
    ];
    let applied = apply(&MODULE, api(200, &headers, "{\"a\": [1]}"), json!({"url": URL}));
    assert!(!applied.changed);
    for (key, value) in [
        ("status", json!(200)),
        ("url", json!(URL)),
        ("redirected", json!(false)),
        ("json", json!({"a": [1]})),
        ("content", Value::Null),
        ("content_type", json!("application/json; charset=utf-8")),
        ("x_two", json!("1, 2")),
        ("cookies", json!({"a": "1", "b": "\"x y\""})),
        ("cookies_string", json!("a=1; b=\"x y\"")),
        ("msg", json!("OK (9 bytes)")),
    ] {
        assert_eq!(applied.get(key), &value, "{key}");
    }
    assert_eq!(ask(api(200, &[], "plain"), json!({"return_content": true})).get("content"), "plain");
    assert_eq!(ask(api(200, &[("Content-Type", "text/json")], "{bad"), json!({})).get("json"), &Value::Null);
}

#[test]
fn content_is_text_in_its_own_encoding() {
    let machine = Fake::new().http("GET", URL, 200, &[("Content-Type", "text/plain; charset=\"ISO-8859-1\"")], b"caf\xe9");
    assert_eq!(ask(machine, json!({"return_content": true})).get("content"), "café");
    let machine = Fake::new().http("GET", URL, 200, &[], b"\xffx");
    assert_eq!(ask(machine, json!({"return_content": true})).get("content"), "\u{fffd}x");
}

#[test]
fn other_statuses_are_failures_unless_they_are_wanted() {
    let applied = ask(api(404, &[("Content-Type", "text/plain")], "nothing"), json!({}));
    let failure = applied.failure();
    assert_eq!(failure.message, "Status code was 404 and not [200]: HTTP Error 404: Error");
    assert_eq!(
        (&failure.result["status"], &failure.result["content"], &failure.result["content_type"]),
        (&json!(404), &json!("nothing"), &json!("text/plain"))
    );
    assert_eq!(ask(api(404, &[], ""), json!({"status_code": "200,404"})).get("status"), 404);
    let applied = ask(Fake::new(), json!({"status_code": [200, 201]}));
    assert_eq!(applied.failure().message, "Status code was -1 and not [200, 201]: failed to request `http://api/x`: Connection refused");
    assert_eq!((&applied.failure().result["status"], &applied.failure().result["url"]), (&json!(-1), &json!(URL)));
    assert_eq!(ask(Fake::new(), json!({"status_code": -1})).get("status"), -1);
}

#[test]
fn bodies() {
    for (args, mime, body) in [
        (
            json!({"body": {"a": [1, true, null], "é": 1.0}, "body_format": "json"}),
            "application/json",
            "{\"a\": [1, true, null], \"\\u00e9\": 1.0}",
        ),
        (json!({"body": "{\"x\": 1}", "body_format": "json"}), "application/json", "{\"x\": 1}"),
        (json!({"body_format": "json"}), "application/json", ""),
        (json!({"body": "plain"}), "application/x-www-form-urlencoded", "plain"),
        (json!({"body": "plain", "headers": {"content-type": "text/x"}}), "text/x", "plain"),
        (json!({"body": {"a": "b c"}, "body_format": "form-urlencoded"}), "application/x-www-form-urlencoded", "a=b+c"),
        (json!({"body": [1], "body_format": "json", "headers": {"Content-Type": "application/x"}}), "application/x", "[1]"),
    ] {
        let mut args = args;
        args["method"] = json!("post");
        let (request, sent) = sent(&ask(api(200, &[], ""), args.clone()));
        let said = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")).map(|(_, value)| value.as_str());
        assert_eq!((request.method.as_str(), said, sent.as_str()), ("POST", Some(mime), body), "{args}");
    }
    let (request, _) = sent(&ask(api(200, &[], ""), json!({})));
    assert!(!http::has_header(&request, "content-type"));
}

#[test]
fn forms_with_files() {
    let machine = api(200, &[], "").file("/srv/a.txt", "hello\nworld foo\n").file("/srv/b.bin", b"\x00\n\xff");
    let body = json!({
        "f": {"filename": "/srv/a.txt"},
        "g": {"content": "l1\nl2", "filename": "dir/g.json"},
        "h": "x\ny",
        "i\"": {"filename": "/srv/a.txt", "multipart_encoding": "7or8bit", "mime_type": "text/x"},
        "j": {"filename": "local.bin"},
    });
    let args = json!({"method": "POST", "body": body, "body_format": "form-multipart", "headers": {"content-type": "mine"}, "_files": {"j": content("from here")}});
    let (request, body) = sent(&ask(machine, args));
    let boundary = request.headers["Content-Type"].split('"').nth(1).unwrap().to_owned();
    let text = body.replace(&boundary, "B");
    let expected = "--B\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\
                    Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\naGVsbG8Kd29ybGQgZm9vCg==\r\n\r\n\
                    --B\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"g\"; filename=\"g.json\"\r\n\r\nl1\r\nl2\r\n\
                    --B\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=\"h\"\r\n\r\nx\r\ny\r\n\
                    --B\r\nContent-Transfer-Encoding: 7bit\r\nContent-Type: text/x\r\n\
                    Content-Disposition: form-data; name=\"i\\\"\"; filename=\"a.txt\"\r\n\r\nhello\nworld foo\n\r\n\
                    --B\r\nContent-Transfer-Encoding: base64\r\nContent-Type: application/octet-stream\r\n\
                    Content-Disposition: form-data; name=\"j\"; filename=\"local.bin\"\r\n\r\nZnJvbSBoZXJl\r\n\r\n--B--\r\n";
    assert_eq!(text, expected);
}

#[test]
fn bodies_that_make_no_sense() {
    for (args, part) in [
        (json!({"body": {"a": 1}}), "data need a `body_format`"),
        (json!({"body": [["a"]], "body_format": "form-urlencoded"}), "must hold pairs"),
        (json!({"body": "x", "body_format": "form-multipart"}), "needs a mapping"),
        (json!({"body": {"f": 5}, "body_format": "form-multipart"}), "the field `f` must be text or a mapping"),
        (json!({"body": {"f": {}}, "body_format": "form-multipart"}), "the field `f` needs `content` or `filename`"),
        (json!({"body": {"f": {"filename": "/none"}}, "body_format": "form-multipart"}), "`/none`"),
        (json!({"body": {"f": {"file": "/none"}}, "body_format": "form-multipart"}), "has no option `file`"),
        (json!({"method": "TWO WORDS"}), "`TWO WORDS` is no method"),
        (json!({"headers": {"X": [1]}}), "the header `X` must be text"),
        (json!({"src": "/none", "remote_src": true}), "failed to send `/none`"),
    ] {
        let applied = ask(api(200, &[], ""), args);
        assert!(applied.failure().message.contains(part), "{}", applied.failure());
        assert!(applied.machine.requests().is_empty());
    }
    assert!(refused(&MODULE, json!({"url": URL, "body": "x", "src": "y"})).contains("only one of"));
    assert!(refused(&MODULE, json!({"url": URL, "use_gssapi": true})).contains("must be one of `false`"));
}

#[test]
fn options_reach_the_request() {
    let args = json!({
        "url_username": "ada", "password": "pw", "force_basic_auth": true, "headers": {"X-N": 5, "user-agent": "mine"}, "http_agent": "other",
        "follow_redirects": "all", "timeout": 5, "validate_certs": false, "ca_path": "/ca", "client_cert": "/c", "client_key": "/k",
        "use_proxy": false, "unix_socket": "/s", "decompress": false, "unredirected_headers": ["x-n"], "force": true, "ciphers": ["A", "B"],
    });
    let (request, _) = sent(&ask(api(200, &[], ""), args));
    assert_eq!(request.login.as_ref().map(|(user, password)| (user.as_str(), password.expose())), Some(("ada", "pw")));
    assert!(request.login_first && !request.verify && !request.use_proxy && !request.decompress);
    assert_eq!(
        request.headers,
        [("Cache-Control", "no-cache"), ("X-N", "5"), ("user-agent", "mine")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    );
    assert_eq!((request.redirects, request.timeout, request.ciphers.as_deref()), (Redirects::All, Duration::from_secs(5), Some("A:B")));
    let paths =
        [&request.ca_file, &request.client_cert, &request.client_key, &request.unix_socket].map(|path| path.clone().unwrap_or_default());
    assert_eq!(paths, ["/ca", "/c", "/k", "/s"].map(PathBuf::from));
    assert_eq!(request.unredirected, ["x-n"]);
}

#[test]
fn a_login_may_come_from_the_netrc() {
    let machine = || {
        api(200, &[], "")
            .file("/root/.netrc", "machine api login bob password pw2\n")
            .file("/srv/netrc", "default login eve password pw3\n")
    };
    let login = |applied: &Applied| {
        let (request, _) = sent(applied);
        request.login.map(|(user, password)| (user, password.expose().to_owned(), request.login_first))
    };
    let of = |user: &str, password: &str| Some((user.to_owned(), password.to_owned(), true));
    assert_eq!(login(&ask(machine(), json!({}))), of("bob", "pw2"));
    assert_eq!(login(&ask(machine(), json!({"use_netrc": false}))), None);
    assert_eq!(login(&ask(machine().variable("NETRC", "/srv/netrc"), json!({}))), of("eve", "pw3"));
    assert_eq!(login(&ask(machine(), json!({"url_username": "ada"}))), Some(("ada".to_owned(), String::new(), false)));
}

#[test]
fn files_are_sent() {
    let machine = api(200, &[], "").file("/srv/up", "data");
    let (request, body) = sent(&ask(machine, json!({"method": "PUT", "src": "/srv/up", "remote_src": true})));
    assert_eq!((body.as_str(), request.headers["Content-Type"].as_str()), ("file /srv/up", "application/x-www-form-urlencoded"));
    let applied = ask(api(200, &[], ""), json!({"method": "PUT", "src": "up.json", "_content": content("{}")}));
    assert!(sent(&applied).1.starts_with("file /scratch/"));
    let applied = ask(api(200, &[], ""), json!({"method": "PUT", "src": "up.json"}));
    assert_eq!(applied.failure().message, "failed to send `up.json`: its content has not arrived");
}

#[test]
fn content_goes_to_a_file_once() {
    let args = |dest: &str| json!({"url": URL, "dest": dest, "mode": "0600"});
    let applied = apply(&MODULE, api(200, &[], "data"), args("/srv/file"));
    assert!(applied.changed);
    assert_eq!(
        (applied.machine.text("/srv/file").as_str(), applied.get("path"), applied.get("mode")),
        ("data", &json!("/srv/file"), &json!("0600"))
    );
    assert_eq!(sent(&applied).0.headers["If-Modified-Since"], "Tue, 14 Nov 2023 22:13:20 GMT");
    let applied = apply(&MODULE, api(200, &[("Content-Disposition", "attachment; filename=\"../../etc/x.conf\"")], "data"), args("/srv/"));
    assert_eq!(applied.get("path"), "/srv/x.conf");
    assert_eq!(apply(&MODULE, api(200, &[], "data"), args("/srv")).get("path"), "/srv/x");
    let applied = ask(api(200, &[], "posted"), json!({"method": "POST", "dest": "/srv/file"}));
    assert_eq!((applied.changed, applied.machine.text("/srv/file").as_str()), (true, "posted"));
    for (args, part) in [
        (json!({"dest": "/none/x"}), "the directory `/none` does not exist"),
        (json!({"dest": "/srv", "url": "http://api/x/tmp"}), "Connection refused"),
    ] {
        let applied = ask(api(200, &[], "data"), args);
        assert!(applied.failure().message.contains(part), "{}", applied.failure());
    }
    let applied = ask(api(500, &[], "oops"), json!({"dest": "/srv/file"}));
    assert!(!applied.machine.has("/srv/file") && applied.failure().result["content"] == "oops");
}

#[test]
fn no_request_where_none_is_needed() {
    for args in [json!({"creates": "/etc"}), json!({"removes": "/none"})] {
        let applied = ask(Fake::new(), args);
        assert!(!applied.changed && applied.machine.requests().is_empty());
        assert!(applied.get("stdout").as_str().unwrap().starts_with("skipped, since `/"));
    }
    assert_eq!(ask(api(200, &[], ""), json!({"creates": "/none", "removes": "/etc"})).get("status"), 200);
}

#[test]
fn check_mode_asks_but_orders_nothing() {
    let predicted = predict(&MODULE, api(200, &[("Content-Type", "application/json")], "[1]"), json!({"url": URL}));
    assert_eq!((predicted.get("json"), predicted.machine.requests().len()), (&json!([1]), 1));
    let predicted = predict(&MODULE, api(200, &[], ""), json!({"url": URL, "method": "POST"}));
    assert!(predicted.answer.as_ref().is_ok_and(|outcome| outcome.skipped) && predicted.machine.requests().is_empty());
}

#[test]
fn secrets_stay_secret() {
    let applied = ask(Fake::new(), json!({"url": "http://ada:pw@api/x"}));
    let shown = format!("{} {:?}", applied.failure().message, applied.failure().result);
    assert!(!shown.contains("pw"), "{shown}");
    let (request, _) = sent(&applied);
    assert_eq!(request.login.map(|(user, password)| (user, password.expose().to_owned())), Some(("ada".to_owned(), "pw".to_owned())));
}
