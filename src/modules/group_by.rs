//! `group_by`: puts the host into a group made of its variables.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Spec};

/// The declaration of `group_by`.
pub static MODULE: Spec = Spec {
    name: "group_by",
    collections: BUILTIN,
    summary: "Put hosts into groups made of their variables",
    description: &["Later plays of the run can use the groups. Spaces in names become `-`."],
    options: &[
        Opt::new("key", Kind::Str, "The name of the group.").required(),
        Opt::new("parents", Kind::List(&Kind::Str), "Groups that the group becomes a child of.").default("[\"all\"]"),
    ],
    rules: &[],
    free_form: None,
    returns: &[
        Return { name: "add_group", kind: "str", when: "always", doc: "The name of the group." },
        Return { name: "parent_groups", kind: "list", when: "always", doc: "The groups above it." },
    ],
    examples: "
- name: Group hosts by distribution
  group_by:
    key: \"os_{{ ansible_facts.distribution }}\"
",
    place: Place::Controller,
};
