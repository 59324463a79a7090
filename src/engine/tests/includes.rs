//! Tasks and roles included while the play runs.

use crate::engine::testing::Case;

#[test]
fn hosts_that_include_the_same_go_through_it_together() {
    let ran = Case::new(
        "
- hosts: g
  gather_facts: false
  vars: {file: \"{{ 'x' if inventory_hostname == 'b' else 'y' }}\"}
  tasks:
    - include_tasks: '{{ file }}.yml'
    - {name: after, ping: }
",
    )
    .file("x.yml", "- {name: x, ping: }\n")
    .file("y.yml", "- {name: y, ping: }\n- {name: y2, ping: }\n")
    .run();
    ran.expect(
        "
        PLAY g [a b c]
        TASK include_tasks
        included y.yml for a c
        included x.yml for b
        TASK y
        ok a
        ok c
        TASK y2
        ok a
        ok c
        TASK x
        ok b
        TASK after
        ok a
        ok b
        ok c
    ",
    );
    assert_eq!(ran.recap(), ["a ok=4", "b ok=3", "c ok=4"]);
}

#[test]
fn each_item_of_an_include_has_its_variables() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - include_tasks: one.yml
      loop: [1, 2]
      vars: {v: 'v{{ item }}'}
      when: item > 0
    - {name: gone, debug: {msg: '{{ item is defined }} {{ v is defined }}'}}
",
    )
    .file("one.yml", "- {name: one, debug: {msg: '{{ item }} {{ v }}'}}\n")
    .run();
    let shown: Vec<&str> = ran.lines.iter().filter_map(|line| line.strip_prefix("ok a: ")).collect();
    assert_eq!(shown, ["1 v1", "2 v2", "False False"]);
}

#[test]
fn a_role_can_be_included_and_its_handlers_run() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - include_role: {name: r}
      vars: {p: 1}
    - {name: private, debug: {msg: '{{ d is defined }}'}}
    - include_role: {name: r, public: true}
    - {name: public, debug: {msg: '{{ d }}'}}
",
    )
    .file(
        "roles/r/tasks/main.yml",
        "- {name: in, debug: {msg: '{{ d }} {{ p | default(0) }} {{ role_name }}'}}\n- {command: 'true', notify: h}\n",
    )
    .file("roles/r/defaults/main.yml", "d: default\n")
    .file("roles/r/handlers/main.yml", "- {name: h, ping: }\n")
    .run();
    let shown: Vec<&str> = ran.lines.iter().filter_map(|line| line.strip_prefix("ok a: ")).collect();
    assert_eq!(shown, ["default 1 r", "false", "default 0 r", "default"]);
    assert!(ran.text().contains("HANDLER r : h\nok a"), "{}", ran.text());
}

#[test]
fn a_missing_file_fails_the_host_and_can_be_rescued() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  vars: {n: nofile}
  tasks:
    - block:
        - include_tasks: '{{ n }}.yml'
      rescue:
        - {name: rescue, ping: }
",
    )
    .run();
    ran.expect("PLAY g [a]\nTASK include_tasks\nfailed a\nTASK rescue\nok a");
}

#[test]
fn a_block_in_an_include_has_its_own_rescue() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - block:
        - include_tasks: inner.yml
        - {name: never, ping: }
      rescue:
        - {name: outer, ping: }
",
    )
    .file(
        "inner.yml",
        "- block:\n    - {name: one, command: 'false'}\n  rescue:\n    - {name: inner, ping: }\n- {name: two, command: 'false'}\n- {name: never, ping: }\n",
    )
    .run();
    ran.expect(
        "PLAY g [a]\nTASK include_tasks\nincluded inner.yml for a\nTASK one\nfailed a\nTASK inner\nok a\nTASK two\nfailed a\nTASK outer\nok a",
    );
}

#[test]
fn a_role_can_be_left_and_runs_once() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  roles: [r, r, {role: r, vars: {x: 1}}]
  tasks:
    - {name: after, ping: }
",
    )
    .file("roles/r/tasks/main.yml", "- {name: one, ping: }\n- meta: end_role\n- {name: never, ping: }\n")
    .run();
    ran.expect("PLAY g [a]\nTASK r : one\nok a\nTASK r : one\nok a\nTASK after\nok a");
}
