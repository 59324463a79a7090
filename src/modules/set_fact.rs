//! `set_fact`: sets variables of a host.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Rule, Spec};

/// The declaration of `set_fact`.
pub static MODULE: Spec = Spec {
    name: "set_fact",
    collections: BUILTIN,
    summary: "Set variables of a host for the rest of the run",
    description: &[
        "Every option but `cacheable` is a variable to set. Values keep their types, and later plays see them too.",
        "They win over variables of plays, roles, blocks and tasks, and lose against role and include parameters and `--extra-vars`.",
    ],
    options: &[Opt::new("cacheable", Kind::Bool, "Make them facts as well, so that `ansible_facts` shows them.").default("false")],
    rules: &[Rule::Open("the variables to set")],
    free_form: None,
    returns: &[Return { name: "ansible_facts", kind: "dict", when: "always", doc: "The variables that were set." }],
    examples: "
- name: Remember the first address
  set_fact:
    address: \"{{ ansible_facts.default_ipv4.address }}\"
    ports: [22323, 50505]
",
    place: Place::Controller,
};
