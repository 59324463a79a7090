//! Precedence of variables, and what kconf itself tells.

use crate::engine::scope::layers::vars_of;
use crate::engine::testing::Case;
use crate::yaml;
use std::sync::Arc;

fn messages(ran: &crate::engine::testing::Ran) -> Vec<String> {
    ran.lines.iter().filter_map(|line| line.split_once(": ")).filter(|(who, _)| who.starts_with("ok ")).map(|(_, m)| m.to_owned()).collect()
}

/// Each variable is set in its layer and all weaker ones: the strongest must win. Measured with the reference implementation.
#[test]
fn stronger_layers_win() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  vars: {play: play, files: play, rolevars: play, block: play, task: play, set: play, param: play, extra: play}
  vars_files: [vf.yml]
  roles:
    - {role: r, param: param}
  tasks:
    - include_vars: iv.yml
    - set_fact: {set: set, param: set, extra: set}
    - block:
        - name: all
          vars: {task: task, iv: task, set: task}
          debug: {msg: '{{ default }} {{ inv }} {{ play }} {{ files }} {{ rolevars }} {{ block }} {{ task }} {{ iv }} {{ set }} {{ extra }}'}
      vars: {block: block, task: block}
    - include_tasks: inc.yml
      vars: {set: include, extra: include}
",
    )
    .file("vf.yml", "files: files\nrolevars: files\nblock: files\n")
    .file("iv.yml", "iv: iv\nset: iv\n")
    .file("inc.yml", "- {name: inc, debug: {msg: '{{ set }} {{ extra }}'}, vars: {set: task}}\n")
    .file("roles/r/defaults/main.yml", "default: default\ninv: default\nplay: default\n")
    .file("roles/r/vars/main.yml", "rolevars: rolevars\nblock: rolevars\nparam: rolevars\n")
    .file("roles/r/tasks/main.yml", "- set_fact: {param: set}\n- {name: param, debug: {msg: '{{ param }}'}}\n")
    .inventory(|inventory| {
        let text = yaml::load(&crate::base::Source::new("vars", "inv: inv\nplay: inv\n")).ok().flatten().expect("variables");
        inventory.add_host("a").vars.extend(vars_of(text.as_map().expect("a mapping")));
    })
    .set(|settings| {
        let text = yaml::load(&crate::base::Source::new("vars", "extra: extra\n")).ok().flatten().expect("variables");
        settings.extra_vars = Arc::new(vars_of(text.as_map().expect("a mapping")));
    })
    .run();
    assert_eq!(messages(&ran), ["param", "default inv play files rolevars block task iv set extra", "include extra"]);
}

#[test]
fn magic_variables_tell_of_host_play_and_run() {
    let ran = Case::new(
        "
- name: magic
  hosts: g
  serial: 2
  gather_facts: false
  tasks:
    - {name: fails, command: 'false', when: inventory_hostname == 'a'}
    - debug: {msg: '{{ inventory_hostname }} {{ group_names }} {{ ansible_play_name }} {{ ansible_play_hosts }} {{ ansible_play_batch }} {{ ansible_play_hosts_all }} {{ groups.g }}'}
",
    )
    .run();
    assert_eq!(
        messages(&ran),
        [
            "b ['g'] magic ['b', 'c'] ['b'] ['a', 'b', 'c'] ['a', 'b', 'c']",
            "c ['g'] magic ['b', 'c'] ['c'] ['a', 'b', 'c'] ['a', 'b', 'c']"
        ]
        .map(|line| line.to_owned())
    );
}

#[test]
fn hostvars_show_inventory_and_facts_but_not_the_play() {
    let ran = Case::new(
        "
- hosts: g
  gather_facts: false
  vars: {pv: 1}
  tasks:
    - set_fact: {f: 'f-{{ inventory_hostname }}'}
    - {debug: {msg: \"{{ hostvars['b'].f }} {{ hostvars.b.pv is defined }} {{ hostvars.b.inventory_hostname }} {{ hostvars | length }} {{ 'x' in hostvars }}\"}, run_once: true}
",
    )
    .run();
    assert_eq!(messages(&ran), ["f-b False b 3 False"]);
}

#[test]
fn hosts_and_groups_can_be_added() {
    let ran = Case::one(
        "
- hosts: a
  gather_facts: false
  tasks:
    - add_host: {name: new, groups: [fresh], v: 7}
    - group_by: {key: 'os x'}
- hosts: fresh:os-x
  gather_facts: false
  tasks:
    - debug: {msg: '{{ inventory_hostname }} {{ v | default(0) }} {{ group_names }}'}
",
    )
    .set(|settings| settings.limit = None)
    .run();
    assert_eq!(messages(&ran), ["a 0 ['g', 'os-x']", "new 7 ['fresh']"]);
}

#[test]
fn omit_takes_an_argument_away_and_defaults_of_modules_add_one() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  module_defaults:
    ping: {data: default}
  tasks:
    - ping:
    - ping: {data: own}
    - ping: {data: '{{ omit }}'}
      module_defaults: {ansible.builtin.ping: {}}
",
    )
    .run();
    let asked: Vec<&str> = ran.requests.iter().filter_map(|request| request.split_once("ping ").map(|(_, args)| args)).collect();
    assert_eq!(asked, [r#"{"data":"default"}"#, r#"{"data":"own"}"#, r#"{"data":"pong"}"#]);
}

#[test]
fn what_a_module_names_as_secret_is_masked_and_not_kept() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  tasks:
    - ec2_metadata_facts:
      register: r
    - debug: {msg: '{{ ansible_ec2_x_token }} {{ ansible_ec2_x_token | length }} {{ r.keys() | select(\"match\", \"_\") | list }}'}
",
    )
    .answering(|_, _| {
        Some(
            serde_json::json!({"changed": false, "ansible_facts": {"ansible_ec2_x_token": "made-up-token"}, "_secrets": ["made-up-token"]}),
        )
    })
    .run();
    assert_eq!(messages(&ran).last().map(String::as_str), Some("******** 13 []"));
    let seen = format!("{:?}", ran.events);
    assert!(!seen.contains("made-up-token") && !seen.contains("_secrets"), "{seen}");
}

#[test]
fn a_module_that_needs_no_access_to_aws_has_no_defaults_of_those_that_do() {
    let ran = Case::one(
        "
- hosts: g
  gather_facts: false
  module_defaults: {group/aws: {region: eu-1}}
  tasks:
    - amazon.aws.ec2_metadata_facts:
",
    )
    .run();
    assert_eq!(ran.requests.len(), 1, "{:?}", ran.lines);
    assert!(!ran.requests.iter().any(|request| request.contains("region")), "{:?}", ran.requests);
}
