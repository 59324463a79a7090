//! What the contract does not say of a shell: how it is spoken to.

#![expect(clippy::disallowed_methods, reason = "tests look at the real machine")]

use std::io;
use std::path::Path;

use super::*;
use crate::system::contract::LocalShell;
use crate::system::hash::sha256;
use crate::system::{ErrorKind, Recorded};

fn start(argv: &[&str]) -> ShellSystem<LocalShell> {
    ShellSystem::new(LocalShell::start(argv, None)).unwrap()
}

/// How many requests `act` takes.
fn trips(system: &mut ShellSystem<LocalShell>, act: impl FnOnce(&mut ShellSystem<LocalShell>)) -> u64 {
    let before = system.round_trips();
    act(system);
    system.round_trips() - before
}

#[test]
fn every_operation_is_one_round_trip() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let mut system = start(&["sh"]);
    assert_eq!(system.round_trips(), 1, "the start itself");
    type Act<'a> = Box<dyn Fn(&mut ShellSystem<LocalShell>) + 'a>;
    let none = Attributes::default();
    let acts: Vec<(&str, Act<'_>)> = vec![
        ("write", Box::new(|s| s.write(&one, Content::Bytes(b"x"), &none).unwrap())),
        ("write again", Box::new(|s| s.write(&one, Content::Bytes(b"y"), &none).unwrap())),
        ("write in place", Box::new(|s| s.write_in_place(&one, Content::Bytes(b"y"), &none).unwrap())),
        ("copy", Box::new(|s| s.write(&two, Content::File(one.clone()), &none).unwrap())),
        ("stat", Box::new(|s| assert!(s.stat(&one, Follow::No).unwrap().is_some()))),
        ("read", Box::new(|s| drop(s.read(&one).unwrap()))),
        ("list", Box::new(|s| drop(s.list(dir.path()).unwrap()))),
        ("checksum", Box::new(|s| drop(s.checksum(&one, Algorithm::Sha1).unwrap()))),
        (
            "attributes",
            Box::new(|s| s.set_attributes(&one, &Attributes { mode: Some(0o600), mtime: Some(5.0), ..none.clone() }, Follow::No).unwrap()),
        ),
        ("rename", Box::new(|s| s.rename(&one, &two).unwrap())),
        ("remove", Box::new(|s| s.remove(&two).unwrap())),
        (
            "command",
            Box::new(|s| drop(s.probe(&Command { stdin: Some(b"x".to_vec()), cwd: Some("/".into()), ..Command::new(["cat"]) }).unwrap())),
        ),
    ];
    for (name, act) in acts {
        assert_eq!(trips(&mut system, act), 1, "{name}");
    }
}

#[test]
fn large_content_travels_in_parts_and_unchanged_content_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large");
    let content = vec![b'x'; 2 * CHUNK + CHUNK / 2];
    let announced = Some(sha256(&content));
    let mut system = start(&["sh"]);
    let write = |system: &mut dyn System| {
        let stream = Content::Stream { reader: &mut content.as_slice(), sha256: announced.clone() };
        system.write(&path, stream, &Attributes::default()).unwrap();
    };
    assert_eq!(trips(&mut system, |system| write(system)), 5, "begin, three parts, end");
    assert_eq!(trips(&mut system, |system| write(&mut Recorded::new(system, false))), 3, "attributes, digest, attributes");
}

#[test]
fn nothing_is_left_on_the_host() {
    let temp = tempfile::tempdir().unwrap();
    let script = format!("TMPDIR='{}'; export TMPDIR; exec sh", temp.path().display());
    let system = start(&["sh", "-c", &script]);
    system.probe(&Command::shell("echo x")).unwrap();
    system.make_scratch(0o600, &mut |_| Ok(())).unwrap();
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1, "the directory of the session");
    drop(system);
    assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[test]
fn what_is_said_before_the_first_reply_is_skipped() {
    let system = start(&["sh", "-c", "echo 'Welcome!'; echo 'kconf:0:0:0:0:0'; exec sh"]);
    assert_eq!(system.probe(&Command::shell("echo x")).unwrap().stdout_text(), "x\n");
    let error = ShellSystem::new(LocalShell::start(&["yes"], None)).err().unwrap();
    assert!(error.reason.contains("is it a POSIX shell?"), "{error}");
    let error = ShellSystem::new(LocalShell::start(&["false"], None)).err().unwrap();
    assert_eq!(error.to_string(), "failed to use the shell of the host: it ended");
}

