//! Modules that are none of kconf's own, through the program: each kind, what is refused, and what is told of failures.
//!
//! Ansible's library stands in for itself by the few lines of `basic.py` beside this file, which are our own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// What stands in for `ansible.module_utils.basic`.
const BASIC: &str = include_str!("basic.py");

struct Project {
    dir: tempfile::TempDir,
}

/// What a run left.
struct Ran {
    code: Option<i32>,
    text: String,
    /// The results by the name of their task.
    results: Vec<(String, Value)>,
}

impl Ran {
    fn result(&self, task: &str) -> &Value {
        let found = self.results.iter().find(|(name, _)| name == task);
        found.map(|(_, result)| result).unwrap_or_else(|| panic!("no result of `{task}` in\n{}", self.text))
    }

    #[track_caller]
    fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(3), "{}", self.text);
        for word in words {
            assert!(self.text.contains(word), "`{word}` is not in\n{}", self.text);
        }
    }
}

impl Project {
    /// With these tasks for this machine.
    fn new(tasks: &str) -> Self {
        let project = Self { dir: tempfile::tempdir().expect("a folder") };
        project.write("core/ansible/release.py", "__version__ = '2.19.0'\n");
        project.write("core/ansible/module_utils/__init__.py", "");
        project.write("core/ansible/module_utils/basic.py", BASIC);
        project.write("site.yml", &format!("- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n{tasks}"));
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        fs::write(path, text).expect("writes");
        self
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[("KCONF_ANSIBLE_CORE", "core")])
    }

    fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_kconf"))
            .args(["run", "--output", "jsonl", "site.yml"])
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .envs([("PATH", std::env::var("PATH").unwrap_or_default()), ("HOME", self.path("home").display().to_string())])
            .env("NO_COLOR", "1")
            .envs(variables.iter().copied())
            .output()
            .expect("kconf runs");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let events = stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut names = std::collections::HashMap::new();
        let mut results = Vec::new();
        for event in events {
            if event["event"] == "task_started" {
                names.insert(event["task"]["id"].to_string(), event["task"]["name"].as_str().unwrap_or_default().to_owned());
            } else if event["result"].is_object() {
                results.push((names.get(&event["task"].to_string()).cloned().unwrap_or_default(), event["result"].clone()));
            }
        }
        let text = format!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
        Ran { code: output.status.code(), text, results }
    }
}

/// A module that uses the library.
const NEW: &str = "#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.own import twice

module = AnsibleModule(supports_check_mode=False)
if module.params.get('fail'):
    raise ValueError('no ' + module.params['fail'])
module.exit_json(changed=True, twice=twice(module.params['number']), name=module._name, version=module.ansible_version)
";

fn new_style(tasks: &str) -> Project {
    let project = Project::new(tasks);
    project.write("library/new.py", NEW).write("module_utils/own.py", "def twice(n):\n    return 2 * n\n");
    project
}

