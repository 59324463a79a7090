//! Commands whose streams are those of kconf.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{host, kconf_ssh, server};
use crate::screen::Screen;
use crate::transport::server::{Sshd, eventually, is_running};

fn on_web(sshd: &Sshd, words: &[&str]) -> Command {
    let mut command = kconf_ssh(sshd, &[host("web", sshd, "")]);
    command.arg("web").args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn fed(mut command: Command, input: Vec<u8>) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("kconf starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let feeding = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("kconf ends");
    let _ = feeding.join();
    output
}

#[test]
fn streams_and_code_are_those_of_the_command() {
    let sshd = server();
    let output = on_web(&sshd, &["--", "tty; echo \"$0 $1\"; echo err >&2; exit 7"]).output().expect("kconf runs");
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    let shell = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().expect("a user").shell;
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("not a tty\n{} \n", shell.display()));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "err\n");

    let killed = on_web(&sshd, &["kill", "-9", "$$"]).output().expect("kconf runs");
    assert_eq!(killed.status.code(), Some(128 + 9));
}

#[test]
fn every_byte_comes_through_both_ways() {
    let sshd = server();
    let input: Vec<u8> = (0..6_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let output = fed(on_web(&sshd, &["tee", "/dev/stderr"]), input.clone());
    assert!(output.status.success());
    assert!(output.stdout == input && output.stderr == input, "{} and {} bytes", output.stdout.len(), output.stderr.len());
    // A command that does not read its input is no failure, and input without end is none either.
    let unread = fed(on_web(&sshd, &["echo", "unread"]), input);
    assert_eq!((unread.status.code(), unread.stdout.as_slice()), (Some(0), b"unread\n".as_slice()));
}

#[test]
fn large_output_comes_whole_through_a_bastion() {
    let (bastion, sshd) = (server(), server());
    let mut command = kconf_ssh(&sshd, &[host("door", &bastion, ""), host("web", &sshd, "kconf_bastion=door")]);
    let output = command.args(["web", "head -c 30000000 /dev/zero; echo end >&2"]).stdin(Stdio::null()).output().expect("kconf runs");
    assert_eq!((output.stdout.len(), output.stderr.as_slice()), (30_000_000, b"end\n".as_slice()));
    assert_eq!((bastion.count("Accepted publickey"), sshd.count("Accepted publickey")), (1, 1));
}

#[test]
fn a_reader_that_goes_away_ends_the_command() {
    let sshd = server();
    let mut child = on_web(&sshd, &["yes", "86424"]).spawn().expect("kconf starts");
    let mut first = [0; 6];
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut first).expect("reads");
    assert_eq!(&first, b"86424\n");
    drop(stdout);
    let output = child.wait_with_output().expect("kconf ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(128 + 13), b"".as_slice()));
    eventually("the end of the command", || !is_running("yes 86424"));
}

#[test]
fn what_interrupts_kconf_interrupts_the_command() {
    let sshd = server();
    let child = on_web(&sshd, &["sleep $((86424 + 1)); :"]).spawn().expect("kconf starts");
    eventually("the start of the command", || is_running("sleep 86425"));
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), Signal::SIGINT).expect("it is there");
    assert_eq!(child.wait_with_output().expect("kconf ends").status.code(), Some(128 + 2));
    eventually("the end of the command", || !is_running("sleep 86425"));
}

#[test]
fn a_terminal_is_there_when_it_is_asked_for() {
    let sshd = server();
    let mut command = on_web(&sshd, &[]);
    command.args(["-t", "test -t 1 && stty size; exit 3"]);
    let output = command.output().expect("kconf runs");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stdout).as_ref()), (Some(3), "24 80\r\n"));

    // At a terminal, a command has one only if it is asked for.
    let mut command = kconf_ssh(&sshd, &[host("web", &sshd, "")]);
    command.args(["web", "tty; exit 4"]);
    let mut screen = Screen::start(command);
    screen.shows("not a tty");
    assert_eq!(screen.ends(), Some(4));
}
