use std::io::Read;

use serde_json::{Value, json};

use super::*;
use crate::modules::testing::{apply, apply_once, predict, predict_after, refused};
use crate::system::fake::{Fake, Fault};
use crate::system::{Attributes, FileKind};

fn machine() -> Fake {
    Fake::new()
        .user("ada", 1000)
        .file("/w/d/a.txt", "one")
        .mode("/w/d/a.txt", 0o640)
        .owner("/w/d/a.txt", 1000, 1000)
        .mtime("/w/d/a.txt", 1_600_000_000.5)
        .file("/w/d/.hidden", "h")
        .file("/w/d/sub/b.log", "two")
        .file("/w/d/sub/deep/z", "zet")
        .dir("/w/d/empty")
        .link("/w/d/link", "a.txt")
        .file("/w/e/c", "three")
        .file("/w/single", "x".repeat(2000))
}

fn args(path: Value, more: Value) -> Value {
    let mut args = more;
    args["path"] = path;
    args
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// What packs it, unpacked.
fn unpacked(machine: &Fake, path: &str, compression: Compression) -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::modules::shared::packed::reader(machine, Path::new(path), compression).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// The entries of a tar archive, each in a line.
fn listed(machine: &Fake, path: &str, compression: Compression) -> Vec<String> {
    let bytes = unpacked(machine, path, compression);
    let mut archive = tar::Archive::new(bytes.as_slice());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let link = entry.link_name().unwrap().map(|link| format!(" -> {}", link.display())).unwrap_or_default();
        entry.read_to_string(&mut text).unwrap();
        let header = entry.header();
        let (mode, uid) = (header.mode().unwrap(), header.uid().unwrap());
        format!("{name}{link} {mode:o} {uid} {} {} {text}", header.username().unwrap().unwrap_or_default(), header.mtime().unwrap())
    });
    entries.collect()
}

#[test]
fn directories_become_tar_archives() {
    for (format, compression) in
        [("gz", Compression::Gzip), ("bz2", Compression::Bzip2), ("xz", Compression::Xz), ("tar", Compression::None)]
    {
        let made = apply(&MODULE, machine(), args(json!("/w/d"), json!({"dest": "/w/d.pack", "format": format})));
        assert!(made.changed);
        assert_eq!(
            listed(&made.machine, "/w/d.pack", compression),
            [
                "d/empty/ 755 0 root 1700000000 ",
                "d/sub/ 755 0 root 1700000000 ",
                "d/.hidden 644 0 root 1700000000 h",
                "d/a.txt 640 1000 ada 1600000000 one",
                "d/link -> a.txt 777 0 root 1700000000 ",
                "d/sub/deep/ 755 0 root 1700000000 ",
                "d/sub/b.log 644 0 root 1700000000 two",
                "d/sub/deep/z 644 0 root 1700000000 zet",
            ],
            "{format}"
        );
        let told = ["dest", "dest_state", "arcroot", "state", "mode"].map(|key| made.get(key).as_str().unwrap_or_default());
        assert_eq!(told, ["/w/d.pack", "archive", "/w/", "file", "0644"]);
        assert_eq!(texts(made.get("archived"))[..3], ["/w/d/empty", "/w/d/sub", "/w/d/.hidden"]);
        assert_eq!((made.get("missing"), made.get("expanded_paths")), (&json!([]), &json!(["/w/d"])));
    }
}

