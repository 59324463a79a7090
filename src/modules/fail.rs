//! `fail`: fails with a message.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Spec};

/// The declaration of `fail`.
pub static MODULE: Spec = Spec {
    name: "fail",
    collections: BUILTIN,
    summary: "Fail with a message",
    description: &["Ends the tasks of a host with a message of your own. Made to be used with `when`."],
    options: &[Opt::new("msg", Kind::Raw, "Why.").default("\"Failed as requested from task\"")],
    rules: &[],
    free_form: None,
    returns: &[],
    examples: "
- name: Refuse hosts with little memory
  fail:
    msg: \"{{ inventory_hostname }} has less than 4 GB of memory\"
  when: ansible_facts.memtotal_mb < 4000
",
    place: Place::Controller,
};
