//! Files and what is in them.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Case, NONE, expect, in_dir, kind, names, put, stat, text};
use crate::system::file::Algorithm;
use crate::system::hash::{digest, sha256};
use crate::system::{Attributes, Content, Error, ErrorKind, FileKind, Follow, System};

pub(super) const CASES: &[Case] = &[
    ("a new file", new_file),
    ("a file that is replaced keeps its attributes", kept_attributes),
    ("attributes of a write", given_attributes),
    ("any bytes", any_bytes),
    ("large content from everywhere", large_content),
    ("content that is not what was announced", wrong_content),
    ("writes that cannot be", impossible_writes),
    ("a link is replaced by a write and followed in place", links_and_writes),
    ("reads that cannot be", impossible_reads),
    ("digests", digests),
    ("parts of a file", parts),
    ("attributes that are set", set_attributes),
    ("attributes that cannot be set", impossible_attributes),
    ("a change of owner clears set-id bits", set_id_bits),
    ("a directory that hands its group down", inherited_group),
    ("access", access),
    ("scratch files", scratch),
    ("any name", any_name),
];

fn new_file(system: &mut dyn System, dir: &Path) {
    let path = in_dir(dir, "file");
    put(system, &path, "text\n");
    let who = system.identity().unwrap();
    let found = stat(system, &path);
    assert_eq!((found.kind, found.mode, found.size, found.links), (FileKind::File, 0o666 & !system.umask().unwrap(), 5, 1));
    assert_eq!((found.uid, found.gid), (who.uid, who.gid));
    assert_eq!(text(system, &path), "text\n");
    let mut whole = String::new();
    system.open(&path).unwrap().read_to_string(&mut whole).unwrap();
    assert_eq!(whole, "text\n");
    assert_eq!(names(system, dir), ["file"], "no temporary file is left");
}

fn kept_attributes(system: &mut dyn System, dir: &Path) {
    let path = in_dir(dir, "file");
    put(system, &path, "one");
    system.set_attributes(&path, &Attributes { mode: Some(0o4751), uid: Some(12), gid: Some(34), ..NONE }, Follow::No).unwrap();
    put(system, &path, "two");
    let found = stat(system, &path);
    assert_eq!((found.mode, found.uid, found.gid, text(system, &path).as_str()), (0o4751, 12, 34, "two"));
    system.write_in_place(&path, Content::Bytes(b"three"), &Attributes { mode: Some(0o600), ..NONE }).unwrap();
    let in_place = stat(system, &path);
    assert_eq!((in_place.mode, in_place.uid, in_place.inode, text(system, &path).as_str()), (0o600, 12, found.inode, "three"));
}

fn given_attributes(system: &mut dyn System, dir: &Path) {
    let path = in_dir(dir, "file");
    let wanted =
        Attributes { mode: Some(0o2640), uid: Some(12), gid: Some(34), atime: Some(1_000_000_001.0), mtime: Some(1_000_000_002.0) };
    for _ in 0..2 {
        system.write(&path, Content::Bytes(b"x"), &wanted).unwrap();
        let found = stat(system, &path);
        assert_eq!((found.mode, found.uid, found.gid), (0o2640, 12, 34));
        if found.mtime != 0.0 {
            assert_eq!(found.mtime, 1_000_000_002.0);
        }
    }
}

fn any_bytes(system: &mut dyn System, dir: &Path) {
    let all: Vec<u8> = (0..=255).cycle().take(70_001).collect();
    for (index, content) in [&all[..], b"", b"\n", b"no line break", b"K_END\nK_END\n", b"\0\0\0", b"'%s\\n\\000'\n"].iter().enumerate() {
        let path = in_dir(dir, &format!("file {index}"));
        put(system, &path, content);
        assert!(system.read(&path).unwrap() == *content, "content {index}");
        assert_eq!(stat(system, &path).size, content.len() as u64);
        system.write_in_place(&path, Content::Bytes(content), &NONE).unwrap();
        assert!(system.read(&path).unwrap() == *content, "content {index} in place");
    }
}

