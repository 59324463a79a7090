//! What is wrong is not valid, and what is right beside it is.

use kconf::reference::SchemaOf;

use super::validator::VALIDATOR;

#[track_caller]
fn refused(of: SchemaOf, cases: &[(&str, &str)]) {
    for (right, wrong) in cases {
        assert_eq!(VALIDATOR.wrong(of, right), None, "this is right:\n{right}");
        assert!(VALIDATOR.wrong(of, wrong).is_some(), "this is wrong and was accepted:\n{wrong}");
    }
}

#[test]
fn tasks() {
    refused(
        SchemaOf::Tasks,
        &[
            // Unknown words.
            ("- ping:\n", "- pong:\n"),
            ("- ping:\n  when: a\n", "- ping:\n  wen: a\n"),
            ("- copy: {src: a, dest: b}\n", "- copy: {src: a, dst: b}\n"),
            ("- copy: {src: a, dest: b, attr: i}\n", "- copy: {src: a, dest: b, _content: i}\n"),
            ("- ping:\n  loop: [1]\n  loop_control: {label: x}\n", "- ping:\n  loop: [1]\n  loop_control: {lable: x}\n"),
            ("- ping:\n  with_items: [1]\n", "- ping:\n  with_itmes: [1]\n"),
            ("- ansible.builtin.copy: {src: a, dest: b}\n", "- ansible.builtin.cpy: {src: a, dest: b}\n"),
            ("- community.general.timezone: {name: UTC}\n", "- community.general.timezone: {nam: UTC}\n"),
            ("- some.collection.module: {a: b}\n", "- some.collection.module: {a: b}\n  wen: c\n"),
            ("- some.collection.module:\n", "- some.collection.module:\n  ping:\n"),
            ("- ping:\n  with_ansible.builtin.items: [1]\n", "- with_ansible.builtin.items: [1]\n"),
            // Values.
            ("- file: {path: a, state: directory}\n", "- file: {path: a, state: folder}\n"),
            ("- file: {path: a, state: '{{ state }}'}\n", "- file: {path: a, state: '{ state }'}\n"),
            ("- file: {path: a, recurse: 'yes'}\n", "- file: {path: a, recurse: maybe}\n"),
            ("- file: {path: a, recurse: '{{ b }}'}\n", "- file: {path: a, recurse: 2}\n"),
            ("- file: {path: a, mode: 'u=rw,g=r'}\n", "- file: {path: a, mode: rw-r--r--}\n"),
            ("- copy: {dest: a, content: b, mode: preserve}\n", "- file: {path: a, mode: preserve}\n"),
            ("- wait_for: {port: '80'}\n", "- wait_for: {port: http}\n"),
            ("- apt: {name: [a, b]}\n", "- apt: {name: {a: b}}\n"),
            ("- ping:\n  become: true\n", "- ping:\n  become: root\n"),
            ("- ping:\n  retries: '{{ n }}'\n", "- ping:\n  retries: many\n"),
            ("- ping:\n  register: a\n", "- ping:\n  register: '{{ a }}'\n"),
            ("- ping:\n  vars: {a_b: 1}\n", "- ping:\n  vars: {a b: 1}\n"),
            ("- meta: flush_handlers\n", "- meta: flush_handler\n"),
            // What is missing, and what may give it.
            ("- copy: {src: a, dest: b}\n", "- copy: {src: a}\n"),
            ("- copy: {src: a}\n  args: {dest: b}\n", "- copy: {src: a}\n  args: {dst: b}\n"),
            ("- copy: {src: a}\n  module_defaults: {copy: {dest: b}}\n", "- copy:\n"),
            ("- file: {dest: a}\n", "- file: {state: absent}\n"),
            ("- command: {argv: [a]}\n", "- command: {chdir: /}\n"),
            ("- command: {cmd: a}\n", "- command: {cmd: a, argv: [b]}\n"),
            ("- debug:\n", "- debug: {msg: a, var: b}\n"),
            ("- debug: {msg: a, var: '{{ b | default(omit) }}'}\n", "- pip: {name: [a], requirements: b}\n"),
            ("- debug: msg=a\n", "- debug: {mesg: a}\n"),
            // Free form.
            ("- copy: src=a dest=b\n", "- copy: a\n"),
            ("- command: echo a\n", "- command: [echo, a]\n"),
            ("- debug: '{{ arguments }}'\n", "- debug: arguments\n"),
            // Actions and blocks.
            ("- name: a\n  ping:\n", "- name: a\n"),
            ("- ping:\n- setup:\n", "- ping:\n  setup:\n"),
            ("- action: ping\n", "- action: ping\n  ping:\n"),
            ("- block:\n    - ping:\n  rescue:\n    - ping:\n", "- rescue:\n    - ping:\n"),
            ("- block:\n    - ping:\n", "- block:\n    - pong:\n"),
            ("- block:\n    - ping:\n  become: true\n", "- block:\n    - ping:\n  register: a\n"),
            ("- block:\n    - copy: {src: a}\n  module_defaults: {copy: {dest: b}}\n", "- block:\n    - copy: {src: a}\n"),
            // Includes.
            ("- include_tasks: a.yml\n", "- include_tasks: {fil: a.yml}\n"),
            ("- include_tasks: {file: a, apply: {become: true}}\n", "- include_tasks: a.yml\n  become: true\n"),
            ("- include_tasks: a.yml\n  loop: [1]\n", "- import_tasks: a.yml\n  loop: [1]\n"),
            ("- include_role: {name: a}\n", "- include_role: {tasks_from: a}\n"),
            ("- import_role: {role: a}\n", "- import_role: a\n"),
            // What is no task.
            ("- ping:\n", "- hosts: all\n  tasks: []\n"),
            ("- ping:\n", "- ping\n"),
            ("- ping:\n", "ping:\n"),
            ("- ping:\n", "- ping:\n  listen: a\n"),
            ("- ping:\n", "- ping:\n  sudo: true\n"),
        ],
    );
}

