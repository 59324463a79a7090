//! `synchronize` against a real server: whose connection `rsync` takes, who it becomes there, and what is left of it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Output};

use super::ssh::{host, server};
use super::transport::server::{Sshd, eventually, is_running};

/// Runs tasks on the host `web`, with a `source` folder beside the playbook and `target` for what is sent.
fn play(sshd: &Sshd, hosts: &[String], path: Option<&str>, tasks: &str) -> Output {
    let dir = sshd.dir.path();
    for folder in ["source/deep", "target", "tmp"] {
        fs::create_dir_all(dir.join(folder)).expect("a folder");
    }
    fs::write(dir.join("source/a"), "a\n").expect("writes");
    fs::write(dir.join("source/deep/b"), "b\n").expect("writes");
    fs::write(dir.join("hosts"), hosts.concat()).expect("writes");
    let playbook = format!("- hosts: web\n  gather_facts: false\n  vars: {{there: '{}/target'}}\n  tasks:\n{tasks}", dir.display());
    fs::write(dir.join("site.yml"), playbook).expect("writes");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kconf"));
    let everywhere = std::env::var("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path.unwrap_or(&everywhere)).env("HOME", dir).env("TMPDIR", dir.join("tmp")).current_dir(dir);
    command.args(["run", "-i", "hosts", "site.yml"]).output().expect("kconf runs")
}

fn web(sshd: &Sshd) -> String {
    host("web", sshd, "")
}

#[track_caller]
fn text(output: &Output, succeeds: bool) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.success(), succeeds, "{text}");
    text
}

fn content(sshd: &Sshd, path: &str) -> String {
    fs::read_to_string(sshd.dir.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether nothing is left of sockets.
fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("reads").next().is_none()
}

#[test]
fn all_goes_through_the_connection_of_the_run_and_its_bastion() {
    let (bastion, sshd) = (server(), server());
    let hosts = [host("door", &bastion, ""), host("web", &sshd, "kconf_bastion=door")];
    let tasks = "  - command: 'true'\n  - synchronize: {src: source, dest: '{{ there }}/'}\n  \
                 - synchronize: {mode: pull, src: '{{ there }}/source/', dest: back}\n";
    text(&play(&sshd, &hosts, None, tasks), true);
    assert_eq!((content(&sshd, "target/source/deep/b").as_str(), content(&sshd, "back/a").as_str()), ("b\n", "a\n"));
    assert_eq!((bastion.count("Accepted publickey"), sshd.count("Accepted publickey")), (1, 1));
    assert!(is_empty(&sshd.path("tmp")), "a socket is left");
}

#[test]
fn it_becomes_the_user_there_by_its_path_or_by_the_means_of_other_tasks() {
    let sshd = server();
    fs::create_dir_all(sshd.path("target")).expect("a folder");
    for (name, more) in [("plain", ""), ("flags", ", vars: {ansible_become_flags: '-H'}")] {
        let open = "  - file: {path: '{{ there }}', state: directory, mode: '0777'}\n";
        let sync =
            format!("  - {{synchronize: {{src: source/a, dest: '{{{{ there }}}}/{name}'}}, become: true, become_user: nobody{more}}}\n");
        text(&play(&sshd, &[web(&sshd)], None, &format!("{open}{sync}")), true);
        let owner = fs::metadata(sshd.path("target").join(name)).expect("is there").uid();
        let nobody = nix::unistd::User::from_name("nobody").ok().flatten().expect("a user").uid.as_raw();
        assert_eq!(owner, nobody, "{name}");
    }
}

#[test]
fn where_rsync_is_missing_is_said() {
    let sshd = server();
    let sync = "  - synchronize: {src: source, dest: '{{ there }}/', rsync_path: no-rsync-at-all}\n";
    let shown = text(&play(&sshd, &[web(&sshd)], None, sync), false);
    assert!(shown.contains("there is no `rsync` on `web`: install it there"), "{shown}");
    let shown = text(&play(&sshd, &[web(&sshd)], Some("/nonexistent"), "  - synchronize: {src: source, dest: '{{ there }}/'}\n"), false);
    assert!(shown.contains("there is no `rsync` on the controller"), "{shown}");
    let elsewhere =
        "  - synchronize: {src: source, dest: '{{ there }}/'}\n    delegate_to: other\n    vars: {ansible_rsync_path: no-rsync}\n";
    let shown = text(&play(&sshd, &[web(&sshd), host("other", &sshd, "")], None, elsewhere), false);
    assert!(shown.contains("there is no `no-rsync` on `other`, which is to run it"), "{shown}");
}

#[test]
fn what_takes_too_long_is_ended_on_both_sides() {
    let sshd = server();
    let sync = "  - {synchronize: {src: source, dest: '{{ there }}/', rsync_path: 'sleep 86437; rsync'}, timeout: 3}\n";
    let shown = text(&play(&sshd, &[web(&sshd)], None, sync), false);
    assert!(shown.contains("timeout"), "{shown}");
    eventually("the end of the command there", || !is_running("sleep 86437"));
    eventually("the end of the command here", || !is_running("rsync-path=sleep 86437"));
}

#[test]
fn a_host_that_is_lost_on_the_way_is_unreachable() {
    let sshd = server();
    // Ends what serves the connection.
    let sync = "  - synchronize: {src: source, dest: '{{ there }}/', rsync_path: 'kill -9 $PPID; rsync'}\n";
    let shown = text(&play(&sshd, &[web(&sshd)], None, sync), false);
    assert!(shown.contains("UNREACHABLE") || shown.contains("unreachable=1"), "{shown}");
}
