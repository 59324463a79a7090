//! What is said when there is no shell to be had.

use std::process::Stdio;

use super::{host, kconf_ssh, server};
use crate::transport::server::{Sshd, user};

/// Exit code and what is said.
fn said(sshd: &Sshd, inventory: &[String], words: &[&str]) -> (Option<i32>, String) {
    let mut command = kconf_ssh(sshd, inventory);
    let output = command.args(words).stdin(Stdio::null()).output().expect("kconf runs");
    assert!(output.stdout.is_empty());
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn one_host_must_be_meant() {
    let sshd = server();
    let inventory = ["here ansible_connection=local\n[web]\n".to_owned(), host("web1", &sshd, ""), host("web2", &sshd, "")];
    let several = said(&sshd, &inventory, &["web"]);
    assert_eq!(several, (Some(5), "error: `web` means 2 hosts: web1, web2\n  hint: name one of them; `web[0]` is the first\n".to_owned()));
    let (code, none) = said(&sshd, &inventory, &["wbe1"]);
    assert_eq!(code, Some(5));
    assert!(none.starts_with("error: `wbe1` matches no host and no group of the inventory\n") && none.contains("`web1`"), "{none}");
    for name in ["localhost", "here"] {
        let (code, local) = said(&sshd, &inventory, &[name]);
        let expected = format!("error: `{name}` is this machine: its connection is `local`, and nobody logs in to it\n");
        assert_eq!((code, local.starts_with(&expected), local.contains("use a shell")), (Some(5), true, true), "{local}");
    }
    assert_eq!(said(&sshd, &inventory, &["web[0]", "true"]).0, Some(0));
}

#[test]
fn the_hop_that_fails_is_named() {
    let (bastion, sshd) = (server(), server());
    let inventory = [
        host("door", &bastion, ""),
        host("web", &sshd, "kconf_bastion=door"),
        host("shut", &bastion, "ansible_port=1"),
        host("behind", &sshd, "kconf_bastion=shut"),
        host("gone", &sshd, "kconf_bastion=door ansible_port=1"),
    ];
    let (code, text) = said(&sshd, &inventory, &["behind"]);
    assert_eq!(code, Some(4));
    let expected =
        format!("error: `behind` cannot be reached: failed to connect (bastion shut, {}@127.0.0.1:1): connection refused\n", user());
    assert!(text.starts_with(&expected), "{text}");
    let (code, text) = said(&sshd, &inventory, &["gone"]);
    assert_eq!(code, Some(4));
    assert!(text.contains(&format!("({}@127.0.0.1:1): the bastion cannot connect to 127.0.0.1:1", user())), "{text}");
    let (code, text) = said(&sshd, &inventory, &["web", "-u", "kconf-nobody", "true"]);
    // The variable of the host wins over the command line, as everywhere.
    assert_eq!((code, text.as_str()), (Some(0), ""));
}

#[test]
fn a_key_that_is_refused_and_a_host_that_is_not_known_are_said() {
    let sshd = server();
    std::fs::write(sshd.path("authorized_keys"), "").expect("writes");
    let (code, text) = said(&sshd, &[host("web", &sshd, "")], &["web"]);
    assert_eq!(code, Some(4));
    assert!(text.contains(&format!("tried {}: refused by the server", sshd.path("key").display())), "{text}");
    let line = host("web", &sshd, "");
    std::fs::write(sshd.path("known_hosts"), "").expect("writes");
    let (code, text) = said(&sshd, &[line], &["web"]);
    assert_eq!(code, Some(4));
    assert!(text.contains("failed to verify the host key"), "{text}");
}

#[test]
fn a_server_without_terminals_or_commands_says_so() {
    let sshd = Sshd::with("PermitTTY no\n");
    let inventory = [host("web", &sshd, "")];
    let (code, text) = said(&sshd, &inventory, &["-t", "web", "true"]);
    assert_eq!(code, Some(4));
    assert!(text.contains("the server gives no terminal"), "{text}");
    assert_eq!(said(&sshd, &inventory, &["web", "true"]), (Some(0), String::new()));
}
