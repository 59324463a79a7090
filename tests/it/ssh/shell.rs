//! Shells on a terminal.

use nix::sys::signal::Signal;

use super::{host, kconf_ssh, server};
use crate::screen::Screen;
use crate::transport::server::{Sshd, eventually, is_running};

/// A shell on `web`, which is ready.
fn shell(sshd: &Sshd) -> Screen {
    let mut command = kconf_ssh(sshd, &[host("web", sshd, "")]);
    command.arg("web");
    let mut screen = Screen::start(command);
    screen.types("echo rea''dy\r");
    screen.shows("ready");
    screen
}

#[test]
fn a_shell_has_the_terminal_of_who_works_with_it() {
    let sshd = server();
    let mut screen = shell(&sshd);
    assert!(screen.is_raw());
    screen.types("echo \"it is $TERM at $(stty size)\"; stty -a | grep -o ' iutf8'\r");
    screen.shows("it is vt100 at 24 80");

    screen.types("while [ \"$(stty size)\" != '40 100' ]; do sleep 0.05; done; echo now $((40 + 1))\r");
    screen.resize(40, 100);
    screen.shows("now 41");

    // What interrupts is for the command there.
    screen.types("sleep 86421\r");
    eventually("the start of the command", || is_running("sleep 86421"));
    screen.types("\x03");
    eventually("the end of the command", || !is_running("sleep 86421"));
    screen.types("echo still $((1 + 1))\r");
    screen.shows("still 2");
    screen.types("exit 7\r");
    assert_eq!(screen.ends(), Some(7));
    assert_eq!(sshd.count("Accepted publickey"), 1);
}

#[test]
fn the_settings_of_the_terminal_hold_there() {
    let sshd = server();
    let mut command = kconf_ssh(&sshd, &[host("web", &sshd, "")]);
    command.args(["-t", "web", "stty", "-a"]);
    // The erase key of this one is a rare one.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "stty erase '^P' -ixon; \"$@\"; code=$?; stty sane; exit $code", "sh"]);
    shell.arg(command.get_program()).args(command.get_args()).current_dir(sshd.dir.path());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let screen = Screen::start(shell);
    screen.shows("erase = ^P");
    screen.shows("-ixon");
}

#[test]
fn a_signal_ends_the_shell_and_gives_the_terminal_back() {
    let sshd = server();
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGQUIT, 131)] {
        let mut screen = shell(&sshd);
        screen.types("sleep 86422\r");
        eventually("the start of the command", || is_running("sleep 86422"));
        screen.signal(signal);
        assert_eq!(screen.ends(), Some(code));
        eventually("the end of the command", || !is_running("sleep 86422"));
    }
}

#[test]
fn a_shell_that_does_not_answer_can_be_left() {
    let sshd = server();
    let mut screen = shell(&sshd);
    screen.types("stty -isig -icanon; sleep 86423\r");
    eventually("the start of the command", || is_running("sleep 86423"));
    screen.types("\r~.");
    assert_eq!(screen.ends(), Some(129));
}

#[test]
fn a_lost_connection_gives_the_terminal_back_and_says_so() {
    let sshd = server();
    let mut screen = shell(&sshd);
    sshd.cut_connections();
    assert_eq!(screen.ends(), Some(4));
    screen.shows(&format!("`web` cannot be reached: failed to keep the connection ({}):", sshd.hop().login()));
}

#[test]
fn a_shell_through_a_bastion() {
    let (bastion, sshd) = (server(), server());
    let mut command = kconf_ssh(&sshd, &[host("door", &bastion, ""), host("web", &sshd, "kconf_bastion=door")]);
    command.arg("web");
    let mut screen = Screen::start(command);
    screen.types(&format!("echo \"at ${{SSH_CONNECTION##* }}\"; exit {}\r", 0));
    screen.shows(&format!("at {}", sshd.port));
    assert_eq!(screen.ends(), Some(0));
    assert_eq!((bastion.count("Accepted publickey"), sshd.count("Accepted publickey")), (1, 1));
}
