//! Writes on this machine, in temporary directories.

use std::io::Cursor;
use std::path::PathBuf;

use super::*;

fn entries(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn put(path: &Path, content: Content<'_>, attributes: &Attributes) -> Result<()> {
    replace(path, content, attributes, &Cancel::new())
}

/// Gives some bytes and then fails.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the line went dead"));
        }
        let n = buffer.len().min(self.0);
        self.0 -= n;
        Ok(n)
    }
}

#[test]
fn a_new_file_has_the_mode_of_the_mask_and_an_old_one_keeps_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    put(&path, Content::Bytes(b"one"), &Attributes::default()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o666 & !umask());
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    put(&path, Content::Bytes(b"two"), &Attributes::default()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
    put(&path, Content::Bytes(b"three"), &Attributes { mode: Some(0o4755), mtime: Some(12.5), ..Attributes::default() }).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.mtime(), metadata.mtime_nsec()), (0o4755, 12, 500_000_000));
    assert_eq!(entries(dir.path()), ["file"]);
}

#[test]
fn whatever_fails_leaves_the_old_file_and_no_temporary_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "old").unwrap();
    let cancelled = Cancel::new();
    cancelled.cancel();
    let none = Attributes::default();
    let mut broken = Broken(1 << 20);
    let mut wrong = Cursor::new(b"new");
    let mut right = Cursor::new(b"new");
    let errors = [
        put(&path, Content::Stream { reader: &mut broken, sha256: None }, &none),
        put(&path, Content::Stream { reader: &mut wrong, sha256: Some("00".into()) }, &none),
        put(&path, Content::File(dir.path().join("missing")), &none),
        put(&path, Content::File(dir.path().into()), &none),
        replace(&path, Content::Stream { reader: &mut right, sha256: None }, &none, &cancelled),
    ];
    let messages: Vec<String> = errors.into_iter().map(|error| error.unwrap_err().reason).collect();
    assert!(messages[0].ends_with("the line went dead"), "{messages:?}");
    assert!(messages[1].contains("announced"), "{messages:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(entries(dir.path()), ["file"]);
}

#[test]
fn a_missing_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("missing/file");
    let error = put(&path, Content::Bytes(b""), &Attributes::default()).unwrap_err();
    let expected = format!("failed to write `{}`: the directory `{}` does not exist", path.display(), path.parent().unwrap().display());
    assert_eq!((error.kind, error.to_string()), (ErrorKind::NotFound, expected));
}

#[test]
fn a_link_is_replaced_and_in_place_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (target, link) = (dir.path().join("target"), dir.path().join("link"));
    fs::write(&target, "target").unwrap();
    unix::symlink("target", &link).unwrap();
    in_place(&link, Content::Stream { reader: &mut Cursor::new(b"through"), sha256: None }, &Attributes::default(), &Cancel::new())
        .unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "through");
    put(&link, Content::Bytes(b"own"), &Attributes::default()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_file());
    assert_eq!(fs::read_to_string(&target).unwrap(), "through");
}

#[test]
fn in_place_keeps_the_file_and_the_old_content_when_the_new_cannot_be_had() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "old").unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    let error = in_place(&path, Content::Stream { reader: &mut Broken(10), sha256: None }, &Attributes::default(), &Cancel::new());
    assert!(error.is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    in_place(&path, Content::Bytes(b"new"), &Attributes::default(), &Cancel::new()).unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), fs::metadata(&path).unwrap().ino()), ("new", inode));
}

#[test]
fn a_hard_link_onto_itself_leaves_no_temporary_name() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    fs::write(&one, "x").unwrap();
    hard_link(&one, &two).unwrap();
    hard_link(&one, &two).unwrap();
    assert_eq!(entries(dir.path()), ["one", "two"]);
    assert_eq!(fs::metadata(&one).unwrap().nlink(), 2);
    let (three, four) = (dir.path().join("three"), dir.path().join("four"));
    unix::symlink(".", &three).unwrap();
    for _ in 0..2 {
        hard_link(&three, &four).unwrap();
        assert_eq!(entries(dir.path()), ["four", "one", "three", "two"]);
    }
}

