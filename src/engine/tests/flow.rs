//! Blocks, batches, failures of many hosts, tasks that run once, delegation, meta actions.

use crate::engine::testing::Case;

#[test]
fn a_rescue_takes_over_and_always_runs() {
    let ran = Case::new(
        "
- hosts: g
  gather_facts: false
  tasks:
    - block:
        - {name: one, command: \"{{ 'false' if inventory_hostname == 'b' else 'true' }}\"}
        - {name: two, ping: }
      rescue:
        - {name: rescue, debug: {msg: '{{ ansible_failed_task.name }} {{ ansible_failed_result.rc }}'}}
      always:
        - {name: always, ping: }
    - {name: after, ping: }
",
    )
    .run();
    ran.expect(
        "
        PLAY g [a b c]
        TASK one
        changed a
        failed b
        changed c
        TASK two
        ok a
        ok c
        TASK rescue
        ok b: one 1
        TASK always
        ok a
        ok b
        ok c
        TASK after
        ok a
        ok b
        ok c
    ",
    );
    assert_eq!(ran.recap(), ["a ok=4 changed=1", "b ok=3 rescued=1", "c ok=4 changed=1"]);
    assert!(ran.summary.failed.is_empty());
}

#[test]
fn a_failure_in_a_rescue_goes_on_outwards_through_every_always() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - block:
        - block:
            - {name: one, command: 'false'}
          rescue:
            - {name: inner rescue, command: 'false'}
          always:
            - {name: inner always, ping: }
        - {name: not reached, ping: }
      rescue:
        - {name: outer rescue, ping: }
      always:
        - {name: outer always, ping: }
    - {name: after, ping: }
    - block:
        - {name: fails, command: 'false'}
      always:
        - {name: last, ping: }
    - {name: never, ping: }
",
    )
    .run();
    ran.expect(
        "
        PLAY g [a]
        TASK one
        failed a
        TASK inner rescue
        failed a
        TASK inner always
        ok a
        TASK outer rescue
        ok a
        TASK outer always
        ok a
        TASK after
        ok a
        TASK fails
        failed a
        TASK last
        ok a
    ",
    );
    assert_eq!(ran.recap(), ["a ok=5 failed=1 rescued=2"]);
}

#[test]
fn batches_go_through_the_whole_play_one_after_the_other() {
    let ran =
        Case::new("- hosts: g\n  serial: [1, 2]\n  gather_facts: false\n  tasks:\n    - {name: one, ping: }\n    - {name: two, ping: }\n")
            .run();
    ran.expect("PLAY g [a]\nTASK one\nok a\nTASK two\nok a\nPLAY g [b c]\nTASK one\nok b\nok c\nTASK two\nok b\nok c");
}

#[test]
fn a_batch_that_fails_as_a_whole_ends_the_run() {
    let ran = Case::new(
        "
- hosts: g
  serial: 1
  gather_facts: false
  tasks:
    - {name: one, command: 'false', when: inventory_hostname == 'b'}
- hosts: g
  gather_facts: false
  tasks:
    - {name: never, ping: }
",
    )
    .run();
    ran.expect("PLAY g [a]\nTASK one\nskipped a\nPLAY g [b]\nTASK one\nfailed b");
    assert_eq!(ran.summary.failed, ["b"]);
}

#[test]
fn max_fail_percentage_must_be_exceeded() {
    let play = |percent: u32| {
        let text = format!(
            "
- hosts: g
  max_fail_percentage: {percent}
  gather_facts: false
  tasks:
    - {{name: one, command: 'false', when: inventory_hostname == 'a'}}
    - {{name: two, ping: }}
"
        );
        Case::new(&text).run()
    };
    play(33).expect("PLAY g [a b c]\nTASK one\nfailed a\nskipped b\nskipped c\nNO HOSTS LEFT");
    play(34).expect("PLAY g [a b c]\nTASK one\nfailed a\nskipped b\nskipped c\nTASK two\nok b\nok c");
}

#[test]
fn any_errors_fatal_takes_all_hosts_to_the_rescue_or_out() {
    let ran = Case::new(
        "
- hosts: g
  any_errors_fatal: true
  gather_facts: false
  tasks:
    - block:
        - {name: one, command: 'false', when: inventory_hostname == 'a'}
      rescue:
        - {name: rescue, ping: }
    - {name: two, command: 'false', when: inventory_hostname == 'a'}
    - {name: never, ping: }
- hosts: g
  gather_facts: false
  tasks:
    - {name: never, ping: }
",
    )
    .run();
    ran.expect(
        "
        PLAY g [a b c]
        TASK one
        failed a
        skipped b
        skipped c
        TASK rescue
        ok a
        ok b
        ok c
        TASK two
        failed a
        skipped b
        skipped c
    ",
    );
    assert_eq!(ran.recap(), ["a ok=1 failed=1 rescued=1", "b ok=1 skipped=2", "c ok=1 skipped=2"]);
}

#[test]
fn a_task_that_runs_once_teaches_all_hosts() {
    let ran = Case::new(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {name: one, command: echo hi, run_once: true, register: r}
    - {name: two, debug: {msg: '{{ r.stdout }}'}}
    - {name: three, command: 'false', run_once: true}
    - {name: never, ping: }
",
    )
    .run();
    ran.expect("PLAY g [a b c]\nTASK one\nchanged a\nTASK two\nok a: hi\nok b: hi\nok c: hi\nTASK three\nfailed a");
    assert_eq!(ran.requests.len(), 2);
}