/// Names, roots and results as community.general 12 gives them.
#[test]
fn what_is_packed() {
    let names = |paths: Value, more: Value| {
        let mut args = args(paths, more);
        (args["dest"], args["format"]) = (json!("/w/x.tar"), json!("tar"));
        let made = apply(&MODULE, machine(), args);
        let names = listed(&made.machine, "/w/x.tar", Compression::None);
        let names = names.iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect::<Vec<_>>();
        (made.get("arcroot").as_str().unwrap_or_default().to_owned(), names.join(" "))
    };
    let is = |root: &str, names: &str| (root.to_owned(), names.to_owned());
    let no = || json!({});
    assert_eq!(names(json!("/w/d/sub/"), no()), is("/w/d/sub/", "deep/ b.log deep/z"));
    assert_eq!(names(json!(["/w/d/sub", "/w/d/a.txt", "/w/e/c"]), no()), is("/w/", "d/a.txt d/sub/deep/ d/sub/b.log d/sub/deep/z e/c"));
    assert_eq!(names(json!(["/w/d/sub", "/w/d/sub/deep"]), no()), is("/w/d/", "sub/deep/ sub/b.log sub/deep/z"));
    assert_eq!(names(json!("/w/d/*"), json!({"exclude_path": ["/w/d/s*", "/none"]})), is("/w/d/", "a.txt link"));
    let patterns = |patterns: Value| names(json!(["/w/d", "/w/e/c"]), json!({"exclusion_patterns": patterns})).1;
    assert_eq!(patterns(json!(["d/sub", "*.txt", "*hidden", "e/?"])), "d/empty/ d/link d/sub/deep/ d/sub/b.log d/sub/deep/z");
    assert_eq!(patterns(json!(["*sub*"])), "d/empty/ d/.hidden d/a.txt d/link e/c");
    assert_eq!(patterns(json!(["sub", "a.txt"])).split(' ').count(), 9, "the whole name has to match");
    let some = apply(&MODULE, machine(), args(json!(["/w/none", "/w/single"]), json!({"dest": "/w/some.tgz"})));
    assert_eq!((some.get("dest_state"), some.get("missing")), (&json!("incomplete"), &json!(["/w/none"])));
    let within = apply(&MODULE, machine(), args(json!("/w/e"), json!({"dest": "/w/e/in.tgz"})));
    assert_eq!(texts(within.get("archived")), ["/w/e/c"]);
    let linked = apply(&MODULE, machine().link("/w/dl", "d"), args(json!("/w/dl"), json!({"dest": "/w/dl.tgz"})));
    assert_eq!(texts(linked.get("archived")).len(), 8);
    let empty = apply(&MODULE, machine(), args(json!("/w/d/empty"), json!({"dest": "/w/none.tgz"})));
    assert_eq!((empty.changed, empty.get("dest_state")), (true, &json!("archive")));
}

#[test]
fn one_file_is_only_compressed() {
    for (format, compression, state) in [
        ("gz", Compression::Gzip, "compress"),
        ("bz2", Compression::Bzip2, "compress"),
        ("xz", Compression::Xz, "compress"),
        ("tar", Compression::None, "archive"),
    ] {
        let made = apply(&MODULE, machine(), args(json!("/w/single"), json!({"format": format})));
        let path = format!("/w/single.{format}");
        assert_eq!((made.get("dest"), made.get("dest_state")), (&json!(path), &json!(state)));
        let content = unpacked(&made.machine, &path, compression);
        assert!(if state == "archive" { content.len() > 2000 } else { content == "x".repeat(2000).as_bytes() });
        assert!(made.machine.bytes(&path).len() < 1000 || state == "archive", "it is compressed");
    }
    let forced = apply(&MODULE, machine(), args(json!("/w/single"), json!({"force_archive": true, "dest": "/w/s.tgz"})));
    assert_eq!(listed(&forced.machine, "/w/s.tgz", Compression::Gzip).len(), 1);
    let matched = apply(&MODULE, machine(), args(json!("/w/sing*"), json!({"dest": "/w/s.tgz"})));
    assert_eq!(matched.get("dest_state"), "archive");
    let nothing = apply(&MODULE, machine(), args(json!("/w/none"), json!({})));
    assert_eq!((nothing.changed, nothing.get("dest_state"), nothing.get("dest")), (false, &json!("absent"), &json!("/w/none.gz")));
}

