//! What a run looks like on a terminal.

use std::process::Command;

use super::screen::Screen;

#[test]
fn a_long_name_has_the_whole_width_of_the_terminal() {
    let dir = tempfile::tempdir().expect("a folder");
    let name = "Bring the thing that has a very long name into the state that it ought to be in";
    let playbook = format!("- hosts: localhost\n  gather_facts: false\n  tasks:\n    - name: {name}\n      command: 'true'\n");
    std::fs::write(dir.path().join("site.yml"), playbook).expect("writes");
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kconf"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", dir.path()).env("TERM", "vt100");
        command.current_dir(dir.path()).args(["run", "-c", "local", "site.yml"]);
        command
    };
    let mut wide = Screen::of_size(run(), 24, 140);
    wide.shows("Took");
    assert_eq!(wide.ends(), Some(0));
    assert!(wide.shown().contains(&format!("  changed  {name} localhost")), "{}", wide.shown());
    let mut narrow = Screen::of_size(run(), 24, 80);
    narrow.shows("Took");
    assert_eq!(narrow.ends(), Some(0));
    assert!(narrow.shown().contains("  changed  Bring the thing") && narrow.shown().contains("… localhost"), "{}", narrow.shown());
}
