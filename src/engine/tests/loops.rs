//! Loops, retries, and how many round trips they take.

use crate::engine::testing::Case;
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};

#[test]
fn items_are_done_in_order_and_reported_one_by_one() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - name: loop
      command: 'echo {{ item }}'
      loop: [1, 2, 3]
      when: item != 2
      register: r
    - name: results
      debug: {msg: '{{ r.results | length }} {{ r.results[0].stdout }} {{ r.results[1].skipped }} {{ r.results[2].item }} {{ r.changed }}'}
    - name: labels
      ping:
      loop: [{name: x, secret: y}]
      loop_control: {label: 'L{{ item.name }}', loop_var: item, index_var: n}
    - name: empty
      ping:
      loop: []
    - name: none
      ping:
      loop: [1]
      when: false
",
    )
    .run();
    ran.expect(
        "
        PLAY g [a]
        TASK loop
        changed a (item=1)
        skipped a (item=2)
        changed a (item=3)
        changed a
        TASK results
        ok a: 3 1 True 3 True
        TASK labels
        ok a (item=Lx)
        ok a
        TASK empty
        skipped a
        TASK none
        skipped a (item=1)
        skipped a
    ",
    );
}

#[test]
fn independent_items_travel_together() {
    let many = "- hosts: g\n  gather_facts: false\n  tasks:\n    - {command: 'echo {{ item }}', loop: '{{ range(100) | list }}'}\n";
    let ran = Case::one(many).run();
    assert_eq!((ran.requests.len(), ran.trips), (100, 1));
    let dependent = "- hosts: g\n  gather_facts: false\n  tasks:\n    - {command: 'echo {{ r.stdout | default(item) }}', loop: [x, y, z], register: r}\n";
    let ran = Case::one(dependent).run();
    assert_eq!((ran.requests.len(), ran.trips), (3, 3));
    assert!(ran.requests[2].contains("echo x"), "{:?}", ran.requests);
}

#[test]
fn facts_set_by_an_item_are_there_for_the_next() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - set_fact: {l: '{{ l | default([]) + [item] }}'}
      loop: [1, 2]
    - {name: list, debug: {var: l}}
",
    )
    .run();
    assert_eq!(ran.result("list", "a")["l"], json!([1, 2]));
}

#[test]
fn a_failed_item_does_not_stop_the_others() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {name: loop, command: '{{ item }}', loop: ['true', 'false', 'true'], register: r, ignore_errors: true}
    - {name: after, debug: {msg: '{{ r is failed }} {{ r.msg }}'}}
",
    )
    .run();
    ran.expect(
        "
        PLAY g [a]
        TASK loop
        changed a (item=true)
        failed a (item=false)
        changed a (item=true)
        failed a (ignored)
        TASK after
        ok a: True One or more items failed
    ",
    );
}

#[test]
fn what_is_no_list_is_refused_and_a_false_condition_comes_first() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {name: skipped, ping: , loop: '{{ nope }}', when: false}
    - {name: text, ping: , loop: '{{ inventory_hostname }}', ignore_errors: true}
    - {name: undefined, ping: , loop: '{{ nope }}', ignore_errors: true}
",
    )
    .run();
    ran.expect("PLAY g [a]\nTASK skipped\nskipped a\nTASK text\nfailed a (ignored)\nTASK undefined\nfailed a (ignored)");
}

#[test]
fn the_loop_can_be_described_and_left() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - name: loop
      debug: {msg: '{{ ansible_loop.index }}/{{ ansible_loop.length }} {{ ansible_loop.first }} {{ ansible_loop.nextitem | default(0) }}'}
      loop: [a, b]
      loop_control: {extended: true}
      register: r
    - name: shown
      debug: {msg: '{{ r.results[0].msg }}, {{ r.results[1].msg }}'}
    - name: left
      command: 'echo {{ item }}'
      loop: [a, b, c]
      register: r
      loop_control: {break_when: r.stdout == 'b'}
",
    )
    .run();
    assert_eq!(ran.result("shown", "a")["msg"], json!("1/2 True b, 2/2 False 0"));
    assert_eq!(ran.requests.len(), 2);
}

#[test]
fn a_task_is_tried_again_until_it_is_good() {
    let tries = AtomicU32::new(0);
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {name: until, command: x, register: r, until: r.stdout == 'now', retries: 5, delay: 0}
    - {name: attempts, debug: {msg: '{{ r.attempts }}'}}
",
    )
    .answering(move |_, _| {
        let text = if tries.fetch_add(1, Ordering::Relaxed) == 2 { "now" } else { "not yet" };
        Some(json!({"rc": 0, "stdout": text, "changed": true}))
    })
    .run();
    ran.expect("PLAY g [a]\nTASK until\nretry a 5 left\nretry a 4 left\nchanged a\nTASK attempts\nok a: 3");
}

#[test]
fn what_never_gets_good_has_failed() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {name: until, command: 'true', register: r, until: r.rc == 7, retries: 2, delay: 0, ignore_errors: true}
    - {name: attempts, debug: {msg: '{{ r.attempts }} {{ r.failed }}'}}
    - {name: retries, command: 'false', retries: 1, delay: 0, ignore_errors: true}
",
    )
    .run();
    ran.expect(
        "
        PLAY g [a]
        TASK until
        retry a 2 left
        retry a 1 left
        failed a (ignored)
        TASK attempts
        ok a: 2 True
        TASK retries
        retry a 1 left
        failed a (ignored)
    ",
    );
}