fn large_content(system: &mut dyn System, dir: &Path) {
    let content: Vec<u8> = (0_u32..540_000).flat_map(u32::to_le_bytes).collect();
    let (one, two, three, four) = (in_dir(dir, "1"), in_dir(dir, "2"), in_dir(dir, "3"), in_dir(dir, "4"));
    put(system, &one, &content);
    let announced = Some(sha256(&content));
    system.write(&two, Content::Stream { reader: &mut content.as_slice(), sha256: announced.clone() }, &NONE).unwrap();
    system.write(&three, Content::File(two.clone()), &NONE).unwrap();
    system.write_in_place(&four, Content::Stream { reader: &mut content.as_slice(), sha256: announced }, &NONE).unwrap();
    for path in [&one, &two, &three, &four] {
        assert!(system.read(path).unwrap() == content, "{}", path.display());
    }
    let mut tail = Vec::new();
    let mut reader = system.open(&one).unwrap();
    io::copy(&mut reader.by_ref().take(2_000_000), &mut io::sink()).unwrap();
    reader.read_to_end(&mut tail).unwrap();
    assert!(tail == content[2_000_000..]);
    drop(reader);
    assert_eq!(names(system, dir), ["1", "2", "3", "4"]);
}

fn wrong_content(system: &mut dyn System, dir: &Path) {
    let path = in_dir(dir, "file");
    put(system, &path, "old");
    for size in [10, 1_100_000] {
        let content = vec![b'x'; size];
        let wrong = || Some("0".repeat(64));
        expect("write", system.write(&path, Content::Stream { reader: &mut content.as_slice(), sha256: wrong() }, &NONE), ErrorKind::Other);
        let stream = Content::Stream { reader: &mut content.as_slice(), sha256: wrong() };
        expect("in place", system.write_in_place(&path, stream, &NONE), ErrorKind::Other);
        let mut broken = content.as_slice().chain(Broken);
        expect("broken", system.write(&path, Content::Stream { reader: &mut broken, sha256: None }, &NONE), ErrorKind::Other);
        assert_eq!((text(system, &path).as_str(), names(system, dir)), ("old", vec!["file".to_owned()]));
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the line went dead"))
    }
}

fn impossible_writes(system: &mut dyn System, dir: &Path) {
    put(system, &in_dir(dir, "file"), "");
    system.make_dir(&in_dir(dir, "dir"), 0o755).unwrap();
    let table = [
        ("missing/x", ErrorKind::NotFound),
        ("missing/deep/x", ErrorKind::NotFound),
        ("file/x", ErrorKind::NotADirectory),
        ("file/deep/x", ErrorKind::NotADirectory),
        ("dir", ErrorKind::IsADirectory),
    ];
    for (name, expected) in table {
        let path = in_dir(dir, name);
        expect(name, system.write(&path, Content::Bytes(b"x"), &NONE), expected);
        expect(name, system.write_in_place(&path, Content::Bytes(b"x"), &NONE), expected);
    }
    expect("no source", system.write(&in_dir(dir, "new"), Content::File(in_dir(dir, "none")), &NONE), ErrorKind::NotFound);
    expect("directory as source", system.write(&in_dir(dir, "new"), Content::File(in_dir(dir, "dir")), &NONE), ErrorKind::IsADirectory);
    let error = system.write(&in_dir(dir, "missing/x"), Content::Bytes(b""), &NONE).unwrap_err();
    assert!(error.reason.contains(in_dir(dir, "missing").to_str().unwrap()), "{error}");
    assert_eq!(names(system, dir), ["dir", "file"]);
}

fn links_and_writes(system: &mut dyn System, dir: &Path) {
    let (target, link, to_dir) = (in_dir(dir, "target"), in_dir(dir, "link"), in_dir(dir, "to dir"));
    put(system, &target, "target");
    system.symlink(Path::new("target"), &link).unwrap();
    system.write_in_place(&link, Content::Bytes(b"through"), &NONE).unwrap();
    assert_eq!(text(system, &target), "through");
    put(system, &link, "own");
    assert!(stat(system, &link).is_file());
    assert_eq!(text(system, &target), "through");
    system.symlink(dir, &to_dir).unwrap();
    put(system, &to_dir, "instead of a link to a directory");
    assert!(stat(system, &to_dir).is_file());
    assert_eq!(names(system, dir), ["link", "target", "to dir"]);
}

fn impossible_reads(system: &mut dyn System, dir: &Path) {
    put(system, &in_dir(dir, "file"), "");
    system.symlink(Path::new("nowhere"), &in_dir(dir, "dangling")).unwrap();
    let table = [
        ("missing", ErrorKind::NotFound),
        ("file/x", ErrorKind::NotADirectory),
        ("dangling", ErrorKind::NotFound),
        ("", ErrorKind::IsADirectory),
    ];
    for (name, expected) in table {
        let path = if name.is_empty() { dir.to_path_buf() } else { in_dir(dir, name) };
        expect(name, system.read(&path), expected);
        expect(name, system.open(&path).map(drop), expected);
        expect(name, system.read_at(&path, 0, 1), expected);
        expect(name, system.checksum(&path, Algorithm::Sha1), expected);
    }
    let table = [
        ("missing", ErrorKind::NotFound),
        ("file", ErrorKind::NotADirectory),
        ("file/x", ErrorKind::NotADirectory),
        ("dangling", ErrorKind::NotFound),
    ];
    for (name, expected) in table {
        expect(name, system.list(&in_dir(dir, name)), expected);
    }
}

