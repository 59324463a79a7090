//! What modules that put files in place do when the machine cannot: a clear message, and nothing half-written.
#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use super::testing::{apply_on, apply_once, content, predict};
use super::{Spec, find};
use crate::system::contract::LocalShell;
use crate::system::fake::{Fake, Fault};
use crate::system::shell::ShellSystem;
use crate::system::{Cancel, Follow, Os, System};

/// Modules that leave a file at `path`, each with arguments that change what [`machine`] has there.
fn writers(path: &str) -> Vec<(&'static Spec, Value)> {
    let cases = [
        ("copy", json!({"dest": path, "content": "new\n", "_content": content("new\n")})),
        ("lineinfile", json!({"path": path, "line": "new", "create": true})),
        ("blockinfile", json!({"path": path, "block": "new", "create": true})),
        ("replace", json!({"path": path, "regexp": "old", "replace": "new"})),
        ("assemble", json!({"src": "/srv/parts", "dest": path})),
        ("get_url", json!({"url": "http://h/x", "dest": path, "force": true})),
        ("cron", json!({"name": "x", "job": "y", "cron_file": path, "user": "root"})),
        ("known_hosts", json!({"name": "h", "key": format!("h {KEY}"), "path": path})),
        ("authorized_key", json!({"user": "root", "key": KEY, "path": path, "manage_dir": false})),
        ("file", json!({"path": path, "state": "link", "src": "/srv", "force": true})),
        ("file", json!({"path": path, "mode": "0600"})),
    ];
    cases.into_iter().map(|(name, args)| (find(name).unwrap_or_else(|| panic!("the module {name}")), args)).collect()
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2GI3Mh4mqNJ4hyGTJmnmZYwnWrlAmUK0XsRqXB0w6R";
const PATH: &str = "/etc/app/file";

fn machine() -> Fake {
    Fake::new()
        .file(PATH, "old\n")
        .file("/srv/parts/1", "new\n")
        .http("GET", "http://h/x", 200, &[], "new\n")
        .program("/usr/bin/ssh-keygen")
}

#[test]
fn full_read_only_and_closed_file_systems() {
    for (fault, reason) in
        [(Fault::NoSpace, "No space left on device"), (Fault::ReadOnly, "Read-only file system"), (Fault::Denied, "Permission denied")]
    {
        for (spec, args) in writers(PATH) {
            let failed = apply_once(spec, machine().fault(fault, "/etc/app"), args.clone());
            let mut left = failed.machine;
            left.mend();
            let Err(failure) = &failed.answer else { panic!("`{}` {args} says that it worked although: {reason}", spec.name) };
            let message = &failure.message;
            assert!(message.starts_with("failed to ") && message.contains(PATH) && message.ends_with(reason), "`{}`: {message}", spec.name);
            assert_eq!((left.text(PATH).as_str(), left.stat_of(PATH).mode), ("old\n", 0o644), "`{}` after: {reason}", spec.name);
            let names: Vec<_> = left.list(Path::new("/etc/app")).unwrap_or_default().into_iter().map(|entry| entry.name).collect();
            assert_eq!(names, ["file"], "`{}` after: {reason}", spec.name);
        }
    }
}

#[test]
fn a_directory_is_never_replaced_by_a_file() {
    for (spec, args) in writers("/etc/app") {
        if args.get("mode").is_some() {
            continue;
        }
        let failed = apply_once(spec, machine(), args.clone());
        if let Err(failure) = &failed.answer {
            assert!(
                failure.message.starts_with("failed to ") && failure.message.contains("/etc/app"),
                "`{}`: {}",
                spec.name,
                failure.message
            );
        }
        assert_eq!(failed.machine.text(PATH), "old\n", "`{}` {args}", spec.name);
        let predicted = predict(spec, machine(), args.clone());
        assert_eq!(predicted.answer.is_ok(), failed.answer.is_ok(), "`{}` {args}: check mode says otherwise", spec.name);
    }
}

/// On the machine of the test itself, whose kernel knows more ways to fail than the fake one.
#[test]
fn links_that_lead_nowhere_pipes_and_names_that_are_no_text() {
    let temp = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let dir = temp.path();
    let odd = dir.join(OsStr::from_bytes(b"odd\xff"));
    fs::create_dir(dir.join("parts")).unwrap_or_else(|error| panic!("{error}"));
    fs::write(dir.join("parts/1"), "new\n").unwrap_or_else(|error| panic!("{error}"));
    fs::write(&odd, "odd").unwrap_or_else(|error| panic!("{error}"));
    let mut os = Os::new(Cancel::new());
    let path = dir.join("place").to_string_lossy().into_owned();
    for (what, make) in KINDS {
        for (spec, mut args) in writers(&path) {
            if matches!(spec.name, "get_url" | "known_hosts") {
                continue; // They need a server and a program.
            }
            if spec.name == "assemble" {
                args["src"] = dir.join("parts").to_string_lossy().into();
            }
            make(Path::new(&path));
            let (_, answer) = apply_on(spec, &mut os, &args);
            if let Err(failure) = &answer {
                let message = &failure.message;
                assert!(
                    message.starts_with("failed to ") && message.contains(&*dir.to_string_lossy()),
                    "`{}`, {what}: {message}",
                    spec.name
                );
            }
            let names: Vec<String> =
                fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            let strays: Vec<_> = names
                .iter()
                .filter(|name| !["odd\u{fffd}", "parts", "place", "gone"].contains(&name.as_str()) && !name.starts_with("kconf-"))
                .collect();
            assert!(strays.is_empty(), "`{}`, {what}, leaves {strays:?}", spec.name);
            let _ = fs::remove_file(dir.join("gone"));
            let _ = os.remove(Path::new(&path));
        }
    }
    let found =
        apply_on(find("find").unwrap_or_else(|| panic!("find")), &mut os, &json!({"paths": dir.to_string_lossy(), "file_type": "any"})).1;
    let found = found.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(
        found.result["files"]
            .as_array()
            .is_some_and(|files| files.iter().any(|file| file["path"].as_str().is_some_and(|path| path.ends_with("odd\u{fffd}"))))
    );
    let gone =
        apply_on(find("file").unwrap_or_else(|| panic!("file")), &mut os, &json!({"path": dir.to_string_lossy(), "state": "absent"}));
    assert!(gone.0 && !matches!(os.stat(dir, Follow::No), Ok(Some(_))), "a directory goes with names in it that are no text");
}

#[test]
fn a_file_larger_than_the_memory_is_not_read() {
    let temp = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = temp.path().join("huge");
    let file = fs::File::create(&path).unwrap_or_else(|error| panic!("{error}"));
    file.set_len(20 << 30).unwrap_or_else(|error| panic!("{error}"));
    let path = path.to_string_lossy().into_owned();
    let wanted = format!("failed to read `{path}`: it is larger than 1 GiB, too large to be read into memory");
    for (spec, args) in writers(&path) {
        if matches!(spec.name, "lineinfile" | "blockinfile" | "replace" | "cron" | "authorized_key") {
            let said = apply_on(spec, &mut Os::new(Cancel::new()), &args).1;
            assert_eq!(said.err().map(|failure| failure.message), Some(wanted.clone()), "`{}`", spec.name);
        }
    }
    let shell = ShellSystem::new(LocalShell::start(&["sh"], None)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(shell.read(Path::new(&path)).err().map(|error| error.to_string()), Some(wanted));
}

type Make = fn(&Path);

const KINDS: &[(&str, Make)] = &[
    ("a link that leads nowhere", |path| symlink("gone", path).unwrap_or_else(|error| panic!("{error}"))),
    ("a link to itself", |path| symlink("place", path).unwrap_or_else(|error| panic!("{error}"))),
    ("a link into a directory that is not there", |path| symlink("none/gone", path).unwrap_or_else(|error| panic!("{error}"))),
    ("a named pipe", |path| {
        nix::unistd::mkfifo(path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap_or_else(|error| panic!("{error}"))
    }),
];
