use std::io::Write;

use serde_json::{Value, json};

use super::MODULE;
use crate::modules::testing::{Applied, apply, content, refused};
use crate::system::FileKind;
use crate::system::fake::Fake;

/// One entry of a test archive: name, kind, mode, content or link.
struct Item(&'static str, tar::EntryType, u32, &'static str);

const FILE: tar::EntryType = tar::EntryType::Regular;
const DIR: tar::EntryType = tar::EntryType::Directory;
const LINK: tar::EntryType = tar::EntryType::Symlink;
const HARD: tar::EntryType = tar::EntryType::Link;

fn tar_of(items: &[Item]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for Item(name, kind, mode, text) in items {
        let mut header = tar::Header::new_gnu();
        // Written past the checks of the builder, so that evil names can be made.
        let bytes = name.as_bytes();
        header.as_old_mut().name[..bytes.len()].copy_from_slice(bytes);
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        header.set_uid(1000);
        header.set_gid(1000);
        header.set_username("app").unwrap();
        header.set_mtime(1_600_000_000);
        let data = if *kind == FILE { text.as_bytes() } else { b"" };
        header.set_size(data.len() as u64);
        if matches!(*kind, LINK | HARD) {
            header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_cksum();
        builder.append(&header, data).unwrap();
    }
    builder.into_inner().unwrap()
}

fn sample() -> Vec<u8> {
    tar_of(&[
        Item("./", DIR, 0o755, ""),
        Item("./a", FILE, 0o640, "text a"),
        Item("./d/", DIR, 0o750, ""),
        Item("./d/b", FILE, 0o755, "text b"),
        Item("./d/l", LINK, 0o777, "../a"),
        Item("./h", HARD, 0o640, "./a"),
    ])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn machine() -> Fake {
    Fake::new().user("app", 4000).dir("/opt/x")
}

fn unpacked(archive: &[u8], extra: Value) -> Applied {
    unpacked_on(machine(), archive, extra)
}

fn unpacked_on(machine: Fake, archive: &[u8], extra: Value) -> Applied {
    let mut args = json!({"src": "x.tgz", "dest": "/opt/x", "_content": content(archive)});
    args.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    apply(&MODULE, machine, args)
}

#[test]
fn everything_is_unpacked_with_its_attributes_and_only_once() {
    let applied = unpacked(&gzip(&sample()), json!({"list_files": true}));
    assert!(applied.changed);
    assert_eq!((applied.get("handler"), applied.get("files")), (&json!("TgzArchive"), &json!(["/", "a", "d/", "d/b", "d/l", "h"])));
    let machine = &applied.machine;
    assert_eq!((machine.text("/opt/x/a").as_str(), machine.text("/opt/x/d/b").as_str()), ("text a", "text b"));
    let (a, d, b, link) =
        (machine.stat_of("/opt/x/a"), machine.stat_of("/opt/x/d"), machine.stat_of("/opt/x/d/b"), machine.stat_of("/opt/x/d/l"));
    assert_eq!((a.mode, d.mode, b.mode, link.kind), (0o640, 0o750, 0o755, FileKind::Link));
    // The owner by the name that the host knows, the group by number.
    assert_eq!((a.uid, a.gid, a.links), (4000, 1000, 2));
    assert!((b.mtime - 1_600_000_000.0).abs() < 1e-6 && (d.mtime - 1_600_000_000.0).abs() < 1e-6);
}

#[test]
fn what_differs_is_put_right() {
    let archive = sample();
    for spoiled in [
        machine().file("/opt/x/a", "text A"),
        machine().file("/opt/x/a", "text a").mode("/opt/x/a", 0o777),
        machine().file("/opt/x/a", "text a").owner("/opt/x/a", 7, 7),
        machine().file("/opt/x/d/b", "longer than it was"),
        machine().link("/opt/x/d", "/nowhere"),
    ] {
        let applied = unpacked_on(spoiled, &archive, json!({}));
        assert!(applied.changed);
        assert_eq!((applied.machine.text("/opt/x/a").as_str(), applied.machine.stat_of("/opt/x/a").mode), ("text a", 0o640));
        assert_eq!(applied.machine.text("/opt/x/d/b"), "text b");
    }
}

#[test]
fn owners_and_modes_of_the_task_win() {
    let applied = unpacked(&sample(), json!({"owner": "root", "group": "root", "mode": "u=rwX,go="}));
    let (a, d) = (applied.machine.stat_of("/opt/x/a"), applied.machine.stat_of("/opt/x/d"));
    assert_eq!((a.uid, a.gid, a.mode, d.mode), (0, 0, 0o600, 0o700));
    let own = unpacked(&sample(), json!({"extra_opts": ["--no-same-owner"]}));
    assert_eq!(own.machine.stat_of("/opt/x/a").uid, 0);
}

#[test]
fn without_root_everything_is_ones_own() {
    let machine = Fake::new().user("ada", 1001).dir("/opt/x").owner("/opt/x", 1001, 1001).acting_as("ada");
    let open = tar_of(&[Item("a", FILE, 0o666, "x")]);
    let applied = unpacked_on(machine, &open, json!({}));
    let stat = applied.machine.stat_of("/opt/x/a");
    assert_eq!((stat.uid, stat.mode), (1001, 0o644));
}

#[test]
fn parts_are_selected() {
    let names = |extra: Value| unpacked(&sample(), extra).machine;
    let included = names(json!({"include": ["d"]}));
    assert!(included.has("/opt/x/d/b") && !included.has("/opt/x/a"));
    let excluded = names(json!({"exclude": ["d/b", "h"]}));
    assert!(excluded.has("/opt/x/d/l") && !excluded.has("/opt/x/d/b") && !excluded.has("/opt/x/h"));
    let stripped = names(json!({"extra_opts": ["--strip-components=1"]}));
    assert!(stripped.has("/opt/x/b") && !stripped.has("/opt/x/a") && !stripped.has("/opt/x/d"));
}

#[test]
fn newer_files_may_stay() {
    let machine = machine().file("/opt/x/a", "newer").mtime("/opt/x/a", 1_650_000_000.0);
    let applied = unpacked_on(machine, &sample(), json!({"keep_newer": true, "exclude": ["h"]}));
    assert_eq!((applied.machine.text("/opt/x/a").as_str(), applied.machine.text("/opt/x/d/b").as_str()), ("newer", "text b"));
}

#[test]
fn all_compressions() {
    let plain = sample();
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz.write_all(&plain).unwrap();
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).unwrap();
    xz.write_all(&plain).unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(plain.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    // Two frames, one behind the other, are one archive.
    let (first, second) = plain.split_at(700);
    let pieces =
        [first, second].map(|part| ruzstd::encoding::compress_to_vec(part, ruzstd::encoding::CompressionLevel::Uncompressed)).concat();
    for (archive, handler) in [
        (plain.clone(), "TarArchive"),
        (gzip(&plain), "TgzArchive"),
        (bz.finish().unwrap(), "TarBzipArchive"),
        (xz.finish().unwrap(), "TarXzArchive"),
        (zstd, "TarZstdArchive"),
        (pieces, "TarZstdArchive"),
    ] {
        let applied = unpacked(&archive, json!({}));
        assert_eq!(applied.get("handler"), handler);
        assert_eq!(applied.machine.text("/opt/x/d/b"), "text b");
    }
}

#[test]
fn zip_archives() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let time = zip::DateTime::from_date_and_time(2020, 7, 1, 12, 0, 0).unwrap();
    let options = zip::write::SimpleFileOptions::default().last_modified_time(time).unix_permissions(0o750);
    writer.add_directory("d/", options).unwrap();
    writer.start_file("d/b", options.compression_method(zip::CompressionMethod::Deflated)).unwrap();
    writer.write_all(&b"text b ".repeat(40_000)).unwrap();
    writer.add_symlink("l", "d/b", options).unwrap();
    let archive = writer.finish().unwrap().into_inner();
    let applied = unpacked(&archive, json!({"list_files": true}));
    assert_eq!((applied.get("handler"), applied.get("files")), (&json!("ZipArchive"), &json!(["d/", "d/b", "l"])));
    let stat = applied.machine.stat_of("/opt/x/d/b");
    assert_eq!((stat.size, stat.mode, applied.machine.stat_of("/opt/x/l").kind), (280_000, 0o750, FileKind::Link));
    // 2020-07-01 12:00 in the time zone of the machine, which is UTC.
    assert!((stat.mtime - 1_593_604_800.0).abs() < 1e-6, "{}", stat.mtime);
}

#[test]
fn nothing_leads_out_of_the_directory() {
    for items in [
        vec![Item("../evil", FILE, 0o644, "x")],
        vec![Item("a/../../evil", FILE, 0o644, "x")],
        vec![Item("l", LINK, 0o777, "/etc"), Item("l/evil", FILE, 0o644, "x")],
        vec![Item("l", LINK, 0o777, ".."), Item("l/evil", FILE, 0o644, "x")],
        vec![Item("h", HARD, 0o644, "../../etc/passwd")],
    ] {
        let applied = unpacked(&tar_of(&items), json!({}));
        assert!(applied.failure().message.starts_with("refused to unpack"), "{}", applied.failure());
        for path in ["/opt/evil", "/etc/evil", "/evil"] {
            assert!(!applied.machine.has(path), "{path}");
        }
    }
    let absolute = unpacked(&tar_of(&[Item("/etc/evil", FILE, 0o644, "x")]), json!({})).machine;
    assert!(!absolute.has("/etc/evil") && absolute.has("/opt/x/etc/evil"));
}

#[test]
fn archives_of_the_host_and_of_servers() {
    let machine = || machine().file("/srv/x.tar", sample());
    let local = apply(&MODULE, machine(), json!({"src": "/srv/x.tar", "dest": "/opt/x", "remote_src": true}));
    assert_eq!((local.machine.text("/opt/x/a").as_str(), local.get("src")), ("text a", &json!("/srv/x.tar")));
    let url = "http://example.org/x.tgz";
    let served = machine().http("GET", url, 200, &[], gzip(&sample()));
    assert!(apply(&MODULE, served, json!({"src": url, "dest": "/opt/x", "remote_src": true})).machine.has("/opt/x/d/b"));
    let missing = machine().http("GET", url, 404, &[], "no");
    assert!(apply(&MODULE, missing, json!({"src": url, "dest": "/opt/x", "copy": false})).failure().message.contains("404"));
}

#[test]
fn what_cannot_be_done_is_told() {
    assert!(unpacked(b"just text", json!({})).failure().message.contains("neither a tar nor a zip archive"));
    assert!(unpacked(&gzip(b"just text"), json!({})).answer.is_err());
    let cut = gzip(&sample());
    assert!(unpacked(&cut[..cut.len() / 2], json!({})).failure().message.contains("failed to read the archive `x.tgz`"));
    assert!(unpacked(&tar_of(&[Item("fifo", tar::EntryType::Fifo, 0o644, "")]), json!({})).failure().message.contains("not supported"));
    assert!(unpacked(&sample(), json!({"extra_opts": ["--to-command=sh"]})).failure().message.contains("--to-command"));
    let no_dest = apply(&MODULE, Fake::new(), json!({"src": "x", "dest": "/opt/none", "_content": content("x")}));
    assert!(no_dest.failure().hint.is_some());
    let skipped = unpacked(&sample(), json!({"creates": "/opt/x"}));
    assert!(skipped.answer.is_ok_and(|outcome| outcome.skipped));
    assert!(refused(&MODULE, json!({"src": "x", "dest": "/x", "include": ["a"], "exclude": ["b"]})).contains("only one of"));
}
