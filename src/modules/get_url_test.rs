use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{Applied, apply, apply_once};
use crate::system::fake::{Fake, Fault};

const URL_OF_IT: &str = "http://h/a/b.txt";

fn fetched(machine: Fake, args: Value) -> Applied {
    let mut args = args;
    if args.get("url").is_none() {
        args["url"] = json!(URL_OF_IT);
    }
    apply(&MODULE, machine, args)
}

fn server() -> Fake {
    Fake::new().http("GET", URL_OF_IT, 200, &[], "new\n")
}

#[test]
fn a_file_is_fetched_once() {
    let applied = fetched(server(), json!({"dest": "/srv/x", "mode": "0600"}));
    assert!(applied.changed);
    assert_eq!((applied.machine.text("/srv/x").as_str(), applied.machine.stat_of("/srv/x").mode), ("new\n", 0o600));
    assert_eq!(
        (applied.get("status_code"), applied.get("dest"), applied.get("msg")),
        (&json!(200), &json!("/srv/x"), &json!("OK (4 bytes)"))
    );
    assert_eq!(applied.machine.requests().len(), 2, "one in check mode, one for real, none again");
    let in_dir = fetched(server(), json!({"dest": "/srv"}));
    assert_eq!(in_dir.machine.text("/srv/b.txt"), "new\n");
    let named = Fake::new().http("GET", URL_OF_IT, 200, &[("Content-Disposition", "attachment; filename=c.txt")], "new\n");
    assert!(apply_once(&MODULE, named, json!({"url": URL_OF_IT, "dest": "/srv"})).machine.has("/srv/c.txt"));
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_asked() {
    let there = || server().file("/srv/x", "old\n");
    assert!(!fetched(there(), json!({"dest": "/srv/x"})).changed);
    let forced = fetched(there(), json!({"dest": "/srv/x", "force": true, "backup": true}));
    assert!(forced.changed && forced.get("backup_file").as_str().is_some_and(|path| forced.machine.text(path) == "old\n"));
    let digest = crate::system::hash::sha256(b"new\n");
    let checked = fetched(there(), json!({"dest": "/srv/x", "checksum": format!("sha256:{digest}")}));
    assert!(checked.changed && checked.machine.text("/srv/x") == "new\n");
    let mode = fetched(there(), json!({"dest": "/srv/x", "mode": "0600"}));
    assert!(mode.changed && mode.machine.text("/srv/x") == "old\n" && mode.machine.stat_of("/srv/x").mode == 0o600);
}

#[test]
fn what_does_not_fit_is_not_put_in_place() {
    let wrong = fetched(server().file("/srv/x", "old\n"), json!({"dest": "/srv/x", "checksum": format!("sha256:{}", "0".repeat(64))}));
    assert!(wrong.failure().message.starts_with("the checksum of what came from `http://h/a/b.txt` does not fit"));
    assert_eq!(wrong.machine.text("/srv/x"), "old\n");
    let missing = fetched(Fake::new().http("GET", URL_OF_IT, 404, &[], ""), json!({"dest": "/srv/x"}));
    assert_eq!(missing.failure().message, "failed to fetch `http://h/a/b.txt`: the server answers 404 Error");
    let nowhere = fetched(server(), json!({"dest": "/srv/none/x"}));
    assert_eq!(nowhere.failure().message, "failed to write `/srv/none/x`: the directory `/srv/none` does not exist");
    let full = fetched(server().fault(Fault::NoSpace, "/srv"), json!({"dest": "/srv/x"}));
    assert_eq!(full.failure().message, "failed to write `/srv/x`: No space left on device");
    assert!(!full.machine.has("/srv/x"));
}

#[test]
fn a_link_that_leads_nowhere_gives_way() {
    let applied = fetched(server().link("/srv/x", "/srv/gone"), json!({"dest": "/srv/x"}));
    assert!(applied.changed && applied.machine.text("/srv/x") == "new\n");
}

#[test]
fn files_of_the_host_are_copied() {
    for url in ["file:///tmp/a%20b", "file://localhost/tmp/a b"] {
        let machine = || Fake::new().file("/tmp/a b", "here");
        let applied = fetched(machine(), json!({"url": url, "dest": "/srv/x"}));
        assert!(applied.changed && applied.machine.text("/srv/x") == "here" && applied.machine.has("/tmp/a b"));
        assert!(fetched(machine(), json!({"url": url, "dest": "/srv"})).machine.has("/srv/a b"));
    }
    let missing = fetched(Fake::new(), json!({"url": "file:///tmp/none", "dest": "/srv/x"}));
    assert_eq!(missing.failure().message, "failed to fetch `file:///tmp/none`: the host has no file `/tmp/none`");
}

#[test]
fn digests_are_found_in_lists() {
    let digest = "AB".repeat(32);
    assert_eq!(digest_in(&format!("{digest}\n"), "f"), Some(digest.to_lowercase()));
    let list = format!("# list\n{}  other\n{digest} *dir/f\n", "00".repeat(32));
    assert_eq!(digest_in(&list, "f"), Some(digest.to_lowercase()));
    assert_eq!(digest_in(&list, "missing"), None);
}

#[test]
fn names_come_from_the_end_of_the_url() {
    assert_eq!(name_in_url("http://h/a/b.tar.gz?x=1"), "b.tar.gz");
    assert_eq!(name_in_url("http://h/"), "index.html");
}

#[test]
fn a_server_does_not_choose_the_directory() {
    let response = HttpResponse {
        headers: vec![("content-disposition".to_owned(), "attachment; filename=\"../../etc/passwd\"".to_owned())],
        ..HttpResponse::default()
    };
    assert_eq!(name_of(&response, "http://h/x"), "passwd");
}
