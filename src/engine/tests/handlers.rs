//! Handlers: when they run, in which order, which of several.

use crate::engine::testing::Case;

#[test]
fn handlers_run_once_in_the_order_of_their_definition() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {command: 'true', notify: [second, first]}
    - {command: 'true', notify: first}
    - {ping: , notify: never}
    - {name: last, ping: }
  handlers:
    - {name: first, debug: {msg: 1}}
    - {name: never, debug: {msg: 0}}
    - {name: second, debug: {msg: 2}}
",
    )
    .run();
    ran.expect(
        "
        PLAY g [a]
        TASK command
        changed a
        notified a first
        notified a second
        TASK command
        changed a
        TASK ping
        ok a
        TASK last
        ok a
        HANDLER first
        ok a: 1
        HANDLER second
        ok a: 2
    "
        .replace("notified a first\n        notified a second", "notified a second\n        notified a first")
        .as_str(),
    );
}

#[test]
fn topics_templated_names_and_chains() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  vars: {hn: dyn}
  tasks:
    - {command: 'true', notify: [c, topic, '{{ hn }} handler']}
  handlers:
    - {name: a, command: 'true', listen: topic, notify: c}
    - {name: b, command: 'true', listen: [topic, other], notify: a}
    - {name: c, debug: {msg: c}}
    - {name: '{{ hn }} handler', debug: {msg: dyn}}
",
    )
    .run();
    let order: Vec<&str> = ran.lines.iter().filter_map(|line| line.strip_prefix("HANDLER ")).collect();
    // `b` notified `a`, which had its turn: it runs at the end of the next section, and `c` after it.
    assert_eq!(order, ["a", "b", "c", "dyn handler", "a", "c"]);
}

#[test]
fn flushing_in_the_middle_runs_what_was_notified_so_far() {
    let ran = Case::new(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {command: 'true', notify: h, when: inventory_hostname != 'b'}
    - {meta: flush_handlers, when: false}
    - {name: middle, ping: }
    - meta: flush_handlers
    - {name: after, ping: }
  handlers:
    - {name: h, ping: }
",
    )
    .limit("a,b")
    .run();
    ran.expect(
        "
        PLAY g [a b]
        TASK command
        changed a
        skipped b
        notified a h
        skipped a
        skipped b
        TASK middle
        ok a
        ok b
        HANDLER h
        ok a
        TASK after
        ok a
        ok b
    ",
    );
}

#[test]
fn a_handler_that_fails_in_a_flush_goes_to_the_rescue_around_it() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - block:
        - {command: 'true', notify: bad}
        - meta: flush_handlers
        - {name: never, ping: }
      rescue:
        - {name: rescue, ping: }
  handlers:
    - {name: bad, command: 'false'}
",
    )
    .run();
    ran.expect("PLAY g [a]\nTASK command\nchanged a\nnotified a bad\nHANDLER bad\nfailed a\nTASK rescue\nok a");
}

#[test]
fn handlers_of_failed_hosts_run_only_when_forced() {
    let play = "
- hosts: g
  gather_facts: false
  tasks:
    - {command: 'true', notify: h}
    - {name: bad, command: 'false'}
  post_tasks:
    - {name: never, ping: }
  handlers:
    - {name: h, ping: }
";
    Case::one(play).run().expect("PLAY g [a]\nTASK command\nchanged a\nnotified a h\nTASK bad\nfailed a");
    let forced = Case::one(play).set(|settings| settings.force_handlers = true).run();
    forced.expect("PLAY g [a]\nTASK command\nchanged a\nnotified a h\nTASK bad\nfailed a\nHANDLER h\nok a");
    assert_eq!(forced.summary.failed, ["a"]);
}

#[test]
fn of_handlers_with_one_name_the_plays_own_and_the_later_roles_win() {
    let role =
        |name: &str| format!("- {{name: rh, debug: {{msg: rh_{name}}}}}\n- {{name: same, debug: {{msg: same_{name}}}, listen: l}}\n");
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  roles: [r1, r2]
  tasks:
    - {command: 'true', notify: [own, same, rh, l, 'r1 : rh']}
  handlers:
    - {name: own, debug: {msg: own}}
    - {name: same, debug: {msg: own_same}, listen: l}
",
    )
    .file("roles/r1/handlers/main.yml", &role("r1"))
    .file("roles/r2/handlers/main.yml", &role("r2"))
    .run();
    let shown: Vec<&str> = ran.lines.iter().filter_map(|line| line.strip_prefix("ok a: ")).collect();
    assert_eq!(shown, ["rh_r1", "rh_r2", "own", "own_same"]);
}

#[test]
fn a_handler_can_include_tasks() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - {command: 'true', notify: h}
  handlers:
    - {name: h, include_tasks: more.yml}
    - {name: last, ping: }
",
    )
    .file("more.yml", "- {name: more, ping: }\n")
    .run();
    ran.expect("PLAY g [a]\nTASK command\nchanged a\nnotified a h\nHANDLER h\nincluded more.yml for a\nHANDLER more\nok a");
}
