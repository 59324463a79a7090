use serde_json::{Value, json};

use super::super::testing::{Applied, apply, apply_once, refused};
use super::*;
use crate::system::FileKind;
use crate::system::fake::{Fake, Fault};

/// 2023-11-14 22:13:20, the time on the fake machine.
const NOW: f64 = 1_700_000_000.0;

fn machine() -> Fake {
    Fake::new()
        .file("/srv/a.txt", "hello\nworld foo\r\n")
        .file("/srv/b.log", "x")
        .mtime("/srv/b.log", NOW - 864_000.0)
        .mode("/srv/b.log", 0o600)
        .file("/srv/.hidden", "")
        .file("/srv/.d/inner.txt", "")
        .file("/srv/one/c.txt", "bbb")
        .file("/srv/one/two/d.txt", "hello")
        .link("/srv/lnk", "a.txt")
        .link("/srv/dir", "one")
        .link("/srv/one/up", "..")
        .special("/srv/pipe", FileKind::Fifo)
}

fn find(args: Value) -> Applied {
    let mut all = json!({"paths": "/srv"});
    all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
    let applied = apply(&MODULE, machine(), all);
    assert!(!applied.changed);
    applied
}

fn paths(applied: &Applied) -> String {
    let files = applied.get("files").as_array().unwrap();
    assert_eq!(applied.get("matched"), files.len());
    files.iter().map(|file| file["path"].as_str().unwrap().strip_prefix("/srv/").unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn by_criteria() {
    for (args, expected) in [
        (json!({}), "a.txt b.log"),
        (json!({"hidden": true}), ".hidden a.txt b.log"),
        (json!({"file_type": "any"}), "a.txt b.log lnk pipe dir one"),
        (json!({"file_type": "directory", "recurse": true, "hidden": true}), ".d one one/two"),
        (json!({"file_type": "link", "recurse": true}), "lnk dir one/up"),
        (json!({"recurse": true}), "a.txt b.log .d/inner.txt one/c.txt one/two/d.txt"),
        (json!({"recurse": true, "follow": true, "patterns": "?.txt"}), "a.txt dir/c.txt dir/two/d.txt one/c.txt one/two/d.txt"),
        (json!({"recurse": true, "depth": 2}), "a.txt b.log .d/inner.txt one/c.txt"),
        (json!({"recurse": true, "depth": 0, "patterns": ["d*"]}), "one/two/d.txt"),
        (json!({"depth": 2, "patterns": "c.txt"}), ""),
        (json!({"patterns": "*.txt,b.*", "excludes": "b*"}), "a.txt"),
        (json!({"patterns": "A.txt"}), ""),
        (json!({"patterns": "a", "use_regex": true}), "a.txt"),
        (json!({"patterns": "txt", "use_regex": true}), ""),
        (json!({"patterns": "(?P<n>.)\\.(txt|log)$", "excludes": "b", "use_regex": true}), "a.txt"),
        (json!({"age": "9d"}), "b.log"),
        (json!({"age": "-9d"}), "a.txt"),
        (json!({"age": "9d", "age_stamp": "ctime"}), ""),
        (json!({"size": 2}), "a.txt"),
        (json!({"size": "-1"}), "b.log"),
        (json!({"size": "1k", "file_type": "any"}), "lnk pipe dir one"),
        (json!({"mode": "0600"}), "b.log"),
        (json!({"mode": "u=rw,g=r,o=r"}), "a.txt"),
        (json!({"mode": "u+r", "exact_mode": false}), "a.txt b.log"),
        (json!({"mode": "u+r"}), ""),
        (json!({"contains": "foo"}), ""),
        (json!({"contains": "world foo$"}), "a.txt"),
        (json!({"contains": "foo$", "read_whole_file": true}), "a.txt"),
        (json!({"contains": "^world", "read_whole_file": true}), ""),
        (json!({"contains": "hell", "recurse": true}), "a.txt one/two/d.txt"),
        (json!({"contains": "nothing", "file_type": "directory"}), "one"),
    ] {
        assert_eq!(paths(&find(args.clone())), expected, "{args}");
    }
}

#[test]
fn the_limit_ends_the_search() {
    let applied = find(json!({"recurse": true, "limit": 3}));
    assert_eq!((paths(&applied).as_str(), applied.get("msg")), ("a.txt b.log .d/inner.txt", &json!("Limit of matches reached")));
    let failed = apply_once(&MODULE, machine(), json!({"paths": "/srv", "limit": 0}));
    assert_eq!(failed.failure().message, "failed to find files: `limit` must be at least 1, not 0");
}

#[test]
fn what_is_found_is_described() {
    let applied = find(json!({"paths": "/srv/one/", "get_checksum": true, "checksum_algorithm": "md5"}));
    assert_eq!(
        (applied.get("examined"), applied.get("skipped_paths"), applied.get("msg")),
        (&json!(3), &json!({}), &json!("All paths examined"))
    );
    let file = &applied.get("files")[0];
    for (key, value) in [
        ("path", json!("/srv/one/c.txt")),
        ("mode", json!("0644")),
        ("size", json!(3)),
        ("isreg", json!(true)),
        ("islnk", json!(false)),
        ("pw_name", json!("root")),
        ("gr_name", json!("root")),
        ("xusr", json!(false)),
        ("mtime", json!(NOW)),
        ("checksum", json!("08f8e0260c64418510cefb2b06eee5cd")),
    ] {
        assert_eq!(file[key], value, "{key}");
    }
}

#[test]
fn what_cannot_be_searched_is_told_and_the_rest_searched() {
    let machine = machine().file("/srv/bad.bin", b"caf\xe9\n").file("/srv/z.txt", "caf\n").fault(Fault::Denied, "/srv/one");
    let args = json!({"paths": ["/none", "/srv/a.txt", "/srv"], "recurse": true, "contains": "caf"});
    let applied = apply(&MODULE, machine, args);
    assert_eq!(paths(&applied), "z.txt");
    let skipped = json!({
        "/none": "it is not a directory",
        "/srv/a.txt": "it is not a directory",
        "/srv/bad.bin": "it is not UTF-8: byte 0xe9 at offset 3",
        "/srv/one": "Permission denied",
    });
    assert_eq!(applied.get("skipped_paths"), &skipped);
    assert_eq!(applied.answer.as_ref().unwrap().warnings.len(), 4);
    let applied = apply(&MODULE, applied.machine, json!({"paths": "/srv", "contains": "caf.$", "encoding": "latin-1"}));
    assert_eq!(paths(&applied), "bad.bin");
}

#[test]
fn wrong_criteria_are_refused() {
    for (args, message) in [
        (json!({"age": "9x"}), "failed to find files: `age` must be a whole number with or without a unit (`-2d`, `1w`), not `9x`"),
        (json!({"size": "1kb"}), "failed to find files: `size` must be a whole number with or without a unit (`-10k`, `1g`), not `1kb`"),
        (json!({"contains": "("}), "failed to find files: `(` is no regular expression: the `(` is not closed (at position 0)"),
        (
            json!({"patterns": "*a", "use_regex": true}),
            "failed to find files: `*a` is no regular expression: there is nothing that `*` could repeat (at position 0)",
        ),
    ] {
        let mut all = json!({"paths": "/srv"});
        all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
        assert_eq!(apply_once(&MODULE, machine(), all).failure().message, message);
    }
    assert!(refused(&MODULE, json!({"paths": "/srv", "mode": "rwx"})).contains("must be a file mode"));
}
