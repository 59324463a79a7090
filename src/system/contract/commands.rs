//! Commands, and what lookups find with them.

use std::path::Path;
use std::time::Duration;

use super::{Case, expect, in_dir, put, text};
use crate::base::Secret;
use crate::system::{Attributes, Command, Conversed, Error, ErrorKind, Executed, Follow, Output, Stream, System, Terminal};

pub(super) const CASES: &[Case] = &[
    ("output and exit code", output),
    ("arguments", arguments),
    ("input", input),
    ("directory, environment and mask", surroundings),
    ("commands that cannot be started", impossible_commands),
    ("a command that takes too long", too_long),
    ("what runs on in the background", background),
    ("live output", live),
    ("conversations on a terminal", conversations),
    ("conversations that are ended", ended_conversations),
    ("who and where", facts),
    ("space", space),
];

fn run(system: &dyn System, command: &Command) -> Output {
    system.probe(command).unwrap()
}

fn output(system: &mut dyn System, _: &Path) {
    let found = run(system, &Command::shell("echo out; echo err >&2; exit 3"));
    assert_eq!(found, Output { rc: 3, stdout: b"out\n".to_vec(), stderr: b"err\n".to_vec() });
    let found = system.run(&Command::shell("printf 'a\\000b\\377'"), &[]).unwrap();
    assert_eq!(found, Output { rc: 0, stdout: b"a\0b\xff".to_vec(), stderr: Vec::new() });
    assert_eq!(run(system, &Command::shell("kill -9 $$")).rc, -9);
    assert_eq!(run(system, &Command::shell("exit 255")).rc, 255);
    let large =
        run(system, &Command::shell("i=0; while [ $i -lt 2000 ]; do echo '0123456789012345678901234567890123456789'; i=$((i+1)); done"));
    assert_eq!(large.stdout.len(), 2000 * 41);
}

fn arguments(system: &mut dyn System, _: &Path) {
    let words = ["it's", "a b", "", "$HOME `id` \\", "*", "new\nline", "-n", "\u{fc}"];
    let script = "for word; do printf '[%s]' \"$word\"; done";
    let found = run(system, &Command::new(["/bin/sh", "-c", script, "name"].iter().chain(&words).copied()));
    assert_eq!(found.stdout_text(), words.iter().map(|word| format!("[{word}]")).collect::<String>());
}

fn input(system: &mut dyn System, _: &Path) {
    for size in [0, 5, 100_000, 1_100_000] {
        let data: Vec<u8> = (0..=255).cycle().take(size).collect();
        let found = run(system, &Command { stdin: Some(data.clone()), ..Command::new(["cat"]) });
        assert!(found.stdout == data, "{size} bytes");
    }
    let secret = Command { stdin: Some(b"rest".to_vec()), secret_stdin: Some(Secret::new("pass\n")), ..Command::new(["cat"]) };
    assert_eq!(run(system, &secret).stdout_text(), "pass\nrest");
    assert_eq!(run(system, &Command::new(["cat"])), Output::default(), "nothing to read");
    let deaf = Command { stdin: Some(vec![0; 1_100_000]), ..Command::shell("exit 0") };
    assert_eq!(run(system, &deaf).rc, 0);
}

fn surroundings(system: &mut dyn System, dir: &Path) {
    let command = Command { cwd: Some(dir.into()), umask: Some(0o027), ..Command::shell("pwd; echo \"$COLOUR\"; umask") };
    // A shell need not hand on a variable whose name it cannot spell, so `env` is asked directly.
    let found = run(system, &command.env("COLOUR", "it's blue"));
    let text = found.stdout_text();
    let lines: Vec<&str> = text.lines().take(3).collect();
    assert_eq!(lines, [dir.to_str().unwrap(), "it's blue", "0027"]);
    let found = run(system, &Command::new(["env"]).env("odd.name", "1").env("EMPTY", ""));
    assert!(found.stdout_text().lines().any(|line| line == "odd.name=1"));
    assert!(found.stdout_text().lines().any(|line| line == "EMPTY="));
    assert!(system.environment().unwrap().contains_key("PATH"));
    let umask = format!("{:04o}\n", system.umask().unwrap());
    assert_eq!(run(system, &Command::shell("umask")).stdout_text(), umask, "what one command sets, the next does not see");
}