#[test]
fn what_changed_is_packed_anew() {
    let again = |paths: Value, more: Value, change: &dyn Fn(Fake) -> Fake| {
        let mut args = args(paths, more);
        args["dest"] = json!("/w/x");
        apply(&MODULE, change(apply(&MODULE, machine(), args.clone()).machine), args).changed
    };
    let d = || json!("/w/d");
    for (what, change) in [
        ("content", (|fake| fake.file("/w/d/sub/b.log", "TWO").mtime("/w/d/sub", 1_700_000_000.0)) as fn(Fake) -> Fake),
        ("mode", |fake| fake.mode("/w/d/a.txt", 0o600)),
        ("owner", |fake| fake.owner("/w/d/a.txt", 0, 1000)),
        ("time", |fake| fake.mtime("/w/d/a.txt", 1_600_000_009.0)),
        ("link", |fake| fake.link("/w/d/link", "b.txt")),
        ("new", |fake| fake.dir("/w/d/empty/more")),
        ("no archive", |fake| fake.file("/w/x", "text")),
    ] {
        assert!(again(d(), json!({}), &change), "{what}");
        assert!(!again(d(), json!({}), &|fake| fake));
    }
    let single = || json!("/w/single");
    assert!(!again(single(), json!({}), &|fake| fake.mtime("/w/single", 5.0).mode("/w/single", 0o600)), "only its content is kept");
    assert!(again(single(), json!({}), &|fake| fake.file("/w/single", "y".repeat(2000))));
    let zip = || json!({"format": "zip"});
    assert!(again(json!(["/w/d/sub", "/w/e"]), zip(), &|fake| fake.file("/w/e/c", "THREE")));
    assert!(!again(json!(["/w/d/sub", "/w/e"]), zip(), &|fake| fake.mtime("/w/e/c", 5.0)));
    let tar = apply(&MODULE, machine(), args(json!("/w/e"), json!({"dest": "/w/x"}))).machine;
    assert!(apply(&MODULE, tar, args(json!("/w/e"), json!({"dest": "/w/x", "format": "bz2"}))).changed, "another format");
}

#[test]
fn zip_archives() {
    let machine = || machine().link("/w/d/dirlink", "../e");
    let made = apply(&MODULE, machine(), args(json!("/w/d"), json!({"dest": "/w/d.zip", "format": "zip", "mode": "0600"})));
    let bytes = made.machine.bytes("/w/d.zip");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut found = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        found.push(format!("{} {:o} {text}", entry.name().unwrap(), entry.unix_mode().unwrap() & 0o777));
    }
    assert_eq!(
        found,
        [
            "d/dirlink/ 755 ",
            "d/empty/ 755 ",
            "d/sub/ 755 ",
            "d/.hidden 644 h",
            "d/a.txt 640 one",
            "d/link 640 one",
            "d/sub/deep/ 755 ",
            "d/sub/b.log 644 two",
            "d/sub/deep/z 644 zet"
        ]
    );
    assert_eq!(made.get("mode"), "0600");
    assert_eq!(texts(made.get("archived")), ["/w/d/.hidden", "/w/d/a.txt", "/w/d/link", "/w/d/sub/b.log", "/w/d/sub/deep/z"]);
    let single = apply(&MODULE, machine(), args(json!("/w/single"), json!({"format": "zip"})));
    assert_eq!((single.get("dest"), single.get("dest_state")), (&json!("/w/single.zip"), &json!("archive")));
}

#[test]
fn what_was_packed_is_removed() {
    let gone = |paths: Value, more: Value| {
        let mut args = args(paths, more);
        args["remove"] = json!(true);
        apply(&MODULE, machine(), args)
    };
    let single = gone(json!("/w/single"), json!({}));
    assert!(!single.machine.has("/w/single") && single.machine.has("/w/single.gz"));
    let trees = gone(json!(["/w/d", "/w/e/c"]), json!({"dest": "/w/x.tgz"}));
    assert!(!trees.machine.has("/w/d") && !trees.machine.has("/w/e/c") && trees.machine.has("/w/e"));
    let part = gone(json!(["/w/d", "/w/single"]), json!({"dest": "/w/x.tgz", "exclusion_patterns": ["*.log", "single"]}));
    assert!(
        !part.machine.has("/w/d/sub/deep") && part.machine.has("/w/d/sub/b.log") && part.machine.has("/w/single"),
        "what is left out stays"
    );
    let inside = apply_once(&MODULE, machine(), args(json!("/w/e"), json!({"dest": "/w/e/x.tgz", "remove": true})));
    assert_eq!(inside.failure().message, "failed to pack into `/w/e/x.tgz`: it is in `/w/e`, which is to be removed then");
    assert!(inside.machine.has("/w/e/c"));
}

