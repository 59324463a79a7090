//! Where `fetch` finds something else than a file on the controller.

use std::fs;
use std::process::Command;

use kconf::event::{Event, Status};

use super::{project, run};
use crate::transport::server::Sshd;
use crate::transport::tasks::hub;

const PLAYBOOK: &str = "
- hosts: web
  gather_facts: false
  ignore_errors: true
  tasks:
    - fetch: {src: /etc/hostname, dest: pipe, flat: true}
    - fetch: {src: /etc/hostname, dest: file/below, flat: true}
    - fetch: {src: /etc/hostname, dest: named, flat: true}
";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_way_is_named_and_left() {
    let sshd = Sshd::start();
    let folder = project(&sshd, "fetching", PLAYBOOK, &[("file", "kept\n")]);
    let made = Command::new("mkfifo").arg(folder.join("pipe")).status().expect("starts");
    assert!(made.success());
    let (events, summary) = run(&folder, &hub()).await;
    assert!(summary.error.is_none(), "{:?}", summary.error);
    let mut told = Vec::new();
    for event in &events {
        if let Event::HostDone { status, result, .. } = event {
            told.push((*status, result.get("msg").map(|msg| msg.as_str().unwrap_or_default().to_owned()).unwrap_or_default()));
        }
    }
    let [(pipe, pipe_said), (below, below_said), (named, _)] = told.as_slice() else { panic!("{told:?}") };
    let at = |name: &str| format!("`{}` of the controller", folder.join(name).display());
    assert_eq!((*pipe, *below, *named), (Status::Failed, Status::Failed, Status::Changed), "{told:?}");
    assert!(pipe_said.contains(&at("pipe")) && pipe_said.contains("no regular file"), "{pipe_said}");
    assert!(below_said.contains(&at("file")) && below_said.contains("exists"), "{below_said}");
    assert_eq!(fs::read_to_string(folder.join("file")).expect("reads"), "kept\n");
}
