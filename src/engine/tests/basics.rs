//! Order of events, statuses, registered results, counts.

use crate::engine::testing::Case;
use serde_json::json;

#[test]
fn a_task_is_done_on_all_hosts_before_the_next_begins() {
    let ran = Case::new(
        "
- name: first
  hosts: g
  gather_facts: false
  tasks:
    - name: reach
      ping:
    - name: say
      debug:
        msg: '{{ inventory_hostname }}!'
",
    )
    .run();
    ran.expect(
        "
        PLAY first [a b c]
        TASK reach
        ok a
        ok b
        ok c
        TASK say
        ok a: a!
        ok b: b!
        ok c: c!
    ",
    );
    assert_eq!(ran.recap(), ["a ok=2", "b ok=2", "c ok=2"]);
}

#[test]
fn results_can_be_registered_and_used() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - command: echo hello
      register: said
    - name: it said
      debug: {msg: '{{ said.stdout }} {{ said.rc }} {{ said.stdout_lines | length }} {{ said.failed }} {{ said.changed }}'}
    - set_fact: {greeting: '{{ said.stdout }}', n: 5}
    - name: set
      debug: {msg: '{{ greeting }} {{ n + 1 }}'}
    - command: echo no
      when: n == 6
      register: skipped
    - name: skipped
      debug: {var: skipped.skip_reason}
",
    )
    .run();
    ran.expect(
        "
        PLAY g [a]
        TASK command
        changed a
        TASK it said
        ok a: hello 0 1 False True
        TASK set_fact
        ok a
        TASK set
        ok a: hello 6
        TASK command
        skipped a
        TASK skipped
        ok a
    ",
    );
    assert_eq!(ran.result("skipped", "a")["skipped.skip_reason"], json!("Conditional result was False"));
    assert_eq!(ran.recap(), ["a ok=5 changed=1 skipped=1"]);
}

#[test]
fn changed_when_and_failed_when_decide() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {name: one, command: echo x, changed_when: false}
    - {name: two, command: 'false', failed_when: false, register: r}
    - {name: three, command: echo bad, register: r, failed_when: \"'bad' in r.stdout\", ignore_errors: true}
    - {name: four, command: echo x, register: r, changed_when: [r.rc == 0, r.stdout == 'y']}
",
    )
    .run();
    ran.expect("PLAY g [a]\nTASK one\nok a\nTASK two\nchanged a: non-zero return code\nTASK three\nfailed a (ignored)\nTASK four\nok a");
    assert_eq!(ran.result("three", "a")["failed_when_result"], json!(true));
    assert_eq!(ran.recap(), ["a ok=4 changed=2 ignored=1"]);
}

#[test]
fn a_failed_host_does_no_more_and_the_others_go_on() {
    let ran = Case::new(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {name: one, command: 'false', when: inventory_hostname == 'b'}
    - {name: two, ping: }
- hosts: g
  gather_facts: false
  tasks:
    - {name: three, ping: }
",
    )
    .run();
    ran.expect("PLAY g [a b c]\nTASK one\nskipped a\nfailed b\nskipped c\nTASK two\nok a\nok c\nPLAY g [a c]\nTASK three\nok a\nok c");
    assert_eq!(ran.recap(), ["a ok=2 skipped=1", "b failed=1", "c ok=2 skipped=1"]);
    assert_eq!(ran.summary.failed, ["b"]);
}