fn digests(system: &mut dyn System, dir: &Path) {
    let path = in_dir(dir, "back\\slash\nname");
    put(system, &path, "abc");
    for algorithm in [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha224, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
        assert_eq!(system.checksum(&path, algorithm).unwrap(), digest(&mut "abc".as_bytes(), algorithm).unwrap(), "{algorithm:?}");
    }
}

fn parts(system: &mut dyn System, dir: &Path) {
    let path = in_dir(dir, "file");
    put(system, &path, "0123456789");
    for (offset, length, expected) in
        [(0, 4, "0123"), (4, 2, "45"), (3, 100, "3456789"), (10, 5, ""), (99, 1, ""), (2, 0, ""), (5, 5, "56789")]
    {
        assert_eq!(system.read_at(&path, offset, length).unwrap(), expected.as_bytes(), "{offset} {length}");
    }
}

fn set_attributes(system: &mut dyn System, dir: &Path) {
    let (path, link) = (in_dir(dir, "file"), in_dir(dir, "link"));
    put(system, &path, "x");
    system.symlink(Path::new("file"), &link).unwrap();
    system.set_attributes(&link, &Attributes { mode: Some(0o640), ..NONE }, Follow::Yes).unwrap();
    assert_eq!(stat(system, &path).mode, 0o640);
    system.set_attributes(&link, &Attributes { uid: Some(12), gid: Some(34), ..NONE }, Follow::No).unwrap();
    let (own, other) = (stat(system, &link), stat(system, &path));
    assert_eq!((own.uid, own.gid, other.uid), (12, 34, system.identity().unwrap().uid));
    system.set_attributes(&path, &Attributes { gid: Some(5), ..NONE }, Follow::No).unwrap();
    system.set_attributes(&path, &Attributes { mtime: Some(1_234_567_890.0), ..NONE }, Follow::No).unwrap();
    let found = stat(system, &path);
    assert_eq!((found.mode, found.uid, found.gid), (0o640, other.uid, 5), "the others are left");
    if found.mtime != 0.0 {
        assert_eq!(found.mtime, 1_234_567_890.0);
        assert_eq!(found.atime, other.atime);
    }
    system.make_dir(&in_dir(dir, "dir"), 0o2755).unwrap();
    system.set_attributes(&in_dir(dir, "dir"), &Attributes { mode: Some(0o1750), ..NONE }, Follow::No).unwrap();
    assert_eq!(stat(system, &in_dir(dir, "dir")).mode, 0o1750);
}

fn impossible_attributes(system: &mut dyn System, dir: &Path) {
    let mode = Attributes { mode: Some(0o600), ..NONE };
    system.symlink(Path::new("nowhere"), &in_dir(dir, "link")).unwrap();
    put(system, &in_dir(dir, "file"), "");
    expect("missing", system.set_attributes(&in_dir(dir, "missing"), &mode, Follow::No), ErrorKind::NotFound);
    expect("no parent", system.set_attributes(&in_dir(dir, "a/b"), &mode, Follow::No), ErrorKind::NotFound);
    expect("under a file", system.set_attributes(&in_dir(dir, "file/b"), &mode, Follow::No), ErrorKind::NotADirectory);
    expect("dangling", system.set_attributes(&in_dir(dir, "link"), &mode, Follow::Yes), ErrorKind::NotFound);
    expect("link", system.set_attributes(&in_dir(dir, "link"), &mode, Follow::No), ErrorKind::Unsupported);
}

fn set_id_bits(system: &mut dyn System, dir: &Path) {
    let path = in_dir(dir, "file");
    for (before, expected) in [(0o6755, 0o755), (0o6745, 0o2745), (0o1644, 0o1644)] {
        put(system, &path, "x");
        system.set_attributes(&path, &Attributes { mode: Some(before), ..NONE }, Follow::No).unwrap();
        system.set_attributes(&path, &Attributes { uid: Some(12), ..NONE }, Follow::No).unwrap();
        assert_eq!(stat(system, &path).mode, expected, "{before:o}");
        system.set_attributes(&path, &Attributes { uid: Some(13), mode: Some(before), ..NONE }, Follow::No).unwrap();
        assert_eq!(stat(system, &path).mode, before, "a mode that is given counts");
        system.remove(&path).unwrap();
    }
}