#[test]
fn a_delegated_task_runs_there_and_counts_here() {
    let ran = Case::new(
        "
- hosts: a
  gather_facts: false
  tasks:
    - {name: there, command: 'echo {{ inventory_hostname }}', delegate_to: b, register: r}
    - {name: here, debug: {msg: '{{ r.stdout }}'}}
    - {name: fact, set_fact: {x: 1}, delegate_to: b, delegate_facts: true}
    - {name: whose, debug: {msg: \"{{ x is defined }} {{ hostvars['b'].x }}\"}}
    - {name: loop, command: 'echo {{ item }}', delegate_to: '{{ item }}', loop: [b, c]}
    - {name: local, command: echo, delegate_to: localhost}
",
    )
    .run();
    ran.expect(
        "
        PLAY a [a]
        TASK there
        changed a -> b
        TASK here
        ok a: a
        TASK fact
        ok a -> b
        TASK whose
        ok a: False 1
        TASK loop
        changed a (item=b)
        changed a (item=c)
        changed a -> b
        TASK local
        changed a -> localhost
    ",
    );
    let hosts: Vec<&str> = ran.requests.iter().map(|request| request.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(hosts, ["b", "b", "c", "localhost"]);
}

#[test]
fn meta_actions_end_hosts_batches_and_plays() {
    let ran = Case::new(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {meta: end_host, when: inventory_hostname == 'b'}
    - {name: one, ping: }
    - {meta: end_play, when: inventory_hostname == 'c'}
    - {name: two, ping: }
    - meta: end_play
    - {name: never, ping: }
- hosts: g
  serial: 2
  gather_facts: false
  tasks:
    - meta: end_batch
    - {name: never, ping: }
- hosts: g
  serial: 2
  gather_facts: false
  tasks:
    - meta: end_play
",
    )
    .run();
    // Asked of the first host only, and that is `a`.
    ran.expect(
        "
        PLAY g [a b c]
        skipped a
        skipped c
        TASK one
        ok a
        skipped a
        ok c
        TASK two
        ok a
        ok c
        PLAY g [a b]
        PLAY g [c]
        PLAY g [a b]
    ",
    );
}

#[test]
fn cleared_errors_let_later_plays_use_a_host() {
    let ran = Case::new(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {name: one, command: 'false', when: inventory_hostname == 'b'}
    - meta: clear_host_errors
    - {name: two, ping: }
- hosts: g
  gather_facts: false
  tasks:
    - {name: three, ping: }
",
    )
    .run();
    ran.expect(
        "PLAY g [a b c]\nTASK one\nskipped a\nfailed b\nskipped c\nTASK two\nok a\nok c\nPLAY g [a b c]\nTASK three\nok a\nok b\nok c",
    );
}

#[test]
fn the_order_of_hosts_can_be_chosen() {
    let ran = Case::new("- hosts: g\n  order: reverse_sorted\n  gather_facts: false\n  tasks:\n    - ping:\n").run();
    ran.expect("PLAY g [c b a]\nTASK ping\nok a\nok b\nok c");
}

#[test]
fn free_lets_every_host_go_by_itself() {
    let ran = Case::new(
        "
- hosts: g
  strategy: free
  gather_facts: false
  tasks:
    - {name: one, command: \"{{ 'false' if inventory_hostname == 'b' else 'true' }}\", notify: h}
    - include_tasks: more.yml
    - {meta: end_host, when: inventory_hostname == 'c'}
    - {name: last, ping: }
  handlers:
    - {name: h, ping: }
",
    )
    .file("more.yml", "- {name: more, command: 'echo {{ inventory_hostname }}'}\n")
    .run();
    assert_eq!(ran.recap(), ["a ok=5 changed=2", "b failed=1", "c ok=3 changed=2"]);
    assert_eq!(ran.summary.failed, ["b"]);
    // Every host has its tasks in order.
    let of = |host: &str| {
        ran.requests
            .iter()
            .filter(|request| request.starts_with(host))
            .map(|request| request[2..].split(' ').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("a "), ["command", "command", "ping", "ping"]);
    assert_eq!(of("c "), ["command", "command"]);
}

#[test]
fn pinned_hosts_finish_before_others_begin() {
    let ran = Case::new("- hosts: g\n  strategy: host_pinned\n  gather_facts: false\n  tasks:\n    - ping:\n    - command: echo\n")
        .set(|settings| settings.forks = 1)
        .run();
    let order: Vec<String> = ran.requests.iter().map(|request| request.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(order, ["a ping", "a command", "b ping", "b command", "c ping", "c command"]);
}

#[test]
fn the_inventory_can_be_read_again_and_connections_be_closed() {
    let case = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - meta: reset_connection
    - meta: refresh_inventory
    - {debug: {msg: '{{ groups.all | sort }}'}}
- hosts: fresh
  gather_facts: false
  tasks:
    - ping:
",
    )
    .file("hosts", "a ansible_connection=local\nfresh ansible_connection=local\n");
    let sources = vec![case.dir().join("hosts").display().to_string()];
    let options = crate::inventory::Options {
        playbook_dirs: Vec::new(),
        templates: crate::template::Templates::without_vault(),
        extra_vars: std::sync::Arc::default(),
        flush_cache: false,
    };
    let reload = std::sync::Arc::new(crate::engine::Reload { sources, options });
    let ran = case
        .set(|settings| {
            settings.limit = Some("a,fresh".to_owned());
            settings.reload = Some(reload);
        })
        .run();
    assert!(ran.text().contains(r#"["a","fresh"]"#), "{}", ran.text());
    assert!(ran.requests.iter().any(|request| request.starts_with("fresh ping")), "{:?}", ran.requests);
}
