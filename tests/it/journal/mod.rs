//! What runs leave behind, through the program: journals, `history`, `report`, `run --resume`, `--output junit`.

mod resume;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A project and a home that nothing else uses.
struct Project {
    root: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
}

/// What a command printed.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Project {
    /// With the hosts `a` and `b`, which are this machine, and a playbook.
    fn new(playbook: &str) -> Self {
        let project = Self { root: tempfile::tempdir().expect("a folder"), env: Vec::new() };
        project.write("hosts", "[web]\na\nb\n[all:vars]\nansible_connection=local\n");
        project.write("site.yml", playbook);
        project.make("home");
        project
    }

    fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn make(&self, name: &str) {
        fs::create_dir_all(self.path(name)).expect("a folder can be made");
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file can be written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn command(&self, program: &str, line: &str) -> Command {
        let link = self.path(program);
        if !link.exists() {
            symlink(env!("CARGO_BIN_EXE_kconf"), &link).expect("a link can be made");
        }
        let mut command = Command::new(link);
        command.args(line.split_whitespace()).current_dir(self.root.path()).env_clear();
        command.envs([("PATH", std::env::var("PATH").unwrap_or_default().as_str()), ("LANG", "C.UTF-8"), ("NO_COLOR", "1")]);
        command.env("HOME", self.path("home")).envs(self.env.iter().cloned()).stdin(Stdio::null());
        command
    }

    /// What `kconf LINE` says.
    fn kconf(&self, line: &str) -> Said {
        said(&mut self.command("kconf", line))
    }

    /// The file of a journal.
    fn journal(&self, id: u64) -> String {
        self.read(&format!("home/.local/state/kconf/runs/run-{id}.jsonl"))
    }

    /// All journals, newest first.
    fn history(&self) -> Vec<Value> {
        let said = self.kconf("history --output json");
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
    }

    /// Starts a run of `site.yml` and waits until its journal holds `text`.
    fn started(&self, id: u64, text: &str) -> Child {
        let mut command = self.command("kconf", "run -i hosts site.yml");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("kconf starts");
        let deadline = Instant::now() + Duration::from_secs(120);
        while !self.journal(id).contains(text) {
            assert!(Instant::now() < deadline, "the journal never held {text}:\n{}", self.journal(id));
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }
}

fn said(command: &mut Command) -> Said {
    let output = command.output().expect("kconf starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

const FAILS: &str = "
- name: Web servers
  hosts: web
  gather_facts: false
  tasks:
    - name: Write a file
      copy: {content: 'hello <world>', dest: '{{ playbook_dir }}/{{ inventory_hostname }}.out'}
      diff: true
    - name: Never shown
      no_log: true
      command: echo hunter2
    - name: Break on b
      shell: 'echo \"<script>alert(1)</script>\"; exit 3'
      when: inventory_hostname == 'b'
    - name: Go on
      debug: {msg: still here}
";

#[test]
fn a_run_is_found_again() {
    let project = Project::new(FAILS);
    assert_eq!(project.kconf("run -i hosts -D site.yml").code, 2);
    let history = project.history();
    assert_eq!(history.len(), 1);
    let run = &history[0];
    assert_eq!((&run["id"], &run["result"], &run["code"]), (&1.into(), &"failed".into(), &2.into()));
    assert_eq!((&run["hosts"], &run["changed"], &run["failed"]), (&2.into(), &4.into(), &1.into()));
    assert_eq!(run["command"], "kconf run --inventory=hosts --diff site.yml");

    let table = project.kconf("history").out;
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["RUN", "WHEN", "TOOK", "PLAYBOOK", "HOSTS", "CHANGED", "FAILED", "RESULT"]);
    assert_eq!(rows[1].iter().rev().take(5).rev().copied().collect::<Vec<_>>(), ["site.yml", "2", "4", "1", "failed"], "{table}");

    let one = project.kconf("history 1").out;
    for expected in [
        "run        1, failed\n",
        "FAILED in `Break on b` of `Web servers`\n  --> site.yml:12:7\n",
        "  b: non-zero return code\n    exit code 3\n",
        "b                          : ok=2",
    ] {
        assert!(one.contains(expected), "{expected:?} is not in\n{one}");
    }
    assert!(!project.journal(1).contains("hunter2"));
}

#[test]
fn journals_are_for_their_owner() {
    let project = Project::new("- hosts: a\n  gather_facts: false\n  tasks: [ping: ]\n");
    assert_eq!(project.kconf("run -i hosts site.yml").code, 0);
    let mode = |name: &str| fs::metadata(project.path(name)).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode("home/.local/state/kconf/runs"), mode("home/.local/state/kconf/runs/run-1.jsonl")), (0o700, 0o600));
}

