//! What is suggested while one types, asked through the binary as the scripts of the shells ask.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The suggestions for the last of `words`, as fish gets them: value, tab, help.
fn suggested(folder: &Path, words: &[&str]) -> Vec<(String, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_kconf"))
        .arg("--")
        .arg("kconf")
        .args(words)
        .current_dir(folder)
        .env_clear()
        .envs([("KCONF_COMPLETE", "fish"), ("HOME", "/nonexistent"), ("PATH", "/usr/bin:/bin")])
        .stdin(Stdio::null())
        .output()
        .expect("kconf can be started");
    assert!(output.status.success(), "{words:?}: {output:?}");
    assert!(output.stderr.is_empty(), "nothing is written into the line being typed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("it is text");
    text.lines().map(|line| line.split_once('\t').unwrap_or((line, ""))).map(|(value, help)| (value.to_owned(), help.to_owned())).collect()
}

fn values(folder: &Path, words: &[&str]) -> Vec<String> {
    suggested(folder, words).into_iter().map(|(value, _)| value).collect()
}

/// A project with an inventory, a playbook with tags and things that are none.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file can be written");
    write("hosts", "[web]\nweb1\nweb2\n[db]\nsql\n");
    write("other", "elsewhere\n");
    write("ansible.cfg", "[defaults]\ninventory = hosts\nstrange_key = 1\n");
    write("notes.txt", "");
    write(
        "site.yml",
        "- hosts: all\n  tasks:\n    - ping:\n      tags: [install, never]\n    - ping:\n      tags: check\n    - import_tasks: more.yml\n",
    );
    write("more.yml", "- ping:\n  tags: [inner]\n");
    fs::create_dir(folder.path().join("plays")).expect("a folder can be made");
    folder
}

#[test]
fn commands_and_options() {
    let folder = project();
    assert!(values(folder.path(), &["do"]).contains(&"doc".to_owned()));
    let options = values(folder.path(), &["run", "--che"]);
    assert_eq!(options, ["--check"]);
}

#[test]
fn modules_with_what_they_do() {
    let folder = project();
    let found = suggested(folder.path(), &["exec", "all", "-m", "wait_for"]);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["wait_for", "wait_for_connection"]);
    assert!(found.iter().all(|(_, help)| !help.is_empty()), "{found:?}");
    assert_eq!(values(folder.path(), &["exec", "all", "-m", "ansible.builtin.ping"]), ["ansible.builtin.ping"]);
    assert!(values(folder.path(), &["doc", ""]).contains(&"copy".to_owned()));
    assert_eq!(values(folder.path(), &["doc", "-t", "filter", "tern"]), ["ternary"]);
    assert_eq!(values(folder.path(), &["doc", "any_err"]), ["any_errors_fatal"]);
}

#[test]
fn arguments_of_the_chosen_module() {
    let folder = project();
    assert_eq!(values(folder.path(), &["exec", "all", "-m", "file", "-a", "pa"]), ["path="]);
    assert_eq!(values(folder.path(), &["exec", "all", "-m", "file", "-a", "path=/x state=ab"]), ["path=/x state=absent"]);
    assert_eq!(values(folder.path(), &["exec", "all", "-a", "chd"]), ["chdir="], "without -m it is the module `command`");
}

#[test]
fn hosts_and_groups_of_the_inventory() {
    let folder = project();
    assert_eq!(values(folder.path(), &["ping", "w"]), ["web", "web1", "web2"]);
    assert_eq!(values(folder.path(), &["ping", "web:!s"]), ["web:!sql"]);
    assert_eq!(values(folder.path(), &["run", "site.yml", "-l", "d"]), ["db"]);
    assert_eq!(values(folder.path(), &["ping", "-i", "other", "e"]), ["elsewhere"], "the inventory that was named counts");
    assert_eq!(values(folder.path(), &["inventory", "graph", "w"]), ["web"], "a graph starts at a group");
    let all = values(folder.path(), &["ping", ""]);
    assert!(all.contains(&"sql".to_owned()) && !all.iter().any(|word| word.starts_with('-')), "{all:?}");
}

#[test]
fn an_inventory_that_cannot_be_read_suggests_nothing_and_says_nothing() {
    let folder = project();
    assert_eq!(values(folder.path(), &["ping", "-i", "missing", "w"]), Vec::<String>::new());
}

#[test]
fn playbooks_and_their_tags() {
    let folder = project();
    let files = values(folder.path(), &["run", ""]);
    assert!(files.contains(&"site.yml".to_owned()) && files.contains(&"plays/".to_owned()), "{files:?}");
    assert!(!files.contains(&"notes.txt".to_owned()), "{files:?}");
    assert_eq!(values(folder.path(), &["run", "site.yml", "-t", "in"]), ["inner", "install"]);
    assert_eq!(values(folder.path(), &["run", "site.yml", "--skip-tags", "check,in"]), ["check,inner", "check,install"]);
}

#[test]
fn every_shell_has_a_script_that_asks_kconf() {
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(env!("CARGO_BIN_EXE_kconf")).args(["completion", shell]).output().expect("kconf can be started");
        let script = String::from_utf8(output.stdout).expect("it is text");
        assert!(script.contains("KCONF_COMPLETE") && script.contains("kconf"), "{shell}: {script}");
    }
}

/// The script in a real bash, with its own way of cutting words.
#[test]
fn bash_completes() {
    let folder = project();
    let program = Path::new(env!("CARGO_BIN_EXE_kconf"));
    let path = format!("{}:/usr/bin:/bin", program.parent().expect("it lies in a folder").display());
    let ask = |words: &str| {
        let script = format!(
            "source <(kconf completion bash); COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_TYPE=9; \
             _clap_complete_kconf kconf \"${{COMP_WORDS[COMP_CWORD]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash")
            .args(["--norc", "-c", &script])
            .current_dir(folder.path())
            .env_clear()
            .envs([("PATH", path.as_str()), ("HOME", "/nonexistent")])
            .stdin(Stdio::null())
            .output()
            .expect("bash can be started");
        String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ask("kconf ping we"), ["web", "web1", "web2"]);
    assert_eq!(ask("kconf exec all -m pin"), ["ping"]);
    assert_eq!(ask("kconf run site.yml -t ch"), ["check"]);
}