#[test]
fn output_that_looks_like_a_reply_is_none() {
    let system = start(&["sh"]);
    let output = system
        .probe(&Command::shell(
            "cat /proc/$PPID/environ >/dev/null; printf 'kconf:0000000000000000:1:0:0:0\\n'; printf 'kconf-error missing\\n' >&2",
        ))
        .unwrap();
    assert_eq!(output.stdout_text(), "kconf:0000000000000000:1:0:0:0\n");
    assert_eq!(output.stderr_text(), "kconf-error missing\n");
    assert_eq!(system.probe(&Command::shell("echo after")).unwrap().stdout_text(), "after\n");
}

#[test]
fn a_shell_that_ends_is_an_error_from_then_on() {
    let system = start(&["sh"]);
    let pid = String::from_utf8(
        system.session.borrow_mut().exchange("echo $PPID; kill -9 $$", false).map_or_else(|_| Vec::new(), |reply| reply.stdout),
    );
    assert_eq!(pid.unwrap(), "", "it ended before it could answer");
    for _ in 0..2 {
        assert_eq!(system.read(Path::new("/etc/passwd")).unwrap_err().to_string(), "failed to use the shell of the host: it ended");
    }
}

#[test]
fn no_secret_is_in_the_list_of_processes() {
    let system = start(&["sh"]);
    let command = Command {
        secret_stdin: Some(crate::base::Secret::new("hush-hush\n")),
        ..Command::shell("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\000' ' '; cat")
    };
    let text = system.probe(&command).unwrap().stdout_text();
    assert!(text.ends_with("hush-hush\n"));
    assert_eq!(text.matches("hush-hush").count(), 1);
}

#[test]
fn who_has_cancelled_gets_no_further() {
    let cancel = Cancel::new();
    let system = ShellSystem::with_cancel(LocalShell::start(&["sh"], None), cancel.clone()).unwrap();
    cancel.cancel();
    assert_eq!(system.read(Path::new("/etc/passwd")).unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(system.probe(&Command::shell("exit")).unwrap_err().kind, ErrorKind::Cancelled);
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    // The shell runs alone with a small file system; nothing else sees it.
    let dir = tempfile::tempdir().unwrap();
    let script = format!("mount -t tmpfs -o size=64k none '{}' && exec sh", dir.path().display());
    let argv = ["unshare", "--mount", "sh", "-c", &script];
    let Ok(mut system) = ShellSystem::new(LocalShell::start(&argv, None)) else {
        eprintln!("not run: mount namespaces need root");
        return;
    };
    let path = dir.path().join("file");
    system.write(&path, Content::Bytes(b"old"), &Attributes::default()).unwrap();
    let error = system.write(&path, Content::Bytes(&vec![1; 1 << 20]), &Attributes::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NoSpace, "{error}");
    assert_eq!(system.read(&path).unwrap(), b"old");
    assert_eq!(system.list(dir.path()).unwrap().len(), 1, "the temporary file is gone");
}

#[test]
fn http_goes_over_curl_where_there_is_one() {
    let system = start(&["sh"]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/x", listener.local_addr().unwrap().port());
    let request = HttpRequest {
        url,
        method: "POST".into(),
        body: super::super::HttpBody::Bytes(b"data".to_vec()),
        timeout: Duration::from_secs(20),
        ..HttpRequest::default()
    };
    let mut sink = Vec::new();
    if system.which("curl").unwrap().is_none() {
        let error = system.http_probe(&request, &mut sink).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
        return;
    }
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"data") {
            let mut buffer = [0; 1024];
            let n = stream.read(&mut buffer).unwrap();
            seen.extend_from_slice(&buffer[..n]);
        }
        stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Y: z\r\n\r\nok").unwrap();
        String::from_utf8(seen).unwrap()
    });
    let response = system.http_probe(&request, &mut sink).unwrap();
    assert_eq!((response.status, response.header("x-y"), sink.as_slice()), (201, Some("z"), b"ok".as_slice()));
    assert!(server.join().unwrap().starts_with("POST /x "));
}

#[test]
fn octal_numbers_carry_any_bytes() {
    let mut output = Vec::new();
    io::copy(&mut [0_u8, 39, 37, 92, 255, 10].as_slice(), &mut output).unwrap();
    let system = start(&["sh"]);
    system.session.borrow_mut().forget_tools();
    let command = Command { stdin: Some(output.clone()), ..Command::new(["cat"]) };
    assert_eq!(system.probe(&command).unwrap().stdout, output);
}