#[test]
fn hard_links_and_what_is_no_file() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).to_string_lossy().into_owned();
    let mut os = crate::system::Os::new(crate::system::Cancel::new());
    os.make_dir(Path::new(&path("d")), 0o755).unwrap();
    os.write(Path::new(&path("d/a")), crate::system::Content::Bytes(b"x"), &Attributes::default()).unwrap();
    os.hard_link(Path::new(&path("d/a")), Path::new(&path("d/b"))).unwrap();
    nix::unistd::mkfifo(path("d/pipe").as_str(), nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    let args = json!({"path": path("d"), "dest": path("x.tgz")});
    assert!(crate::modules::testing::apply_on(&MODULE, &mut os, &args).0);
    assert!(!crate::modules::testing::apply_on(&MODULE, &mut os, &args).0);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(os.open(Path::new(&path("x.tgz"))).unwrap()));
    let kinds: Vec<tar::EntryType> = archive.entries().unwrap().map(|entry| entry.unwrap().header().entry_type()).collect();
    assert_eq!(kinds, [tar::EntryType::Regular, tar::EntryType::Link, tar::EntryType::Fifo]);
    let sockets = machine().special("/w/e/sock", FileKind::Socket);
    assert_eq!(texts(apply(&MODULE, sockets, super::tests::args(json!("/w/e"), json!({"dest": "/w/x"}))).get("archived")), ["/w/e/c"]);
}

#[test]
fn check_mode_sees_what_earlier_tasks_would_do() {
    let e = args(json!("/w/e"), json!({"dest": "/w/x.tgz"}));
    let after = |earlier: &dyn Fn(&mut dyn System)| predict_after(&MODULE, machine(), e.clone(), |system| earlier(system));
    let new = after(&|system| {
        system.write(Path::new("/w/e/new"), crate::system::Content::Bytes(b"n"), &Attributes::default()).unwrap();
    });
    assert_eq!(texts(new.get("archived")), ["/w/e/c", "/w/e/new"]);
    assert!(!new.machine.has("/w/x.tgz"));
    let unknown = |system: &mut dyn System| drop(system.execute(&crate::system::Command::new(["make"]), &mut |_, _| {}));
    let missing = args(json!("/w/none"), json!({}));
    let unsure = predict_after(&MODULE, machine(), missing.clone(), unknown);
    assert!(unsure.failure().unpredictable);
    assert!(predict(&MODULE, machine(), missing).answer.is_ok());
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(refused(&MODULE, args(json!("/w/d"), json!({"format": "rar"}))).contains("must be one of"));
    let message = |fake: Fake, path: Value, more: Value| apply_once(&MODULE, fake, args(path, more)).failure().message.clone();
    for (path, more) in [
        (json!("/w/d"), json!({})),
        (json!(["/w/single", "/w/none"]), json!({})),
        (json!("/w/sing*"), json!({})),
        (json!("/w/single"), json!({"force_archive": true})),
    ] {
        assert_eq!(message(machine(), path, more), "failed to pack: `dest` is missing");
    }
    let nothing = "failed to pack: `path` names nothing, or nothing that `exclude_path` leaves";
    assert_eq!(message(machine(), json!("/w/zz*"), json!({"dest": "/w/x"})), nothing);
    assert_eq!(message(machine(), json!("/w/e"), json!({"dest": "/w/x", "exclude_path": "/w/e"})), nothing);
    assert_eq!(
        message(machine(), json!("/w/e"), json!({"dest": "/w/no/x"})),
        "failed to write `/w/no/x`: the directory `/w/no` does not exist"
    );
    assert_eq!(message(machine(), json!("/w/e"), json!({"dest": "/w/d"})), "failed to write `/w/d`: something else than a file is there");
    assert_eq!(
        message(machine().link("/w/d/gone", "none"), json!("/w/d"), json!({"dest": "/w/x", "format": "zip"})),
        "failed to pack `/w/d/gone`: the link leads to nothing"
    );
    let pipe = machine().special("/w/e/pipe", FileKind::Fifo);
    assert_eq!(
        message(pipe, json!("/w/e"), json!({"dest": "/w/x", "format": "zip"})),
        "failed to pack `/w/e/pipe`: a zip archive has files and directories only"
    );
    let full = machine().fault(Fault::NoSpace, "/w/out").dir("/w/out");
    assert_eq!(message(full, json!("/w/e"), json!({"dest": "/w/out/x"})), "failed to write `/w/out/x`: No space left on device");
}
