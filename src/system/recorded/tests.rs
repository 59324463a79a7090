use serde_json::json;

use super::*;
use crate::system::fake::Fake;

fn machine() -> Fake {
    Fake::new().file("/etc/motd", "hello\n").dir("/srv").link("/etc/link", "motd").package("nginx", "1.0").service("nginx", false, true)
}

fn bytes(text: &str) -> Content<'_> {
    Content::Bytes(text.as_bytes())
}

const NONE: Attributes = Attributes { mode: None, uid: None, gid: None, atime: None, mtime: None };

/// What `act` changes on a fresh machine, and the diff.
fn record(act: impl FnOnce(&mut Recorded<'_>) -> Result<()>) -> (bool, Vec<Value>) {
    let mut fake = machine();
    let mut recorded = Recorded::new(&mut fake, true);
    act(&mut recorded).unwrap();
    (recorded.changed(), recorded.diff())
}

#[test]
fn what_changes_nothing_never_reaches_the_machine() {
    // Every change is refused by this machine, so whatever succeeds did not try.
    let mut fake = machine().fault(crate::system::fake::Fault::ReadOnly, "/");
    let mut recorded = Recorded::new(&mut fake, true);
    let path = Path::new("/etc/motd");
    let digest = sha256(b"hello\n");
    let same = Attributes { mode: Some(0o644), uid: Some(0), gid: Some(0), atime: None, mtime: Some(1_700_000_000.0) };
    recorded.write(path, bytes("hello\n"), &same).unwrap();
    recorded.write(path, Content::File(path.into()), &NONE).unwrap();
    recorded.write(path, Content::Stream { reader: &mut "hello\n".as_bytes(), sha256: None }, &NONE).unwrap();
    let mut unread = std::io::empty();
    recorded.write(path, Content::Stream { reader: &mut unread, sha256: Some(digest) }, &NONE).unwrap();
    recorded.write_in_place(Path::new("/etc/link"), bytes("hello\n"), &NONE).unwrap();
    recorded.set_attributes(path, &same, Follow::Yes).unwrap();
    recorded.symlink(Path::new("motd"), Path::new("/etc/link")).unwrap();
    recorded.hard_link(path, path).unwrap();
    recorded.remove(Path::new("/etc/missing")).unwrap();
    assert!(!recorded.changed());
    assert!(recorded.diff().is_empty());
    assert_eq!(recorded.write(path, bytes("other\n"), &NONE).unwrap_err().kind, ErrorKind::ReadOnly);
    assert!(!recorded.changed(), "a change that failed is none");
}

#[test]
fn contents_are_shown_before_and_after() {
    let header =
        |name: &str, before: &str, after: &str| json!({"before_header": name, "after_header": name, "before": before, "after": after});
    let (changed, diff) = record(|system| {
        system.write(Path::new("/etc/motd"), bytes("one\n"), &NONE)?;
        system.write(Path::new("/etc/motd"), bytes("two\n"), &NONE)?;
        system.write(Path::new("/etc/new"), bytes("new\n"), &NONE)
    });
    assert!(changed);
    assert_eq!(diff, [header("/etc/motd", "hello\n", "two\n"), header("/etc/new", "", "new\n")]);
}

#[test]
fn equal_content_with_other_attributes_is_a_change_of_attributes() {
    let (changed, diff) =
        record(|system| system.write(Path::new("/etc/motd"), bytes("hello\n"), &Attributes { mode: Some(0o600), uid: Some(7), ..NONE }));
    assert!(changed);
    let header = "/etc/motd (file attributes)";
    let side = |owner: u32, mode: &str| json!({"owner": owner, "mode": mode, "path": "/etc/motd"});
    assert_eq!(diff, [json!({"before_header": header, "after_header": header, "before": side(0, "0644"), "after": side(7, "0600")})]);
}

#[test]
fn what_is_made_and_removed_again_does_not_count() {
    let (changed, diff) = record(|system| {
        let dir = system.make_temporary(Path::new("/srv"), "t", "", FileKind::Directory)?;
        system.write(&dir.join("file"), bytes("x"), &NONE)?;
        system.remove(&dir)?;
        let file = system.make_temporary(Path::new("/srv"), "t", "", FileKind::File)?;
        system.rename(&file, Path::new("/srv/again"))?;
        system.remove(Path::new("/srv/again"))
    });
    assert!(!changed);
    assert!(diff.is_empty(), "{diff:?}");
}

#[test]
fn what_takes_its_place_counts_where_it_is() {
    let (changed, diff) = record(|system| {
        let file = system.make_temporary(Path::new("/etc"), "t", "", FileKind::File)?;
        system.write_in_place(&file, bytes("moved\n"), &Attributes { mode: Some(0o644), ..NONE })?;
        system.rename(&file, Path::new("/etc/motd"))
    });
    assert!(changed);
    assert_eq!(diff, [json!({"before_header": "/etc/motd", "after_header": "/etc/motd", "before": "hello\n", "after": "moved\n"})]);
}

#[test]
fn kinds_and_links_are_shown_as_states() {
    let (_, diff) = record(|system| {
        system.make_dir(Path::new("/srv/dir"), 0o755)?;
        system.symlink(Path::new("dir"), Path::new("/srv/link"))?;
        system.symlink(Path::new("hosts"), Path::new("/etc/link"))?;
        system.remove(Path::new("/etc/motd"))
    });
    let state = |path: &str, before: Value, after: Value| {
        let mut sides = [before, after];
        for side in &mut sides {
            side["path"] = path.into();
        }
        json!({"before": sides[0], "after": sides[1]})
    };
    let expected = [
        state("/srv/dir", json!({"state": "absent"}), json!({"state": "directory"})),
        state("/srv/link", json!({"state": "absent"}), json!({"state": "link", "src": "dir"})),
        state("/etc/link", json!({"state": "link", "src": "motd"}), json!({"state": "link", "src": "hosts"})),
        state("/etc/motd", json!({"state": "file"}), json!({"state": "absent"})),
    ];
    assert_eq!(diff, expected);
}

#[test]
fn what_is_no_text_or_too_much_is_not_shown() {
    let (_, diff) = record(|system| system.write(Path::new("/etc/motd"), Content::Bytes(&[0, 1, 2]), &NONE));
    assert_eq!(diff, [json!({"before_header": "/etc/motd", "after_header": "/etc/motd", "before": "hello\n", "src_binary": 1})]);
    let large = vec![b'x'; 3 << 20];
    let (_, diff) =
        record(|system| system.write(Path::new("/etc/motd"), Content::Stream { reader: &mut large.as_slice(), sha256: None }, &NONE));
    assert_eq!(diff[0]["src_larger"], json!(DIFF_LIMIT));
    assert_eq!(diff[0].get("after"), None);
}

#[test]
fn commands_count_and_say_what_they_do() {
    let (changed, diff) = record(|system| {
        let package = Package { name: "nginx".into(), version: "2.0".into(), ..Package::default() };
        let started = Effect::Service { name: "nginx".into(), active: Some(true), enabled: Some(true), masked: None };
        system.run(
            &Command::new(["apt-get", "install"]),
            &[Effect::PackageInstalled(package), Effect::PackageRemoved("apache2".into()), started],
        )?;
        system.run(&Command::new(["mkdir"]), &[Effect::DirectoryMade("/srv".into()), Effect::DirectoryMade("/srv/a".into())]).map(drop)
    });
    assert!(changed);
    let text = "package nginx: 1.0 -> 2.0\nservice nginx: stopped -> started\ndirectory /srv/a: absent -> present\n";
    assert_eq!(diff, [json!({"prepared": text})]);
}

#[test]
fn without_a_diff_nothing_is_read_but_changes_are_known() {
    let mut fake = machine().fault(crate::system::fake::Fault::Denied, "/etc/motd");
    let mut recorded = Recorded::new(&mut fake, false);
    recorded.remove(Path::new("/srv")).unwrap();
    assert!(recorded.changed());
    assert!(recorded.diff().is_empty());
    assert!(recorded.remove(Path::new("/etc/motd")).is_err());
}