#[test]
fn handlers() {
    refused(SchemaOf::Handlers, &[("- ping:\n  listen: [a]\n", "- include_role: {name: a}\n")]);
}

#[test]
fn playbooks() {
    refused(
        SchemaOf::Playbook,
        &[
            ("- hosts: all\n", "- name: a\n"),
            ("- hosts: [a, b]\n", "- host: a\n"),
            ("- hosts: a\n  tasks:\n    - ping:\n", "- hosts: a\n  tasks:\n    - pong:\n"),
            ("- hosts: a\n  handlers:\n    - ping:\n      listen: b\n", "- hosts: a\n  tasks:\n    - ping:\n      listen: b\n"),
            (
                "- hosts: a\n  module_defaults: {copy: {dest: b}}\n  tasks:\n    - copy: {src: a}\n",
                "- hosts: a\n  tasks:\n    - copy: {src: a}\n",
            ),
            ("- hosts: a\n  roles: [b, {role: c, port: 1, other: 2}]\n", "- hosts: a\n  roles: [{rol: c}]\n"),
            ("- hosts: a\n  serial: [1, 30%]\n", "- hosts: a\n  serial: some\n"),
            ("- hosts: a\n  strategy: free\n", "- hosts: a\n  strategy: fre\n"),
            ("- hosts: a\n  order: sorted\n", "- hosts: a\n  order: random\n"),
            ("- hosts: a\n  vars_prompt: [{name: b, private: false}]\n", "- hosts: a\n  vars_prompt: [{name: b, privat: false}]\n"),
            ("- import_playbook: a.yml\n  when: b\n", "- import_playbook: a.yml\n  hosts: b\n"),
            ("- hosts: a\n", "- ping:\n"),
            ("- hosts: a\n", "hosts: a\n"),
        ],
    );
}

#[test]
fn roles() {
    refused(
        SchemaOf::Meta,
        &[
            ("dependencies: [a, {role: b, c: d}]\n", "dependencies: a\n"),
            ("allow_duplicates: true\n", "allow_duplicate: true\n"),
            ("argument_specs: {main: {options: {a: {type: int}}}}\n", "argument_specs: {main: {options: {a: {type: number}}}}\n"),
        ],
    );
    refused(
        SchemaOf::ArgumentSpecs,
        &[(
            "argument_specs: {main: {options: {a: {type: dict, options: {b: {required: true}}}}}}\n",
            "argument_specs: {main: {options: {a: {type: dict, options: {b: {require: true}}}}}}\n",
        )],
    );
}