fn impossible_commands(system: &mut dyn System, dir: &Path) {
    put(system, &in_dir(dir, "plain"), "#!/bin/sh\n");
    let error = system.probe(&Command::new(["no-such-program", "x"])).unwrap_err();
    assert_eq!(error.to_string(), "failed to run `no-such-program`: no such program on the search path");
    assert_eq!(error.kind, ErrorKind::NotFound);
    let program = |path: &Path| Command::new([path.to_str().unwrap()]);
    expect("missing", system.probe(&program(&in_dir(dir, "missing"))), ErrorKind::NotFound);
    expect("not executable", system.probe(&program(&in_dir(dir, "plain"))), ErrorKind::PermissionDenied);
    expect("a directory", system.probe(&program(dir)), ErrorKind::PermissionDenied);
    expect("nothing", system.probe(&Command::new(Vec::<String>::new())), ErrorKind::Other);
    let cwd = |name: &str| Command { cwd: Some(in_dir(dir, name)), ..Command::new(["cat"]) };
    expect("no directory", system.probe(&cwd("missing")), ErrorKind::NotFound);
    expect("a file as directory", system.probe(&cwd("plain")), ErrorKind::NotADirectory);
    put(system, &in_dir(dir, "script"), "#!/no/such/interpreter\n");
    system.set_attributes(&in_dir(dir, "script"), &Attributes { mode: Some(0o755), ..Attributes::default() }, Follow::No).unwrap();
    let error = system.probe(&program(&in_dir(dir, "script"))).unwrap_err();
    assert!(error.kind == ErrorKind::NotFound && error.reason.contains("interpreter"), "{error}");
}

fn too_long(system: &mut dyn System, _: &Path) {
    let command = Command { timeout: Some(Duration::from_millis(300)), ..Command::new(["sleep", "1000"]) };
    let error = system.probe(&command).unwrap_err();
    assert_eq!(error.to_string(), "failed to run `sleep`: it took longer than 0.3 seconds and was ended");
    let quick = Command { timeout: Some(Duration::from_secs(60)), stdin: Some(b"x\n".to_vec()), ..Command::new(["cat"]) };
    assert_eq!(run(system, &quick).stdout_text(), "x\n");
}

fn background(system: &mut dyn System, _: &Path) {
    let found = run(system, &Command::shell("sleep 1000 & echo $!"));
    let pid = found.stdout_text().trim().to_owned();
    let script = format!("kill {pid} && echo ended");
    assert_eq!(run(system, &Command::shell(script)).stdout_text(), "ended\n");
}

fn live(system: &mut dyn System, _: &Path) {
    let mut seen = Vec::new();
    let executed =
        system.execute(&Command::shell("echo out; echo err >&2"), &mut |stream, bytes| seen.push((stream, bytes.to_vec()))).unwrap();
    assert_eq!(executed, Executed::Done(Output { rc: 0, stdout: b"out\n".to_vec(), stderr: b"err\n".to_vec() }));
    assert!(seen.contains(&(Stream::Stdout, b"out\n".to_vec())) && seen.contains(&(Stream::Stderr, b"err\n".to_vec())), "{seen:?}");
}

/// Lets `script` talk, and answers `secret` to everything that ends with a question mark; what it wrote, and what came of it. `None` where
/// there can be no terminal.
fn talk(system: &mut dyn System, command: &Command, terminal: Terminal) -> Option<(String, Result<Conversed, Error>)> {
    let (mut heard, mut unread) = (Vec::new(), Vec::new());
    let result = system.converse(command, &terminal, &mut |new| {
        heard.extend_from_slice(new);
        unread.extend_from_slice(new);
        if unread.ends_with(b"!") {
            return Err(Error::new(ErrorKind::Other, "answer", "it shouts"));
        }
        Ok(unread.ends_with(b"?").then(|| {
            unread.clear();
            Secret::new("it's secret\n")
        }))
    });
    match result {
        Err(error) if error.kind == ErrorKind::Unsupported => {
            assert!(error.reason.contains("`script`"), "{error}");
            None
        }
        result => Some((String::from_utf8(heard).unwrap(), result)),
    }
}