#[test]
fn reports_show_the_run_and_no_host_gets_out_of_its_text() {
    let project = Project::new(FAILS);
    project.kconf("run -i hosts site.yml");
    let html = project.kconf("report").out;
    assert!(html.starts_with("<!DOCTYPE html>") && !html.contains("<script") && html.contains("&lt;script&gt;alert(1)"));
    assert!(html.contains("hello &lt;world&gt;") && html.contains("site.yml:12:7") && !html.contains("hunter2"));
    let said = project.kconf("report 1 --format markdown -o report.md");
    assert!(said.out.is_empty() && said.err.contains("run 1 is in `report.md`"), "{}", said.err);
    assert!(project.read("report.md").starts_with("# site.yml: failed\n"));
    let json: Value = serde_json::from_str(&project.kconf("report --format json").out).expect("it is JSON");
    assert_eq!(json["failures"][0]["hosts"][0], "b");
    let xml = project.kconf("report --format junit").out;
    assert_eq!(roxmltree::Document::parse(&xml).expect("it is XML").root_element().attribute("failures"), Some("1"));
    assert_eq!(project.kconf("report 7").code, 5);
}

#[test]
fn junit_is_printed_at_the_end_of_a_run() {
    let project = Project::new(FAILS);
    for said in [project.kconf("run -i hosts --output junit site.yml"), {
        let mut command = project.command("kconf", "run -i hosts site.yml");
        said(command.env("KCONF_OUTPUT", "junit"))
    }] {
        assert_eq!(said.code, 2, "{}", said.err);
        let document = roxmltree::Document::parse(&said.out).unwrap_or_else(|error| panic!("{error}\n{}", said.out));
        let failed: Vec<_> = document.descendants().filter(|node| node.has_tag_name("failure")).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].parent().and_then(|case| case.attribute("name")), Some("Break on b [b]"));
        assert!(failed[0].text().is_some_and(|text| text.contains("<script>alert(1)</script>")));
        assert_eq!(document.descendants().filter(|node| node.has_tag_name("testcase")).count(), 7);
    }
}

#[test]
fn started_under_the_name_of_ansible_it_leaves_a_journal_too() {
    let project = Project::new(FAILS);
    said(&mut project.command("ansible-playbook", "-i hosts site.yml"));
    assert_eq!(project.history()[0]["command"], "kconf run --inventory=hosts site.yml");
}

#[test]
fn what_may_be_a_secret_is_not_written_down() {
    let project = Project::new("- hosts: a\n  gather_facts: false\n  tasks: [debug: {msg: 'it is {{ db_password }}'}]\n");
    let said = project.kconf("run -i hosts -Ce db_password=hunter2 --extra-vars={\"api\":{\"token\":\"hunter2\"},\"n\":1} site.yml");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("it is hunter2") && project.journal(1).contains("it is ********"));
    assert!(!project.journal(1).contains("hunter2"), "{}", project.journal(1));
    assert!(project.journal(1).contains("db_password"));
}

#[test]
fn a_journal_can_be_elsewhere_or_nowhere() {
    let playbook = "- hosts: a\n  gather_facts: false\n  tasks: [ping: ]\n";
    let project = Project::new(playbook).env("XDG_STATE_HOME", "/proc/nowhere").env("KCONF_JOURNAL", "journals");
    assert_eq!(project.kconf("run -i hosts site.yml").code, 0);
    assert!(project.path("journals/run-1.jsonl").exists());

    let project = Project::new(playbook).env("KCONF_JOURNAL", "off");
    let said = project.kconf("run -i hosts site.yml");
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(!project.path("home/.local").exists());
    assert!(project.kconf("history").err.contains("the setting `journal` is off"));
}

#[test]
fn a_journal_that_cannot_be_written_is_a_warning() {
    let project = Project::new("- hosts: a\n  gather_facts: false\n  tasks: [ping: ]\n");
    project.write("home/.local", "a file");
    let said = project.kconf("run -i hosts site.yml");
    assert_eq!(said.code, 0);
    assert_eq!(said.err.matches("warning").count(), 1, "{}", said.err);
    assert!(said.err.contains("failed to make a journal of this run in"), "{}", said.err);
}

#[test]
fn old_journals_are_removed() {
    let project = Project::new("- hosts: a\n  gather_facts: false\n  tasks: [ping: ]\n").env("KCONF_JOURNAL_KEEP", "2");
    for _ in 0..4 {
        project.kconf("run -i hosts site.yml");
    }
    assert_eq!(project.history().iter().filter_map(|run| run["id"].as_u64()).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(project.kconf("history -n 1").out.lines().count(), 2);
}

/// Goes on until it is ended from outside, with nothing started that could be left.
const WAITS: &str = "
- hosts: web
  gather_facts: false
  tasks:
    - name: Wait for ever
      wait_for: {path: '{{ playbook_dir }}/never', timeout: 600}
";

#[test]
fn a_run_that_was_killed_is_interrupted() {
    let project = Project::new(WAITS);
    let mut child = project.started(1, "host_started");
    assert_eq!(project.history()[0]["result"], "running");
    let said = project.kconf("run --resume");
    assert_eq!(said.code, 5);
    assert!(said.err.contains("run 1 is still going on"), "{}", said.err);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    assert_eq!(project.history()[0]["result"], "interrupted");
    let one = project.kconf("history 1").out;
    assert!(one.contains("what hosts were doing when it ended:\n  a: Wait for ever (site.yml:5:7)\n"), "{one}");
    assert!(project.kconf("report").out.contains("What hosts were doing"));
}