#[test]
fn modules_with_the_library_of_the_users_own_ansible_core() {
    let ran = new_style(
        "    - {name: one, new: {number: 3}}\n    - {name: two, new: {number: 4}}\n    - {name: three, new: number=5, ignore_errors: true}\n    \
         - {name: four, new: {fail: way}, ignore_errors: true}\n    - {name: five, new: {number: 1}, check_mode: true}\n",
    )
    .run(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    assert_eq!((&ran.result("one")["twice"], &ran.result("two")["twice"]), (&json!(6), &json!(8)));
    assert_eq!(
        (&ran.result("one")["name"], &ran.result("one")["version"], &ran.result("one")["changed"]),
        (&json!("new"), &json!("2.19.0"), &json!(true))
    );
    // What is written as `name=value` is text, and Python says twice of it.
    assert_eq!(ran.result("three")["twice"], json!("55"));
    let failed = ran.result("four");
    assert_eq!(failed["msg"], json!("the module `new` ended with an exception: ValueError: no way"));
    assert!(failed["exception"].as_str().is_some_and(|text| text.starts_with("Traceback") && text.contains("new.py")), "{failed}");
    assert_eq!(ran.result("five")["skipped"], json!(true));
}

#[test]
fn programs_run_by_themselves_and_arguments_are_in_no_process_list() {
    let project = Project::new("    - {name: binary, program: {secret: hunter2}}\n    - {name: script, listing: {secret: hunter2}}\n");
    fs::create_dir_all(project.path("library")).expect("a folder");
    fs::copy("/bin/cat", project.path("library/program")).expect("copies");
    // What is on its own command line and on that of what started it.
    let script = "#!/bin/sh\nseen=$(cat /proc/$$/cmdline /proc/$PPID/cmdline | tr '\\0' ' ' | grep -c hunter2)\n\
                  printf '{\"seen\": %s, \"mode\": \"%s\"}\\n' \"$seen\" \"$(stat -c %a \"$1\")\"\n";
    project.write("library/listing.sh", script);
    let ran = project.run(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    assert_eq!(ran.result("binary")["secret"], json!("hunter2"));
    assert_eq!((&ran.result("script")["seen"], &ran.result("script")["mode"]), (&json!(0), &json!("600")));
}

#[test]
fn the_interpreter_is_that_of_the_variable() {
    let project = Project::new("    - {name: own, lines: {}}\n    - {name: python, lines_too: {}}\n");
    project.write("library/lines.pl", "#!/usr/bin/there-is-no-perl\necho '{\"by\": \"sh\"}'\n");
    project.write("library/lines_too.py", "#!/usr/bin/python\necho '{\"by\": \"sh too\"}'\n");
    let variables = ["-e", "{\"ansible_there-is-no-perl_interpreter\": \"/bin/sh\", \"ansible_python_interpreter\": \"/usr/bin/env sh\"}"];
    let ran = project.run(&variables);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    assert_eq!((&ran.result("own")["by"], &ran.result("python")["by"]), (&json!("sh"), &json!("sh too")));
    let lost = project.run(&["-e", "ansible_python_interpreter=/no/python"]);
    assert!(
        lost.text.contains("the program `/usr/bin/there-is-no-perl`, which runs the module `lines`, is not on the host"),
        "{}",
        lost.text
    );
}

#[test]
fn localhost_without_an_inventory_has_the_python_of_ansible_core() {
    let project = new_style("    - {name: one, new: {number: 3}}\n");
    let site = "venv/lib/python3.9/site-packages";
    fs::create_dir_all(project.path(site)).expect("a folder");
    fs::rename(project.path("core/ansible"), project.path(site).join("ansible")).expect("moves");
    project.write("venv/bin/python3", "#!/bin/sh\necho '{\"by\": \"the one of ansible-core\"}'\n");
    fs::set_permissions(project.path("venv/bin/python3"), fs::Permissions::from_mode(0o755)).expect("a mode");
    let variables = [("KCONF_ANSIBLE_CORE", site)];
    assert_eq!(project.run_with(&[], &variables).result("one")["by"], json!("the one of ansible-core"));
    project.write("hosts", "localhost ansible_connection=local\n");
    assert_eq!(project.run_with(&["-i", "hosts"], &variables).result("one")["twice"], json!(6));
}

#[test]
fn no_python_on_the_host_and_no_ansible_core_here_are_told_apart() {
    let project = new_style("    - {name: one, new: {number: 3}}\n");
    let none = project.run_with(&[], &[("KCONF_ANSIBLE_CORE", "nowhere")]);
    none.refused(&["the module `new` needs ansible-core", "`ansible_core`", "site.yml:5:"]);
    let lost = project.run(&["-e", "ansible_python_interpreter=/no/python"]);
    assert_eq!(lost.code, Some(2), "{}", lost.text);
    assert!(lost.text.contains("the program `/no/python`, which runs the module `new`, is not on the host"), "{}", lost.text);
}

#[test]
fn what_cannot_run_is_refused_before_a_host_is_touched() {
    let project = new_style("    - {name: one, new: {number: 3}}\n");
    project.write("module_utils/own.py", "def twice(n): return n\nfrom ansible.module_utils.lost import x\n");
    project.run(&[]).refused(&["needs `ansible.module_utils.lost`, which is not there", "module_utils/own.py:2"]);
    project.write("action_plugins/new.py", "");
    project.run(&[]).refused(&["the module `new` is done by an action plugin"]);
    let near = new_style("    - {name: one, nwe: {number: 3}}\n");
    near.run(&[]).refused(&["unknown module `nwe`", "did you mean `new`?"]);
    let words = new_style("    - {name: one, new: just words}\n");
    words.run(&[]).refused(&["`new` does not take text without a name: `just words`"]);
}

#[test]
fn a_setting_asks_for_the_code_of_the_collection() {
    let project = Project::new("    - {name: long, community.general.ini_file: {path: /x}}\n    - {name: short, ini_file: {path: /x}}\n");
    let module = "#!/usr/bin/python\n# WANT_JSON\nprint('{\"by\": \"the collection\"}')\n";
    project.write("collections/ansible_collections/community/general/plugins/modules/ini_file.py", module);
    let native = project.run(&[]);
    assert!(!native.text.contains("the collection\""), "{}", native.text);
    for wanted in ["community.general.ini_file", "community.general"] {
        let ran = project.run_with(&[], &[("KCONF_PYTHON_MODULES", wanted)]);
        assert_eq!(
            (&ran.result("long")["by"], &ran.result("short")["by"]),
            (&json!("the collection"), &json!("the collection")),
            "{}",
            ran.text
        );
    }
    fs::remove_dir_all(project.path("collections")).expect("removes");
    let gone = project.run_with(&[], &[("KCONF_PYTHON_MODULES", "community.general")]);
    gone.refused(&["by the setting `python_modules`, but `community.general.ini_file` is not installed"]);
}

#[test]
fn nothing_is_left_behind() {
    let project = new_style("    - {name: one, new: {number: 3}}\n    - {name: two, listing: {}}\n");
    project.write("library/listing.sh", "#!/bin/sh\necho '{}'\n");
    let temp = project.path("temp");
    fs::create_dir_all(&temp).expect("a folder");
    fs::set_permissions(&temp, fs::Permissions::from_mode(0o700)).expect("a mode");
    let variables = [("KCONF_ANSIBLE_CORE", "core"), ("TMPDIR", temp.to_str().expect("text"))];
    let ran = project.run_with(&[], &variables);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    let left = |dir: &Path| fs::read_dir(dir).expect("lists").flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    assert_eq!(left(&temp), Vec::<PathBuf>::new());
}
