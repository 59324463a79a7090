//! `gather_facts`: facts of the host.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Rule, Spec};

/// The declaration of `gather_facts`.
pub static MODULE: Spec = Spec {
    name: "gather_facts",
    collections: BUILTIN,
    summary: "Gather facts of the host",
    description: &["What plays do by themselves when they use facts. Takes the options of `setup`."],
    options: &[Opt::new("parallel", Kind::Bool, "Accepted for playbooks that have it; there is one way to gather facts, and it is quick.")],
    rules: &[Rule::Open("the options of `setup`")],
    free_form: None,
    returns: &[Return { name: "ansible_facts", kind: "dict", when: "always", doc: "The facts." }],
    examples: "
- name: Learn about the host again
  gather_facts:
    gather_subset: [network]
",
    place: Place::Controller,
};
