//! `kconf run --resume`.

use super::{Project, WAITS};

/// Notes who comes by; `b` fails until there is a file `fixed`.
const UNTIL_FIXED: &str = "
- hosts: localhost
  gather_facts: false
  tasks:
    - command: echo from the controller
      register: said
    - shell: 'echo localhost >> {{ playbook_dir }}/log'
- hosts: web
  gather_facts: false
  tasks:
    - shell: 'echo {{ inventory_hostname }}-{{ wish }} >> {{ playbook_dir }}/log'
    - assert:
        that: inventory_hostname != 'b' or (playbook_dir + '/fixed') is exists
    - shell: 'echo {{ inventory_hostname }} {{ hostvars.localhost.said.stdout }} >> {{ playbook_dir }}/log'
";

impl Project {
    /// The sorted lines that tasks wrote since this was asked last.
    fn log(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.read("log").lines().map(str::to_owned).collect();
        lines.sort();
        self.write("log", "");
        lines
    }
}

#[test]
fn only_hosts_that_did_not_finish_are_worked_on_again() {
    let project = Project::new(UNTIL_FIXED);
    assert_eq!(project.kconf("run -i hosts -e wish=x site.yml").code, 2);
    assert_eq!(project.log(), ["a from the controller", "a-x", "b-x", "localhost"]);
    project.write("fixed", "");
    let said = project.kconf("run --resume");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.err.starts_with("Going on with run 1 (failed, "), "{}", said.err);
    assert!(said.err.contains("): from the top, on what did not finish: b, and on localhost.\n"), "{}", said.err);
    assert_eq!(project.log(), ["b from the controller", "b-x", "localhost"]);

    let history = project.history();
    assert_eq!((&history[0]["id"], &history[0]["resumes"], &history[0]["result"]), (&2.into(), &1.into(), &"ok".into()));
    assert_eq!(history[0]["command"], "kconf run --inventory=hosts --extra-vars=wish=x --limit=b,localhost site.yml");
    // What went well is not done again, and the run before it was gone on with already.
    let said = project.kconf("run --resume");
    assert_eq!(said.code, 0);
    assert!(said.err.starts_with("Run 2 (") && said.err.ends_with("ended well: there is nothing to go on with.\n"), "{}", said.err);
    assert!(project.log().is_empty());
}

#[test]
fn a_resumed_run_that_fails_again_can_be_resumed() {
    let project = Project::new(UNTIL_FIXED);
    project.kconf("run -i hosts -e wish=x site.yml");
    assert_eq!(project.kconf("run --resume 1").code, 2);
    project.write("fixed", "");
    project.log();
    assert_eq!(project.kconf("run --resume").code, 0);
    assert_eq!(project.log(), ["b from the controller", "b-x", "localhost"]);
    assert_eq!(project.history()[0]["resumes"], 2);
}

#[test]
fn what_is_typed_beside_it_counts() {
    let project = Project::new(UNTIL_FIXED);
    project.kconf("run -i hosts -e wish=x site.yml");
    project.log();
    project.write("fixed", "");
    let said = project.kconf("run --resume 1 --limit all,localhost -e wish=y");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("on the hosts that `--limit` selects"), "{}", said.err);
    assert_eq!(project.log(), ["a from the controller", "a-y", "b from the controller", "b-y", "localhost"]);
}

#[test]
fn a_run_that_did_not_get_through_all_plays_is_repeated_on_all_hosts() {
    // `b` alone is the whole first play, so that the second one, on `a`, never began.
    let project = Project::new(
        "
- hosts: b
  gather_facts: false
  tasks:
    - assert: {that: (playbook_dir + '/fixed') is exists}
- hosts: a
  gather_facts: false
  tasks:
    - shell: 'echo {{ inventory_hostname }} >> {{ playbook_dir }}/log'
",
    );
    assert_eq!(project.kconf("run -i hosts site.yml").code, 2);
    project.write("fixed", "");
    let said = project.kconf("run --resume");
    assert_eq!(said.code, 0);
    assert!(said.err.contains("on all its hosts, since it did not get through all plays"), "{}", said.err);
    assert_eq!(project.log(), ["a"]);
}

#[test]
fn an_interrupted_run_is_repeated_in_its_own_directory() {
    let project = Project::new(WAITS);
    let mut child = project.started(1, "host_started");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a number")), nix::sys::signal::Signal::SIGINT)
        .expect("it can be interrupted");
    assert_eq!(child.wait().expect("it ends").code(), Some(99));
    assert_eq!(project.history()[0]["result"], "interrupted");
    project.write("never", "now it is");
    project.make("elsewhere");
    // The last run of another directory is not meant.
    let said = super::said(project.command("kconf", "run --resume").current_dir(project.path("elsewhere")));
    assert_eq!(said.code, 5);
    assert!(said.err.contains("no run was started in this directory"), "{}", said.err);
    let said = super::said(project.command("kconf", "run --resume 1").current_dir(project.path("elsewhere")));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("ok: [b]"), "{}", said.out);
}

#[test]
fn checks_are_passed_over_and_secrets_are_asked_for() {
    let project = Project::new(UNTIL_FIXED);
    assert_eq!(project.kconf("run -i hosts -e wish=x -e db_password=hunter2 site.yml").code, 2);
    project.kconf("run -i hosts -e wish=x --check site.yml");
    project.write("fixed", "");
    let said = project.kconf("run --resume");
    assert_eq!(said.code, 5);
    assert!(said.err.contains("the journal does not hold what may be a secret: `db_password`"), "{}", said.err);
    assert!(said.err.contains("`kconf run --resume 1 -e db_password=…`"), "{}", said.err);
    assert_eq!(project.kconf("run --resume -e db_password=hunter2").code, 0);
    assert!(!project.journal(3).contains("hunter2"));
}

#[test]
fn hosts_that_a_task_added_cannot_be_told_apart() {
    let project = Project::new(
        "
- hosts: a
  gather_facts: false
  tasks:
    - add_host: {name: added, groups: new, ansible_connection: local}
- hosts: new:b
  gather_facts: false
  tasks:
    - assert: {that: inventory_hostname != 'added' or (playbook_dir + '/fixed') is exists}
",
    );
    assert_eq!(project.kconf("run -i hosts site.yml").code, 2);
    project.write("fixed", "");
    let said = project.kconf("run --resume");
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(said.err.contains("on all its hosts, since some that did not finish are not in the inventory"), "{}", said.err);
}
