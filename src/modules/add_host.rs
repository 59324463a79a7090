//! `add_host`: adds a host to the inventory of this run.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Rule, Spec};

/// The declaration of `add_host`.
pub static MODULE: Spec = Spec {
    name: "add_host",
    collections: BUILTIN,
    summary: "Add a host to the inventory of this run",
    description: &["Later plays of the run can use the host. Runs once for all hosts of a play; with `loop` it adds several."],
    options: &[
        Opt::new("name", Kind::Str, "The name of the host; `name:port` sets the port as well.").required().aliases(&["host", "hostname"]),
        Opt::new("groups", Kind::List(&Kind::Str), "The groups it is in.").aliases(&["group", "groupname"]),
    ],
    rules: &[Rule::Open("the variables of the host")],
    free_form: None,
    returns: &[Return { name: "add_host", kind: "dict", when: "always", doc: "`host_name`, `groups` and `host_vars` of the host." }],
    examples: "
- name: Use the machine that was just made
  add_host:
    name: \"{{ made.address }}\"
    groups: new
    ansible_user: admin
",
    place: Place::Controller,
};
