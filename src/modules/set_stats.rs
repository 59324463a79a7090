//! `set_stats`: values for the end of the run.

use super::spec::BUILTIN;
use super::{Kind, Opt, Place, Return, Spec};

/// The declaration of `set_stats`.
pub static MODULE: Spec = Spec {
    name: "set_stats",
    collections: BUILTIN,
    summary: "Give values to the end of the run",
    description: &["Values that reporters show at the end and machines can read from their output."],
    options: &[
        Opt::new("data", Kind::Dict, "The values by name.").required(),
        Opt::new("per_host", Kind::Bool, "Keep them for each host apart.").default("false"),
        Opt::new("aggregate", Kind::Bool, "Add up with what is there: numbers are added, lists joined, mappings merged. Else replace.")
            .default("true"),
    ],
    rules: &[],
    free_form: None,
    returns: &[Return { name: "ansible_stats", kind: "dict", when: "always", doc: "The options as they were given." }],
    examples: "
- name: Count the nodes
  set_stats:
    data:
      nodes: 1
",
    place: Place::Controller,
};