fn inherited_group(system: &mut dyn System, dir: &Path) {
    let shared = in_dir(dir, "shared");
    system.make_dir(&shared, 0o755).unwrap();
    system.set_attributes(&shared, &Attributes { gid: Some(34), ..NONE }, Follow::No).unwrap();
    system.set_attributes(&shared, &Attributes { mode: Some(0o2755), ..NONE }, Follow::No).unwrap();
    put(system, &shared.join("file"), "x");
    assert_eq!(stat(system, &shared.join("file")).gid, 34);
    system.make_dir(&shared.join("sub"), 0o700).unwrap();
    let sub = stat(system, &shared.join("sub"));
    assert_eq!((sub.gid, sub.mode), (34, 0o2700));
    system.set_attributes(&shared.join("file"), &Attributes { gid: Some(0), ..NONE }, Follow::No).unwrap();
    put(system, &shared.join("file"), "y");
    assert_eq!(stat(system, &shared.join("file")).gid, 0, "what is replaced counts more");
}

fn access(system: &mut dyn System, dir: &Path) {
    let path = in_dir(dir, "file");
    put(system, &path, "x");
    system.set_attributes(&path, &Attributes { mode: Some(0o700), ..NONE }, Follow::No).unwrap();
    let found = system.access(&path).unwrap();
    assert!(found.read && found.write && found.execute, "{found:?}");
    system.set_attributes(&path, &Attributes { mode: Some(0o644), ..NONE }, Follow::No).unwrap();
    assert!(!system.access(&path).unwrap().execute);
    assert!(!system.access(&in_dir(dir, "missing")).unwrap().read);
}

fn scratch(system: &mut dyn System, _: &Path) {
    let content = vec![b'x'; 1_100_000];
    let fill = &mut |writer: &mut dyn io::Write| {
        writer.write_all(&content).map_err(|error| Error::new(ErrorKind::Other, "fill", error.to_string()))
    };
    let path = system.scratch(0o700, fill).unwrap();
    assert_eq!((stat(system, &path).mode, stat(system, &path).size), (0o700, 1_100_000));
    assert!(system.read(&path).unwrap() == content);
    system.discard(&path);
    assert_eq!(system.stat(&path, Follow::No).unwrap(), None);
    let failed = system.scratch(0o600, &mut |_| Err(Error::new(ErrorKind::TimedOut, "download", "no answer")));
    assert_eq!(kind(failed), ErrorKind::TimedOut);
}

fn any_name(system: &mut dyn System, dir: &Path) {
    let mut expected: Vec<&[u8]> = vec![
        b"-rf",
        b"--",
        b"a b",
        b" lead",
        b"trail ",
        b"new\nline",
        b"end\n",
        b"tab\t",
        b"quote'",
        b"double\"",
        b"$HOME",
        b"`id`",
        b"*",
        b"?[a]",
        b"~",
        b"back\\slash",
        b"\\n",
        b"#x",
        b";",
        b"&",
        b"|",
        b"(",
        b"!",
        b"%s",
        b".hidden",
        b"...",
        "f\u{fc}r".as_bytes(),
        "\u{65e5}\u{672c}".as_bytes(),
        b"=",
    ];
    // The log of check mode and the tree of the fake machine take any bytes too.
    expected.push(b"\xff\xfe");
    for name in &expected {
        let path = dir.join(OsStr::from_bytes(name));
        put(system, &path, name);
        assert_eq!(system.read(&path).unwrap(), *name, "{}", path.display());
        let link = dir.join("link");
        system.symlink(Path::new(OsStr::from_bytes(name)), &link).unwrap();
        assert_eq!(system.read_link(&link).unwrap().as_os_str().as_bytes(), *name);
        assert_eq!(system.real_path(&link).unwrap(), path);
        system.remove(&link).unwrap();
        assert_eq!(stat(system, &path).size, name.len() as u64);
        let moved = dir.join(OsStr::from_bytes(&[name, b".moved".as_slice()].concat()));
        system.rename(&path, &moved).unwrap();
        system.hard_link(&moved, &path).unwrap();
        system.remove(&moved).unwrap();
    }
    let mut found: Vec<Vec<u8>> = system.list(dir).unwrap().into_iter().map(|entry| entry.name.as_bytes().to_vec()).collect();
    let sorted = found.is_sorted();
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(sorted);
}
