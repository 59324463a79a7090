//! `strategy: stream`, and loops of what is more than a module: what travels together, what waits, what is not run.

use std::sync::Arc;

use crate::base::Span;
use crate::engine::testing::Case;
use crate::yaml::Node;

/// One host that is reached over SSH: on this machine nothing travels together.
fn case(tasks: &str) -> Case {
    let playbook = format!("- hosts: a\n  strategy: stream\n  gather_facts: false\n{tasks}");
    Case::one(&playbook).inventory(|inventory| {
        let ssh = Arc::new(Node::text(Span::synthetic("test"), "ssh"));
        inventory.add_group("all").vars.insert("ansible_connection".to_owned(), ssh);
    })
}

#[test]
fn tasks_that_need_not_wait_travel_together() {
    let ran = case(
        "
  vars: {greeting: hello}
  tasks:
    - {name: one, command: 'echo {{ greeting }}', register: first}
    - {name: two, ping: }
    - {name: three, command: echo x, when: greeting == 'bye'}
    - {name: four, copy: {content: '{{ greeting }}', dest: /f}}
    - {name: five, template: {src: t.j2, dest: /t}}
    - {name: six, file: {path: /d, state: directory}}
",
    )
    .file("templates/t.j2", "{{ greeting }}\n")
    .run();
    ran.expect(
        "PLAY a [a]
         TASK one
         changed a
         TASK two
         ok a
         TASK three
         skipped a
         TASK four
         ok a
         TASK five
         ok a
         TASK six
         ok a",
    );
    assert_eq!((ran.requests.len(), ran.trips), (5, 1), "{:?}", ran.requests);
    assert_eq!(ran.recap(), ["a ok=5 changed=1 skipped=1"]);
}

#[test]
fn who_asks_for_a_result_waits_for_it_however_it_asks() {
    for asks in ["{{ first.stdout }}", "{{ indirect }}", "{{ hostvars[inventory_hostname].first.stdout }}"] {
        let tasks = format!(
            "
  vars: {{indirect: '{{{{ first.stdout }}}}'}}
  tasks:
    - {{command: echo x, register: first}}
    - {{ping: }}
    - {{name: asks, command: 'echo {asks}y'}}
    - {{ping: }}
"
        );
        let ran = case(&tasks).run();
        assert_eq!(ran.result("asks", "a")["stdout"], "xy", "{asks}");
        assert_eq!((ran.requests.len(), ran.trips), (4, 2), "{asks}");
    }
}

#[test]
fn a_template_that_asks_for_a_result_waits_too() {
    let tasks = "
  tasks:
    - {command: echo x, register: first}
    - {name: asks, template: {src: t.j2, dest: /t}}
";
    let ran = case(tasks).file("templates/t.j2", "{{ first.stdout }}\n").run();
    assert_eq!((ran.requests.len(), ran.trips), (2, 2));
    assert_eq!(ran.recap(), ["a ok=2 changed=1"]);
}

#[test]
fn nothing_is_run_behind_a_failure() {
    let ran = case(
        "
  tasks:
    - block:
        - {name: one, ping: }
        - {name: two, command: 'false'}
        - {name: three, command: echo no}
      rescue:
        - {name: four, command: 'echo {{ ansible_failed_task.name }}'}
    - {name: five, command: rc 3}
    - {name: six, command: echo no}
",
    )
    .run();
    ran.expect(
        "PLAY a [a]
         TASK one
         ok a
         TASK two
         failed a
         TASK four
         changed a
         TASK five
         failed a",
    );
    assert_eq!(ran.result("four", "a")["stdout"], "two");
    assert_eq!(ran.trips, 2, "{:?}", ran.requests);
    assert_eq!(ran.recap(), ["a ok=2 changed=1 failed=1 rescued=1"]);
}

#[test]
fn a_failure_that_is_ignored_is_gone_past() {
    let ran = case(
        "
  tasks:
    - {name: one, command: 'false', ignore_errors: true, register: first}
    - {name: two, command: 'echo {{ first is failed }}'}
    - {name: three, command: 'false', failed_when: false}
    - {name: four, command: echo x, failed_when: true}
    - {name: five, command: echo no}
",
    )
    .run();
    assert_eq!(ran.result("two", "a")["stdout"], "True");
    assert_eq!(ran.recap(), ["a ok=3 changed=3 failed=1 ignored=1"]);
    assert_eq!(ran.requests.len(), 4, "{:?}", ran.requests);
}

#[test]
fn handlers_run_where_they_are_due() {
    let ran = case(
        "
  pre_tasks:
    - {name: one, command: echo 1, notify: h}
    - {name: two, ping: }
  tasks:
    - {name: three, ping: , notify: h}
    - {name: four, ping: }
  handlers:
    - {name: h, command: echo h, notify: g}
    - {name: g, ping: }
",
    )
    .run();
    ran.expect(
        "PLAY a [a]
         TASK one
         changed a
         notified a h
         TASK two
         ok a
         HANDLER h
         changed a
         notified a g
         HANDLER g
         ok a
         TASK three
         ok a
         TASK four
         ok a",
    );
    assert_eq!(ran.trips, 4, "{:?}", ran.requests);
}

#[test]
fn a_lost_host_is_told_of_at_the_task_that_ran() {
    let ran = case("  tasks:\n    - {name: one, ping: }\n    - {name: two, command: lost}\n    - {name: three, ping: }\n").run();
    ran.expect("PLAY a [a]\nTASK one\nok a\nTASK two\nunreachable a");
    assert_eq!(ran.recap(), ["a ok=1 unreachable=1"]);
}

#[test]
fn every_host_goes_by_itself() {
    let playbook = "- hosts: g\n  strategy: stream\n  gather_facts: false\n  tasks:\n    - {ping: }\n    - {command: \"{{ 'false' if inventory_hostname == 'b' else 'true' }}\"}\n    - {ping: }\n";
    let ran = Case::new(playbook)
        .inventory(|inventory| {
            let ssh = Arc::new(Node::text(Span::synthetic("test"), "ssh"));
            inventory.add_group("all").vars.insert("ansible_connection".to_owned(), ssh);
        })
        .run();
    assert_eq!(ran.recap(), ["a ok=3 changed=1", "b ok=1 failed=1", "c ok=3 changed=1"]);
    assert_eq!(ran.trips, 3);
}

#[test]
fn on_this_machine_every_task_waits_for_the_one_before() {
    let ran = Case::one("- hosts: a\n  strategy: stream\n  gather_facts: false\n  tasks:\n    - ping:\n    - ping:\n").run();
    assert_eq!((ran.requests.len(), ran.trips), (2, 2));
}

#[test]
fn items_of_templates_and_copies_travel_together() {
    let tasks = "
  tasks:
    - {template: {src: t.j2, dest: '/{{ item }}'}, loop: [a, b, c]}
    - {copy: {src: '{{ item }}', dest: /}, loop: [f, missing, f], ignore_errors: true}
";
    let ran = case(tasks).file("templates/t.j2", "{{ item }}\n").file("files/f", "f").run();
    assert_eq!((ran.requests.len(), ran.trips), (5, 3), "{:?}", ran.requests);
    assert_eq!(ran.recap(), ["a ok=2 ignored=1"]);
}
