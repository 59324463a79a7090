//! Check mode: the controller's files as earlier tasks would leave them.

use std::path::Path;

use crate::engine::testing::Case;
use crate::system::{Attributes, Content, Os, Overlay, System};

const PLAYBOOK: &str = "
- hosts: g
  gather_facts: false
  tasks:
    - name: push
      copy: {src: made/key, dest: /key}
    - name: push all
      copy: {src: made/, dest: /all}
    - name: render
      template: {src: made/text.j2, dest: /text}
    - name: look
      debug: {msg: \"{{ lookup('file', 'made/key') }} {{ q('fileglob', 'made/*') | map('basename') | list }}\"}
";

fn make(dir: &Path) -> impl FnOnce(&mut Overlay<Os>) {
    move |machine| {
        let file = |machine: &mut Overlay<Os>, name: &str, text: &str| {
            machine.write(&dir.join(name), Content::Bytes(text.as_bytes()), &Attributes::default()).expect("is written");
        };
        machine.make_dir(&dir.join("made"), 0o755).expect("is made");
        file(machine, "made/key", "secret\n");
        file(machine, "made/text.j2", "for {{ inventory_hostname }}\n");
    }
}

#[test]
fn what_earlier_tasks_would_make_here_can_be_pushed_and_read() {
    let case = Case::one(PLAYBOOK).set(|settings| settings.check = true);
    let dir = case.dir().to_owned();
    let ran = case.predicting(make(&dir)).run();
    ran.expect(
        "
        PLAY g [a]
        TASK push
        ok a
        TASK push all
        ok a
        TASK render
        ok a
        TASK look
        ok a: secret ['key', 'text.j2']
    ",
    );
    assert!(ran.requests[0].starts_with("a copy check ") && ran.requests[0].contains("\"size\":7"), "{}", ran.requests[0]);
    assert!(ran.requests[1].contains("text.j2"), "{}", ran.requests[1]);
}

#[test]
fn in_earnest_only_what_is_there_counts() {
    let case = Case::one(PLAYBOOK);
    let dir = case.dir().to_owned();
    let ran = case.predicting(make(&dir)).run();
    assert!(ran.text().contains("failed a"), "{}", ran.text());
    let case = Case::one(&PLAYBOOK.replace("      copy: {src: made/key", "      check_mode: false\n      copy: {src: made/key"))
        .set(|s| s.check = true);
    let dir = case.dir().to_owned();
    let ran = case.predicting(make(&dir)).run();
    assert!(ran.text().contains("failed a"), "a task that is not in check mode\n{}", ran.text());
}
