//! Files of the controller on their way to hosts.

use serde_json::Value as Json;

use crate::engine::content::measure;
use crate::engine::testing::{Case, Ran};

/// The arguments of the one request for `module`.
fn request(ran: &Ran, module: &str) -> Json {
    let start = format!("a {module} ");
    let found = ran.requests.iter().find_map(|request| request.strip_prefix(&start));
    serde_json::from_str(found.unwrap_or_else(|| panic!("{module} in {:?}", ran.requests))).expect("arguments as JSON")
}

fn sha256(content: &str) -> String {
    measure(&mut content.as_bytes()).expect("a digest in memory").sha256
}

#[test]
fn pieces_of_a_directory_are_joined_on_the_controller() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - assemble: {src: parts, dest: /etc/x, remote_src: false, regexp: '[.]conf$', delimiter: '#'}
    - assemble: {src: none, dest: /etc/x, remote_src: false}
",
    )
    .file("files/parts/1.conf", "one")
    .file("files/parts/2.conf", "two\n")
    .file("files/parts/README", "no")
    .file("files/parts/deeper/3.conf", "three\n")
    .run();
    assert_eq!(request(&ran, "assemble")["_content"]["sha256"], sha256("one\n#\ntwo\n"));
    assert!(ran.text().contains("failed a"), "{}", ran.text());
}

#[test]
fn files_of_requests_are_found_on_the_controller() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - uri:
        url: http://api/
        method: POST
        body_format: form-multipart
        body:
          up: {filename: up.json}
          text: {filename: up.json, content: here}
",
    )
    .file("files/up.json", "{}")
    .run();
    let args = request(&ran, "uri");
    assert_eq!(args["_files"]["up"]["sha256"], sha256("{}"));
    assert!(args["_files"].get("text").is_none(), "{args}");
    let ran = Case::one("[{hosts: g, gather_facts: false, tasks: [{uri: {url: 'http://api/', method: PUT, src: up.json}}]}]")
        .file("up.json", "{}")
        .run();
    assert_eq!(request(&ran, "uri")["_content"]["sha256"], sha256("{}"));
}

#[test]
fn an_archive_of_the_controller_goes_to_the_host() {
    let ran = Case::one(
        "
- hosts: a
  gather_facts: false
  tasks:
    - {name: ours, unarchive: {src: a.tar, dest: /srv}}
    - {name: theirs, unarchive: {src: /a.tar, dest: /srv, remote_src: true}}
    - {name: old, unarchive: {src: /a.tar, dest: /srv, copy: false}}
    - {name: missing, unarchive: {src: b.tar, dest: /srv}, ignore_errors: true}
    - {name: url, unarchive: {src: 'https://h/a.tar', dest: /srv}, ignore_errors: true}
",
    )
    .file("files/a.tar", "archive")
    .run();
    let with_content: Vec<bool> = ran.requests.iter().map(|request| request.contains("_content")).collect();
    assert_eq!(with_content, [true, false, false], "{:?}", ran.requests);
    assert_eq!(ran.recap(), ["a ok=5 ignored=2"]);
}