#[test]
fn a_host_that_cannot_be_reached_is_not_rescued() {
    let ran = Case::new(
        "
- hosts: g
  gather_facts: false
  tasks:
    - block:
        - {name: one, command: \"{{ 'lost' if inventory_hostname == 'a' else 'true' }}\"}
      rescue:
        - {name: rescue, ping: }
      always:
        - {name: always, ping: }
    - {name: two, command: \"{{ 'lost' if inventory_hostname == 'b' else 'true' }}\", ignore_unreachable: true}
    - {name: three, ping: }
",
    )
    .run();
    ran.expect(
        "
        PLAY g [a b c]
        TASK one
        unreachable a
        changed b
        changed c
        TASK always
        ok b
        ok c
        TASK two
        unreachable b (ignored)
        changed c
        TASK three
        ok b
        ok c
    ",
    );
    assert_eq!(ran.summary.unreachable, ["a"]);
    assert_eq!(ran.recap(), ["a unreachable=1", "b ok=4 changed=1 ignored=1", "c ok=4 changed=2"]);
}

#[test]
fn an_undefined_variable_fails_the_task_and_says_where() {
    let ran = Case::one("- hosts: g\n  gather_facts: false\n  tasks:\n    - {name: bad, debug: {msg: '{{ nope }}'}}\n").run();
    ran.expect("PLAY g [a]\nTASK bad\nfailed a");
    let shown = ran.events.iter().find_map(|event| match event {
        crate::event::Event::HostDone { diagnostic, .. } => diagnostic.clone(),
        _ => None,
    });
    let shown = shown.expect("a diagnostic");
    assert!(shown.contains("site.yml:4") && shown.contains("nope"), "{shown}");
}

#[test]
fn no_log_hides_results_and_arguments() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {name: quiet, command: echo sesame, no_log: true, register: r}
    - {name: known, debug: {msg: '{{ r.stdout | length }}'}}
",
    )
    .run();
    ran.expect("PLAY g [a]\nTASK quiet\nchanged a\nTASK known\nok a: 6");
    let events = format!("{:?}", ran.events);
    assert!(!events.contains("sesame"), "{events}");
    assert!(ran.result("quiet", "a").get("censored").is_some());
}

#[test]
fn check_mode_reaches_the_modules_unless_a_task_says_otherwise() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - ping:
    - ping:
      check_mode: false
",
    )
    .set(|settings| settings.check = true)
    .run();
    assert_eq!(ran.requests, ["a ping check {\"data\":\"pong\"}", "a ping {\"data\":\"pong\"}"]);
}

#[test]
fn become_and_environment_come_from_keywords_and_variables() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  become: true
  tasks:
    - ping:
    - ping:
      become_user: app
    - ping:
      become: false
    - ping:
      vars: {ansible_become_user: db}
",
    )
    .run();
    let users: Vec<&str> = ran.requests.iter().map(|request| request.split(" ping").next().unwrap_or_default()).collect();
    assert_eq!(users, ["a as root", "a as app", "a", "a as db"]);
}

#[test]
fn facts_are_gathered_when_the_play_says_so_or_uses_one() {
    let play = |head: &str, task: &str| {
        let ran = Case::one(&format!("- hosts: g\n{head}  tasks:\n    - {task}\n")).run();
        ran.lines.iter().any(|line| line == "TASK Gathering Facts")
    };
    assert!(!play("", "ping:"));
    assert!(play("  gather_facts: true\n", "ping:"));
    assert!(play("", "debug: {msg: '{{ ansible_os_family }}'}"));
    assert!(!play("  gather_facts: false\n", "debug: {msg: '{{ ansible_os_family | default(1) }}'}"));
    let ran = Case::one("- hosts: g\n  tasks:\n    - debug: {msg: '{{ ansible_os_family }} {{ ansible_facts.os_family }}'}\n").run();
    ran.expect("PLAY g [a]\nTASK Gathering Facts\nok a\nTASK debug\nok a: Debian Debian");
}

#[test]
fn no_host_is_no_failure() {
    let ran =
        Case::new("- hosts: nowhere\n  gather_facts: false\n  tasks: [{ping: }]\n- hosts: a\n  gather_facts: false\n  tasks: [{ping: }]\n")
            .run();
    ran.expect(
        "warning: `nowhere` in `hosts` at site.yml:1:10 matches no host of the inventory\nNO HOSTS nowhere\nPLAY a [a]\nTASK ping\nok a",
    );
}

#[test]
fn a_cancelled_run_ends_and_says_so() {
    let cancel = tokio_util::sync::CancellationToken::new();
    let stop = cancel.clone();
    let ran = Case::new("- hosts: g\n  gather_facts: false\n  tasks:\n    - ping:\n    - {name: never, ping: }\n")
        .cancelled_by(&cancel)
        .answering(move |_, _| {
            stop.cancel();
            Some(json!({"changed": false}))
        })
        .run();
    assert!(ran.summary.interrupted);
    assert!(!ran.text().contains("never"), "{}", ran.text());
}