fn conversations(system: &mut dyn System, dir: &Path) {
    let script = "printf 'who?'; read -r a; printf 'what?'; read -r b; echo \"[$a $b] $1 $X\"; pwd; umask; stty size; exit 3";
    let mut command = Command::new(["/bin/sh", "-c", script, "name", "it's"]).env("X", "a b");
    command.cwd = Some(dir.into());
    command.umask = Some(0o027);
    let patience = Some(Duration::from_secs(60));
    let Some((heard, result)) = talk(system, &command, Terminal { echo: false, patience }) else { return };
    let end = format!("[it's secret it's secret] it's a b\r\n{}\r\n0027\r\n24 80\r\n", dir.display());
    assert_eq!((heard, result.unwrap()), (format!("who?what?{end}"), Conversed::Ended(3)));
    let (heard, _) = talk(system, &command, Terminal { echo: true, patience }).unwrap();
    assert_eq!(heard, format!("who?it's secret\r\nwhat?it's secret\r\n{end}"));
    let on_terminal = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo yes </dev/tty >/dev/tty; kill -9 $$";
    let (heard, result) = talk(system, &Command::shell(on_terminal), Terminal { echo: false, patience }).unwrap();
    assert_eq!((heard.as_str(), result.unwrap()), ("yes\r\n", Conversed::Ended(-9)));
    let large = "i=0; while [ $i -lt 2000 ]; do echo '0123456789012345678901234567890123456789'; i=$((i+1)); done";
    let (heard, _) = talk(system, &Command::shell(large), Terminal { echo: false, patience }).unwrap();
    assert_eq!(heard.len(), 2000 * 42);
    let (missing, nowhere) = (Command::new(["no-such-program"]), Command { cwd: Some(in_dir(dir, "none")), ..Command::new(["cat"]) });
    let errors = [missing, nowhere].map(|command| error_of(system, &command));
    assert_eq!(errors, [ErrorKind::NotFound; 2]);
}

fn error_of(system: &mut dyn System, command: &Command) -> ErrorKind {
    system.converse(command, &Terminal::default(), &mut |_| Ok(None)).unwrap_err().kind
}

fn ended_conversations(system: &mut dyn System, dir: &Path) {
    // One that does not mind when its terminal is hung up, and another in the background in a group of its own.
    let script = "trap '' HUP TERM INT; set -m; sh -c 'trap \"\" HUP; echo $$ >other; exec sleep 1000' & echo $$ >own; \
                  while [ ! -s other ]; do :; done; printf 'who?'; read -r a; printf 'more:'; sleep 1000; sleep 1000";
    let command = Command { cwd: Some(dir.into()), ..Command::shell(script) };
    let Some((heard, result)) = talk(system, &command, Terminal { echo: false, patience: Some(Duration::from_millis(700)) }) else {
        return;
    };
    assert_eq!((heard.as_str(), result.unwrap()), ("who?more:", Conversed::TooLong));
    for name in ["own", "other"] {
        let pid = text(system, &in_dir(dir, name));
        // One that nobody waits for any more may stay as a zombie.
        let running = format!("grep '^State:[^ZX]*$' /proc/{}/status", pid.trim());
        assert_eq!(run(system, &Command::shell(running)).stdout_text(), "", "{name} is still there");
    }
    let (_, result) = talk(system, &Command::shell("printf '!'; sleep 1000"), Terminal::default()).unwrap();
    assert_eq!(result.unwrap_err().to_string(), "failed to answer: it shouts");
}

fn facts(system: &mut dyn System, _: &Path) {
    let who = system.identity().unwrap();
    assert_eq!(who.uid, nix::unistd::geteuid().as_raw());
    assert!(who.home.is_absolute() && !who.name.is_empty());
    let root = system.user("root").unwrap().unwrap();
    assert_eq!((root.uid, root.gid, system.user("0").unwrap().unwrap().name.as_str()), (0, 0, "root"));
    assert_eq!(system.group("0").unwrap().unwrap().gid, 0);
    assert_eq!(system.user("no-such-user").unwrap(), None);
    assert_eq!(system.group("no-such-group").unwrap(), None);
    assert_eq!(system.package("no-such-package").unwrap(), None);
    assert_eq!(system.service("no-such-service").unwrap(), None);
    let platform = system.platform().unwrap();
    assert_eq!((platform.kernel.as_str(), platform.machine.as_str()), ("Linux", std::env::consts::ARCH));
    let here = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let there = system.clock().unwrap();
    assert!(here.abs_diff(there.epoch) < Duration::from_secs(60) && there.offset.abs() <= 14 * 3600, "{there:?}");
    assert!(system.which("sh").unwrap().unwrap().is_absolute());
}

fn space(system: &mut dyn System, dir: &Path) {
    let found = system.space(dir).unwrap();
    assert!(found.block_size > 0 && found.blocks >= found.blocks_available && found.blocks > 0, "{found:?}");
}