/// Runs one test of this program again as the only process in a mount namespace; `None` where that is not possible.
fn again_in_namespace(test: &str, setup: &str, dir: &Path) -> Option<std::process::Output> {
    let mut trial = std::process::Command::new("unshare");
    trial.args(["--mount", "sh", "-c", setup]).env("KCONF_TEST_DIR", dir);
    if !nix::unistd::geteuid().is_root() || !trial.status().is_ok_and(|status| status.success()) {
        return None;
    }
    let script = format!("{setup} && exec \"$0\" --exact \"$1\" --nocapture");
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(std::env::current_exe().unwrap()).arg(name).env("KCONF_TEST_DIR", dir);
    Some(command.output().unwrap())
}

#[test]
fn a_full_file_system_leaves_the_old_file_and_no_temporary_one() {
    const TEST: &str = "a_full_file_system_leaves_the_old_file_and_no_temporary_one";
    let Some(dir) = std::env::var_os("KCONF_TEST_DIR").map(PathBuf::from) else {
        let dir = tempfile::tempdir().unwrap();
        let setup = "mount -t tmpfs -o size=64k none \"$KCONF_TEST_DIR\"";
        match again_in_namespace(TEST, setup, dir.path()) {
            Some(output) => assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}"),
            None => eprintln!("not run: mount namespaces need root"),
        }
        return;
    };
    let path = dir.join("file");
    fs::write(&path, "old").unwrap();
    let error = put(&path, Content::Bytes(&vec![1; 1 << 20]), &Attributes::default()).unwrap_err();
    assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::NoSpace, "No space left on device"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(entries(&dir), ["file"]);
}

#[test]
fn moving_across_file_systems_keeps_everything() {
    const TEST: &str = "moving_across_file_systems_keeps_everything";
    let Some(dir) = std::env::var_os("KCONF_TEST_DIR").map(PathBuf::from) else {
        let dir = tempfile::tempdir().unwrap();
        let setup = "mkdir -p \"$KCONF_TEST_DIR/other\" && mount -t tmpfs none \"$KCONF_TEST_DIR/other\"";
        match again_in_namespace(TEST, setup, dir.path()) {
            Some(output) => assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}"),
            None => eprintln!("not run: mount namespaces need root"),
        }
        return;
    };
    let (from, to) = (dir.join("tree"), dir.join("other/tree"));
    fs::create_dir_all(from.join("sub")).unwrap();
    fs::write(from.join("sub/file"), "text").unwrap();
    unix::symlink("sub/file", from.join("link")).unwrap();
    set_attributes(
        &from.join("sub/file"),
        &Attributes { mode: Some(0o4711), uid: Some(7), gid: Some(8), mtime: Some(5.0), atime: None },
        Follow::No,
    )
    .unwrap();
    rename(&from, &to, &Cancel::new()).unwrap();
    assert!(!from.exists());
    let metadata = fs::metadata(to.join("sub/file")).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.uid(), metadata.gid(), metadata.mtime()), (0o4711, 7, 8, 5));
    assert_eq!(fs::read_to_string(to.join("link")).unwrap(), "text");
    assert_eq!(entries(&dir.join("other")), ["tree"]);
}

#[test]
fn times_are_set_without_opening_anything() {
    let dir = tempfile::tempdir().unwrap();
    let (fifo, link, dangling) = (dir.path().join("fifo"), dir.path().join("link"), dir.path().join("dangling"));
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    unix::symlink("fifo", &link).unwrap();
    unix::symlink("gone", &dangling).unwrap();
    let at = |seconds| Attributes { mtime: Some(seconds), ..Attributes::default() };
    set_attributes(&fifo, &at(5.25), Follow::Yes).unwrap();
    assert_eq!((fs::metadata(&fifo).unwrap().mtime(), fs::metadata(&fifo).unwrap().mtime_nsec()), (5, 250_000_000));
    let before = fs::metadata(&fifo).unwrap().atime();
    set_attributes(&link, &at(7.0), Follow::Yes).unwrap();
    assert_eq!((fs::metadata(&fifo).unwrap().mtime(), fs::metadata(&fifo).unwrap().atime()), (7, before));
    set_attributes(&dangling, &at(9.0), Follow::No).unwrap();
    assert_eq!(fs::symlink_metadata(&dangling).unwrap().mtime(), 9);
}
